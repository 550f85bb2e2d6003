//! No order of contacts that come, change, expire, are looked for and go, with and without memory,
//! parts the directory from a list.
#![no_main]

#[path = "../../libs/pcscf/tests/store/play/mod.rs"]
mod play;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    play::play(bytes);
});
