//! No text takes longer than its length says.

use crate::{request, settings};
use scscf_core::{
    contact, credentials,
    register::{self, Plan},
    user_data,
};
use std::time::{Duration, Instant};

/// Long enough for a slow machine, far too short for a square of the lengths below.
const MOST: Duration = Duration::from_secs(3);

fn quick(what: &str, run: impl FnOnce()) {
    let started = Instant::now();
    run();
    assert!(started.elapsed() < MOST, "{what} took {:?}", started.elapsed());
}

#[test]
fn headers_of_a_megabyte_are_read_at_once() {
    for piece in ["<sip:a@b>,", ";x=y", "\"", "<", "\\", "=", ",", "* ", "<sip:a@b>;q=\"\\\""] {
        let long = piece.repeat(1_000_000 / piece.len());
        quick(piece, || _ = contact::read([long.as_bytes()]));
        let one = format!("<sip:a@b>;{long}");
        quick(piece, || _ = contact::read([one.as_bytes()]));
        let digest = format!("Digest {long}");
        quick(piece, || _ = credentials::username([digest.as_bytes()], Some(b"r")));
    }
}

#[test]
fn as_many_contacts_as_are_allowed_are_compared_at_once() {
    let bodies: Vec<String> =
        (0..100).map(|n| format!("<sip:u{n}@b;p{}=1>", ";p=1".repeat(200))).collect();
    let request = request(bodies.iter().map(String::as_bytes).collect());
    let plan = register::read(&request, &settings()).unwrap();
    quick("compare", || {
        for n in 0..100 {
            let uri = format!("sip:u{n}@B;p{}=1", ";p=1".repeat(200));
            let bound = register::Bound {
                uri: uri.as_bytes(),
                call_id: b"",
                path: b"",
                cseq: 0,
                modified: 0,
                valid: true,
            };
            _ = plan.find(&bound, scscf_core::matching::Mode::Uri);
        }
    });
    quick("pack", || assert_eq!(Plan::unpack(&plan.pack()), Some(plan.clone())));
}

#[test]
fn documents_of_a_megabyte_are_read_at_once() {
    let schemas = user_data::Schemas::default();
    for piece in
        ["<a/>", "<Extension>", "<a>", "&amp;", "<PublicIdentity/>", "a='b' ", "<!---->", "x"]
    {
        let long = piece.repeat(900_000 / piece.len());
        for text in [
            format!("<IMSSubscription>{long}</IMSSubscription>"),
            format!("<IMSSubscription {long}/>"),
            long.clone(),
        ] {
            quick(piece, || _ = user_data::read(text.as_bytes(), &schemas));
        }
    }
}
