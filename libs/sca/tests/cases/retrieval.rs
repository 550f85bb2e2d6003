//! Taking over a held call.

use crate::support::{
    A, B, C, Group, X, again, answer, dialog, failure, name, new_call, relayed, show,
};
use bstr::ByteSlice;
use sca_core::call::{CallerAnswer, Invite, Invited, Retrieval, retarget};
use sca_core::{Dialog, State};

fn to_own_line(contact: &'static str, call: &Dialog<'static>) -> Invite<'static> {
    Invite { same_line: true, ..new_call(contact, call, 1) }
}

fn retrieved(invited: Invited) -> Retrieval {
    match invited {
        Invited::Retrieved(retrieval) => retrieval,
        other => panic!("not retrieved: {other:?}"),
    }
}

/// X's answer to the retrieving INVITE: From and To are both the line.
fn answered(group: &mut Group, call: &Dialog<'static>) {
    let answer = CallerAnswer {
        dialog: call.clone(),
        contact: X.as_bytes(),
        to_display: b"",
        to_aor: b"sip:300@voice.example.com",
        same_line: false,
    };
    let _ = group.with(|line, ctx| sca_core::call::answer_to_caller(line, ctx, &answer));
}

#[test]
fn case_41_another_phone_takes_a_held_call() {
    let mut group = Group::of_two();
    group.held_call_of_a(State::Held);
    let retrieval = retrieved(group.invite(&to_own_line(B, &dialog("2@call", "b", ""))));
    assert_eq!(retrieval.index, 1);
    assert_eq!(retrieval.target, X.as_bytes());
    assert_eq!(retrieval.replaces.as_bstr(), "1@call;to-tag=x;from-tag=a");
    assert_eq!(retrieval.far_aor.unwrap().as_bstr(), "sip:300@voice.example.com");
    assert_eq!(retrieval.replaced, dialog("1@call", "a", "x"));
    assert!(show(&retrieval.notifies)[0].ends_with("1=active,*=idle active;expires=3600"));
    assert_eq!(group.owners(), ["B"]);
    answered(&mut group, &dialog("2@call", "b", "xx"));
    let line = group.line();
    let appearance = &line.appearances()[0];
    assert_eq!(appearance.dialog, dialog("2@call", "b", "xx"));
    assert_eq!((appearance.state, &appearance.previous), (State::Active, &None));
    assert_eq!(*appearance.uri, *b"<sip:300@voice.example.com>");
}

#[test]
fn case_42_the_end_of_the_old_dialog_leaves_the_call() {
    let mut group = Group::of_two();
    let old = group.held_call_of_a(State::Held);
    let _ = group.invite(&to_own_line(B, &dialog("2@call", "b", "")));
    answered(&mut group, &dialog("2@call", "b", "xx"));
    for bye in [old.reversed(), old] {
        assert_eq!(group.bye(&bye, 0).index, None);
    }
    assert_eq!((group.states(), group.owners()), (vec![(1, State::Active)], vec!["B".into()]));
    assert_eq!(group.bye(&dialog("2@call", "b", "xx"), 1).index, Some(1));
}

#[test]
fn case_43_private_hold_is_kept() {
    let mut group = Group::of_two();
    group.held_call_of_a(State::HeldPrivate);
    let before = group.record().to_vec();
    for hold in [false, true] {
        let other = Invite { hold, ..to_own_line(B, &dialog("2@call", "b", "")) };
        let forbidden = Invited::Forbidden { index: 1, owner: A.into() };
        assert_eq!(group.invite(&other), forbidden);
        assert_eq!(group.record(), before);
    }
}

#[test]
fn the_owner_may_take_a_call_on_private_hold() {
    let mut group = Group::of_two();
    group.held_call_of_a(State::HeldPrivate);
    let retrieval = retrieved(group.invite(&to_own_line(A, &dialog("2@call", "aa", ""))));
    assert_eq!(retrieval.replaces.as_bstr(), "1@call;to-tag=x;from-tag=a");
}

#[test]
fn the_owner_may_take_its_held_call_by_a_new_call() {
    let mut group = Group::of_two();
    group.held_call_of_a(State::Held);
    let _ = retrieved(group.invite(&to_own_line(A, &dialog("2@call", "aa", ""))));
    assert_eq!((group.states(), group.owners()), (vec![(1, State::Active)], vec!["A".into()]));
}

#[test]
fn a_call_to_another_party_takes_no_held_call() {
    let mut group = Group::of_two();
    for state in [State::Held, State::HeldPrivate] {
        let held = group.held_call_of_a(state);
        let (index, _) = relayed(group.invite(&new_call(B, &dialog("2@call", "b", ""), 1)));
        assert_eq!(index, None);
        assert_eq!(group.line().appearances()[0].dialog, held);
        let _ = group.bye(&held, 0);
    }
}

#[test]
fn a_held_incoming_call_is_replaced_as_the_far_party_sees_it() {
    let mut group = Group::of_two();
    group.call_to_a();
    let seen_by_a = dialog("1@in", "a", "x");
    let _ = group.invite(&Invite { hold: true, ..again(A, &seen_by_a, None) });
    let retrieval = retrieved(group.invite(&to_own_line(B, &dialog("2@call", "b", ""))));
    assert_eq!(retrieval.replaces.as_bstr(), "1@in;to-tag=x;from-tag=a");
    assert_eq!(retrieval.target, X.as_bytes());
    assert!(!group.line().appearances()[0].callee_leg);
}

#[test]
fn case_45_a_retrieval_that_fails_leaves_the_call_on_hold() {
    for status in [300, 404, 486, 603] {
        let mut group = Group::of_two();
        let held = group.held_call_of_a(State::Held);
        let mut before = group.line().appearances()[0].clone().dialog.to_owned();
        let other = to_own_line(B, &dialog("2@call", "b", ""));
        let _ = retrieved(group.invite(&other));
        let failed = group.fails(&failure(status, &other));
        assert_eq!((failed.index, failed.notifies.len()), (Some(1), 2));
        assert_eq!(failed.far_aor.unwrap().as_bstr(), "sip:300@voice.example.com");
        assert_eq!((group.states(), group.owners()), (vec![(1, State::Held)], vec!["A".into()]));
        before.from_tag = held.from_tag;
        assert_eq!(group.line().appearances()[0].dialog, before);
        assert_eq!(group.fails(&failure(status, &other)).index, None);
        assert_eq!(group.bye(&dialog("1@call", "x", "a"), 0).index, Some(1));
    }
}

#[test]
fn a_cancelled_retrieval_is_brought_back_with_its_487() {
    let mut group = Group::of_two();
    group.held_call_of_a(State::Held);
    let other = to_own_line(B, &dialog("2@call", "b", ""));
    let _ = retrieved(group.invite(&other));
    assert_eq!(group.cancel(&other.dialog).index, None);
    assert_eq!(group.fails(&failure(487, &other)).index, Some(1));
    assert_eq!((group.states(), group.owners()), (vec![(1, State::Held)], vec!["A".into()]));
}

#[test]
fn a_retrieval_of_a_call_that_ended_meanwhile_has_nothing_to_come_back_to() {
    let mut group = Group::of_two();
    let held = group.held_call_of_a(State::Held);
    let other = to_own_line(B, &dialog("2@call", "b", ""));
    let _ = retrieved(group.invite(&other));
    assert_eq!(group.bye(&held, 0).index, None);
    assert_eq!(group.fails(&failure(486, &other)).index, Some(1));
    assert_eq!(group.states(), []);
}

#[test]
fn a_call_without_a_known_far_party_cannot_be_taken() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let early = Invite { hold: true, ..new_call(A, &dialog("1@call", "a", ""), 1) };
    let _ = group.invite(&early);
    let before = group.record().to_vec();
    let invited = group.invite(&to_own_line(B, &dialog("2@call", "b", "")));
    assert_eq!(invited, Invited::Unreachable { index: 1 });
    assert_eq!(group.record(), before);
}

#[test]
fn a_held_call_whose_far_party_was_never_seen_cannot_be_taken() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let _ = group.invite(&new_call(A, &dialog("1@call", "a", ""), 1));
    let _ = group.invite(&Invite { hold: true, ..again(A, &dialog("1@call", "a", "x"), None) });
    assert_eq!(group.states(), [(1, State::Held)]);
    let invited = group.invite(&to_own_line(B, &dialog("2@call", "b", "")));
    assert_eq!(invited, Invited::Unreachable { index: 1 });
}

#[test]
fn a_held_call_may_go_from_phone_to_phone() {
    let mut group = Group::of_two();
    group.held_call_of_a(State::Held);
    let second = dialog("2@call", "b", "xx");
    let _ = retrieved(group.invite(&to_own_line(B, &dialog("2@call", "b", ""))));
    answered(&mut group, &second);
    let _ = group.invite(&Invite { hold: true, ..again(B, &second, None) });
    answered(&mut group, &second);
    let retrieval = retrieved(group.invite(&to_own_line(C, &dialog("3@call", "c", ""))));
    assert_eq!(retrieval.replaces.as_bstr(), "2@call;to-tag=xx;from-tag=b");
    assert_eq!(group.owners(), ["C"]);
}

#[test]
fn the_line_of_the_far_party_follows_to_the_new_call() {
    let mut far = Group::named("sip:300@voice.example.com");
    let old = dialog("1@call", "a", "x");
    let _ = far.answers(&answer(X, &old, None));
    let _ = far.ack_to(&old);
    let invite = to_own_line(B, &dialog("2@call", "b", ""));
    let outcome = far.with(|line, ctx| retarget(line, ctx, &old, &invite));
    assert_eq!((outcome.index, outcome.notifies.len()), (Some(1), 0));
    let follower = far.line().appearances()[0].clone().callee.into_owned();
    assert_eq!(
        (name(&follower), name(far.line().appearances()[0].target())),
        ("B".into(), "B".into())
    );
    let new = dialog("2@call", "b", "xx");
    assert_eq!(far.answers(&answer(X, &new, None)).index, Some(1));
    assert_eq!(far.line().appearances()[0].previous, None);
    assert_eq!(far.bye(&old, 0).index, None);
    assert_eq!(far.bye(&new.reversed(), 0).index, Some(1));
}

#[test]
fn the_line_of_the_far_party_is_brought_back_too() {
    let mut far = Group::named("sip:300@voice.example.com");
    let old = dialog("1@call", "a", "x");
    let _ = far.answers(&answer(X, &old, None));
    let _ = far.ack_to(&old);
    let invite = to_own_line(B, &dialog("2@call", "b", ""));
    let _ = far.with(|line, ctx| retarget(line, ctx, &old, &invite));
    let failed = far.fails(&failure(486, &invite));
    assert_eq!((failed.index, failed.far_aor), (Some(1), None));
    assert_eq!(far.line().appearances()[0].dialog, old);
    let line = far.line();
    assert_eq!(*line.appearances()[0].callee, *b"sip:300@voice.example.com");
    assert_eq!(line.appearances()[0].target(), X.as_bytes());
}

#[test]
fn a_far_party_without_such_a_call_is_left_alone() {
    let mut far = Group::named("sip:300@voice.example.com");
    let before = far.record().to_vec();
    let invite = to_own_line(B, &dialog("2@call", "b", ""));
    let old = dialog("1@call", "a", "x");
    assert_eq!(far.with(|line, ctx| retarget(line, ctx, &old, &invite)).index, None);
    assert_eq!(far.record(), before);
}
