//! What the accessors of a message make of what the parser of the host found.

use crate::Case;
use inprocess::message::with_message;
use kamailio::msg::{Contact, Expires, Msg, Uri};
use proptest::{prelude::*, test_runner::TestRunner};

pub(crate) const CASES: &[Case] = &[
    ("parser::a_request_is_read_as_it_was_written", request),
    ("parser::a_reply_is_read_as_it_was_written", reply),
    ("parser::headers_are_found_in_any_spelling_and_in_order", headers),
    ("parser::a_uri_is_taken_apart", uris),
    ("parser::no_message_whatsoever_panics_and_every_text_lies_inside_it", anything),
];

const SUBSCRIBE: &[u8] = b"SUBSCRIBE sip:alice@voice.example.com;x=1 SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK1\r\n\
    f: \"Alice\" <sip:alice@voice.example.com>;tag=abc\r\n\
    To: <sip:alice@voice.example.com>\r\n\
    i: 1@192.0.2.1\r\n\
    CSeq: 17 SUBSCRIBE\r\n\
    Contact: <sip:alice@192.0.2.1:5070;transport=udp>;q=0.5\r\n\
    Event: call-info;id=3\r\n\
    Expires: 3600\r\n\
    X-Two: one\r\n\
    x-two:  two \r\n\
    Content-Length: 4\r\n\r\nbody";

fn request() {
    let taken = with_message(SUBSCRIBE, |msg| {
        msg.parse().unwrap();
        assert!(msg.is_request());
        assert_eq!(msg.method_name(), Some(&b"SUBSCRIBE"[..]));
        assert_eq!((msg.status(), msg.reason()), (None, None));
        assert_eq!(msg.request_uri(), Some(&b"sip:alice@voice.example.com;x=1"[..]));
        assert_eq!(msg.call_id().unwrap(), b"1@192.0.2.1");
        let cseq = msg.cseq().unwrap();
        assert_eq!((cseq.number, cseq.name), (17, &b"SUBSCRIBE"[..]));
        let from = msg.from().unwrap();
        assert_eq!((from.uri, from.tag), (&b"sip:alice@voice.example.com"[..], Some(&b"abc"[..])));
        assert_eq!(msg.to().unwrap().tag, None);
        assert_eq!(msg.contact(), Contact::One(b"sip:alice@192.0.2.1:5070;transport=udp"));
        assert_eq!(msg.event(), Some(&b"call-info;id=3"[..]));
        assert_eq!(msg.expires(), Expires::Seconds(3600));
        assert_eq!(msg.body(), b"body");
    });
    assert!(taken);
}

fn reply() {
    let text = b"SIP/2.0 200 All right\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n\
        From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\
        Content-Length: 0\r\n\r\n";
    let taken = with_message(text, |msg| {
        msg.parse().unwrap();
        assert!(!msg.is_request());
        assert_eq!((msg.status(), msg.reason()), (Some(200), Some(&b"All right"[..])));
        assert_eq!((msg.method_name(), msg.request_uri()), (None, None));
        assert_eq!(msg.to().unwrap().tag, Some(&b"2"[..]));
        assert_eq!(msg.contact(), Contact::Absent);
        assert_eq!(msg.expires(), Expires::Absent);
        assert!(msg.body().is_empty());
    });
    assert!(taken);
}

fn headers() {
    with_message(SUBSCRIBE, |msg| {
        msg.parse().unwrap();
        let all: Vec<_> = msg.headers(b"X-TWO").map(|header| header.body()).collect();
        assert_eq!(all, [&b"one"[..], b"two"]);
        assert_eq!(msg.header(b"Call-ID"), Some(&b"1@192.0.2.1"[..]));
        assert_eq!(msg.header(b"X-None"), None);
    });
}

fn uris() {
    let uri = Uri::parse(b"sips:alice:secret@[2001:db8::1]:5061;lr;x=1?Subject=y").unwrap();
    assert_eq!((uri.user, uri.host), (&b"alice"[..], &b"[2001:db8::1]"[..]));
    assert_eq!((uri.port, uri.params), (Some(5061), &b"lr;x=1"[..]));
    assert_eq!(uri.headers, b"Subject=y");
    for wrong in [&b""[..], b"alice", b"sip:", b"sip:a@b:99999999", b"\0"] {
        assert_eq!(Uri::parse(wrong), None, "{}", String::from_utf8_lossy(wrong));
    }
}

/// Changes `SUBSCRIBE` in a few places, so that most of it still makes sense to the parser.
fn anything() {
    let edits = prop::collection::vec((0..SUBSCRIBE.len(), 0..4_usize, any::<Vec<u8>>()), 0..6);
    TestRunner::new(crate::without_file(2000))
        .run(&edits, |edits| {
            let mut text = SUBSCRIBE.to_vec();
            for (at, cut, put) in edits {
                let from = at.min(text.len());
                let to = (from + cut).min(text.len());
                text.splice(from..to, put);
            }
            with_message(&text, read_all);
            Ok(())
        })
        .unwrap();
}

fn read_all(msg: &Msg<'_>) {
    // What is broken is an error or absent; that is for the callers.
    let _ = msg.parse();
    let from = msg.from().ok();
    let to = msg.to().ok();
    let texts = [
        msg.method_name(),
        msg.request_uri(),
        msg.reason(),
        msg.call_id().ok(),
        msg.cseq().ok().map(|cseq| cseq.name),
        msg.event(),
        Some(msg.body()),
        from.map(|address| address.uri),
        from.and_then(|address| address.tag),
        to.map(|address| address.uri),
        to.and_then(|address| address.tag),
        match msg.contact() {
            Contact::One(uri) => Some(uri),
            _ => None,
        },
    ];
    let length: usize = texts.into_iter().flatten().map(<[u8]>::len).sum();
    assert!(length < 12 * (SUBSCRIBE.len() + 1_000), "{length} bytes of texts");
    let _ = msg.expires();
    if let Some(uri) = msg.request_uri() {
        let _ = Uri::parse(uri);
    }
    let all = msg.headers(b"X-Two").count();
    assert!(all <= SUBSCRIBE.len() + 1_000, "{all} headers of one name");
}
