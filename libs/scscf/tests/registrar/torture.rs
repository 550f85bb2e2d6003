//! The torture messages of RFC 4475 as REGISTER: what is strange but right is taken, what is wrong is
//! refused and bends nothing.

use crate::settings;
use scscf_core::{
    aor,
    refusal::Refusal,
    register::{self, Lifetime, Plan, Request, Wants},
};

/// A REGISTER of a user of the RFC, changed.
fn read(change: impl FnOnce(&mut Request<'static>)) -> Result<Plan<'static>, Refusal> {
    let mut request = Request {
        to: b"sip:j.user@example.com",
        call_id: b"ws.ndaksdj@192.0.2.1",
        cseq: b"8",
        contacts: vec![b"<sip:caller@192.0.2.1>"],
        ..Request::default()
    };
    change(&mut request);
    register::read(&request, &settings())
}

fn uris(plan: &Plan<'_>) -> Vec<String> {
    plan.contacts()
        .iter()
        .map(|contact| String::from_utf8_lossy(&contact.uri).into_owned())
        .collect()
}

#[test]
fn s_3_1_1_1_a_short_tortuous_message() {
    let plan = read(|request| {
        request.to = b"sip:vivekg@chair-dnrc.example.com;unknownparam";
        request.cseq = b"0009";
        request.contacts = vec![
            b"\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com>\t;\r\n  newparam =\r\n      newvalue ;\r\n  secondparam ; q = 0.33",
        ];
    })
    .unwrap();
    assert_eq!((&*plan.identity, plan.cseq), (&b"sip:vivekg@chair-dnrc.example.com"[..], 9));
    let [contact] = plan.contacts() else { panic!("one contact") };
    let params: Vec<_> = contact.params.iter().collect();
    let expected = [(&b"newparam"[..], &b"newvalue"[..]), (b"secondparam", b""), (b"q", b"0.33")];
    assert_eq!((params, contact.q), (expected.to_vec(), 330));
}

#[test]
fn s_3_1_1_2_a_wide_range_of_characters() {
    let plan = read(|request| {
        request.to = b"sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com";
        request.call_id = b"intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{";
    })
    .unwrap();
    assert_eq!(
        &*plan.identity,
        b"sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com"
    );
}

#[test]
fn s_3_1_1_3_valid_use_of_escapes() {
    assert!(aor::same(
        b"sip:sips%3Auser%40example.com@example.net",
        b"sip:sips%3auser%40example.com@EXAMPLE.net"
    ));
    assert!(!aor::same(
        b"sip:sips%3Auser%40example.com@example.net",
        b"sip:sips:user@example.com@example.net"
    ));
    let plan = read(|request| {
        request.contacts = vec![b"<sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>"];
    });
    assert_eq!(
        uris(&plan.unwrap()),
        ["sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31"]
    );
}

#[test]
fn s_3_1_1_4_escaped_nulls_stay_escaped() {
    let plan = read(|request| {
        request.to = b"sip:null-%00-null@example.com";
        request.contacts = vec![b"<sip:%00@host5.example.com>, <sip:%00%00@host5.example.com>"];
    })
    .unwrap();
    assert_eq!(&*plan.identity, b"sip:null-%00-null@example.com");
    assert_eq!(uris(&plan), ["sip:%00@host5.example.com", "sip:%00%00@host5.example.com"]);
}

#[test]
fn s_3_1_1_6_a_message_with_no_blank_between_name_and_address() {
    let plan = read(|request| request.contacts = vec![b"caller<sip:caller@host5.example.com>"]);
    assert_eq!(uris(&plan.unwrap()), ["sip:caller@host5.example.com"]);
}

#[test]
fn s_3_1_1_7_long_values() {
    let user = format!("sip:user{}@example.com", "long".repeat(200));
    let contact = format!("<{user}>;p={}", "y".repeat(3000));
    let request = Request {
        to: user.as_bytes(),
        call_id: b"c",
        cseq: b"3882340",
        contacts: vec![contact.as_bytes()],
        ..Request::default()
    };
    assert!(register::read(&request, &settings()).is_ok());
}

#[test]
fn s_3_1_1_11_and_3_1_2_17_semicolons_and_commas_of_the_user_and_of_the_header() {
    let plan = read(|request| request.to = b"sip:user;par=u%40example.net@example.com").unwrap();
    assert_eq!(&*plan.identity, b"sip:user;par=u%40example.net@example.com");
    let plan =
        read(|request| request.contacts = vec![b"sip:+19725552222@gw1.example.net;unknownparam"])
            .unwrap();
    assert_eq!(uris(&plan), ["sip:+19725552222@gw1.example.net"]);
    let plan =
        read(|request| request.contacts = vec![b"<sip:+19725552222;unknownparam@gw1.example.net>"])
            .unwrap();
    assert_eq!(uris(&plan), ["sip:+19725552222;unknownparam@gw1.example.net"]);
}

#[test]
fn s_3_1_2_what_is_wrong_is_refused() {
    // 3.1.2.1 extraneous separators; 3.1.2.6 and 3.1.2.7 unterminated quotes and brackets.
    for body in [
        &b"\"Joe\" <sip:joe@example.org>;;;;,"[..],
        b"\"Mr. J. User <sip:j.user@example.com>",
        b"<sip:user@example.com",
        b"sip:user@example.com, ",
        b"<<sip:user@example.com>>",
        b"\"<\" sip:user@example.com\"",
        b"\"Watson, Thomas\" < sip:t.watson @example.org >",
    ] {
        assert_eq!(
            read(|request| request.contacts = vec![body]),
            Err(Refusal::Contact),
            "{}",
            body.escape_ascii()
        );
    }
    // 3.1.2.4 overlarge numbers
    assert_eq!(read(|request| request.cseq = b"36893488147419103232"), Err(Refusal::CSeq));
    let plan = read(|request| {
        request.expires =
            Some(b"1000000000000000000000000000000000000000000000000000000000000000000000000");
        request.contacts = vec![b"<sip:user@host129.example.com>;expires=280297596632815"];
    })
    .unwrap();
    let lifetime = plan.contacts().first().map(|contact| contact.lifetime);
    assert!(matches!(lifetime, Some(Lifetime::Seconds(seconds)) if seconds <= 600_000));
    // 3.1.2.8 and 3.1.2.12: addresses that are none
    for to in [
        &b"isbn:2983792873"[..],
        b"sip:user@[::1",
        b"http://www.example.com",
        b"nobodyKnowsThisScheme:x",
    ] {
        assert_eq!(read(|request| request.to = to), Err(Refusal::Aor), "{}", to.escape_ascii());
    }
}

#[test]
fn s_3_3_12_and_3_3_13_more_than_one_value_and_a_star_with_a_lifetime() {
    assert_eq!(
        read(|request| {
            request.contacts = vec![b"*"];
            request.expires = Some(b"5");
        }),
        Err(Refusal::StarNotZero)
    );
    let plan = read(|request| {
        request.contacts = vec![b"*"];
        request.expires = Some(b"0");
    });
    assert_eq!(plan.unwrap().wants, Wants::RemoveAll);
    // 3.3.14: a star with parameters, and a header of the URI that is not one of the contact
    assert_eq!(read(|request| request.contacts = vec![b"*;expires=0"]), Err(Refusal::Contact));
    let plan = read(|request| {
        request.contacts = vec![b"<sip:user@example.com?Route=%3Csip:sip.example.com%3E>"];
    });
    assert_eq!(uris(&plan.unwrap()), ["sip:user@example.com?Route=%3Csip:sip.example.com%3E"]);
}
