//! Addresses, headers and bodies of kinds that a phone seldom sends.

use host_tests::{
    Call, Draft, Flavor, Host, Line, Phone, Setup, Side, call_info, cases,
    line::{RECEIVED, TALKING, sees},
};

cases! {
    both:
        the_line_may_be_no_sip_address,
        the_script_may_give_a_line_another_name,
        an_empty_record_route_names_no_route,
        a_line_that_is_not_known_is_told_without_a_blank,
        the_alias_of_a_contact_is_where_notifies_go,
        every_call_info_of_a_shared_line_goes,
        a_call_info_with_index_0_is_as_good_as_none,
        an_index_beyond_31_bits_asks_for_any,
        the_end_of_an_unknown_seizure_is_told_and_changes_nothing,
        hold_is_found_in_a_body_of_many_parts,
        an_address_that_is_to_come_later_is_no_hold,
        a_number_as_display_name_is_shown_as_it_is,
        a_number_before_parameters_is_the_expiry,
        an_index_may_have_a_plus_sign,
        an_invite_without_contact_passes;
    ours:
        a_contact_that_would_break_a_notify_is_refused,
        a_route_that_would_break_a_notify_is_refused,
        a_contact_that_would_break_an_invite_is_not_kept,
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

fn the_script_may_give_a_line_another_name(flavor: Flavor) {
    let routes =
        "request_route { $ru = \"sip:215@voice.example.com;x=y\"; sca_handle_subscribe(); }";
    let host = Host::start(Setup::new(flavor).routes(&up(routes)));
    let phone = Phone::new(host.address(), "215");
    let draft = phone.subscribe_draft("call-info", 600).uri("sip:desk@192.0.2.1;a=b");
    let reply = phone.ask(&draft);
    assert_eq!(reply.status_line(), "202 Accepted");
    // The reply names what the phone asked for, the line is the script's.
    assert_eq!(reply.header("Contact"), "sip:desk@192.0.2.1;a=b");
    let told = phone.notified("call-info");
    assert_eq!(told.header("Call-Info"), call_info(&[]));
    assert!(told.header("From").starts_with("<sip:215@voice.example.com>;tag="), "{told:?}");
    let shown = host.rpc(&["sca.show_subscription", "sip:215@voice.example.com", "call-info"]);
    assert_eq!(shown.unwrap().lines().count(), 1);
}

/// `routes` behind what tells the harness that the host is up.
fn up(routes: &str) -> String {
    let ping = "if (is_method(\"OPTIONS\")) { sl_send_reply(\"200\", \"Up\"); exit; }";
    routes.replacen('{', &format!("{{ {ping}"), 1)
}

fn an_empty_record_route_names_no_route(flavor: Flavor) {
    let host = Host::start(Setup::new(flavor));
    let phone = Phone::new(host.address(), "215");
    let draft = phone.subscribe_draft("call-info", 600).add("Record-Route", "");
    assert_eq!(phone.ask(&draft).status_line(), "202 Accepted");
    assert_eq!(phone.notified("call-info").all("Route"), [""; 0]);
}

fn a_contact_that_would_break_a_notify_is_refused(flavor: Flavor) {
    let mut host = Host::start(Setup::new(flavor));
    let phone = Phone::new(host.address(), "215");
    for between in ["\r\n ", "\t", "\0", "\u{7f}"] {
        let contact = format!("<{};x={between}y>", phone.contact());
        let draft = phone.subscribe_draft("call-info", 600).set("Contact", &contact);
        let reply = phone.ask(&draft);
        assert_eq!(reply.status_line(), "400 Bad Shared Call Appearance Request", "{between:?}");
    }
    phone.quiet();
    assert_eq!(host.subscriptions(), [""; 0]);
    // Between the parts of the header a fold is a blank.
    let contact = format!("\"Desk\r\n 1\"\r\n <{}>\r\n ;x=y", phone.contact());
    let draft = phone.subscribe_draft("call-info", 600).set("Contact", &contact);
    assert_eq!(phone.ask(&draft).status_line(), "202 Accepted");
    assert_eq!(phone.notified("call-info").uri(), phone.contact());
    host.assert_alive();
}

fn a_route_that_would_break_a_notify_is_refused(flavor: Flavor) {
    let host = Host::start(Setup::new(flavor));
    let phone = Phone::new(host.address(), "215");
    let asks = |route: &str| {
        phone.ask(&phone.subscribe_draft("call-info", 600).add("Record-Route", route))
    };
    let address = phone.address();
    let reply = asks(&format!("<{address};x=\r\n y;lr>"));
    assert_eq!(reply.status_line(), "400 Bad Shared Call Appearance Request");
    phone.quiet();
    let reply = asks(&format!("<{address};lr>\r\n ;x,\r\n\t<sip:192.0.2.1;lr>"));
    assert_eq!(reply.status_line(), "202 Accepted");
    let told = phone.notified("call-info");
    let routes = told.all("Route").join(",").replace(' ', "");
    assert_eq!(routes, format!("<{address};lr>;x,<sip:192.0.2.1;lr>"));
}

fn a_contact_that_would_break_an_invite_is_not_kept(flavor: Flavor) {
    let line = Line::new(flavor);
    // The call itself goes through.
    let contact = format!("<{};x=\r\n y>", line.x.contact());
    let mut call = Call::dial(&line.x, &line.a, |invite| invite.set("Contact", &contact));
    call.answer();
    assert_eq!(line.states(), ["1 active"]);
    line.host.rpc(&["sca.update_appearance", &line.a.aor(), "1", "held"]).unwrap();
    let retrieval = line.b.request("INVITE", &line.b.aor()).index(1).sdp("sendrecv");
    let retrieval = retrieval.add("X-Dst", &line.x.address());
    line.b.send(&retrieval);
    let taken = line.x.incoming("INVITE");
    // The address in From is all that is known of the far side.
    assert_eq!(taken.uri(), line.x.aor(), "{taken:?}");
    assert_eq!(taken.header("X-Rc"), "1");
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

fn a_number_before_parameters_is_the_expiry(flavor: Flavor) {
    let line = Line::new(flavor);
    let draft = line.a.subscribe_draft("call-info", 0).set("Expires", "300;x=1");
    let reply = line.a.ask(&draft);
    assert_eq!((reply.status_line(), reply.header("Expires")), ("202 Accepted", "300"));
    assert_eq!(line.a.notified("call-info").header("Subscription-State"), "active");
}

fn an_index_may_have_a_plus_sign(flavor: Flavor) {
    let line = Line::new(flavor);
    let plus = ONE.replace("=1", "=+2");
    let draft = line.a.subscribe_draft("line-seize", 15).set("Call-Info", &plus);
    assert_eq!(line.a.ask(&draft).status_line(), "200 OK");
    line.both_see(&["2 seized"]);
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
