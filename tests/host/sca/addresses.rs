//! Addresses, headers and bodies of kinds that a phone seldom sends.

use host_tests::{
    Call, Draft, Flavor, Host, Line, Phone, Setup, Side, call_info, cases,
    line::{RECEIVED, TALKING, sees},
};

cases! {
    both:
        the_line_may_be_no_sip_address,
        a_line_that_is_not_known_is_told_without_a_blank,
        the_alias_of_a_contact_is_where_notifies_go,
        every_call_info_of_a_shared_line_goes,
        a_call_info_with_index_0_is_as_good_as_none,
        an_index_beyond_31_bits_asks_for_any,
        the_end_of_an_unknown_seizure_is_told_and_changes_nothing,
        hold_is_found_in_a_body_of_many_parts,
        an_address_that_is_to_come_later_is_no_hold,
        a_number_as_display_name_is_shown_as_it_is,
        an_invite_without_contact_passes;
    ours:
        a_call_info_of_another_kind_stays_and_the_call_is_followed,
        an_expiry_that_is_no_number_is_refused,
        an_expiry_beyond_all_numbers_is_the_maximum,
        a_direction_of_the_whole_session_holds,
        the_user_of_the_contact_names_the_line_of_a_failed_call,
        the_user_of_the_contact_names_the_line_of_an_answered_call;
}

fn the_line_may_be_no_sip_address(flavor: Flavor) {
    let host = Host::start(Setup::new(flavor));
    let phone = Phone::new(host.address(), "215");
    for (line, domain) in [
        ("tel:+123", "+123"),
        ("sips:215@voice.example.com", "voice.example.com"),
        ("sip:voice.example.com", "voice.example.com"),
        ("sip:215@voice.example.com:5070", "voice.example.com:5070"),
    ] {
        let draft = phone.subscribe_draft("call-info", 600).uri(line);
        let reply = phone.ask(&draft.set("To", &format!("<{line}>")));
        assert_eq!(reply.status(), 202, "{line}");
        let told = phone.notified("call-info");
        let wanted = call_info(&[]).replace("voice.example.com", domain);
        assert_eq!(told.header("Call-Info"), wanted);
        assert!(told.header("From").starts_with(&format!("<{line}>;tag=")), "{told:?}");
    }
}

fn a_line_that_is_not_known_is_told_without_a_blank(flavor: Flavor) {
    let host = Host::start(Setup::new(flavor));
    let phone = Phone::new(host.address(), "215");
    phone.subscribe("call-info", 0);
    let told = phone.notified("call-info");
    assert_eq!(told.line("Call-Info"), format!("Call-Info:{}", call_info(&[])));
}

fn the_alias_of_a_contact_is_where_notifies_go(flavor: Flavor) {
    let host = Host::start(Setup::new(flavor));
    let phone = Phone::new(host.address(), "215");
    let port = phone.address().rsplit_once(':').unwrap().1.to_owned();
    let contact = format!("<sip:215@192.0.2.1;alias=127.0.0.1~{port}~1>");
    let draft = phone.subscribe_draft("call-info", 600).set("Contact", &contact);
    assert_eq!(phone.ask(&draft).status(), 202);
    assert!(phone.notified("call-info").uri().starts_with("sip:215@192.0.2.1"));
}

fn every_call_info_of_a_shared_line_goes(flavor: Flavor) {
    let line = Line::new(flavor);
    line.seized(&line.a, 1);
    let second = "<sip:voice.example.com>;appearance-index=2";
    let edit = |invite: Draft| invite.index(1).add("Call-Info", second);
    let call = Call::dial(&line.a, &line.x, edit);
    assert_eq!(call.at_callee().all("Call-Info"), [""; 0]);
    assert_eq!(call.at_callee().header("X-Rc"), "1");
    line.both_see(&["1 seized"]);
    assert_eq!(line.appearances()[0].call_id, call.caller.call_id);
}

fn a_call_info_of_another_kind_stays_and_the_call_is_followed(flavor: Flavor) {
    let line = Line::new(flavor);
    line.seized(&line.a, 1);
    let icon = "<http://voice.example.com/icon.png>;purpose=icon";
    let edit = |invite: Draft| invite.add("Call-Info", icon).add("Call-Info", ONE);
    let mut call = Call::dial(&line.a, &line.x, edit);
    assert_eq!(call.at_callee().all("Call-Info"), [icon]);
    assert_eq!(call.at_callee().header("X-Rc"), "1");
    line.both_see(&["1 seized"]);
    call.answer();
    line.both_come_to_see(&[TALKING]);
    // Held by a request that has no other Call-Info.
    call.change(Side::Caller, |invite| invite.add("Call-Info", icon).sdp("sendonly"));
    line.both_come_to_see(&[&TALKING.replace("active", "held")]);
}

fn a_call_info_with_index_0_is_as_good_as_none(flavor: Flavor) {
    let line = Line::new(flavor);
    line.seized(&line.a, 1);
    let call = Call::dial(&line.a, &line.x, |invite| invite.index(0));
    assert_eq!(call.at_callee().header("X-Rc"), "1");
    assert_eq!(call.at_callee().all("Call-Info"), [""; 0]);
    line.quiet();
    assert_eq!(line.appearances()[0].call_id, "");
}

fn an_index_beyond_31_bits_asks_for_any(flavor: Flavor) {
    let line = Line::new(flavor);
    line.seized(&line.a, 1);
    assert_eq!(line.b.seize(u32::MAX).reply.status(), 200);
    line.both_see(&["1 seized", "2 seized"]);
}

fn the_end_of_an_unknown_seizure_is_told_and_changes_nothing(flavor: Flavor) {
    let line = Line::new(flavor);
    line.seized(&line.a, 1);
    let reply = line.b.ask(&line.b.subscribe_draft("line-seize", 0).index(1));
    assert_eq!((reply.status_line(), reply.header("Expires")), ("200 OK", "0"));
    let told = line.b.notified("line-seize");
    assert_eq!(told.header("Subscription-State"), "terminated");
    line.both_see(&["1 seized"]);
    line.quiet();
}

fn an_expiry_that_is_no_number_is_refused(flavor: Flavor) {
    let line = Line::new(flavor);
    let draft = line.a.subscribe_draft("call-info", 0).set("Expires", "abc");
    let reply = line.a.ask(&draft);
    assert_eq!(reply.status_line(), "400 Bad Shared Call Appearance Request");
    line.quiet();
    line.seized(&line.a, 1);
}

fn an_expiry_beyond_all_numbers_is_the_maximum(flavor: Flavor) {
    let line = Line::new(flavor);
    let draft = line.a.subscribe_draft("call-info", 0).set("Expires", "99999999999");
    let reply = line.a.ask(&draft);
    assert_eq!((reply.status(), reply.header("Expires")), (202, "3600"));
    assert_eq!(line.a.notified("call-info").header("Subscription-State"), "active");
}

const ONE: &str = "<sip:voice.example.com>;appearance-index=1";

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
                   m=audio 4000 RTP/AVP 0\r\na=sendonly\r\n";

fn hold_is_found_in_a_body_of_many_parts(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.talking();
    let body = format!(
        "--cut\r\nContent-Type: text/plain\r\n\r\nhello\r\n\
         --cut\r\nContent-Type: application/sdp\r\n\r\n{SDP}\r\n--cut--\r\n"
    );
    let held = TALKING.replace("active", "held");
    let parts = |invite: Draft| invite.index(1).body("multipart/mixed;boundary=cut", &body);
    call.change(Side::Caller, parts);
    line.both_see(&[&held]);
    line.both_see(&[&held]);
}

fn an_address_that_is_to_come_later_is_no_hold(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.talking();
    let body = SDP
        .replace("c=IN IP4 127.0.0.1", "c=IN IP4 0.0.0.0")
        .replace("audio 4000", "audio 9")
        .replace("a=sendonly", "a=sendrecv\r\na=ice-options:trickle");
    let later = |invite: Draft| invite.index(1).body("application/sdp", &body);
    call.change(Side::Caller, later);
    line.both_see(&[TALKING]);
    line.both_see(&[TALKING]);
}

fn a_number_as_display_name_is_shown_as_it_is(flavor: Flavor) {
    let line = Line::new(flavor);
    line.seized(&line.a, 1);
    let to = |invite: Draft| invite.index(1).set("To", "300 O'Neil <sip:300@voice.example.com>");
    let mut call = Call::dial(&line.a, &line.x, to);
    call.answer();
    sees(&line.a, &["1 seized"]);
    sees(&line.a, &["1 active 300 O'Neil <sip:300@voice.example.com>"]);
}

fn an_invite_without_contact_passes(flavor: Flavor) {
    let line = Line::new(flavor);
    line.seized(&line.a, 1);
    let bare = |invite: Draft| invite.index(1).without("Contact");
    let mut call = Call::dial(&line.a, &line.x, bare);
    assert_eq!(call.at_callee().header("X-Rc"), "1");
    line.quiet();
    call.answer();
    assert_eq!(line.appearances()[0].call_id, "");
}

fn a_direction_of_the_whole_session_holds(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.talking();
    let session = SDP.replace("a=sendonly\r\n", "").replace("t=0 0\r\n", "t=0 0\r\na=sendonly\r\n");
    let held = TALKING.replace("active", "held");
    call.change(Side::Caller, |invite| invite.index(1).body("application/sdp", &session));
    line.both_see(&[&held]);
    line.both_see(&[&held]);
    // The stream's own direction goes before that of the session.
    let both = format!("{session}a=sendrecv\r\n");
    call.change(Side::Caller, |invite| invite.index(1).body("application/sdp", &both));
    line.both_see(&[TALKING]);
}

const OTHER: &str = "sip:999@voice.example.com";

fn the_user_of_the_contact_names_the_line_of_a_failed_call(flavor: Flavor) {
    let line = Line::new(flavor);
    line.seized(&line.a, 1);
    let from = format!("<{OTHER}>;tag=own");
    let mut call = Call::dial(&line.a, &line.x, |invite| invite.index(1).set("From", &from));
    line.both_see(&["1 seized"]);
    call.reply(486);
    line.both_come_to_see(&[]);
    assert_eq!(line.states(), [""; 0]);
}

fn the_user_of_the_contact_names_the_line_of_an_answered_call(flavor: Flavor) {
    let line = Line::new(flavor);
    let other = |invite: Draft| invite.uri(OTHER).set("To", &format!("<{OTHER}>"));
    let mut call = Call::dial(&line.x, &line.a, other);
    call.answer();
    line.both_see(&[RECEIVED]);
    call.bye(Side::Caller);
    line.both_come_to_see(&[]);
    assert_eq!(line.states(), [""; 0]);
}
