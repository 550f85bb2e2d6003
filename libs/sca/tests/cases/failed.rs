//! Calls that fail.

use crate::support::{
    A, B, Group, again, ci, dialog, failure, in_dialog, ls, new_call, relayed, show,
};
use sca_core::State;
use sca_core::call::{Failed, Failure, Invite};
use sca_core::subscribe::Request;

const NOTHING: Failed = Failed { index: None, far_aor: None, notifies: Vec::new() };

/// A has seized appearance 1 and calls.
fn calling(rings: bool) -> (Group, Invite<'static>) {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let call = new_call(A, &dialog("1@call", "a", ""), 1);
    let _ = group.invite(&call);
    if rings {
        let _ = group.rings(&call.dialog);
    }
    (group, call)
}

#[test]
fn case_46_a_cancelled_call_frees_its_appearance() {
    let (mut group, call) = calling(true);
    let outcome = group.cancel(&call.dialog);
    assert_eq!((outcome.index, outcome.notifies.len()), (Some(1), 2));
    assert_eq!(group.states(), []);
    assert_eq!(group.fails(&failure(487, &call)), NOTHING);
}

#[test]
fn case_47_a_line_seize_outlives_the_cancel_and_ends_with_the_487() {
    let (mut group, call) = calling(false);
    let outcome = group.cancel(&call.dialog);
    assert_eq!(outcome.notifies.len(), 2);
    assert_eq!(group.members()[0], "A line-seize");
    let failed = group.fails(&failure(487, &call));
    assert_eq!(show(&failed.notifies), ["A ls 2 1 terminated;reason=noresource"]);
    assert_eq!(group.members(), ["B call-info", "A call-info"]);
}

#[test]
fn case_48_a_refused_call_frees_its_appearance() {
    for status in [400, 401, 407, 408, 486, 487, 503, 603] {
        let (mut group, call) = calling(true);
        let failed = group.fails(&failure(status, &call));
        assert_eq!((failed.index, failed.notifies.len()), (Some(1), 2), "{status}");
        assert_eq!(group.states(), []);
    }
}

#[test]
fn cases_48_and_53_a_line_seize_that_still_lives_ends_first() {
    let (mut group, call) = calling(false);
    let failed = group.fails(&failure(404, &call));
    assert_eq!(
        show(&failed.notifies),
        [
            "A ls 2 1 terminated;reason=noresource",
            "B ci 4 *=idle active;expires=3600",
            "A ci 4 *=idle active;expires=3600",
        ]
    );
    assert_eq!(group.members(), ["B call-info", "A call-info"]);
}

#[test]
fn case_49_a_redirected_call_keeps_its_appearance() {
    let (mut group, call) = calling(true);
    assert_eq!(group.fails(&failure(302, &call)), NOTHING);
    assert_eq!(group.states(), [(1, State::Progressing)]);
}

#[test]
fn case_50_a_call_that_nobody_answers_frees_its_appearance() {
    let (mut group, call) = calling(true);
    assert_eq!(group.fails(&failure(408, &call)).index, Some(1));
}

#[test]
fn case_51_a_stateless_refusal_ends_the_line_seize() {
    for bound in [true, false] {
        let mut group = Group::of_two();
        group.seize(A, 1);
        let call = new_call(A, &dialog("1@call", "a", ""), 1);
        if bound {
            let _ = group.invite(&call);
        }
        let failed = group.fails(&Failure { stateless: true, ..failure(404, &call) });
        let notifies = show(&failed.notifies);
        assert_eq!((failed.index, notifies.len()), (Some(1), 3));
        assert_eq!(notifies[0], "A ls 2 1 terminated;reason=noresource");
        assert!(notifies[1].contains(" *=idle "), "{notifies:?}");
        assert_eq!(group.states(), []);
    }
}

#[test]
fn case_52_a_stateless_challenge_changes_nothing() {
    for status in [401, 407] {
        let (mut group, call) = calling(false);
        let before = group.record().to_vec();
        let challenge = Failure { stateless: true, ..failure(status, &call) };
        assert_eq!(group.fails(&challenge), NOTHING);
        assert_eq!(group.record(), before);
    }
}

#[test]
fn case_55_a_rejected_reinvite_leaves_the_call_as_it_was() {
    for before in [State::Active, State::Held, State::HeldPrivate] {
        let mut group = Group::of_two();
        let call =
            if before == State::Active { group.call_of_a() } else { group.held_call_of_a(before) };
        let reinvite = Invite { cseq: 7, hold: before == State::Active, ..again(A, &call, None) };
        let _ = group.invite(&reinvite);
        assert_ne!(group.states(), [(1, before)]);
        let failed = group.fails(&failure(488, &reinvite));
        assert_eq!((failed.index, failed.far_aor, failed.notifies.len()), (Some(1), None, 2));
        assert_eq!(group.states(), [(1, before)]);
        assert_eq!(group.line().appearances()[0].previous, None);
    }
}

#[test]
fn a_rejected_reinvite_that_changed_nothing_is_not_told() {
    let mut group = Group::of_two();
    let call = group.call_of_a();
    let reinvite = again(A, &call, None);
    let _ = group.invite(&reinvite);
    let failed = group.fails(&failure(491, &reinvite));
    assert_eq!((failed.index, failed.notifies.len()), (Some(1), 0));
}

#[test]
fn a_late_failure_does_not_bring_back_what_a_newer_reinvite_changed() {
    let mut group = Group::of_two();
    let call = group.call_of_a();
    let first = Invite { hold: true, ..again(A, &call, None) };
    let _ = group.invite(&first);
    let _ = group.answered(&call);
    let second = Invite { cseq: 3, ..again(A, &call, None) };
    let _ = group.invite(&second);
    assert_eq!(group.fails(&failure(500, &first)), NOTHING);
    assert_eq!(group.states(), [(1, State::Active)]);
    assert_eq!(group.fails(&failure(500, &second)).index, Some(1));
    assert_eq!(group.states(), [(1, State::Held)]);
}

#[test]
fn an_invite_that_is_handled_twice_remembers_the_state_before_it() {
    let mut group = Group::of_two();
    let call = group.call_of_a();
    let hold = Invite { hold: true, ..again(A, &call, None) };
    let _ = group.invite(&hold);
    let _ = group.invite(&hold);
    let _ = group.fails(&failure(500, &hold));
    assert_eq!(group.states(), [(1, State::Active)]);
}

#[test]
fn a_new_call_that_is_handled_twice_is_still_a_new_one() {
    let (mut group, call) = calling(false);
    let _ = group.invite(&call);
    assert_eq!(group.fails(&failure(486, &call)).index, Some(1));
    assert_eq!(group.states(), []);
}

#[test]
fn a_rejected_reinvite_of_an_unknown_call_ends_no_line_seize() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let reinvite = again(A, &dialog("9@call", "a", "x"), None);
    assert_eq!(group.fails(&failure(481, &reinvite)), NOTHING);
    assert_eq!(group.members()[0], "A line-seize");
}

#[test]
fn an_invite_with_a_to_tag_that_is_refused_leaves_no_call_behind() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let invite = again(A, &dialog("9@call", "a", "x"), Some((1, None)));
    assert_eq!(relayed(group.invite(&invite)).0, Some(1));
    assert_eq!(group.states(), [(1, State::Active)]);
    let failed = group.fails(&failure(481, &invite));
    assert_eq!((failed.index, failed.notifies.len()), (Some(1), 3));
    assert_eq!((group.states(), group.members().len()), (vec![], 2));
}

#[test]
fn a_call_that_fails_is_over_whatever_is_pending_on_it() {
    for rings in [false, true] {
        let (mut group, call) = calling(rings);
        let second = Invite { cseq: 7, ..again(A, &dialog("1@call", "a", "x"), None) };
        let _ = group.invite(&second);
        assert_eq!(group.fails(&failure(486, &call)).index, Some(1));
        assert_eq!(group.states(), []);
        assert_eq!(group.fails(&failure(481, &second)), NOTHING);
    }
}

#[test]
fn a_cancelled_reinvite_leaves_the_call() {
    let mut group = Group::of_two();
    let call = group.call_of_a();
    let hold = Invite { hold: true, ..again(A, &call, None) };
    let _ = group.invite(&hold);
    assert_eq!(group.cancel(&call).index, None);
    let _ = group.fails(&failure(487, &hold));
    assert_eq!(group.states(), [(1, State::Active)]);
}

#[test]
fn the_failure_of_an_old_call_does_not_end_a_newer_line_seize() {
    for status in [408, 487] {
        let (mut group, old) = calling(true);
        let _ = group.cancel(&old.dialog);
        assert_eq!(group.seize(A, 1), 1);
        assert_eq!(group.fails(&failure(status, &old)), NOTHING);
        let newer = new_call(A, &dialog("2@call", "aa", ""), 1);
        assert_eq!(relayed(group.invite(&newer)).0, Some(1));
        assert_eq!(group.fails(&failure(status, &old)), NOTHING);
        assert_eq!(group.states(), [(1, State::Seized)]);
        assert_eq!(group.members()[0], "A line-seize");
    }
}

#[test]
fn a_call_without_call_info_that_fails_ends_the_line_seize_of_its_phone() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let call = new_call(A, &dialog("1@call", "a", ""), 0);
    let _ = group.invite(&call);
    let failed = group.fails(&failure(486, &call));
    assert_eq!((failed.index, failed.notifies.len()), (Some(1), 3));
}

#[test]
fn a_redirection_ends_no_line_seize_and_the_first_failure_does() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let call = new_call(A, &dialog("1@call", "a", ""), 0);
    for status in [200, 302, 399] {
        assert_eq!(group.fails(&failure(status, &call)), NOTHING, "{status}");
    }
    assert_eq!(group.fails(&failure(400, &call)).index, Some(1));
}

#[test]
fn a_failure_of_one_member_leaves_the_other_alone() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let other = new_call(B, &dialog("1@call", "b", ""), 1);
    let _ = group.invite(&other);
    assert_eq!(group.fails(&failure(486, &other)), NOTHING);
    assert_eq!((group.states(), group.owners()), (vec![(1, State::Seized)], vec!["A".into()]));
}

#[test]
fn case_74_a_failed_call_without_contact_is_nothing_to_us() {
    let mut group = Group::empty();
    group.served(&ci(A));
    let failed = group.fails(&Failure {
        contact: b"",
        stateless: true,
        ..failure(404, &new_call(A, &dialog("1@call", "a", ""), 0))
    });
    assert_eq!(failed, NOTHING);
}

#[test]
fn a_failure_frees_no_answered_call() {
    let mut group = Group::of_two();
    let call = group.call_of_a();
    let initial = new_call(A, &dialog("1@call", "a", ""), 1);
    assert_eq!(group.fails(&failure(487, &initial)), NOTHING);
    assert_eq!(group.cancel(&initial.dialog).index, None);
    assert_eq!(group.line().appearances()[0].dialog, call);
}

#[test]
fn a_line_seize_ended_by_its_phone_is_not_ended_again() {
    let (mut group, call) = calling(false);
    group.served(&in_dialog(Request { expires: 0, ..ls(A, 1) }));
    assert_eq!(group.states(), []);
    assert_eq!(group.fails(&failure(487, &call)), NOTHING);
}
