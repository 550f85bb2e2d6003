//! Whatever the bytes, a profile is read or refused; what is read is written and read again, alike.
#![no_main]

use scscf_core::blob;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(profile) = blob::decode(bytes) else { return };
    let again = blob::encode(&profile, |name| i16::try_from(name.len()).unwrap_or(0));
    let again = again.expect("what was read fits");
    assert_eq!(blob::decode(&again).as_ref(), Ok(&profile));
});
