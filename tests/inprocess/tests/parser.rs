//! What the accessors of a message make of what the parser of the host found.

use crate::Case;
use inprocess::message::with_message;
use kamailio::msg::{self, Binding, Bindings, Contact, Expires, Msg, Uri, Via};
use proptest::{prelude::*, test_runner::TestRunner};

pub(crate) const CASES: &[Case] = &[
    ("parser::a_request_is_read_as_it_was_written", request),
    ("parser::a_reply_is_read_as_it_was_written", reply),
    ("parser::headers_are_found_in_any_spelling_and_in_order", headers),
    ("parser::names_that_the_host_has_no_number_for_are_found", unnumbered),
    ("parser::a_uri_is_taken_apart", uris),
    ("parser::routes_are_one_list_on_one_line", routes),
    ("parser::the_first_and_the_last_via_are_read", vias),
    ("parser::a_garbled_via_is_none", garbled_vias),
    ("parser::contacts_are_listed_in_the_order_of_the_message", bindings),
    ("parser::a_contact_is_the_same_alone_and_in_a_list", plain_bindings),
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

fn unnumbered() {
    assert_eq!(msg::misnumbered().collect::<Vec<_>>(), Vec::<&[u8]>::new());
    const REPLY: &[u8] = b"SIP/2.0 200 OK\r\n\
        Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
        service-route : <sip:a@h>\r\n\
        m: <sip:alice@192.0.2.1>\r\n\
        P-Associated-URI: <sip:alice@h>\r\n\
        Contact: <sip:bob@192.0.2.1>\r\n\
        Service-Route: <sip:b@h>\r\n\
        X-Other: x\r\n\
        Content-Length: 0\r\n\r\n";
    let taken = with_message(REPLY, |msg| {
        msg.parse().unwrap();
        let bodies = |name| msg.headers(name).map(|header| header.body()).collect::<Vec<_>>();
        assert_eq!(bodies(b"Service-Route"), [b"<sip:a@h>", b"<sip:b@h>"]);
        assert_eq!(bodies(b"P-Associated-URI"), [b"<sip:alice@h>"]);
        assert_eq!(bodies(b"Contact"), [&b"<sip:alice@192.0.2.1>"[..], b"<sip:bob@192.0.2.1>"]);
        assert_eq!(bodies(b"Security-Client"), Vec::<&[u8]>::new());
        assert_eq!(msg.unnumbered().count(), 4);
    });
    assert!(taken);
}

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
    let breaking = [&b"sip:a@b;x=\r\n y"[..], b"sip:a@b;x=\ty", b"sip:a@b;x y", b"sip:a@b;x=\0y"];
    for wrong in [&b""[..], b"alice", b"sip:", b"sip:a@b:99999999", b"\0"].iter().chain(&breaking) {
        assert_eq!(Uri::parse(wrong), None, "{}", String::from_utf8_lossy(wrong));
    }
}

fn routes() {
    let read = |header: &str| {
        let text = String::from_utf8_lossy(SUBSCRIBE).replacen("X-Two: one", header, 1);
        let mut read = None;
        with_message(text.as_bytes(), |msg| {
            msg.parse().unwrap();
            read = msg.record_route().ok();
        });
        read.map(|routes| String::from_utf8(routes).unwrap())
    };
    for (header, routes) in [
        ("X: y", Some("")),
        ("Record-Route:", Some("")),
        ("Record-Route: <sip:a;lr>\r\nRecord-Route: <sip:b;lr>", Some("<sip:a;lr>,<sip:b;lr>")),
        ("Record-Route: <sip:a;lr>,\r\n <sip:b;lr>", Some("<sip:a;lr>,<sip:b;lr>")),
        ("Record-Route: <sip:a;lr>\r\n\t;x=y", Some("<sip:a;lr>   ;x=y")),
        ("Record-Route: <sip:a\r\n ;lr>", None),
        ("Record-Route: garbage", None),
    ] {
        assert_eq!(read(header).as_deref(), routes, "{header:?}");
    }
}

fn vias() {
    let text = b"REGISTER sip:ims.test SIP/2.0\r\n\
        Via: SIP/2.0/TCP proxy.example.com;branch=z9hG4bK2\r\n\
        v: SIP/2.0/UDP 10.0.0.5:5062;rport=777;received=192.0.2.9;branch=z9hG4bK1,\r\n \
        SIP / 2.0 / TLS [2001:db8::1];branch=z9hG4bK0;rport\r\n\
        From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\nCSeq: 1 REGISTER\r\n\
        Content-Length: 0\r\n\r\n";
    let taken = with_message(text, |msg| {
        msg.parse().unwrap();
        let first = msg.first_via().unwrap();
        assert_eq!((first.host, first.port, first.transport), (&b"proxy.example.com"[..], None, 2));
        let last = msg.last_via().unwrap();
        assert_eq!((last.host, last.port, last.transport), (&b"[2001:db8::1]"[..], None, 3));
        assert_eq!((last.received, last.rport), (None, None));
    });
    assert!(taken);
    let one = b"REGISTER sip:ims.test SIP/2.0\r\n\
        Via: SIP/2.0/UDP 10.0.0.5:5062;rport=777;received=192.0.2.9\r\n\
        From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\nCSeq: 1 REGISTER\r\n\
        Content-Length: 0\r\n\r\n";
    with_message(one, |msg| {
        msg.parse().unwrap();
        let via = msg.last_via().unwrap();
        assert_eq!(Some(via), msg.first_via());
        assert_eq!((via.received, via.rport), (Some(&b"192.0.2.9"[..]), Some(&b"777"[..])));
    });
}

/// The core itself looks at the first `Via` only.
fn garbled_vias() {
    let last = |via: &[u8], check: &dyn Fn(Option<Via<'_>>)| {
        let text = [
            b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nVia: ",
            via,
            b"\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\nCSeq: 1 REGISTER\r\n\
              Content-Length: 0\r\n\r\n",
        ]
        .concat();
        with_message(&text, |msg| {
            if msg.parse().is_ok() {
                check(msg.last_via());
            }
        });
    };
    for garbage in [
        "x",
        "SIP/2.0/UDP",
        "SIP/2.0/UDP h;branch",
        "SIP/2.0/UDP h;rport=;received=",
        "SIP/2.0/UDP [::1",
        "SIP/2.0/UDP h:99999999",
        "SIP/2.0/UDP h;branch=\"x",
        "SIP/2.0/UDP h;=x",
        "SIP/2.0/UDP h,",
        "SIP/2.0/UDP h;received=1.2.3.4,x",
        "SIP/2.0/UDP a;branch=1, SIP/2.0/UDP b;branch=\"",
    ] {
        last(garbage.as_bytes(), &|via| assert_eq!(via, None, "{garbage}"));
    }
    last(b"SIP/2.0/UDP h;rport;lr", &|via| assert_eq!(via.unwrap().host, b"h"));
    let model =
        b"SIP/2.0/UDP h:5060;received=192.0.2.1;rport=7;branch=z9hG4bK, SIP/2.0/TCP [::1]:5;i=1";
    let edits = prop::collection::vec((0..model.len(), 0..4_usize, any::<Vec<u8>>()), 0..4);
    TestRunner::new(crate::without_file(4000))
        .run(&edits, |edits| {
            let mut text = model.to_vec();
            for (at, cut, put) in edits {
                let from = at.min(text.len());
                let to = (from + cut).min(text.len());
                text.splice(from..to, put);
            }
            last(&text, &|_| ());
            Ok(())
        })
        .unwrap();
}

/// A REGISTER with the header fields `contact`.
fn registers(contact: &str, check: impl FnOnce(&Msg<'_>)) {
    let text = format!(
        "REGISTER sip:ims.test SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n\
         From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\nCSeq: 1 REGISTER\r\n\
         {contact}Content-Length: 0\r\n\r\n"
    );
    assert!(with_message(text.as_bytes(), |msg| {
        msg.parse().unwrap();
        check(msg);
    }));
}

/// What the runtime reads by itself is what the parser of the host finds, which reads all lists of
/// more than one.
fn plain_bindings() {
    let same = |contact: &str| {
        let mut alone = Vec::new();
        registers(&format!("Contact: {contact}\r\n"), |msg| {
            if let Some(Bindings::List(list)) = msg.bindings().next() {
                alone = list.iter().map(|one| format!("{one:?}")).collect();
                let uri = if list.len() == 1 { Some(list[0].uri) } else { None };
                assert_eq!(msg.contact(), uri.map_or(Contact::Many, Contact::One), "{contact}");
            }
        });
        let count = alone.len();
        if count > 0 {
            registers(&format!("Contact: <sip:z@h>,{contact}\r\n"), |msg| {
                let Some(Bindings::List(list)) = msg.bindings().next() else {
                    panic!("{contact} is no list behind another one");
                };
                assert_eq!(list[0].uri, b"sip:z@h", "{contact}");
                let others: Vec<_> = list[1..].iter().map(|one| format!("{one:?}")).collect();
                assert_eq!(others, alone, "{contact}");
            });
        }
        count
    };
    for one in [
        "<sip:a@h>",
        "<sip:a@h;x=y>;expires=60",
        "<a,b>",
        "<a\\>",
        "< a >",
        "<a>;expires=",
        "<a>;Expires=60;reg-id=1;+sip.instance=\"<urn:x>\";audio;+g.x=\"%20\";expires=7;reg-id",
        "a:b;expires=x",
        "<a>;+sip.instance=\"1\";+SIP.instance=\"2\"",
    ] {
        assert_eq!(same(one), 1, "{one}");
    }
    for bad in ["<>", "<a\">", "<a>;", "<a", "<a<b>", "<a>;x=\"", "<a>;x;"] {
        assert_eq!(same(bad), 0, "{bad}");
    }
    let pieces = "<|>|sip:a@h|;|expires=|Expires|=|60|\"| |\t|,|\\|x|<sip:b@h>|;expires=1|;reg-id|'|/\
                  |;REG-ID=\"2\"|;+Sip.instance=\"<urn:x>\"|\"a b,c\"|;audio|;+g.x=\"y%20\"|;q=0.5|*";
    let pieces = prop::sample::select(pieces.split('|').collect::<Vec<_>>());
    let texts = (any::<bool>(), prop::collection::vec(pieces, 0..8));
    TestRunner::new(crate::without_file(8000))
        .run(&texts, |(good, pieces)| {
            let start = if good { "<sip:a@h>" } else { "" };
            same(&[start, &pieces.concat()].concat());
            Ok(())
        })
        .unwrap();
}

fn bindings() {
    let of = |contact: &str, check: &dyn Fn(Vec<Bindings<'_>>)| {
        registers(contact, |msg| check(msg.bindings().collect()));
    };
    of("", &|lists| assert!(lists.is_empty()));
    of("Contact: *\r\n", &|lists| assert_eq!(lists, [Bindings::Star]));
    of("Contact: \r\n", &|lists| assert_eq!(lists, [Bindings::Malformed]));
    of("Contact: <sip:a@h\r\n", &|lists| assert_eq!(lists, [Bindings::Malformed]));
    let three = "Contact: <sip:a@h>;expires=60, <sip:b@h;x=1>,\r\n \"C\" <sip:c@h>\r\n\
                 m: sip:d@h;expires=x\r\n";
    of(three, &|lists| {
        let [Bindings::List(first), Bindings::List(second)] = &lists[..] else {
            panic!("{lists:?}");
        };
        let show = |list: &[Binding<'_>]| {
            list.iter()
                .map(|one| {
                    let expires =
                        one.expires.map(|text| String::from_utf8_lossy(text).into_owned());
                    (String::from_utf8_lossy(one.uri).into_owned(), expires)
                })
                .collect::<Vec<_>>()
        };
        let none = None::<String>;
        assert_eq!(
            show(first),
            [
                ("sip:a@h".to_owned(), Some("60".to_owned())),
                ("sip:b@h;x=1".to_owned(), none.clone()),
                ("sip:c@h".to_owned(), none),
            ]
        );
        assert_eq!(show(second), [("sip:d@h".to_owned(), Some("x".to_owned()))]);
    });
    let device =
        "Contact: <sip:a@h>;REG-id=2;+SIP.Instance=\"<urn:x>\", <sip:b@h;reg-id=1>;reg-id\r\n";
    of(device, &|lists| {
        let [Bindings::List(list)] = &lists[..] else { panic!("{lists:?}") };
        let told: Vec<_> = list.iter().map(|one| (one.instance, one.reg_id)).collect();
        assert_eq!(told, [(Some(&b"<urn:x>"[..]), Some(&b"2"[..])), (None, None)]);
    });
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
    let _ = (msg.first_via(), msg.last_via(), msg.bindings().count());
    if let Some(uri) = msg.request_uri() {
        let _ = Uri::parse(uri);
    }
    let all = msg.headers(b"X-Two").count();
    assert!(all <= SUBSCRIBE.len() + 1_000, "{all} headers of one name");
}
