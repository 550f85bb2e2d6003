//! What ends by itself, and NOTIFYs that do not arrive.

use crate::support::{A, B, Group, answer, ci, dialog, in_dialog, ls, new_call, show};
use sca_core::delivery::{Fate, Undelivered, notify_failed};
use sca_core::subscribe::Request;
use sca_core::{Dialog, Event, Instant, State, admin, record, timers};

const NOBODY: Undelivered = Undelivered { dropped: false, notifies: Vec::new() };

fn undelivered(group: &mut Group, event: Event, fate: Fate) -> Undelivered {
    let call_id = if event == Event::CallInfo { "1@sub" } else { "1@seize" };
    let dialog = dialog(call_id, "phone", "server");
    group.with(|line, ctx| notify_failed(line, ctx, event, &dialog, fate))
}

#[test]
fn case_30_a_line_seize_that_ran_out_gives_its_appearance_back() {
    let mut group = Group::of_two();
    group.served(&Request { expires: 2, ..ls(A, 1) });
    assert_eq!(group.wait(1).notifies, []);
    let passed = group.wait(1);
    assert_eq!((passed.expired, passed.freed), (1, 1));
    assert_eq!(
        show(&passed.notifies),
        [
            "A ls 2 1 terminated;reason=timeout",
            "B ci 3 *=idle active;expires=3598",
            "A ci 3 *=idle active;expires=3598",
        ]
    );
    assert_eq!(group.wait(1).notifies, []);
}

#[test]
fn a_line_seize_that_ran_out_leaves_the_call_that_has_begun() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let _ = group.invite(&new_call(A, &dialog("1@call", "a", ""), 1));
    let passed = group.wait(15);
    assert_eq!((passed.expired, passed.freed, passed.notifies.len()), (1, 0, 1));
    assert_eq!(group.states(), [(1, State::Seized)]);
}

#[test]
fn a_line_seize_that_ran_out_leaves_what_another_member_took_since() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    group.with(|line, ctx| admin::release(line, ctx, 1)).unwrap();
    group.served(&Request { expires: 600, ..ls(B, 1) });
    let passed = group.wait(15);
    assert_eq!((passed.expired, passed.freed), (1, 0));
    assert_eq!(group.owners(), ["B"]);
}

#[test]
fn a_member_that_does_not_refresh_is_told_that_it_is_over() {
    let mut group = Group::empty();
    group.served(&Request { expires: 60, ..ci(A) });
    group.served(&Request { expires: 90, ..ci(B) });
    let passed = group.wait(60);
    assert_eq!(show(&passed.notifies), ["A ci 2 *=idle terminated;reason=timeout"]);
    assert_eq!(group.members(), ["B call-info"]);
    assert!(group.line().is_registered());
}

#[test]
fn case_98_what_an_operator_seized_is_free_after_two_minutes() {
    let mut group = Group::of_two();
    let seized = group.with(|line, ctx| admin::seize(line, ctx, A.as_bytes())).unwrap();
    assert_eq!(seized.index, 1);
    assert_eq!(group.wait(119).freed, 0);
    let passed = group.wait(1);
    assert_eq!((passed.freed, passed.notifies.len()), (1, 2));
}

#[test]
fn case_99_a_line_seize_that_is_refreshed_keeps_its_appearance() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    for _ in 0..20 {
        assert_eq!(group.wait(14).freed, 0);
        group.served(&in_dialog(ls(A, 1)));
    }
    assert_eq!(group.states(), [(1, State::Seized)]);
    assert_eq!(group.line().appearances()[0].changed_at, group.now);
}

#[test]
fn a_long_line_seize_keeps_its_appearance() {
    let mut group = Group::of_two();
    group.served(&Request { expires: 600, ..ls(A, 1) });
    assert_eq!(group.wait(599).freed, 0);
    assert_eq!(group.wait(1).freed, 1);
}

#[test]
fn calls_do_not_grow_old() {
    let mut group = Group::of_two();
    group.served(&in_dialog(Request { expires: 1_000_000, ..ci(A) }));
    group.held_call_of_a(State::Held);
    assert_eq!(group.wait(900_000).freed, 0);
    assert_eq!(group.states(), [(1, State::Held)]);
}

#[test]
fn a_record_says_when_something_is_due() {
    let mut group = Group::empty();
    assert_eq!(record::due(group.record()), None);
    group.served(&Request { expires: 60, ..ci(A) });
    assert_eq!(record::due(group.record()), Some(Instant(1_060)));
    group.seize(A, 1);
    assert_eq!(record::due(group.record()), Some(Instant(1_015)));
    let _ = group.answers(&answer(B, &dialog("1@in", "x", "b"), None));
    group.served(&in_dialog(Request { expires: 600, ..ls(A, 1) }));
    assert_eq!(record::due(group.record()), Some(Instant(1_035)));
    let _ = group.ack_to(&dialog("1@in", "x", "b"));
    assert_eq!(record::due(group.record()), Some(Instant(1_060)));
    assert_eq!(record::key(group.record()), b"sip:215@voice.example.com");
}

#[test]
fn due_is_the_first_moment_at_which_something_happens() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let due = record::due(group.record()).unwrap();
    group.now = Instant(due.0 - 1);
    assert_eq!(group.with(timers::run), timers::Passed::default());
    assert_eq!(group.wait(1).expired, 1);
}

#[test]
fn the_reply_to_a_notify_decides_the_fate_of_its_subscription() {
    for (status, retry_after, fate) in [
        (200, None, Fate::Delivered),
        (202, Some(5), Fate::Delivered),
        (408, None, Fate::Gone),
        (481, Some(60), Fate::Gone),
        (481, None, Fate::Gone),
        (503, Some(60), Fate::Later(60)),
        (500, None, Fate::Gone),
    ] {
        assert_eq!(Fate::of(status, retry_after), fate, "{status} {retry_after:?}");
    }
}

#[test]
fn a_member_that_is_gone_is_dropped_without_a_word() {
    let mut group = Group::empty();
    group.served(&ci(A));
    let gone = undelivered(&mut group, Event::CallInfo, Fate::Gone);
    assert_eq!((gone.dropped, gone.notifies.len()), (true, 0));
    assert_eq!(group.members(), [""; 0]);
    assert_eq!(undelivered(&mut group, Event::CallInfo, Fate::Gone), NOBODY);
}

#[test]
fn case_87_a_subscription_with_a_newer_dialog_is_not_meant() {
    let mut group = Group::empty();
    group.served(&ci(A));
    group.served(&Request { call_id: b"2@sub", ..ci(A) });
    assert_eq!(undelivered(&mut group, Event::CallInfo, Fate::Gone), NOBODY);
    assert_eq!(undelivered(&mut group, Event::CallInfo, Fate::Delivered), NOBODY);
    assert_eq!(group.members(), ["A call-info"]);
}

#[test]
fn a_phone_that_is_gone_gives_back_what_it_seized() {
    let mut group = Group::empty();
    group.served(&ci(B));
    group.seize(A, 1);
    let gone = undelivered(&mut group, Event::LineSeize, Fate::Gone);
    assert!(gone.dropped);
    assert_eq!(show(&gone.notifies), ["B ci 3 *=idle active;expires=3600"]);
}

#[test]
fn a_member_that_asks_for_a_pause_gets_one_and_then_the_news() {
    let mut group = Group::empty();
    group.served(&Request { call_id: b"0@sub", ..ci(B) });
    group.served(&ci(A));
    assert_eq!(undelivered(&mut group, Event::CallInfo, Fate::Later(30)), NOBODY);
    let accepted = group.subscribe(&ls(B, 1)).unwrap();
    assert_eq!(
        show(&accepted.notifies),
        ["B ls 1 1 active", "B ci 2 1=seized,*=idle active;expires=3600"]
    );
    group.served(&in_dialog(Request { expires: 600, ..ls(B, 1) }));
    assert_eq!(record::due(group.record()), Some(Instant(1_030)));
    let passed = group.wait(30);
    assert_eq!(show(&passed.notifies), ["A ci 2 1=seized,*=idle active;expires=3570"]);
    assert_eq!(group.wait(1).notifies, []);
    let accepted = group.subscribe(&in_dialog(ls(B, 1))).unwrap();
    assert_eq!(accepted.notifies.len(), 3);
}

#[test]
fn a_refresh_ends_the_pause() {
    let mut group = Group::empty();
    group.served(&ci(A));
    let _ = undelivered(&mut group, Event::CallInfo, Fate::Later(30));
    let accepted = group.subscribe(&in_dialog(ci(A))).unwrap();
    assert_eq!(show(&accepted.notifies), ["A ci 2 *=idle active"]);
    let accepted = group.subscribe(&ls(B, 1)).unwrap();
    assert_eq!(accepted.notifies.len(), 2);
}

#[test]
fn the_dialog_of_a_notify_names_its_subscription() {
    let mut group = Group::empty();
    let accepted = group.subscribe(&ci(A)).unwrap();
    let notify = accepted.notifies[0].clone();
    let gone = group.with(|line, ctx| {
        let dialog = Dialog::new(&notify.call_id, &notify.remote_tag, &notify.local_tag);
        notify_failed(line, ctx, notify.event, &dialog, Fate::Gone)
    });
    assert!(gone.dropped);
}
