//! SUBSCRIBE call-info.

use crate::support::{A, B, Group, ci, header, in_dialog, ls, show};
use sca_core::State;
use sca_core::subscribe::{Refusal, Request};

#[test]
fn case_1_a_member_is_told_that_all_is_idle() {
    let mut group = Group::empty();
    let accepted = group.subscribe(&ci(A)).unwrap();
    assert_eq!((accepted.status, accepted.reason, accepted.expires), (202, "Accepted", 3600));
    assert_eq!(show(&accepted.notifies), ["A ci 1 *=idle active"]);
    assert!(group.line().is_registered());
}

#[test]
fn case_2_a_second_member_is_told_alone() {
    let mut group = Group::empty();
    group.served(&ci(A));
    let accepted = group.subscribe(&ci(B)).unwrap();
    assert_eq!(show(&accepted.notifies), ["B ci 1 *=idle active"]);
    assert_eq!(group.members(), ["B call-info", "A call-info"]);
}

#[test]
fn case_5_ending_what_never_was_is_answered_and_leaves_nothing() {
    let mut group = Group::empty();
    let accepted = group.subscribe(&Request { expires: 0, ..ci(A) }).unwrap();
    assert_eq!((accepted.status, accepted.expires), (202, 0));
    assert_eq!(show(&accepted.notifies), ["A ci 1 *=idle terminated"]);
    assert!(header(&accepted.notifies[0], "Call-Info").starts_with(b"<sip:"));
    assert!(group.line().is_empty());
}

#[test]
fn case_7_a_refresh_of_what_never_was_is_refused() {
    let mut group = Group::empty();
    let refusal = group.subscribe(&in_dialog(ci(A))).unwrap_err();
    assert_eq!(refusal.status(), 481);
    assert_eq!(refusal.reason(), "Call Leg/Transaction Does Not Exist");
    assert_eq!(
        refusal.to_string(),
        r#""sip:215@127.0.0.1:21101" has no call-info subscription to "sip:215@voice.example.com""#
    );
    assert!(group.line().is_empty());
}

#[test]
fn case_8_a_refresh_goes_on_counting() {
    let mut group = Group::of_two();
    group.now = group.now.plus(500);
    let accepted = group.subscribe(&in_dialog(Request { expires: 100, ..ci(A) })).unwrap();
    assert_eq!((accepted.status, accepted.expires), (202, 100));
    assert_eq!(show(&accepted.notifies), ["A ci 2 *=idle active"]);
    assert_eq!(group.members(), ["B call-info", "A call-info"]);
    assert_eq!(group.line().subscriptions().nth(1).unwrap().expires, group.now.plus(100));
}

#[test]
fn a_refresh_keeps_the_length_of_the_record() {
    let mut group = Group::of_two();
    let length = group.record().len();
    group.now = group.now.plus(3000);
    group.served(&in_dialog(ci(A)));
    assert_eq!(group.record().len(), length);
}

#[test]
fn a_line_with_one_member_is_small() {
    let mut group = Group::empty();
    group.served(&Request {
        contact: b"sip:215@10.10.10.10:506",
        call_id: b"w6axdm6r@subABC",
        from_tag: b"im4w3ja5xx",
        to_tag: b"014e26467e5bffe32d4cd3194f1a9642.1aefec60abcd",
        ..ci(A)
    });
    assert!(group.record().len() <= 170, "{}", group.record().len());
}

#[test]
fn a_new_dialog_of_the_same_contact_takes_the_place_of_the_old_one() {
    let mut group = Group::of_two();
    let accepted = group
        .subscribe(&Request { call_id: b"2@sub", from_tag: b"p2", to_tag: b"s2", ..ci(A) })
        .unwrap();
    assert_eq!(show(&accepted.notifies), ["A ci 2 *=idle active"]);
    let [notify] = &accepted.notifies[..] else { panic!("{accepted:?}") };
    assert_eq!(notify.call_id, b"2@sub"[..]);
    assert_eq!((&notify.remote_tag[..], &notify.local_tag[..]), (&b"p2"[..], &b"s2"[..]));
    assert_eq!(group.members(), ["B call-info", "A call-info"]);
}

#[test]
fn case_9_and_97b_who_left_hears_nothing_more() {
    let mut group = Group::of_two();
    let accepted = group.subscribe(&in_dialog(Request { expires: 0, ..ci(B) })).unwrap();
    assert_eq!(show(&accepted.notifies), ["B ci 2 *=idle terminated"]);
    group.now = group.now.plus(10);
    let accepted = group.subscribe(&ls(A, 1)).unwrap();
    assert_eq!(
        show(&accepted.notifies),
        ["A ls 1 1 active", "A ci 2 1=seized,*=idle active;expires=3590"]
    );
    assert_eq!(group.subscribe(&in_dialog(ci(B))).unwrap_err().status(), 481);
}

#[test]
fn case_97c_each_member_is_told_its_own_time() {
    let mut group = Group::empty();
    group.served(&Request { expires: 600, ..ci(A) });
    group.served(&Request { expires: 300, ..ci(B) });
    group.now = group.now.plus(7);
    let accepted = group.subscribe(&ls(A, 1)).unwrap();
    assert_eq!(
        show(&accepted.notifies[1..]),
        ["B ci 2 1=seized,*=idle active;expires=293", "A ci 2 1=seized,*=idle active;expires=593"]
    );
}

#[test]
fn whose_time_is_over_is_told_nothing_until_it_comes_back() {
    let mut group = Group::of_two();
    group.now = group.now.plus(3600);
    let accepted = group.subscribe(&in_dialog(ci(A))).unwrap();
    assert_eq!(show(&accepted.notifies), ["A ci 2 *=idle active"]);
    let accepted = group.subscribe(&ls(A, 1)).unwrap();
    assert_eq!(
        show(&accepted.notifies),
        ["A ls 1 1 active", "A ci 3 1=seized,*=idle active;expires=3600"]
    );
}

#[test]
fn case_16_a_member_that_starts_anew_gives_all_its_lines_back() {
    let mut group = Group::of_two();
    for (contact, index) in [(A, 1), (B, 2), (A, 3)] {
        assert_eq!(group.seized_by_operator(contact), index);
    }
    let accepted = group.subscribe(&ci(A)).unwrap();
    assert_eq!(group.states(), [(2, State::Seized)]);
    assert_eq!(
        show(&accepted.notifies),
        [
            "A ci 5 2=seized,*=idle active",
            "B ci 5 2=seized,*=idle active;expires=3600",
            "A ci 6 2=seized,*=idle active;expires=3600",
        ]
    );
}

#[test]
fn what_a_restarted_phone_had_seized_is_not_told_to_end() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    group.served(&ci(A));
    assert_eq!(group.members(), ["B call-info", "A call-info"]);
}

#[test]
fn a_refresh_gives_no_line_back() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let accepted = group.subscribe(&in_dialog(ci(A))).unwrap();
    assert_eq!(show(&accepted.notifies), ["A ci 3 1=seized,*=idle active"]);
}

#[test]
fn cases_17_and_18_the_newest_route_is_used() {
    let mut group = Group::empty();
    let first = Request { record_route: b"<sip:p1;lr>, <sip:p2;lr>", ..ci(A) };
    let accepted = group.subscribe(&first).unwrap();
    assert_eq!(accepted.notifies[0].routes, b"<sip:p1;lr>, <sip:p2;lr>"[..]);
    let accepted = group.subscribe(&in_dialog(ci(A))).unwrap();
    assert_eq!(accepted.notifies[0].routes, b"<sip:p1;lr>, <sip:p2;lr>"[..]);
    let other = Request { record_route: b"<sip:p3;lr>", ..ci(A) };
    let accepted = group.subscribe(&in_dialog(other)).unwrap();
    assert_eq!(accepted.notifies[0].routes, b"<sip:p3;lr>"[..]);
    let accepted = group.subscribe(&ci(A)).unwrap();
    assert_eq!(accepted.notifies[0].routes, b""[..]);
}

#[test]
fn case_79_the_server_address_is_taken_as_it_is() {
    let mut group = Group::empty();
    let accepted = group.subscribe(&ci(A)).unwrap();
    assert_eq!(header(&accepted.notifies[0], "Contact"), " sip:215@voice.example.com");
    group.server_address = "<sip:sca@10.0.0.1>;x";
    let accepted = group.subscribe(&ci(B)).unwrap();
    assert_eq!(header(&accepted.notifies[0], "Contact"), " <sip:sca@10.0.0.1>;x");
}

#[test]
fn case_94_one_contact_may_have_both_subscriptions() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    assert_eq!(group.members(), ["A line-seize", "B call-info", "A call-info"]);
    group.served(&in_dialog(Request { expires: 0, ..ci(A) }));
    assert_eq!(group.members(), ["A line-seize", "B call-info"]);
}

#[test]
fn case_77_a_line_without_members_can_be_an_ordinary_address_again() {
    let mut group = Group::of_two();
    group.call_of_a();
    assert!(!group.with(|line, ctx| line.unregister(ctx)));
    for contact in [A, B] {
        group.served(&in_dialog(Request { expires: 0, ..ci(contact) }));
    }
    assert!(group.line().is_registered());
    assert!(group.with(|line, ctx| line.unregister(ctx)));
    assert!(group.line().is_empty());
}

#[test]
fn the_replies_of_the_contract_have_their_words() {
    for (refusal, status, reason) in [
        (Refusal::Headers, 400, "Bad Request"),
        (Refusal::Method("INVITE".into()), 500, "Internal server error - config"),
        (Refusal::MissingEvent, 400, "Missing Event"),
        (Refusal::BadEvent("presence".into()), 400, "Bad Event"),
        (Refusal::BadHeader("contact"), 400, "Bad Shared Call Appearance Request"),
        (Refusal::MissingCallInfo, 400, "Bad Request - missing Call-Info header"),
        (Refusal::Storage, 500, "Internal Server Error - save subscription"),
        (Refusal::Reply, 500, "Internal server error"),
    ] {
        assert_eq!((refusal.status(), refusal.reason()), (status, reason), "{refusal}");
        assert_eq!(refusal.retry_after(), None);
    }
}
