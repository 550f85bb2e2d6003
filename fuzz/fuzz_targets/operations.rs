//! No order of messages, commands, time and database breaks a law of the line.
#![no_main]

#[path = "../../libs/sca/tests/laws/play/mod.rs"]
mod play;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    play::play(bytes);
});
