//! Calls of the group that come to nothing.

use host_tests::{Call, Draft, Flavor, Line, Setup, Side, cases, line::TALKING};

cases! {
    both:
        case_48_a_busy_callee_frees_the_line,
        case_48_a_callee_that_declines_before_it_rings_ends_the_seizure_too,
        case_49_a_redirection_leaves_the_line,
        case_50_a_callee_that_never_answers_frees_the_line,
        case_51_an_outright_refusal_ends_the_seizure,
        case_52_a_challenge_leaves_the_seizure,
        case_53_a_refusal_in_the_transaction_ends_the_seizure,
        a_failed_call_leaves_the_other_lines,
        an_invite_with_a_to_tag_that_is_refused_leaves_no_call_behind,
        a_call_that_fails_is_over_whatever_is_pending_on_it,
        a_reinvite_of_a_call_that_the_far_side_has_forgotten_frees_the_line;
    ours:
        case_54_other_provisional_replies_leave_the_line,
        case_55_a_rejected_reinvite_leaves_the_line_as_it_was,
        the_end_of_an_old_call_leaves_a_newer_seizure;
}

fn case_48_a_busy_callee_frees_the_line(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.ringing();
    call.reply(486);
    line.both_come_to_see(&[]);
    line.quiet();
    assert_eq!(line.states(), [""; 0]);
}

fn case_48_a_callee_that_declines_before_it_rings_ends_the_seizure_too(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.dialed();
    call.reply(603);
    assert_seizure_ended(&line);
}

fn assert_seizure_ended(line: &Line) {
    let ended = line.a.notified("line-seize");
    assert_eq!(ended.header("Subscription-State"), "terminated;reason=noresource");
    assert_eq!(ended.header("Call-Info"), "<sip:voice.example.com>;appearance-index=1");
    line.both_come_to_see(&[]);
    line.quiet();
    assert_eq!(line.states(), [""; 0]);
    assert_eq!(line.host.rpc(&["sca.subscription_count", "line-seize"]).unwrap(), "0 line-seize\n");
}

fn case_49_a_redirection_leaves_the_line(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.ringing();
    call.reply(302);
    assert_eq!(line.states(), ["1 progressing"]);
    for notify in line.a.notifies().iter().chain(&line.b.notifies()) {
        let wanted = host_tests::call_info(&["1 progressing"]);
        assert_eq!(notify.header("Call-Info"), wanted);
    }
}

fn case_50_a_callee_that_never_answers_frees_the_line(flavor: Flavor) {
    let line = Line::with(Setup::new(flavor).param("tm", "fr_inv_timer", 2000));
    let call = line.ringing();
    call.fails(408);
    line.both_come_to_see(&[]);
    line.quiet();
    assert_eq!(line.states(), [""; 0]);
}

/// The first member's INVITE with `header` set for the route, before it reaches anybody.
fn refused(line: &Line, header: &str, status: u16) {
    line.seized(&line.a, 1);
    let edit = |invite: Draft| invite.index(1).add(header, &status.to_string());
    Call::place(&line.a, &line.x, edit).fails(status);
}

fn case_51_an_outright_refusal_ends_the_seizure(flavor: Flavor) {
    let line = Line::new(flavor);
    refused(&line, "X-Refuse", 404);
    assert_seizure_ended(&line);
}

fn case_52_a_challenge_leaves_the_seizure(flavor: Flavor) {
    for status in [401, 407] {
        let line = Line::new(flavor);
        refused(&line, "X-Refuse", status);
        line.quiet();
        assert_eq!(line.states(), ["1 seized"]);
        let count = line.host.rpc(&["sca.subscription_count", "line-seize"]).unwrap();
        assert_eq!(count, "1 line-seize\n");
    }
}

fn case_53_a_refusal_in_the_transaction_ends_the_seizure(flavor: Flavor) {
    let line = Line::new(flavor);
    refused(&line, "X-Reject", 404);
    assert_seizure_ended(&line);
}

fn a_failed_call_leaves_the_other_lines(flavor: Flavor) {
    let line = Line::new(flavor);
    let first = line.talking();
    assert_eq!(line.b.seize(2).reply.status(), 200);
    let mut second = Call::dial(&line.b, &line.x, |invite| invite.index(2));
    second.reply(486);
    line.both_come_to_see(&[TALKING]);
    let left = line.appearances();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].call_id, first.caller.call_id);
}

/// The first member's INVITE to the outside party, with the tag of a party that never answered.
fn tagged(line: &Line, edit: impl FnOnce(Draft) -> Draft) -> Call {
    let host = line.host.address();
    let mut call = Call::place(&line.a, &line.x, |invite| {
        let to = format!("<{}>;tag=nobody", line.x.aor());
        let invite = invite.uri(&line.x.contact()).set("To", &to).without("X-Dst").index(1);
        edit(invite.add("Route", &format!("<sip:{host};lr>")))
    });
    call.arrive();
    call
}

fn an_invite_with_a_to_tag_that_is_refused_leaves_no_call_behind(flavor: Flavor) {
    let line = Line::new(flavor);
    line.seized(&line.a, 1);
    let mut call = tagged(&line, |invite| invite);
    line.both_see(&["1 active"]);
    call.reply(481);
    assert_seizure_ended(&line);
}

fn a_call_that_fails_is_over_whatever_is_pending_on_it(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.ringing();
    let known = |name| call.invite.find(name).unwrap();
    let (from, call_id) = (known("From"), known("Call-ID"));
    let mut pending = tagged(&line, |invite| {
        invite.set("From", from).set("Call-ID", call_id).set("CSeq", "7 INVITE")
    });
    line.both_see(&["1 active"]);
    call.reply(486);
    line.both_come_to_see(&[]);
    pending.reply(481);
    assert_eq!(line.states(), [""; 0]);
}

fn case_54_other_provisional_replies_leave_the_line(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.ringing();
    for status in [181, 182, 199] {
        call.reply(status);
        assert_eq!(line.states(), ["1 progressing"], "after {status}");
    }
    call.answer();
    line.both_come_to_see(&[TALKING]);
}

fn the_end_of_an_old_call_leaves_a_newer_seizure(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut old = line.ringing();
    assert_eq!(line.a.seize(2).reply.status(), 200);
    line.a.notified("line-seize");
    old.reply(486);
    line.both_come_to_see(&["2 seized"]);
    line.a.quiet();
    assert_eq!(line.states(), ["2 seized"]);
    assert_eq!(line.host.rpc(&["sca.subscription_count", "line-seize"]).unwrap(), "1 line-seize\n");
}

fn case_55_a_rejected_reinvite_leaves_the_line_as_it_was(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.talking();
    for side in [Side::Caller, Side::Callee] {
        call.reinvite(side, |invite| invite).reply(488);
        assert_eq!(line.states(), ["1 active"]);
    }
    // Asked for and refused: the line is not on hold.
    call.reinvite(Side::Caller, |invite| invite.state(1, "held").sdp("sendonly")).reply(488);
    line.both_come_to_see(&[TALKING]);
    assert_eq!(line.states(), ["1 active"]);
    assert_eq!(line.appearances()[0].call_id, call.caller.call_id);
    call.bye(Side::Callee);
    assert_eq!(line.states(), [""; 0]);
}

fn a_reinvite_of_a_call_that_the_far_side_has_forgotten_frees_the_line(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.talking();
    call.reinvite(Side::Caller, |invite| invite.index(1).sdp("sendonly")).reply(481);
    line.both_come_to_see(&[]);
    assert_eq!(line.states(), [""; 0]);
}
