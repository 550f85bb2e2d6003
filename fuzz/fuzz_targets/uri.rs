//! A URI that is read has parts of its own text, and is read again, alike, from its parts; a host
//! that is printed is the same host.
#![no_main]

use pcscf_core::Host;
use pcscf_core::uri::{Scheme, Uri};
use std::hash::{DefaultHasher, Hash, Hasher};

fn hash(host: Host<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    host.hash(&mut hasher);
    hasher.finish()
}

libfuzzer_sys::fuzz_target!(|input: (&[u8], &[u8])| {
    let (text, other) = input;
    let (host, another) = (Host::of(text), Host::of(other));
    if host == another {
        assert_eq!(hash(host), hash(another), "what is equal has one place");
    }
    if text.is_ascii() {
        let printed = host.to_string();
        assert_eq!(Host::of(printed.as_bytes()), host);
        assert_eq!(host.is_address(), Host::of(text.to_ascii_uppercase().as_slice()).is_address());
    }
    let Ok(uri) = Uri::parse(text) else { return };
    assert_eq!(Scheme::of(text), Some(uri.scheme));
    let mut again = [uri.scheme.name().as_bytes(), b":", uri.user].concat();
    match uri.scheme {
        Scheme::Sip | Scheme::Sips if !uri.user.is_empty() => again.push(b'@'),
        _ => {}
    }
    again.extend_from_slice(uri.host);
    if let Some(port) = uri.port {
        again.extend_from_slice(format!(":{port}").as_bytes());
    }
    for (mark, part) in [(b';', uri.params), (b'?', uri.headers)] {
        if !part.is_empty() {
            again.push(mark);
            again.extend_from_slice(part);
        }
    }
    // A user that is empty before an `@` is left out, and what follows may then look like one.
    if uri.user.is_empty() && again.contains(&b'@') {
        return;
    }
    assert_eq!(Uri::parse(&again), Ok(uri));
    for (name, _) in uri.params() {
        assert!(uri.param(name).is_some() && uri.param(&name.to_ascii_uppercase()).is_some());
    }
});
