use super::{
    Accepted, ContactList, Refusal, Reply, Settings, Shown, is_uri, reason, refused, service_route,
};
use bstr::{BString, ByteSlice};

const NOW: i64 = 1_700_000_000;

fn text(reply: &Reply) -> String {
    reply.headers.to_str().unwrap().to_owned()
}

fn shown(uri: &str, q: i32, expires: i64) -> Shown<'_> {
    Shown { uri: uri.as_bytes(), q, expires, received: b"" }
}

fn accepted(contacts: ContactList, path: Option<&[u8]>, ids: &[&str]) -> String {
    let route = service_route(b"sip:scscf.example.org:6060");
    let reply = Accepted { contacts, path, service_route: &route };
    let reply = reply.reply(ids.iter().map(|id| id.as_bytes()));
    assert_eq!((reply.code, reply.reason), (200, "OK"));
    text(&reply)
}

#[test]
fn r_01_a_200_says_what_is_bound_who_it_is_and_the_way_back() {
    let mut list = ContactList::new(NOW, 10);
    list.bound(&shown("sip:bob@192.0.2.1:5060", -1, NOW + 3600), b"received", []);
    assert_eq!(
        accepted(list, None, &["sip:bob@example.org", "tel:+1001"]),
        "Contact: <sip:bob@192.0.2.1:5060>;expires=3240\r\n\
         P-Associated-URI: <sip:bob@example.org>, <tel:+1001>\r\n\
         Service-Route: <sip:orig@scscf.example.org:6060;lr>\r\n"
    );
}

#[test]
fn r_04_r_13_r_14_contacts_are_one_header_with_quoted_parameters() {
    let mut list = ContactList::new(NOW, 10);
    let received = Shown { received: b"sip:192.0.2.9:5060", ..shown("sip:a@b", 500, NOW + 100) };
    let params = [
        (&b"foo"[..], &b"bar"[..]),
        (b"video", b""),
        (b"+sip.instance", b"<urn:x>"),
        (b"Q", b"0.5"),
        (b"expires", b"100"),
        (b"Received", b"x"),
    ];
    list.bound(&received, b"rcv", params);
    list.bound(&shown("sip:c@d", 1000, 0), b"rcv", []);
    list.bound(&shown("sip:gone@d", -1, NOW - 5), b"rcv", []);
    assert_eq!(
        list.finish().to_str().unwrap(),
        "Contact: <sip:a@b>;q=0.5;expires=90;rcv=\"sip:192.0.2.9:5060\";foo=\"bar\";video;\
         +sip.instance=\"<urn:x>\", <sip:c@d>;q=1;expires=1932735283, <sip:gone@d>;expires=0\r\n"
    );
}

#[test]
fn r_15_a_path_is_said_back_as_it_came() {
    let path = Some(&b"<sip:p1;lr>,<sip:p2;lr>"[..]);
    assert_eq!(
        accepted(ContactList::new(NOW, 0), path, &[]),
        "Path: <sip:p1;lr>,<sip:p2;lr>\r\nService-Route: <sip:orig@scscf.example.org:6060;lr>\r\n"
    );
}

#[test]
fn r_16_without_support_the_path_is_refused() {
    let reply =
        refused(&Refusal::PathUnsupported(BString::from("<sip:p;lr>")), &Settings::default());
    assert_eq!((reply.code, reply.reason), (420, "Bad Extension"));
    assert_eq!(
        text(&reply),
        "Unsupported: path\r\nPath: <sip:p;lr>\r\n\
         P-Registrar-Error: No support for found Path indicated\r\n"
    );
}

#[test]
fn r_22_r_23_every_contact_that_went_is_shown() {
    let mut list = ContactList::new(NOW, 10);
    assert!(list.is_empty());
    list.removed(b"sip:a@b");
    list.removed(b"sip:c@d");
    assert_eq!(
        list.finish().to_str().unwrap(),
        "Contact: <sip:a@b>;expires=0, <sip:c@d>;expires=0\r\n"
    );
}

#[test]
fn r_35_r_37_all_causes_are_one_unless_precise_answers_are_wanted() {
    for cause in [Refusal::UnknownUser, Refusal::Quality, Refusal::NoHss, Refusal::ContactDelete] {
        let reply = refused(&cause, &Settings::default());
        assert_eq!((reply.code, reply.reason), (500, "Server Internal Error"));
        assert_eq!(text(&reply), "P-Registrar-Error: SAR failed\r\n", "{cause:?}");
    }
    let precise = Settings { precise: true, ..Settings::default() };
    for (cause, code) in [
        (Refusal::UnknownUser, 403),
        (Refusal::Quality, 400),
        (Refusal::NoHss, 504),
        (Refusal::TooMany, 503),
        (Refusal::ContactDelete, 500),
    ] {
        let reply = refused(&cause, &precise);
        assert_eq!(reply.code, code);
        assert_eq!(text(&reply), format!("P-Registrar-Error: {}\r\n", cause.text()));
    }
    let brief = refused(&Refusal::Brief(60), &precise);
    assert_eq!((brief.code, brief.reason), (423, "Interval Too Brief"));
    assert_eq!(text(&brief), "Min-Expires: 60\r\nP-Registrar-Error: Interval too brief\r\n");
}

#[test]
fn r_39_r_84_another_code_for_500_has_its_own_phrase() {
    let of = |error_code| {
        refused(&Refusal::Assignment, &Settings { error_code, retry_after: 5, precise: false })
    };
    assert_eq!((of(503).code, of(503).reason), (503, "Service Unavailable"));
    assert_eq!((of(504).code, of(504).reason), (504, "Server Time-out"));
    assert_eq!(text(&of(503)), "P-Registrar-Error: SAR failed\r\nRetry-After: 5\r\n");
    assert_eq!(text(&of(480)), "P-Registrar-Error: SAR failed\r\n", "only from 500 on");
    assert_eq!(reason(599), "Server Error");
}

#[test]
fn no_text_of_others_ends_a_line() {
    let mut list = ContactList::new(NOW, 0);
    list.bound(&shown("sip:a@b\r\nX: y", -1, NOW + 5), b"received", [(&b"p"[..], &b"1\r\n 2"[..])]);
    list.removed(b"sip:c\n@d");
    let text = accepted(list, Some(b"<a>\r\n <b>"), &["sip:x\r\ny"]);
    assert_eq!(text.lines().count(), 4, "{text}");
}

#[test]
fn what_is_no_uri_cannot_stand_in_a_header() {
    for identity in ["sip:bob@h", "tel:+1", "SIP:b@[::1]:5060;x=y", "sip:chat!.*!@h", "urn:a:b"] {
        assert!(is_uri(identity.as_bytes()), "{identity}");
    }
    for identity in [
        "",
        "bob",
        ":x",
        "sip:",
        "1:x",
        "sip:a b",
        "sip:a>, <sip:eve@h",
        "sip:\"a",
        "a b:c",
        "sip:\r\nX: y",
        "sip:ä",
    ] {
        assert!(!is_uri(identity.as_bytes()), "{identity}");
    }
}
