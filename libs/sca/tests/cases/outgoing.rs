//! Calls that a phone of the line makes.

use crate::support::{A, B, Group, X, again, ci, dialog, failure, ls, new_call, relayed, show};
use sca_core::State;
use sca_core::call::{CallerAnswer, Invite, Reply};
use sca_core::subscribe::Request;

#[test]
fn case_31_an_invite_binds_its_call_to_what_was_seized() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let (index, notifies) = relayed(group.invite(&new_call(A, &dialog("1@call", "a", ""), 1)));
    assert_eq!(index, Some(1));
    assert_eq!(
        show(&notifies),
        [
            "B ci 3 1=seized,*=idle active;expires=3600",
            "A ci 3 1=seized,*=idle active;expires=3600",
        ]
    );
    assert_eq!(group.line().appearances()[0].dialog, dialog("1@call", "a", ""));
}

#[test]
fn the_contact_of_an_invite_may_have_other_parameters() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let contact = "sip:215@127.0.0.1:21101;transport=udp";
    let (index, _) = relayed(group.invite(&new_call(contact, &dialog("1@call", "a", ""), 1)));
    assert_eq!(index, Some(1));
    assert_eq!(group.owners(), ["A"]);
}

#[test]
fn the_contact_of_an_invite_may_have_been_rewritten() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let call = new_call("sip:215@192.0.2.1:9", &dialog("1@call", "a", ""), 1);
    assert_eq!(relayed(group.invite(&call)).0, Some(1));
    assert_eq!(group.owners(), ["A"]);
}

#[test]
fn case_32_ringing_ends_the_line_seize() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let call = dialog("1@call", "a", "");
    let _ = group.invite(&new_call(A, &call, 1));
    let outcome = group.rings(&call);
    assert_eq!(outcome.index, Some(1));
    assert_eq!(
        show(&outcome.notifies),
        [
            "A ls 2 1 terminated;reason=noresource",
            "B ci 4 1=progressing,*=idle active;expires=3600",
            "A ci 4 1=progressing,*=idle active;expires=3600",
        ]
    );
    assert_eq!(group.members(), ["B call-info", "A call-info"]);
}

#[test]
fn ringing_on_one_line_leaves_the_line_seize_of_another() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    group.seize(A, 2);
    let call = dialog("1@call", "a", "");
    let _ = group.invite(&new_call(A, &call, 1));
    assert_eq!(group.rings(&call).notifies.len(), 2);
    assert_eq!(group.members()[0], "A line-seize");
}

#[test]
fn case_33_ringing_is_told_once() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let call = dialog("1@call", "a", "");
    let _ = group.invite(&new_call(A, &call, 1));
    let _ = group.rings(&call);
    let outcome = group.rings(&dialog("1@call", "a", "x"));
    assert_eq!((outcome.index, outcome.notifies.len()), (Some(1), 0));
}

#[test]
fn ringing_of_an_unknown_call_is_none() {
    assert_eq!(Group::of_two().rings(&dialog("1@call", "a", "")).index, None);
}

#[test]
fn ringing_within_an_answered_call_changes_nothing() {
    let mut group = Group::of_two();
    let call = group.call_of_a();
    assert_eq!(group.rings(&call).notifies, []);
    assert_eq!(group.states(), [(1, State::Active)]);
}

#[test]
fn case_34_the_answer_shows_the_far_party() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let early = dialog("1@call", "a", "");
    let _ = group.invite(&new_call(A, &early, 1));
    let _ = group.rings(&early);
    let outcome = group.answered(&dialog("1@call", "a", "x"));
    assert_eq!(
        show(&outcome.notifies),
        [
            "B ci 5 1=active,*=idle active;expires=3600",
            "A ci 5 1=active,*=idle active;expires=3600",
        ]
    );
    let line = group.line();
    let appearance = &line.appearances()[0];
    assert_eq!(*appearance.uri, *br#"\"Ext\" <sip:300@voice.example.com>"#);
    assert_eq!((&*appearance.callee, &*appearance.owner), (X.as_bytes(), A.as_bytes()));
    assert_eq!(appearance.dialog, dialog("1@call", "a", "x"));
}

#[test]
fn an_answer_to_an_unknown_call_is_told_all_the_same() {
    let outcome = Group::of_two().answered(&dialog("1@call", "a", "x"));
    assert_eq!((outcome.index, outcome.notifies.len()), (None, 2));
}

#[test]
fn an_answer_of_the_own_line_keeps_the_far_party_on_display() {
    let mut group = Group::of_two();
    let call = group.call_of_a();
    let answer = CallerAnswer {
        dialog: call,
        contact: X.as_bytes(),
        to_display: b"\"Other\"",
        to_aor: b"sip:215@voice.example.com",
        same_line: true,
    };
    let _ = group.with(|line, ctx| sca_core::call::answer_to_caller(line, ctx, &answer));
    let line = group.line();
    assert_eq!(*line.appearances()[0].uri, *br#"\"Ext\" <sip:300@voice.example.com>"#);
}

#[test]
fn of_two_answers_the_first_one_counts() {
    let mut group = Group::of_two();
    let call = group.call_of_a();
    assert_eq!(group.answered(&dialog("1@call", "a", "other")).index, None);
    assert_eq!(group.bye(&dialog("1@call", "a", "other"), 1).index, None);
    assert_eq!(group.line().appearances()[0].dialog, call);
}

#[test]
fn cases_36_to_38_hold_and_resume_are_told() {
    let mut group = Group::of_two();
    let call = group.call_of_a();
    for (hold, state) in [
        (true, State::Held),
        (true, State::HeldPrivate),
        (false, State::Active),
        (true, State::Held),
    ] {
        let named = Invite { hold, ..again(A, &call, Some((1, Some(state)))) };
        let (index, notifies) = relayed(group.invite(&named));
        assert_eq!(index, Some(1));
        assert!(show(&notifies)[0].contains(&format!("1={state},")), "{notifies:?}");
        let _ = group.answered(&call);
        let _ = group.ack_from(&call, false);
        assert_eq!(group.states(), [(1, state)]);
    }
}

#[test]
fn case_39_hold_and_resume_need_no_call_info() {
    let mut group = Group::of_two();
    let call = group.call_of_a();
    let _ = group.invite(&Invite { hold: true, ..again(A, &call, None) });
    assert_eq!(group.states(), [(1, State::Held)]);
    let _ = group.invite(&Invite { cseq: 3, ..again(A, &call, None) });
    assert_eq!(group.states(), [(1, State::Active)]);
}

#[test]
fn case_40_the_offer_of_the_hold_may_come_with_the_ack() {
    let mut group = Group::of_two();
    let call = group.call_of_a();
    let _ = group.invite(&again(A, &call, None));
    let _ = group.answered(&call);
    assert_eq!(group.states(), [(1, State::Active)]);
    let outcome = group.ack_from(&call, true);
    assert_eq!((outcome.index, outcome.notifies.len()), (Some(1), 2));
    assert_eq!(group.states(), [(1, State::Held)]);
}

#[test]
fn an_ack_without_hold_changes_nothing() {
    let mut group = Group::of_two();
    let call = group.held_call_of_a(State::HeldPrivate);
    assert_eq!(group.ack_from(&call, false).notifies, []);
    assert_eq!(group.states(), [(1, State::HeldPrivate)]);
    assert_eq!(group.ack_from(&dialog("2@call", "a", "x"), true).index, None);
}

#[test]
fn case_44_the_index_of_a_call_cannot_be_used_for_another_one() {
    let mut group = Group::of_two();
    let call = group.call_of_a();
    for same_line in [false, true] {
        let other = dialog("2@call", "b", "");
        let (index, notifies) =
            relayed(group.invite(&Invite { same_line, ..new_call(B, &other, 1) }));
        assert_eq!((index, notifies.len()), (None, 2));
        assert_eq!(group.line().appearances()[0].dialog, call);
        assert_eq!((group.owners(), group.states()), (vec!["A".into()], vec![(1, State::Active)]));
    }
}

#[test]
fn what_one_member_seized_another_cannot_use() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let (index, _) = relayed(group.invite(&new_call(B, &dialog("1@call", "b", ""), 1)));
    assert_eq!(index, None);
    assert!(group.line().appearances()[0].dialog.is_none());
}

#[test]
fn a_phone_may_try_again_with_another_call_before_it_rings() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let _ = group.invite(&new_call(A, &dialog("1@call", "a", ""), 1));
    let second = new_call(A, &dialog("2@call", "aa", ""), 1);
    assert_eq!(relayed(group.invite(&second)).0, Some(1));
    assert_eq!(group.line().appearances()[0].dialog, second.dialog);
}

#[test]
fn case_56_bye_from_either_side_frees_the_appearance() {
    for (bye, index) in [
        (dialog("1@call", "a", "x"), 1),
        (dialog("1@call", "a", "x"), 0),
        (dialog("1@call", "x", "a"), 0),
    ] {
        let mut group = Group::of_two();
        group.call_of_a();
        let outcome = group.bye(&bye, index);
        assert_eq!(outcome.index, Some(1));
        assert_eq!(
            show(&outcome.notifies),
            ["B ci 6 *=idle active;expires=3600", "A ci 6 *=idle active;expires=3600"]
        );
        assert_eq!(group.bye(&bye, index).index, None);
    }
}

#[test]
fn case_57_bye_of_another_call_leaves_this_one() {
    let mut group = Group::of_two();
    let call = group.call_of_a();
    for other in [dialog("2@call", "a", "x"), dialog("1@call", "a", "y"), dialog("1@call", "z", "")]
    {
        assert_eq!(group.bye(&other, 2).index, None);
    }
    assert_eq!(group.bye(&dialog("2@call", "a", "x"), 1).notifies, []);
    assert_eq!(group.line().appearances()[0].dialog, call);
}

#[test]
fn bye_may_name_the_index_when_a_tag_is_unknown() {
    let mut group = Group::of_two();
    group.call_of_a();
    assert_eq!(group.bye(&dialog("1@call", "", "x"), 1).index, Some(1));
}

#[test]
fn case_67_an_invite_without_a_seized_appearance_gets_none() {
    let mut group = Group::of_two();
    let (index, notifies) = relayed(group.invite(&new_call(A, &dialog("1@call", "a", ""), 5)));
    assert_eq!((index, notifies.len(), group.states()), (None, 2, vec![]));
}

#[test]
fn case_68_an_invite_without_call_info_gets_none() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let (index, notifies) = relayed(group.invite(&new_call(A, &dialog("1@call", "a", ""), 0)));
    assert_eq!((index, notifies.len()), (None, 2));
    assert!(group.line().appearances()[0].dialog.is_none());
}

#[test]
fn case_78_an_initial_offer_may_be_on_hold() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let call = dialog("1@call", "a", "");
    let _ = group.invite(&Invite { hold: true, ..new_call(A, &call, 1) });
    assert_eq!(group.states(), [(1, State::Held)]);
}

#[test]
fn cases_49_and_54_other_replies_say_nothing() {
    for (status, reply) in [
        (100, Reply::SaysNothing),
        (180, Reply::Rings),
        (181, Reply::SaysNothing),
        (182, Reply::SaysNothing),
        (183, Reply::Rings),
        (199, Reply::SaysNothing),
        (200, Reply::Answers),
        (202, Reply::SaysNothing),
        (302, Reply::SaysNothing),
        (399, Reply::SaysNothing),
        (404, Reply::Fails),
        (487, Reply::Fails),
        (603, Reply::Fails),
    ] {
        assert_eq!(Reply::of(status), reply, "{status}");
    }
}

#[test]
fn a_retried_call_keeps_its_appearance() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let call = new_call(A, &dialog("1@call", "a", ""), 1);
    let _ = group.invite(&call);
    let _ = group.with(|line, ctx| {
        let challenge = sca_core::call::Failure { stateless: true, ..failure(407, &call) };
        sca_core::call::failure(line, ctx, &challenge)
    });
    let (index, _) = relayed(group.invite(&Invite { cseq: 2, ..call }));
    assert_eq!(index, Some(1));
}

#[test]
fn two_phones_call_at_the_same_time() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    group.seize(B, 2);
    let (one, two) = (dialog("1@call", "a", ""), dialog("2@call", "b", ""));
    let _ = group.invite(&new_call(A, &one, 1));
    let _ = group.invite(&new_call(B, &two, 2));
    let _ = group.rings(&two);
    assert_eq!(group.states(), [(1, State::Seized), (2, State::Progressing)]);
    let _ = group.answered(&dialog("2@call", "b", "y"));
    let _ = group.rings(&one);
    assert_eq!(group.states(), [(1, State::Progressing), (2, State::Active)]);
    let _ = group.cancel(&one);
    assert_eq!(group.states(), [(2, State::Active)]);
}

#[test]
fn a_member_that_joins_sees_the_calls() {
    let mut group = Group::empty();
    group.served(&ci(A));
    group.call_of_a();
    let accepted = group.subscribe(&Request { expires: 60, ..ci(B) }).unwrap();
    assert_eq!(show(&accepted.notifies), ["B ci 1 1=active,*=idle active"]);
    assert_eq!(group.subscribe(&ls(B, 0)).unwrap().seized, Some(2));
}
