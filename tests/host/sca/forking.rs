//! Calls that reach more than one phone, at once or one after another.

use host_tests::{
    Call, Draft, Flavor, Line, Phone, Side, cases,
    line::{RECEIVED, TALKING},
};

cases! {
    both:
        a_call_to_all_phones_of_a_line_is_shown_for_the_one_that_answers,
        a_call_to_two_parties_stays_when_one_of_them_answers,
        a_call_that_is_sent_on_after_a_refusal_keeps_its_line;
    ours:
        a_call_to_all_phones_ends_with_the_bye_of_either_side;
}

/// The outside party calls the line, and both members ring; gives both views of the call.
fn to_both(line: &Line) -> (Call, Call) {
    let fork = |invite: Draft| invite.add("X-Fork", &line.b.contact());
    let mut at_a = Call::place(&line.x, &line.a, fork);
    let mut at_b = at_a.to(&line.b);
    at_a.arrive();
    at_b.arrive();
    at_a.ring();
    at_b.ring();
    (at_a, at_b)
}

/// The second member answers; the first is told that it need not ring any more.
fn answered_by_b(line: &Line) -> Call {
    let (at_a, mut at_b) = to_both(line);
    line.quiet();
    at_b.reply(200);
    line.a.incoming("CANCEL");
    line.a.send(&at_a.draft(487));
    at_b.ack();
    line.both_come_to_see(&[RECEIVED]);
    at_b
}

fn a_call_to_all_phones_of_a_line_is_shown_for_the_one_that_answers(flavor: Flavor) {
    let line = Line::new(flavor);
    let call = answered_by_b(&line);
    line.quiet();
    let active = &line.appearances()[0];
    assert_eq!((line.states().len(), &*active.owner), (1, &*line.b.contact()));
    assert_eq!((&*active.call_id, &*active.to_tag), (&*call.caller.call_id, call.callee.tag()));
}

fn a_call_to_all_phones_ends_with_the_bye_of_either_side(flavor: Flavor) {
    for side in [Side::Caller, Side::Callee] {
        let line = Line::new(flavor);
        answered_by_b(&line).bye(side);
        line.both_come_to_see(&[]);
        assert_eq!(line.states(), [""; 0]);
    }
}

fn a_call_to_two_parties_stays_when_one_of_them_answers(flavor: Flavor) {
    let line = Line::new(flavor);
    let y = Phone::new(line.host.address(), "300");
    line.seized(&line.a, 1);
    let fork = |invite: Draft| invite.index(1).add("X-Fork", &y.contact());
    let mut at_x = Call::place(&line.a, &line.x, fork);
    let mut at_y = at_x.to(&y);
    line.both_see(&["1 seized"]);
    at_x.arrive();
    at_y.arrive();
    at_x.ring();
    line.a.notified("line-seize");
    line.both_see(&["1 progressing"]);
    at_y.ring();
    at_y.reply(200);
    line.x.incoming("CANCEL");
    line.x.send(&at_x.draft(487));
    at_y.ack();
    line.both_see(&[TALKING]);
    line.quiet();
    let active = &line.appearances()[0];
    assert_eq!((&*active.callee, &*active.to_tag), (&*y.contact(), at_y.callee.tag()));
    at_y.bye(Side::Callee);
    line.both_see(&[]);
}

fn a_call_that_is_sent_on_after_a_refusal_keeps_its_line(flavor: Flavor) {
    let line = Line::new(flavor);
    let y = Phone::new(line.host.address(), "300");
    line.seized(&line.a, 1);
    let next = |invite: Draft| invite.index(1).add("X-Next", &y.address());
    let at_x = Call::dial(&line.a, &line.x, next);
    line.both_see(&["1 seized"]);
    line.x.send(&at_x.draft(486));
    let mut at_y = at_x.to(&y);
    at_y.arrive();
    assert_eq!(line.states(), ["1 seized"]);
    at_y.ring();
    at_y.answer();
    line.both_come_to_see(&[TALKING]);
    assert_eq!(line.appearances()[0].callee, y.contact());
    at_y.bye(Side::Caller);
    line.both_come_to_see(&[]);
    assert_eq!(line.states(), [""; 0]);
}
