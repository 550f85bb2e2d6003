//! An address of record lies inside its URI, has no parameters, and is its own address of record;
//! the line of a phone lies at the host of the URI.
#![no_main]

use sca_core::aor;
use sca_core::uri::Uri;

libfuzzer_sys::fuzz_target!(|input: (&[u8], &[u8])| {
    let (uri, contact) = input;
    let line = aor::of_uri(uri);
    assert!(uri.starts_with(line) && !line.contains(&b';'));
    assert_eq!(aor::of_uri(line), line);
    assert!(uri.ends_with(aor::domain(uri)));
    if let Some(far) = aor::of_contact_at(contact, uri) {
        assert!(far.ends_with(aor::domain(uri)));
    }
    if let Ok(parsed) = Uri::parse(uri) {
        let printed = parsed.to_string().into_bytes();
        // Bytes that are no text are printed otherwise.
        if uri.is_ascii() {
            assert_eq!(Uri::parse(&printed), Ok(parsed));
        }
    }
    if let Ok(canonical) = aor::canonical(uri, Some(contact)) {
        let (named, phone) = (Uri::parse(uri).unwrap(), Uri::parse(contact).unwrap());
        let own = phone.user.is_empty() || phone.user == named.user || named.host.is_empty();
        if own {
            assert_eq!(*canonical, *line);
        } else {
            let host = [b"@", named.host].concat();
            assert!(canonical.starts_with(phone.scheme.as_bytes()));
            assert!(canonical.windows(host.len()).any(|part| part == host));
        }
    }
});
