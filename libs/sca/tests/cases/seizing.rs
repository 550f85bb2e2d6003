//! SUBSCRIBE line-seize.

use crate::support::{A, B, C, Group, ci, dialog, in_dialog, ls, new_call, show};
use sca_core::State;
use sca_core::subscribe::{Request, seize_index};

fn refused(group: &mut Group, request: &Request<'static>) -> (u16, &'static str, String) {
    let before = group.record().to_vec();
    let refusal = group.subscribe(request).unwrap_err();
    assert_eq!(group.record(), before, "a refused request changes nothing");
    (refusal.status(), refusal.reason(), refusal.to_string())
}

#[test]
fn case_19_line_seize_needs_a_call_info_of_a_shared_line() {
    let missing = seize_index(None).unwrap_err();
    assert_eq!(
        (missing.status(), missing.reason()),
        (400, "Bad Request - missing Call-Info header")
    );
    for body in ["", "<sip:d>", "<sip:d>;appearance-index=*"] {
        let bad = seize_index(Some(body.as_bytes())).unwrap_err();
        let reply = (bad.status(), bad.reason());
        assert_eq!(reply, (400, "Bad Request - Invalid Call-Info header"), "{body}");
    }
    assert_eq!(seize_index(Some(b"<sip:d>;appearance-index=3")), Ok(3));
}

#[test]
fn case_20_nothing_is_seized_on_a_line_that_nobody_shares() {
    let (status, reason, why) = refused(&mut Group::empty(), &ls(A, 1));
    assert_eq!((status, reason), (500, "Internal Server Error - seize appearance index"));
    assert_eq!(
        why,
        r#""sip:215@voice.example.com" is not a shared line, nobody has subscribed to its call-info"#
    );
}

#[test]
fn case_21_and_97_who_seizes_is_told_first_then_all_newest_first() {
    let mut group = Group::of_two();
    let accepted = group.subscribe(&ls(A, 1)).unwrap();
    assert_eq!((accepted.status, accepted.reason, accepted.seized), (200, "OK", Some(1)));
    assert_eq!(
        show(&accepted.notifies),
        [
            "A ls 1 1 active",
            "B ci 2 1=seized,*=idle active;expires=3600",
            "A ci 2 1=seized,*=idle active;expires=3600",
        ]
    );
    assert_eq!(group.owners(), ["A"]);
}

#[test]
fn case_22_what_is_in_use_is_not_seized_again() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let refusal = group.subscribe(&ls(B, 1)).unwrap_err();
    assert_eq!((refusal.status(), refusal.reason()), (480, "Temporarily Unavailable"));
    assert_eq!(refusal.retry_after(), Some(1));
    let (_, _, why) = refused(&mut group, &ls(B, 1));
    assert_eq!(
        why,
        r#"appearance-index 1 of "sip:215@voice.example.com" is in use by "sip:215@127.0.0.1:21101", "sip:215@127.0.0.1:21102" cannot seize it"#
    );
}

#[test]
fn cases_23_and_24_any_index_is_the_lowest_free_one() {
    let mut group = Group::of_two();
    assert_eq!(group.seize(A, 1), 1);
    assert_eq!(group.seize(B, 0), 2);
    group.served(&in_dialog(Request { expires: 0, ..ls(A, 1) }));
    assert_eq!(group.seize(C, 4_294_967_295), 1);
    assert_eq!(group.seize(A, 0x8000_0000), 3);
}

#[test]
fn an_index_beyond_the_others_leaves_a_gap() {
    let mut group = Group::of_two();
    assert_eq!(group.seize(A, 0x7fff_ffff), 0x7fff_ffff);
    assert_eq!(group.seize(B, 0), 1);
}

#[test]
fn cases_25_and_26_a_refresh_keeps_the_index_it_has() {
    let mut group = Group::of_two();
    group.seize(A, 2);
    for (cseq, index) in [(2, 2), (3, 0), (4, u32::MAX), (5, 7)] {
        let accepted = group.subscribe(&in_dialog(ls(A, index))).unwrap();
        assert_eq!((accepted.status, accepted.seized), (200, None));
        let notifies = show(&accepted.notifies);
        assert_eq!(notifies[0], format!("A ls {cseq} 2 active"));
        assert_eq!(notifies.len(), 3);
    }
    assert_eq!(group.states(), [(2, State::Seized)]);
}

#[test]
fn case_27_what_was_seized_is_given_back() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let accepted = group.subscribe(&in_dialog(Request { expires: 0, ..ls(A, 1) })).unwrap();
    assert_eq!(
        show(&accepted.notifies),
        [
            "A ls 2 1 terminated",
            "B ci 3 *=idle active;expires=3600",
            "A ci 3 *=idle active;expires=3600",
        ]
    );
    assert_eq!(group.members(), ["B call-info", "A call-info"]);
}

#[test]
fn case_28_an_index_that_is_none_cannot_be_given_back() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    for index in [0, 0x8000_0000, u32::MAX] {
        for request in [ls(A, index), in_dialog(ls(A, index)), ls(C, index)] {
            let (status, reason, _) = refused(&mut group, &Request { expires: 0, ..request });
            assert_eq!((status, reason), (500, "Internal Server Error - release seized line"));
        }
    }
}

#[test]
fn case_29_what_nobody_seized_cannot_be_given_back() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let (status, reason, why) = refused(&mut group, &in_dialog(Request { expires: 0, ..ls(A, 9) }));
    assert_eq!((status, reason), (500, "Internal Server Error - release seized line"));
    assert!(why.starts_with("appearance-index 9 of "), "{why}");
}

#[test]
fn nobody_gives_back_what_another_member_has() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    group.seize(B, 2);
    let (status, _, why) = refused(&mut group, &in_dialog(Request { expires: 0, ..ls(B, 1) }));
    assert_eq!(status, 500);
    assert!(why.contains("belongs to \"sip:215@127.0.0.1:21101\""), "{why}");
}

#[test]
fn a_phone_with_two_lines_gives_back_the_one_it_names() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    group.seize(A, 2);
    let accepted = group.subscribe(&in_dialog(Request { expires: 0, ..ls(A, 1) })).unwrap();
    assert_eq!(show(&accepted.notifies)[0], "A ls 3 1 terminated");
    assert_eq!(group.states(), [(2, State::Seized)]);
}

#[test]
fn ending_a_line_seize_that_never_was_frees_nothing() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let accepted = group.subscribe(&Request { expires: 0, ..ls(B, 1) }).unwrap();
    assert_eq!(
        show(&accepted.notifies),
        [
            "B ls 1 1 terminated",
            "B ci 3 1=seized,*=idle active;expires=3600",
            "A ci 3 1=seized,*=idle active;expires=3600",
        ]
    );
    assert_eq!(group.states(), [(1, State::Seized)]);
}

#[test]
fn a_refresh_of_a_line_seize_that_never_was_is_refused() {
    let (status, ..) = refused(&mut Group::of_two(), &in_dialog(ls(A, 1)));
    assert_eq!(status, 481);
}

#[test]
fn cases_16_and_24_a_phone_may_hold_two_lines() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let accepted = group.subscribe(&ls(A, 3)).unwrap();
    assert_eq!(accepted.seized, Some(3));
    assert_eq!(show(&accepted.notifies)[0], "A ls 2 3 active");
    assert_eq!(group.states(), [(1, State::Seized), (3, State::Seized)]);
}

#[test]
fn seizing_another_index_leaves_a_call_alone() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let _ = group.invite(&new_call(A, &dialog("1@call", "a", ""), 1));
    group.seize(A, 2);
    assert_eq!(group.states(), [(1, State::Seized), (2, State::Seized)]);
}

#[test]
fn a_repeated_seize_is_busy_and_extends_nothing() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    group.now = group.now.plus(5);
    let (status, ..) = refused(&mut group, &ls(A, 1));
    assert_eq!(status, 480);
}

#[test]
fn an_answered_call_outlives_its_line_seize() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let early = dialog("1@call", "a", "");
    let _ = group.invite(&new_call(A, &early, 1));
    let _ = group.answered(&dialog("1@call", "a", "x"));
    group.served(&in_dialog(Request { expires: 0, ..ls(A, 1) }));
    assert_eq!(group.states(), [(1, State::Active)]);
    assert_eq!(group.members(), ["B call-info", "A call-info"]);
}

#[test]
fn a_call_that_was_offered_on_hold_and_not_answered_ends_with_its_line_seize() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let call = new_call(A, &dialog("1@call", "a", ""), 1);
    let _ = group.invite(&sca_core::call::Invite { hold: true, ..call });
    group.served(&in_dialog(Request { expires: 0, ..ls(A, 1) }));
    assert_eq!(group.states(), []);
}

#[test]
fn a_line_seize_is_not_told_what_the_members_hear() {
    let mut group = Group::empty();
    group.served(&ci(B));
    let accepted = group.subscribe(&ls(A, 1)).unwrap();
    assert_eq!(
        show(&accepted.notifies),
        ["A ls 1 1 active", "B ci 2 1=seized,*=idle active;expires=3600"]
    );
}
