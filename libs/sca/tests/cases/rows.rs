//! Subscriptions and appearances in the database.

use crate::support::{A, B, G, Group, ci, dialog, in_dialog, ls, new_call, show};
use sca_core::row::{self, CSEQ_JUMP, CSEQ_SLACK, Change, Row};
use sca_core::state_row;
use sca_core::subscribe::Request;
use sca_core::{Line, State, record, timers};

fn unwritten(group: &Group, all: bool) -> Vec<Row> {
    let rows = row::take_unwritten(&group.line(), all);
    if !all {
        assert_eq!(record::flags(group.record()).unwritten_rows, !rows.is_empty());
    }
    rows
}

fn changes(group: &Group, all: bool) -> Vec<(Change, u32)> {
    unwritten(group, all).iter().map(|row| (row.change, row.notify_cseq)).collect()
}

fn mark(group: &mut Group, rows: Vec<Row>) {
    for row in rows {
        let row: &'static Row = Box::leak(Box::new(row));
        group.with(|line, _| row::mark_written(line, row));
    }
}

fn write(group: &mut Group) {
    let rows = unwritten(group, false);
    mark(group, rows);
    assert_eq!(changes(group, true), []);
}

fn leave(group: &mut Group, contact: &'static str) {
    group.served(&in_dialog(Request { expires: 0, ..ci(contact) }));
}

#[test]
fn a_new_member_is_inserted_and_oldest_first() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let rows = unwritten(&group, false);
    let contacts: Vec<_> = rows.iter().map(|row| &row.contact[..]).collect();
    assert_eq!(contacts, [A.as_bytes(), B.as_bytes()]);
    let first = &rows[0];
    assert_eq!((first.change, &first.aor[..]), (Change::Insert, G.as_bytes()));
    assert_eq!((first.notify_cseq, first.subscribe_cseq, first.expires.0), (3, 1, 4600));
    assert_eq!((&first.call_id[..], &first.from_tag[..]), (&b"1@sub"[..], &b"phone"[..]));
    write(&mut group);
}

#[test]
fn case_90_a_refresh_updates_the_row_of_its_member_only() {
    let mut group = Group::of_two();
    write(&mut group);
    group.now = group.now.plus(60);
    group.served(&in_dialog(ci(A)));
    let rows = unwritten(&group, false);
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].change, &rows[0].contact[..]), (Change::Update, A.as_bytes()));
    assert_eq!(rows[0].expires, group.now.plus(3600));
    write(&mut group);
    group.served(&in_dialog(Request { cseq: 7, ..ci(B) }));
    assert_eq!(unwritten(&group, false)[0].subscribe_cseq, 8);
    write(&mut group);
}

#[test]
fn a_cseq_that_is_a_little_ahead_is_written_at_the_stop_only() {
    let mut group = Group::of_two();
    write(&mut group);
    let until = CSEQ_SLACK / 2;
    for _ in 0..until - 1 {
        group.seize(A, 1);
        group.served(&in_dialog(Request { expires: 0, ..ls(A, 1) }));
    }
    assert_eq!(changes(&group, false), []);
    assert_eq!(changes(&group, true).len(), 2);
    group.seize(A, 1);
    group.served(&in_dialog(Request { expires: 0, ..ls(A, 1) }));
    assert_eq!(changes(&group, false), [(Change::Update, 2 + CSEQ_SLACK); 2]);
    write(&mut group);
}

#[test]
fn case_9_a_member_that_left_has_its_row_deleted() {
    let mut group = Group::of_two();
    write(&mut group);
    leave(&mut group, A);
    assert_eq!(group.members(), ["B call-info"]);
    assert_eq!(unwritten(&group, false)[0].change, Change::Delete);
    write(&mut group);
    leave(&mut group, B);
    write(&mut group);
    assert!(group.with(|line, ctx| line.unregister(ctx)));
    assert!(group.line().is_empty());
}

#[test]
fn a_member_that_was_never_written_leaves_no_trace() {
    let mut group = Group::of_two();
    leave(&mut group, A);
    leave(&mut group, B);
    assert_eq!(changes(&group, true), []);
}

#[test]
fn the_end_of_a_subscription_is_not_told_or_listed_twice() {
    let mut group = Group::of_two();
    write(&mut group);
    leave(&mut group, B);
    let accepted = group.subscribe(&ls(A, 1)).unwrap();
    assert_eq!(show(&accepted.notifies).len(), 2);
    assert_eq!(group.wait(10_000).expired, 2);
    assert_eq!(group.members(), [""; 0]);
    assert_eq!(changes(&group, false).len(), 2);
}

#[test]
fn a_member_that_comes_back_before_the_deletion_keeps_its_row() {
    let mut group = Group::of_two();
    write(&mut group);
    leave(&mut group, A);
    let accepted = group.subscribe(&Request { call_id: b"2@sub", ..ci(A) }).unwrap();
    assert_eq!(show(&accepted.notifies), ["A ci 1 *=idle active"]);
    assert_eq!(group.members(), ["A call-info", "B call-info"]);
    assert_eq!(changes(&group, false), [(Change::Update, 2)]);
    write(&mut group);
}

#[test]
fn a_refresh_while_the_row_is_written_is_written_next_time() {
    let mut group = Group::of_two();
    let rows = unwritten(&group, false);
    group.now = group.now.plus(1);
    group.served(&in_dialog(ci(A)));
    mark(&mut group, rows);
    assert_eq!(changes(&group, false), [(Change::Update, 3)]);
}

#[test]
fn a_member_that_left_while_its_row_was_inserted_has_it_deleted() {
    let mut group = Group::of_two();
    let rows = unwritten(&group, false);
    leave(&mut group, A);
    mark(&mut group, rows);
    assert_eq!(group.members(), ["B call-info"]);
    assert_eq!(unwritten(&group, false).len(), 1);
    assert_eq!(unwritten(&group, false)[0].change, Change::Delete);
    write(&mut group);
}

#[test]
fn a_member_that_left_while_its_row_was_updated_has_it_deleted() {
    let mut group = Group::of_two();
    write(&mut group);
    group.served(&in_dialog(Request { expires: 60, ..ci(A) }));
    let rows = unwritten(&group, false);
    leave(&mut group, A);
    mark(&mut group, rows);
    assert_eq!(unwritten(&group, false)[0].change, Change::Delete);
}

#[test]
fn a_member_that_came_back_while_its_row_was_deleted_is_inserted() {
    let mut group = Group::of_two();
    write(&mut group);
    leave(&mut group, A);
    let rows = unwritten(&group, false);
    group.served(&ci(A));
    mark(&mut group, rows);
    assert_eq!(changes(&group, false), [(Change::Insert, 2)]);
}

#[test]
fn case_88_a_restart_brings_the_members_back_and_counts_on() {
    let mut group = Group::empty();
    group.served(&Request { record_route: b"<sip:p;lr>", ..ci(A) });
    group.served(&ci(B));
    let rows = unwritten(&group, true);
    let last = group.subscribe(&ls(A, 1)).unwrap().notifies[2].cseq;

    let mut restarted = Group::empty();
    for row in rows {
        let row: &'static Row = Box::leak(Box::new(row));
        assert!(restarted.with(|line, _| line.restore(row)));
        assert!(!restarted.with(|line, _| line.restore(row)));
    }
    assert_eq!(restarted.members(), ["B call-info", "A call-info"]);
    let accepted = restarted.subscribe(&ls(A, 1)).unwrap();
    let [_, _, notify] = &accepted.notifies[..] else { panic!("{accepted:?}") };
    assert!(notify.cseq > last, "{} after {last}", notify.cseq);
    assert_eq!(notify.cseq, 2 + CSEQ_JUMP + 1);
    assert_eq!(notify.routes, b"<sip:p;lr>"[..]);
    assert_eq!(unwritten(&restarted, false).len(), 2);
    write(&mut restarted);
}

#[test]
fn case_88_rows_that_were_moved_on_are_taken_as_they_are() {
    let mut group = Group::empty();
    group.served(&ci(A));
    let mut row = unwritten(&group, true).remove(0);
    row.notify_cseq += CSEQ_JUMP;
    let row: &'static Row = Box::leak(Box::new(row));
    let mut restarted = Group::empty();
    assert!(restarted.with(|line, _| line.restore_moved_on(row)));
    assert!(unwritten(&restarted, false).is_empty(), "memory and row agree");
    let accepted = restarted.subscribe(&in_dialog(ci(A))).unwrap();
    assert_eq!(accepted.notifies[0].cseq, row.notify_cseq + 1);
}

#[test]
fn of_two_rows_of_a_member_the_newer_one_counts() {
    let row = |call_id: &[u8]| {
        let row = unwritten(&Group::of_two(), true).remove(0);
        let row: &'static Row = Box::leak(Box::new(Row { call_id: call_id.to_vec(), ..row }));
        row
    };
    let mut restarted = Group::empty();
    assert!(restarted.with(|line, _| line.restore_moved_on(row(b"older"))));
    assert!(!restarted.with(|line, _| line.restore_moved_on(row(b"newer"))));
    assert_eq!(restarted.members(), ["A call-info"]);
    let seized = restarted.subscribe(&ls(B, 1)).unwrap();
    let told: Vec<_> = seized.notifies.iter().map(|notify| &notify.call_id[..]).collect();
    assert!(told.contains(&&b"newer"[..]) && !told.contains(&&b"older"[..]), "{told:?}");
}

#[test]
fn what_a_table_does_not_take_is_left_out_of_its_rows() {
    let fine = state_row::StateRow { index: 1, uri: b"<sip:a@b>".to_vec(), ..Default::default() };
    let rows = |rows| state_row::StateRows { aor: G.as_bytes().to_vec(), rows };
    assert_eq!(state_row::storable(&rows(vec![fine.clone()])), None);
    let long = vec![b'x'; 256];
    let odd = state_row::StateRow {
        index: 2,
        uri: b"M\xfcller <sip:a@b>".to_vec(),
        callee: long.clone(),
        remote_target: long.clone(),
        ..Default::default()
    };
    let lost = state_row::StateRow { index: 3, call_id: long, ..Default::default() };
    let plain =
        state_row::StateRow { index: 2, uri: b"M?ller <sip:a@b>".to_vec(), ..Default::default() };
    let storable = state_row::storable(&rows(vec![fine.clone(), odd, lost]));
    assert_eq!(storable, Some(rows(vec![fine, plain])));
}

#[test]
fn a_cseq_never_leaves_its_range() {
    let row: &'static Row = Box::leak(Box::new(Row {
        notify_cseq: u32::MAX,
        ..unwritten(&Group::of_two(), true).remove(0)
    }));
    let mut group = Group::empty();
    group.with(|line, _| line.restore(row));
    let accepted = group.subscribe(&in_dialog(ci(A))).unwrap();
    assert_eq!(accepted.notifies[0].cseq, 0x7fff_ffff);
    assert_eq!(unwritten(&group, false)[0].notify_cseq, 0x7fff_ffff);
}

#[test]
fn appearances_are_unwritten_only_where_there_is_a_table_for_them() {
    let mut group = Group::of_two();
    group.call_of_a();
    assert_eq!(state_row::take_unwritten(&group.line()), None);
    assert!(!record::flags(group.record()).unwritten_states);
}

#[test]
fn appearances_come_back_after_a_restart() {
    let mut group = Group::of_two().with_state_table();
    let call = group.held_call_of_a(State::HeldPrivate);
    assert!(record::flags(group.record()).unwritten_states);
    let written = state_row::take_unwritten(&group.line()).unwrap();
    assert_eq!(written.aor, G.as_bytes());
    group.with(|line, _| state_row::mark_written(line, &written));
    assert_eq!(state_row::take_unwritten(&group.line()), None);

    let mut restarted = Line::new(G.as_bytes());
    for row in &written.rows {
        assert!(restarted.restore_appearance(row));
        assert!(!restarted.restore_appearance(row));
    }
    assert!(restarted.is_registered());
    assert_eq!(restarted.appearances(), group.line().appearances());
    assert_eq!(restarted.appearances()[0].dialog, call);
    let none = state_row::StateRow::default();
    assert!(!restarted.restore_appearance(&none));
}

#[test]
fn a_call_that_was_not_answered_before_a_restart_does_not_ring_for_ever() {
    for answered in [false, true] {
        let mut group = Group::of_two().with_state_table();
        let _ = group.seize(A, 1);
        let _ = group.invite(&new_call(A, &dialog("1@call", "a", ""), 1));
        let _ = group.rings(&dialog("1@call", "a", "x"));
        assert_eq!(group.states(), [(1, State::Progressing)]);
        assert_eq!(group.wait(200).freed, 0);
        let written = state_row::take_unwritten(&group.line()).unwrap();
        let row: &'static state_row::StateRow = Box::leak(Box::new(written.rows[0].clone()));

        let mut restarted = Group::empty();
        restarted.with(|line, _| line.restore_appearance(row));
        if answered {
            let _ = restarted.answered(&dialog("1@call", "a", "x"));
        }
        let changed = restarted.line().appearances()[0].changed_at;
        assert_eq!(timers::due(&restarted.line()), (!answered).then(|| changed.plus(180)));
        assert_eq!(restarted.wait(181).freed, usize::from(!answered));
        // The next call of the phone has its INVITE.
        if answered {
            let _ = restarted.invite(&new_call(A, &dialog("2@call", "b", ""), 1));
            let _ = restarted.rings(&dialog("2@call", "b", "y"));
            assert_eq!(restarted.states(), [(1, State::Progressing)]);
            assert_eq!(restarted.wait(181).freed, 0);
        }
    }
}

#[test]
fn what_a_phone_had_taken_before_a_restart_it_takes_again_and_nobody_else() {
    for asked in [1, 0] {
        let mut group = Group::of_two().with_state_table();
        let _ = group.seize(A, 1);
        let written = state_row::take_unwritten(&group.line()).unwrap();
        let row: &'static state_row::StateRow = Box::leak(Box::new(written.rows[0].clone()));

        let mut restarted = Group::of_two();
        restarted.with(|line, _| line.restore_appearance(row));
        assert_eq!(restarted.subscribe(&ls(B, 1)).unwrap_err().status(), 480);
        let again = restarted.subscribe(&ls(A, asked)).unwrap();
        assert_eq!(again.seized, Some(1));
        assert_eq!(restarted.states(), [(1, State::Seized)]);
        // From now on it is as if there had been no restart.
        assert_eq!(restarted.subscribe(&ls(A, 1)).unwrap_err().status(), 480);
        let other = restarted.subscribe(&ls(A, asked + 2)).unwrap();
        assert_eq!(other.seized, Some(asked + 2));
    }
}

#[test]
fn what_an_operator_makes_of_an_appearance_after_a_restart_stays() {
    let mut group = Group::of_two().with_state_table();
    let _ = group.seize(A, 1);
    let written = state_row::take_unwritten(&group.line()).unwrap();
    let row: &'static state_row::StateRow = Box::leak(Box::new(written.rows[0].clone()));
    let mut restarted = Group::empty();
    restarted.with(|line, ctx| {
        line.restore_appearance(row);
        let _ = sca_core::admin::update(line, ctx, 1, b"active", None);
    });
    assert_eq!(restarted.states(), [(1, State::Active)]);
    assert_eq!(restarted.wait(1000).freed, 0);
}

#[test]
fn every_change_of_an_appearance_is_to_be_written() {
    let mut group = Group::of_two().with_state_table();
    for step in 0..5 {
        match step {
            0 => drop(group.seize(A, 1)),
            1 => drop(group.invite(&new_call(A, &dialog("1@call", "a", ""), 1))),
            2 => drop(group.rings(&dialog("1@call", "a", "x"))),
            3 => drop(group.answered(&dialog("1@call", "a", "x"))),
            _ => drop(group.bye(&dialog("1@call", "x", "a"), 0)),
        }
        let written = state_row::take_unwritten(&group.line());
        let written = written.unwrap_or_else(|| panic!("step {step} is not to be written"));
        group.with(|line, _| state_row::mark_written(line, &written));
    }
}

#[test]
fn a_change_while_the_appearances_are_written_is_written_next_time() {
    let mut group = Group::of_two().with_state_table();
    group.seize(A, 1);
    let written = state_row::take_unwritten(&group.line()).unwrap();
    group.seize(B, 2);
    group.with(|line, _| state_row::mark_written(line, &written));
    assert_eq!(state_row::take_unwritten(&group.line()).unwrap().rows.len(), 2);
}

#[test]
fn a_line_lasts_until_the_end_of_its_appearances_is_written() {
    let mut group = Group::empty().with_state_table();
    group.seized_by_operator(A);
    assert!(group.with(|line, ctx| line.unregister(ctx)));
    assert!(!group.line().is_empty());
    let written = state_row::take_unwritten(&group.line()).unwrap();
    assert_eq!(written.rows, []);
    group.with(|line, _| state_row::mark_written(line, &written));
    assert!(group.line().is_empty());
}
