//! A Call-Info body that is read can be written and read again, and says the same; a display name
//! and a URI never break out of the quotes they are put into.
#![no_main]

use sca_core::call_info::{CallInfo, appearance_uri, asserted_identity, read_elements};

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    if let Ok(info) = CallInfo::parse(body) {
        let state = info.state.map_or(String::new(), |state| format!(";appearance-state={state}"));
        let written = format!("<sip:d>;appearance-index={}{state}", info.index);
        assert_eq!(CallInfo::parse(written.as_bytes()), Ok(info));
    }
    let (display, uri) = body.split_at(body.len() / 2);
    let text = appearance_uri(display, uri);
    let mut element = Vec::from(&b"<sip:d>;appearance-index=1;appearance-uri=\""[..]);
    element.extend_from_slice(&text);
    element.push(b'"');
    let elements = read_elements(&element).expect("an element that was written is read");
    assert_eq!((elements.len(), elements[0].uri.to_vec()), (1, text));
    let identity = asserted_identity(display, uri);
    assert!(!identity.iter().any(|byte| matches!(byte, b'\r' | b'\n')));
});
