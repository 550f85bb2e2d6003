//! Whatever bytes a Service-Route, Path, Route or P-Associated-URI header has, a list is read or
//! refused; what is read is written into a header and into a database text and read again, alike.
//! The same bytes as an alias, as an identity and as a time are read or refused.
#![no_main]

use pcscf_core::{alias, decide::expires, identity, route_set, uri::Uri};

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    match route_set::parse([body]) {
        Ok(uris) => {
            assert!(uris.len() <= route_set::MAX);
            let header = route_set::route_header(&uris).expect("memory is there");
            let text = header.strip_prefix(b"Route: ").and_then(|text| text.strip_suffix(b"\r\n"));
            let text = text.expect("it is one line of a Route header");
            assert!(!text.iter().any(|byte| matches!(byte, b'\r' | b'\n')));
            assert_eq!(route_set::parse([text]).as_ref(), Ok(&uris));
            let stored = route_set::encode(&uris).expect("memory is there");
            assert!(route_set::decode(&stored).eq(uris));
        }
        Err(reason) => assert!(reason.to_string().len() < 1000),
    }
    assert!(route_set::decode(body).all(|uri| !uri.iter().any(|byte| b"<>".contains(byte))));
    if let Ok(uri) = identity::called_party(body) {
        let header = identity::asserted_header(uri).expect("memory is there");
        assert_eq!(header.iter().filter(|byte| **byte == b'\n').count(), 1);
    }
    if let Ok(uri) = Uri::parse(body) {
        let _ = alias::of_uri(&uri);
    }
    let _ = (alias::parse(body), expires::seconds(body), identity::argument(body));
});
