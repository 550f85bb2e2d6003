//! Calls that a phone of the line answers.

use crate::support::{A, B, Group, X, again, answer, dialog, relayed, show};
use sca_core::call::{CalleeAnswer, Invite};
use sca_core::{State, line::SeizeError};

#[test]
fn cases_58_and_59_the_members_hear_of_an_incoming_call_at_its_ack() {
    let mut group = Group::of_two();
    let call = dialog("1@in", "x", "a");
    let outcome = group.answers(&answer(A, &call, None));
    assert_eq!((outcome.index, outcome.refused, outcome.notifies.len()), (Some(1), None, 0));
    assert_eq!(group.states(), [(1, State::ActivePending)]);
    let outcome = group.ack_to(&call);
    assert_eq!(outcome.index, Some(1));
    assert_eq!(
        show(&outcome.notifies),
        [
            "B ci 2 1=active,*=idle active;expires=3600",
            "A ci 2 1=active,*=idle active;expires=3600",
        ]
    );
    let line = group.line();
    let appearance = &line.appearances()[0];
    assert_eq!((appearance.state, appearance.callee_leg), (State::Active, true));
    assert_eq!(*appearance.uri, *br#"\"Ext\" <sip:300@voice.example.com>"#);
    assert_eq!(*appearance.callee, *b"sip:300@voice.example.com");
    assert_eq!((&*appearance.remote_target, &*appearance.owner), (X.as_bytes(), A.as_bytes()));
}

#[test]
fn an_ack_of_an_unknown_call_is_told_all_the_same() {
    let outcome = Group::of_two().ack_to(&dialog("1@in", "x", "a"));
    assert_eq!((outcome.index, outcome.notifies.len()), (None, 2));
}

#[test]
fn case_60_the_phone_may_choose_the_index() {
    let mut group = Group::of_two();
    let named = answer(A, &dialog("1@in", "x", "a"), Some((3, Some(State::Active))));
    assert_eq!(group.answers(&named).index, Some(3));
    let taken = answer(B, &dialog("2@in", "y", "b"), Some((3, None)));
    assert_eq!(group.answers(&taken).index, Some(1));
}

#[test]
fn what_another_member_seized_is_not_taken_by_an_answer() {
    let mut group = Group::of_two();
    group.seize(B, 1);
    let call = dialog("1@in", "x", "a");
    assert_eq!(group.answers(&answer(A, &call, Some((1, None)))).index, Some(2));
    assert_eq!(group.owners(), ["B", "A"]);
}

#[test]
fn what_the_phone_itself_seized_serves_its_answer() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let call = dialog("1@in", "x", "a");
    let contact = "sip:215@127.0.0.1:21101;transport=tcp";
    assert_eq!(group.answers(&answer(contact, &call, Some((1, None)))).index, Some(1));
    assert_eq!(group.states(), [(1, State::ActivePending)]);
    assert_eq!(group.owners(), [contact]);
}

#[test]
fn case_61_an_acknowledged_call_stays() {
    let mut group = Group::of_two();
    group.call_to_a();
    assert_eq!(group.wait(3_000).freed, 0);
    assert_eq!(group.states(), [(1, State::Active)]);
}

#[test]
fn cases_62_and_63_bye_from_either_side_frees_the_appearance() {
    for bye in [dialog("1@in", "x", "a"), dialog("1@in", "a", "x")] {
        let mut group = Group::of_two();
        group.call_to_a();
        let outcome = group.bye(&bye, 0);
        assert_eq!((outcome.index, outcome.notifies.len()), (Some(1), 2));
        assert_eq!(group.states(), []);
    }
}

#[test]
fn case_64_a_reinvite_of_the_far_party_changes_nothing() {
    let mut group = Group::of_two();
    let call = group.call_to_a();
    for in_dialog in [Some(true), None] {
        let again = CalleeAnswer { in_dialog, ..answer(A, &call, None) };
        assert_eq!(group.answers(&again).index, Some(1));
        let _ = group.ack_to(&call);
        assert_eq!(group.states(), [(1, State::Active)]);
    }
}

#[test]
fn case_65_an_outgoing_call_reinvited_by_the_far_party_stays_one_call() {
    let mut group = Group::of_two();
    let call = group.call_of_a();
    for in_dialog in [Some(true), None] {
        let again = CalleeAnswer { in_dialog, ..answer(A, &dialog("1@call", "x", "a"), None) };
        assert_eq!(group.answers(&again).index, Some(1));
        assert_eq!(group.states(), [(1, State::Active)]);
        assert_eq!(group.line().appearances()[0].dialog, call);
        assert!(!group.line().appearances()[0].callee_leg);
    }
}

#[test]
fn a_reinvite_may_move_the_far_party() {
    let mut group = Group::of_two();
    let call = group.call_to_a();
    for (moved, target) in [("sip:300@10.0.0.9", "sip:300@10.0.0.9"), ("", "sip:300@10.0.0.9")] {
        let again = CalleeAnswer { remote_target: moved.as_bytes(), ..answer(A, &call, None) };
        let _ = group.answers(&again);
        assert_eq!(group.line().appearances()[0].target(), target.as_bytes());
    }
}

#[test]
fn an_answer_may_say_the_state_of_its_call() {
    let mut group = Group::of_two();
    let call = group.call_to_a();
    for (said, state) in [
        (State::Held, State::Held),
        (State::HeldPrivate, State::HeldPrivate),
        (State::Active, State::Active),
        (State::Idle, State::Active),
        (State::Seized, State::Active),
        (State::Progressing, State::Active),
    ] {
        let _ = group.answers(&answer(A, &call, Some((1, Some(said)))));
        assert_eq!(group.states(), [(1, state)], "{said:?}");
    }
}

#[test]
fn a_reinvite_of_an_unknown_call_gets_no_appearance() {
    let mut group = Group::of_two();
    let call = dialog("1@in", "x", "a");
    let within = CalleeAnswer { in_dialog: Some(true), ..answer(A, &call, None) };
    assert_eq!(group.answers(&within).index, None);
    let untold = CalleeAnswer { in_dialog: None, ..answer(A, &call, None) };
    assert_eq!(group.answers(&untold).index, Some(1));
}

#[test]
fn case_66_an_answer_without_ack_is_given_back() {
    let mut group = Group::of_two();
    let _ = group.answers(&answer(A, &dialog("1@in", "x", "a"), None));
    assert_eq!(group.wait(34).freed, 0);
    let passed = group.wait(1);
    assert_eq!((passed.freed, passed.expired, passed.notifies.len()), (1, 0, 2));
    assert_eq!(group.states(), []);
}

#[test]
fn the_phone_that_answered_can_hold_and_resume() {
    let mut group = Group::of_two();
    group.call_to_a();
    let seen_by_a = dialog("1@in", "a", "x");
    for call_info in [None, Some((1, Some(State::Held)))] {
        let hold = Invite { hold: true, ..again(A, &seen_by_a, call_info) };
        let (index, notifies) = relayed(group.invite(&hold));
        assert_eq!((index, notifies.len()), (Some(1), 2));
        let _ = group.answered(&seen_by_a);
        assert_eq!(group.states(), [(1, State::Held)]);
        let resume = Invite { cseq: 3, ..again(A, &seen_by_a, None) };
        assert_eq!(relayed(group.invite(&resume)).0, Some(1));
        let _ = group.answered(&seen_by_a);
        assert_eq!(group.states(), [(1, State::Active)]);
    }
    assert_eq!(group.line().appearances()[0].dialog, dialog("1@in", "x", "a"));
}

#[test]
fn two_phones_that_both_answer_have_a_call_each() {
    let mut group = Group::of_two();
    let (one, two) = (dialog("1@in", "x", "a"), dialog("1@in", "x", "b"));
    assert_eq!(group.answers(&answer(A, &one, None)).index, Some(1));
    assert_eq!(group.answers(&answer(B, &two, None)).index, Some(2));
    assert_eq!(group.bye(&two, 0).index, Some(2));
    assert_eq!(group.states(), [(1, State::ActivePending)]);
}

#[test]
fn a_line_that_is_full_gives_an_answer_no_appearance() {
    let mut group = Group::named(&format!("sip:215@{}", "d".repeat(25_000)));
    let call = dialog("1@in", "x", "a");
    let outcome = group.answers(&answer(A, &call, None));
    assert_eq!((outcome.index, outcome.refused), (None, Some(SeizeError::TooLong)));
    assert_eq!(group.states(), []);
}
