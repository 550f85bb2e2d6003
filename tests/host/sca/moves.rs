//! Calls of a phone that go on as another call: after a redirection, a REFER, a Replaces.

use host_tests::{Call, Draft, Flavor, Line, Phone, Side, cases, line::TALKING};

cases! {
    both:
        a_call_that_is_redirected_while_it_rings_keeps_its_line,
        a_phone_that_is_referred_keeps_its_line_for_the_new_call,
        a_call_that_replaces_another_at_the_phone_keeps_its_line;
    ours:
        a_referral_that_fails_leaves_the_first_call_on_the_line,
        another_phone_does_not_take_the_line_of_a_call;
}

const ONE: &str = "<sip:voice.example.com>;appearance-index=1";

/// The call that the first member makes in place of one that it has, on the same appearance.
fn instead(line: &Line, to: &Phone) -> Call {
    Call::dial(&line.a, to, |invite| invite.index(1))
}

fn a_call_that_is_redirected_while_it_rings_keeps_its_line(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut redirected = line.ringing();
    redirected.reply(302);
    let mut call = instead(&line, &line.x);
    assert_eq!(call.at_callee().header("X-Rc"), "1");
    assert_eq!(line.appearances()[0].call_id, call.caller.call_id);
    call.ring();
    call.answer();
    line.both_come_to_see(&[TALKING]);
    call.bye(Side::Caller);
    line.both_come_to_see(&[]);
    assert_eq!(line.states(), [""; 0]);
}

fn a_phone_that_is_referred_keeps_its_line_for_the_new_call(flavor: Flavor) {
    for with_index in [true, false] {
        let line = Line::new(flavor);
        let y = Phone::new(line.host.address(), "300");
        let mut first = line.talking();
        let mut call = instead(&line, &y);
        assert_eq!(call.at_callee().header("X-Rc"), "1");
        call.ring();
        call.answer();
        line.both_come_to_see(&[TALKING]);
        let active = line.appearances().remove(0);
        assert_eq!((active.call_id, active.callee), (call.caller.call_id.clone(), y.contact()));
        let bye = |bye: Draft| if with_index { bye.index(1) } else { bye };
        let bye = first.send(Side::Caller, "BYE", bye);
        assert_eq!(bye.header("X-Rc"), if with_index { "1" } else { "-1" });
        assert_eq!(line.states(), ["1 active"]);
        call.bye(Side::Callee);
        assert_eq!(line.states(), [""; 0]);
    }
}

fn a_call_that_replaces_another_at_the_phone_keeps_its_line(flavor: Flavor) {
    let line = Line::new(flavor);
    let y = Phone::new(line.host.address(), "300");
    let mut first = line.talking();
    let (call_id, local, remote) =
        (&first.caller.call_id, first.caller.tag(), first.caller.remote_tag());
    let replaces = format!("{call_id};to-tag={local};from-tag={remote}");
    let mut call = Call::dial(&y, &line.a, |invite| invite.add("Replaces", &replaces));
    call.reply_with(200, |reply| reply.state(1, "active"));
    call.ack();
    line.both_come_to_see(&[TALKING]);
    assert_eq!(line.states(), ["1 active"]);
    assert_eq!(line.appearances()[0].call_id, call.caller.call_id);
    first.send(Side::Caller, "BYE", |bye| bye.index(1));
    assert_eq!(line.states(), ["1 active"]);
}

fn a_referral_that_fails_leaves_the_first_call_on_the_line(flavor: Flavor) {
    let line = Line::new(flavor);
    let y = Phone::new(line.host.address(), "300");
    let mut first = line.talking();
    let mut call = instead(&line, &y);
    line.both_see(&[TALKING]);
    call.ring();
    line.both_see(&[&TALKING.replace("active", "progressing")]);
    call.reply(486);
    line.both_come_to_see(&[TALKING]);
    assert_eq!(line.appearances()[0].call_id, first.caller.call_id);
    first.bye(Side::Callee);
    line.both_see(&[]);
    assert_eq!(line.states(), [""; 0]);
}

fn another_phone_does_not_take_the_line_of_a_call(flavor: Flavor) {
    let line = Line::new(flavor);
    let first = line.talking();
    let mut call = Call::dial(&line.x, &line.b, |invite| invite);
    call.reply_with(200, |reply| reply.add("Call-Info", ONE));
    call.ack();
    assert_eq!(line.states(), ["1 active", "2 active"]);
    assert_eq!(line.appearances()[0].call_id, first.caller.call_id);
}
