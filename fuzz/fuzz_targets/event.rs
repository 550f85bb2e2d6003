//! Whatever a SUBSCRIBE, its answer or a note between processes says: somebody may ask or not, and a
//! document follows that can be read.
#![no_main]

use reginfo::{Kind, Limits, parse};
use scscf_core::event::{
    self, Bounds, Cause, Note, Only, Own, Trusted,
    allowed::{Facts, asserted, standing},
    document::{self, Bound, Change, Registration, Style},
    ends,
};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut lines = bytes.split(|byte| *byte == 0xff);
    let mut next = || lines.next().unwrap_or(b"");
    let (header, presentity, path, server, list) = (next(), next(), next(), next(), next());
    let _package = event::check(Some(header));
    let trusted = Trusted::parse(list).unwrap_or_default();
    let facts = Facts {
        presentity,
        identities: &[(server, false), (header, true)],
        paths: &[path],
        servers: &[server],
    };
    for uri in asserted([header, list]) {
        let _who = standing(uri, &facts, &trusted);
        let _own = Own::of(uri, path);
    }
    let random = u32::try_from(bytes.len()).unwrap_or(0);
    let bounds = Bounds { default: 3600, min: 10, max: 1_000_000, range: random % 101 };
    assert!(bounds.granted(Some(1000), random) >= 1);

    if let Some(note) = Note::decode(bytes) {
        assert_eq!(Note::decode(&note.encode()).as_ref(), Some(&note));
        if let Some(both) = note.with_older(&note, bytes.len()) {
            assert!(Note::decode(&both).is_some());
        }
    }
    let gone = event::Contact { uri: path, call_id: server, ..event::Contact::default() };
    let note = Note {
        cause: Cause::ALL[bytes.len() % Cause::ALL.len()],
        domain: header,
        identity: presentity,
        identities: vec![path, server],
        contacts: vec![gone],
        only: Only::Everyone,
    };
    let packed = note.encode();
    let note = Note::decode(&packed).expect("what was written");
    let bound = Bound {
        uri: server.into(),
        params: vec![(header.into(), list.into())],
        ..Bound::default()
    };
    let registrations =
        [Registration { aor: b"sip:a@b".into(), contacts: vec![bound] }, Registration::default()];
    let change = Change { cause: note.cause, identity: note.identity, contacts: &note.contacts };
    let text = document::write(7, &registrations, &change, &Style::default()).expect("memory");
    let limits = Limits { bytes: usize::MAX, depth: 16 };
    if let Ok(read) = parse(&text, Kind::Notify, &limits) {
        assert!(!read.registrations.is_empty());
    }
    if let Ok(read) = parse(bytes, Kind::Publish, &Limits::default()) {
        let _ended = ends(&read, |_| true);
    }
});
