//! Calls that the group gets.

use host_tests::{Call, Draft, Flavor, Line, Phone, Side, cases, line::RECEIVED};

cases! {
    both:
        case_58_a_call_that_rings_is_not_told,
        case_59_an_answered_call_is_told_at_the_ack,
        case_60_the_phone_that_answers_may_name_the_appearance,
        case_75_the_user_of_the_contact_names_the_line_of_the_caller,
        case_76_the_user_of_the_contact_names_the_line_of_the_callee;
    ours:
        case_62_a_bye_of_the_outside_party_frees_the_line,
        case_63_a_bye_of_the_phone_without_call_info_frees_the_line,
        case_64_a_reinvite_of_the_outside_party_leaves_the_line,
        a_phone_may_hold_a_call_it_got,
        a_cancelled_call_leaves_no_entry,
        a_member_that_calls_the_other_line_is_shown_on_both,
        a_call_that_is_forwarded_from_another_line_is_shown_until_it_ends,
        a_bye_without_contact_ends_a_call_to_another_address,
        a_bye_without_contact_ends_a_held_call_from_another_address;
}

fn case_58_a_call_that_rings_is_not_told(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.called();
    assert_eq!(call.at_callee().header("X-Rc"), "1");
    call.ring();
    line.quiet();
    assert_eq!(line.states(), [""; 0]);
}

fn case_59_an_answered_call_is_told_at_the_ack(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.called();
    let answer = call.reply(200);
    assert_eq!(answer.all("P-Asserted-Identity").len(), 0, "{answer:?}");
    line.quiet();
    assert_eq!(line.states(), ["1 active"]);
    call.ack();
    line.both_see(&[RECEIVED]);
    line.quiet();
    let active = &line.appearances()[0];
    assert_eq!((&*active.index, &*active.state), ("1", "active"));
    assert_eq!((&*active.owner, &*active.call_id), (&*line.a.contact(), &*call.caller.call_id));
    assert_eq!((&*active.from_tag, &*active.to_tag), (call.caller.tag(), call.callee.tag()));
}

fn case_60_the_phone_that_answers_may_name_the_appearance(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.called();
    let answer = call.reply_with(200, |reply| reply.state(3, "active"));
    assert_eq!(answer.all("Call-Info").len(), 0, "{answer:?}");
    call.ack();
    line.both_see(&["3 active \"Ext\" <sip:300@voice.example.com>"]);
}

fn case_75_the_user_of_the_contact_names_the_line_of_the_caller(flavor: Flavor) {
    let line = Line::new(flavor);
    line.seized(&line.a, 1);
    let from = "<sip:999@voice.example.com>;tag=own";
    let call = Call::dial(&line.a, &line.x, |invite| invite.index(1).set("From", from));
    assert_eq!(call.at_callee().header("X-Rc"), "1");
    line.both_see(&["1 seized"]);
    let bound = &line.appearances()[0];
    assert_eq!((&*bound.call_id, &*bound.from_tag), (&*call.caller.call_id, "own"));
}

fn case_76_the_user_of_the_contact_names_the_line_of_the_callee(flavor: Flavor) {
    let line = Line::new(flavor);
    let other = |invite: Draft| {
        let to = "sip:999@voice.example.com";
        invite.uri(to).set("To", &format!("<{to}>"))
    };
    let mut call = Call::dial(&line.x, &line.a, other);
    call.answer();
    let active = &line.appearances()[0];
    assert_eq!((&*active.aor, &*active.state), ("sip:215@voice.example.com", "active"));
    assert_eq!(active.owner, line.a.contact());
}

fn assert_idle(line: &Line) {
    line.both_come_to_see(&[]);
    line.quiet();
    assert_eq!(line.states(), [""; 0]);
}

fn case_62_a_bye_of_the_outside_party_frees_the_line(flavor: Flavor) {
    let line = Line::new(flavor);
    line.received().bye(Side::Caller);
    assert_idle(&line);
}

fn case_63_a_bye_of_the_phone_without_call_info_frees_the_line(flavor: Flavor) {
    let line = Line::new(flavor);
    let bye = line.received().bye(Side::Callee);
    assert_eq!(bye.header("X-Rc"), "1");
    assert_idle(&line);
}

fn case_64_a_reinvite_of_the_outside_party_leaves_the_line(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.received();
    call.change(Side::Caller, |invite| invite);
    assert_eq!(line.states(), ["1 active"]);
    let kept = &line.appearances()[0];
    assert_eq!((&*kept.owner, &*kept.call_id), (&*line.a.contact(), &*call.caller.call_id));
    call.bye(Side::Callee);
    assert_eq!(line.states(), [""; 0]);
}

fn a_phone_may_hold_a_call_it_got(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.received();
    let held = RECEIVED.replace("active", "held");
    call.change(Side::Callee, |invite| invite.state(1, "held").sdp("sendonly"));
    line.both_come_to_see(&[&held]);
    assert_eq!(line.states(), ["1 held"]);
    call.change(Side::Callee, |invite| invite.sdp("sendrecv"));
    line.both_come_to_see(&[RECEIVED]);
    call.bye(Side::Caller);
    assert_idle(&line);
}

fn a_cancelled_call_leaves_no_entry(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.called();
    call.ring();
    call.cancel();
    line.quiet();
    assert_eq!(line.states(), [""; 0]);
}

fn a_member_that_calls_the_other_line_is_shown_on_both(flavor: Flavor) {
    let line = Line::new(flavor);
    let c = Phone::new(line.host.address(), "216");
    c.subscribe("call-info", 600);
    c.notified("call-info");
    line.seized(&line.a, 1);
    let mut call = Call::dial(&line.a, &c, |invite| invite.index(1));
    call.answer();
    line.both_come_to_see(&["1 active \"Line 216\" <sip:216@voice.example.com>"]);
    let wanted = host_tests::call_info(&["1 active \"Line 215\" <sip:215@voice.example.com>"]);
    let shown = c.notified("call-info");
    assert_eq!(shown.header("Call-Info"), wanted);
    call.bye(Side::Callee);
    line.both_come_to_see(&[]);
    assert_eq!(c.notified("call-info").header("Call-Info"), host_tests::call_info(&[]));
    assert_eq!(line.states(), [""; 0]);
}

/// A number that the script sends to the line: what was dialled stays in To.
const DIALLED: &str = "sip:999@voice.example.com";

fn a_bye_without_contact_ends_a_call_to_another_address(flavor: Flavor) {
    let line = Line::new(flavor);
    let other = |invite: Draft| invite.uri(DIALLED).set("To", &format!("<{DIALLED}>"));
    let mut call = Call::dial(&line.x, &line.a, other);
    call.answer();
    line.both_come_to_see(&[RECEIVED]);
    call.send(Side::Callee, "BYE", |bye| bye.without("Contact"));
    assert_idle(&line);
}

fn a_bye_without_contact_ends_a_held_call_from_another_address(flavor: Flavor) {
    let line = Line::new(flavor);
    line.seized(&line.a, 1);
    let from = format!("<{DIALLED}>;tag=own");
    let mut call = Call::dial(&line.a, &line.x, |invite| invite.index(1).set("From", &from));
    call.answer();
    call.change(Side::Caller, |invite| invite.state(1, "held").sdp("sendonly"));
    assert_eq!(line.states(), ["1 held"]);
    call.send(Side::Caller, "BYE", |bye| bye.without("Contact"));
    assert_idle(&line);
}

fn a_call_that_is_forwarded_from_another_line_is_shown_until_it_ends(flavor: Flavor) {
    for side in [Side::Caller, Side::Callee] {
        let line = Line::new(flavor);
        let other = Phone::new(line.host.address(), "220");
        assert_eq!(other.subscribe("call-info", 600).reply.status(), 202);
        let to = format!("<{}>", other.aor());
        let mut call = Call::dial(&line.x, &line.a, |invite| invite.set("To", &to));
        call.answer();
        line.both_see(&[RECEIVED]);
        call.bye(side);
        line.both_see(&[]);
        assert_eq!(line.states(), [""; 0]);
    }
}
