//! Records: what is written is read, and nothing else is.

use proptest::prelude::*;
use sca_core::admin;
use sca_core::call::{self, CalleeAnswer, Invite};
use sca_core::call_info::CallInfo;
use sca_core::row::{Change, Row};
use sca_core::subscribe::{Request, subscribe};
use sca_core::{Context, Dialog, Event, Instant, Line, record};

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => proptest::collection::vec(any::<u8>(), 1..40),
        1 => proptest::collection::vec(any::<u8>(), 100..20_000),
    ]
}

/// Everything that a line is made of here.
#[derive(Debug, Clone)]
struct Texts {
    aor: Vec<u8>,
    contacts: Vec<Vec<u8>>,
    ids: Vec<Vec<u8>>,
    numbers: Vec<u32>,
    now: i64,
}

fn texts() -> impl Strategy<Value = Texts> {
    let list = || proptest::collection::vec(text(), 4..8);
    let numbers = proptest::collection::vec(any::<u32>(), 4..8);
    let aor = proptest::collection::vec(any::<u8>(), 1..40);
    (aor, list(), list(), numbers, any::<i64>())
        .prop_map(|(aor, contacts, ids, numbers, now)| Texts { aor, contacts, ids, numbers, now })
}

/// A line with members, a call in each direction, a seized appearance and a restored member.
fn line<'a>(texts: &'a Texts, row: &'a Row) -> Line<'a> {
    let mut line = Line::new(&texts.aor);
    let ctx = Context { now: Instant(texts.now), server_address: b"", keeps_states: true };
    for (at, contact) in texts.contacts.iter().enumerate() {
        let event = if at % 3 == 2 { Event::LineSeize } else { Event::CallInfo };
        let request = Request {
            event,
            contact,
            call_id: &texts.ids[at % texts.ids.len()],
            from_tag: &texts.ids[0],
            to_tag: &texts.ids[1],
            in_dialog: false,
            record_route: &texts.ids[2],
            cseq: texts.numbers[0],
            expires: texts.numbers[at % texts.numbers.len()].max(1),
            index: texts.numbers[at % texts.numbers.len()],
        };
        let _ = subscribe(&mut line, &ctx, &request);
    }
    let _ = admin::seize(&mut line, &ctx, &texts.contacts[1]);
    let call = Dialog::new(&texts.ids[3], &texts.ids[0], &texts.ids[1]);
    let answer = CalleeAnswer {
        dialog: call.clone(),
        contact: &texts.contacts[0],
        call_info: Some(CallInfo { index: texts.numbers[1], state: None }),
        in_dialog: None,
        from_display: &texts.ids[2],
        from_uri: &texts.contacts[2],
        remote_target: &texts.contacts[3],
    };
    let _ = call::answer_by_callee(&mut line, &ctx, &answer);
    let invite = Invite {
        contact: &texts.contacts[0],
        dialog: call.reversed(),
        cseq: texts.numbers[2],
        call_info: None,
        hold: true,
        same_line: false,
    };
    let _ = call::invite(&mut line, &ctx, &invite);
    line.restore(row);
    line
}

fn row(texts: &Texts) -> Row {
    Row {
        change: Change::Insert,
        aor: texts.aor.clone(),
        contact: texts.ids[0].clone(),
        event: Event::CallInfo,
        expires: Instant(texts.now),
        call_id: texts.ids[1].clone(),
        from_tag: texts.ids[2].clone(),
        to_tag: texts.ids[3].clone(),
        record_route: Vec::new(),
        notify_cseq: texts.numbers[0],
        subscribe_cseq: texts.numbers[1],
    }
}

fn encoded(line: &Line<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    line.encode(&mut bytes);
    bytes
}

fn comes_back(line: &Line<'_>) -> bool {
    Line::decode(&encoded(line)).as_ref() == Ok(line)
}

proptest! {
    #[test]
    fn a_line_comes_back_from_its_record(texts in texts()) {
        let row = row(&texts);
        let line = line(&texts, &row);
        prop_assert!(!line.appearances().is_empty());
        let bytes = encoded(&line);
        let read = Line::decode(&bytes);
        prop_assert_eq!(read.as_ref(), Ok(&line));
        prop_assert_eq!(record::key(&bytes), line.aor());
        prop_assert_eq!(record::due(&bytes), sca_core::timers::due(&line));
        prop_assert!(record::flags(&bytes).registered);
    }

    #[test]
    fn a_record_that_is_cut_or_lengthened_is_none(texts in texts(), at: prop::sample::Index) {
        let row = row(&texts);
        let mut bytes = encoded(&line(&texts, &row));
        let cut = at.index(bytes.len());
        prop_assert!(Line::decode(&bytes[..cut]).is_err());
        bytes.push(0);
        prop_assert!(Line::decode(&bytes).is_err());
    }

    #[test]
    fn damaged_records_are_read_alike_or_not_at_all(
        texts in texts(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let row = row(&texts);
        let mut bytes = encoded(&line(&texts, &row));
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = (record::key(&bytes), record::due(&bytes), record::flags(&bytes));
        let _ = record::is_empty(&bytes);
        if let Ok(line) = Line::decode(&bytes) {
            prop_assert!(comes_back(&line));
        }
    }

    #[test]
    fn any_bytes_can_be_read(bytes: Vec<u8>) {
        let _ = (record::key(&bytes), record::due(&bytes), record::flags(&bytes));
        let _ = record::is_empty(&bytes);
        if let Ok(line) = Line::decode(&bytes) {
            prop_assert!(comes_back(&line));
        }
    }
}

#[test]
fn a_record_that_is_none_says_how_long_it_is() {
    let corrupt = Line::decode(b"\xff\xff").unwrap_err();
    assert_eq!(corrupt.to_string(), "the 2 bytes of a line are not a record of one");
    let mut nothing = Vec::new();
    Line::new(b"sip:a@example.com").encode(&mut nothing);
    assert!(record::is_empty(&nothing) && !record::is_empty(b""));
    assert_eq!((record::key(b"\xff"), record::due(b"\xff")), (&b""[..], None));
}

#[test]
fn lengths_are_written_in_as_few_bytes_as_they_need() {
    for (length, bytes) in [(0, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3)] {
        let aor = vec![b'a'; length];
        let record = encoded(&Line::new(&aor));
        assert_eq!(record.len(), 1 + 8 + bytes + length + 2);
        assert_eq!(Line::decode(&record).unwrap().aor(), aor);
    }
    let mut padded = encoded(&Line::new(b""));
    padded.splice(9..10, [0x80, 0]);
    assert!(Line::decode(&padded).is_err());
}

#[test]
fn a_record_with_an_index_twice_is_none() {
    let ctx = Context { now: Instant(0), ..Context::default() };
    let mut line = Line::new(b"sip:215@d");
    for _ in 0..2 {
        admin::seize(&mut line, &ctx, b"sip:215@h").unwrap().notifies.clear();
    }
    let mut bytes = encoded(&line);
    let second = bytes.windows(4).rposition(|four| four == 2_u32.to_le_bytes()).unwrap();
    assert!(Line::decode(&bytes).is_ok());
    bytes[second] = 1;
    assert!(Line::decode(&bytes).is_err());
}
