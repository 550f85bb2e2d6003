//! The NOTIFYs of a captured call, header by header: A subscribes, B subscribes, A seizes, calls X,
//! holds; B takes the call over and hangs up; A leaves.

use crate::support::{A, B, Group, X, again, ci, dialog, in_dialog, ls, new_call, relayed};
use bstr::{BStr, ByteSlice};
use sca_core::call::{self, CallerAnswer, Invite, Invited};
use sca_core::call_info::{CallInfo, asserted_identity};
use sca_core::listing;
use sca_core::subscribe::{Request, seize_index};
use sca_core::{Event, Notify, State, aor};

const IDLE: &str = "<sip:voice.example.com>;appearance-index=*;appearance-state=idle";

fn text(call_info: &str, event: Event, state: &str) -> String {
    format!(
        "Contact: sip:215@voice.example.com\r\nCall-Info: {call_info}\r\nEvent: {event}\r\n\
         Subscription-State: {state}\r\n"
    )
}

/// Both members are told of appearance 1 with this rest of the element, B first.
fn group_is_told(notifies: &[Notify], cseq: u32, element: &str, left: u32) {
    let first = if element.is_empty() {
        String::new()
    } else {
        format!("<sip:voice.example.com>;appearance-index=1;appearance-state={element},")
    };
    let expected =
        text(&format!("{first}{IDLE}"), Event::CallInfo, &format!("active;expires={left}"));
    let contacts: Vec<&BStr> = notifies.iter().map(|notify| notify.contact.as_bstr()).collect();
    assert_eq!(contacts, [B, A]);
    for notify in notifies {
        assert_eq!((notify.cseq, notify.headers.as_bstr()), (cseq, BStr::new(&expected)));
        assert_eq!(notify.aor.as_bstr(), "sip:215@voice.example.com");
    }
}

fn listed(group: &Group) -> String {
    let entries = listing::appearances(&group.line());
    let lines = entries.iter().map(listing::AppearanceEntry::summary);
    lines.map(|line| line.to_str_lossy().into_owned()).collect()
}

fn subscribe_of_a() -> Request<'static> {
    Request {
        call_id: b"w6axdm6r@sub",
        from_tag: b"im4w3ja5",
        to_tag: b"014e26467e5bffe32d4cd3194f1a9642.1aefec60",
        ..ci(A)
    }
}

/// Steps 1 to 3.
fn seized() -> Group {
    let mut group = Group::empty();
    group.now.0 = 1_795_308_236;
    let accepted = group.subscribe(&subscribe_of_a()).unwrap();
    let [notify] = &accepted.notifies[..] else { panic!("{accepted:?}") };
    assert_eq!(notify.headers.as_bstr(), BStr::new(&text(IDLE, Event::CallInfo, "active")));
    assert_eq!(notify.call_id.as_bstr(), "w6axdm6r@sub");
    assert_eq!(notify.remote_tag.as_bstr(), "im4w3ja5");
    assert_eq!(notify.local_tag.as_bstr(), "014e26467e5bffe32d4cd3194f1a9642.1aefec60");
    assert_eq!(notify.cseq, 1);
    let accepted = group.subscribe(&Request { call_id: b"qwyx8zpq@sub", ..ci(B) }).unwrap();
    assert_eq!(accepted.notifies[0].headers.as_bstr(), notify.headers.as_bstr());

    group.now.0 += 1;
    let index = seize_index(Some(b"<sip:voice.example.com>;appearance-index=1")).unwrap();
    let accepted = group.subscribe(&ls(A, index)).unwrap();
    let [own, all @ ..] = &accepted.notifies[..] else { panic!("{accepted:?}") };
    assert_eq!(
        own.headers.as_bstr(),
        BStr::new(&text("<sip:voice.example.com>;appearance-index=1", Event::LineSeize, "active"))
    );
    group_is_told(all, 2, "seized", 3599);
    assert_eq!(
        listed(&group),
        "sip:215@voice.example.com 1 seized 1795308237 sip:215@127.0.0.1:21101    "
    );
    group
}

/// Steps 5 to 8: the call of A, on hold.
fn held() -> Group {
    let mut group = seized();
    let early = dialog("1fdlyeq8@call", "s4n882hv", "");
    let (_, notifies) = relayed(group.invite(&new_call(A, &early, 1)));
    group_is_told(&notifies, 3, "seized", 3599);
    assert_eq!(
        listed(&group),
        "sip:215@voice.example.com 1 seized 1795308237 sip:215@127.0.0.1:21101  1fdlyeq8@call s4n882hv "
    );

    group.now.0 += 1;
    let outcome = group.rings(&dialog("1fdlyeq8@call", "s4n882hv", "c6g06ezt"));
    let [own, all @ ..] = &outcome.notifies[..] else { panic!("{outcome:?}") };
    assert_eq!(
        own.headers.as_bstr(),
        BStr::new(&text(
            "<sip:voice.example.com>;appearance-index=1",
            Event::LineSeize,
            "terminated;reason=noresource"
        ))
    );
    group_is_told(all, 4, "progressing", 3598);

    let call = dialog("1fdlyeq8@call", "s4n882hv", "c6g06ezt");
    let outcome = group.answered(&call);
    let named = r#";appearance-uri="\"Ext\" <sip:300@voice.example.com>""#;
    group_is_told(&outcome.notifies, 5, &format!("active{named}"), 3598);
    assert_eq!(
        asserted_identity(b"\"Ext\"", b"sip:300@voice.example.com").as_bstr(),
        r#""Ext" <sip:300@voice.example.com>"#
    );

    group.now.0 += 1;
    let hold = Invite { hold: true, ..again(A, &call, Some((1, Some(State::Held)))) };
    let (_, notifies) = relayed(group.invite(&hold));
    group_is_told(&notifies, 6, &format!("held{named}"), 3597);
    let outcome = group.answered(&call);
    group_is_told(&outcome.notifies, 7, &format!("held{named}"), 3597);
    assert_eq!(
        listed(&group),
        "sip:215@voice.example.com 1 held 1795308239 sip:215@127.0.0.1:21101 \
         sip:300@127.0.0.1:21103 1fdlyeq8@call s4n882hv c6g06ezt"
    );
    group
}

/// Step 9: B takes the call.
fn taken() -> Group {
    let mut group = held();
    group.now.0 += 1;
    let early = dialog("1e5gwnnc@call", "nzppk5ca", "");
    let invite = Invite { same_line: true, ..new_call(B, &early, 1) };
    let Invited::Retrieved(retrieval) = group.invite(&invite) else { panic!("not retrieved") };
    let named = r#";appearance-uri="\"Ext\" <sip:300@voice.example.com>""#;
    group_is_told(&retrieval.notifies, 8, &format!("active{named}"), 3596);
    assert_eq!(retrieval.target.as_bstr(), X);
    assert_eq!(retrieval.replaces.as_bstr(), "1fdlyeq8@call;to-tag=c6g06ezt;from-tag=s4n882hv");
    assert_eq!(
        listed(&group),
        "sip:215@voice.example.com 1 active 1795308240 sip:215@127.0.0.1:21102 \
         sip:300@127.0.0.1:21103 1e5gwnnc@call nzppk5ca "
    );

    let call = dialog("1e5gwnnc@call", "nzppk5ca", "1zzs7wv0");
    let to_aor = aor::canonical(b"sip:215@voice.example.com", Some(X.as_bytes())).unwrap();
    let to_aor: &'static [u8] = to_aor.into_owned().leak();
    let answer = CallerAnswer {
        dialog: call.clone(),
        contact: X.as_bytes(),
        to_display: b"",
        to_aor,
        same_line: to_aor == b"sip:215@voice.example.com",
    };
    assert_eq!(asserted_identity(b"", to_aor).as_bstr(), " <sip:300@voice.example.com>");
    let outcome = group.with(|line, ctx| call::answer_to_caller(line, ctx, &answer));
    let named = r#";appearance-uri="<sip:300@voice.example.com>""#;
    group_is_told(&outcome.notifies, 9, &format!("active{named}"), 3596);
    group.now.0 += 1;
    let outcome = group.ack_to(&call);
    group_is_told(&outcome.notifies, 10, &format!("active{named}"), 3595);
    group
}

#[test]
fn the_captured_call_is_told_byte_for_byte() {
    let mut group = taken();
    let info = CallInfo::parse(b"<sip:voice.example.com>;appearance-index=1").unwrap();
    let outcome = group.bye(&dialog("1e5gwnnc@call", "nzppk5ca", "1zzs7wv0"), info.index);
    group_is_told(&outcome.notifies, 11, "", 3595);
    assert_eq!(listed(&group), "");

    let accepted = group.subscribe(&in_dialog(Request { expires: 0, ..subscribe_of_a() })).unwrap();
    let [notify] = &accepted.notifies[..] else { panic!("{accepted:?}") };
    assert_eq!(notify.cseq, 12);
    assert_eq!(notify.headers.as_bstr(), BStr::new(&text(IDLE, Event::CallInfo, "terminated")));
}

#[test]
fn the_captured_conflict_is_refused() {
    let mut group = seized();
    let refusal = group.subscribe(&ls(B, 1)).unwrap_err();
    assert_eq!((refusal.status(), refusal.reason()), (480, "Temporarily Unavailable"));
    assert_eq!(refusal.retry_after(), Some(1));
}
