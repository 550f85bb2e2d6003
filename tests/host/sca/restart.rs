//! Each state of a shared line over a restart, with the table of the appearances.

use host_tests::{
    Call, Database, Draft, Flavor, Host, Line, Phone, Setup, Side, cases,
    database::{Dialect, schema},
    line::TALKING,
    rpc::Appearance,
    wait::{PATIENCE, until},
};
use std::time::Duration;

cases! {
    ours:
        a_seized_line_is_seized_after_a_restart_and_dials,
        a_seized_line_that_nobody_dials_on_is_free_again_after_a_restart,
        who_has_seized_a_line_seizes_it_again_after_a_restart,
        a_call_that_a_restart_found_ringing_is_answered,
        a_held_call_is_taken_after_a_restart,
        a_call_in_private_hold_stays_private_after_a_restart,
        a_call_that_came_in_is_held_and_ends_after_a_restart,
        a_taken_call_is_held_and_taken_back_after_a_restart,
        a_state_that_an_operator_set_is_there_after_a_restart,
        a_line_with_calls_in_each_state_is_the_same_after_a_restart,
        who_seizes_after_a_restart_gets_the_lowest_free_appearance;
}

const HELD: &str = "1 held \"Ext\" <sip:300@voice.example.com>";

fn line(flavor: Flavor) -> Line {
    let setup = Setup::new(flavor).sca("db_update_interval", 1).sca("state_update_interval", 1);
    let mut setup = setup.sca("purge_expired_interval", 1);
    setup.tables = || schema(Dialect::Sqlite) + include_str!("../../../db/sqlite/sca_state.sql");
    Line::with(setup)
}

fn stop(host: &mut Host) {
    host.stop_within(Duration::from_secs(10));
}

/// Both ways to end a server.
const ENDS: [fn(&mut Host); 2] = [stop, Host::kill9];

/// The server ends, when all is written, and starts again; nothing of the line has changed.
fn restart(line: &mut Line, end: fn(&mut Host)) {
    let before = written(line);
    end(&mut line.host);
    line.host.again();
    assert_eq!(line.appearances(), before);
    assert_eq!(line.host.subscriptions().iter().filter(|it| it.contains("call-info")).count(), 2);
}

/// All appearances, once they are written.
fn written(line: &Line) -> Vec<Appearance> {
    let all = line.appearances();
    let rows = line.host.sqlite();
    let mut wanted: Vec<String> = all.iter().map(|one| one.index.to_string()).collect();
    wanted.sort();
    until("the rows of the line", PATIENCE, || {
        let mut written: Vec<String> =
            rows.query("SELECT app_idx FROM sca_state").into_iter().flatten().collect();
        written.sort();
        (written == wanted).then_some(())
    });
    // What changed last is written with the next look.
    std::thread::sleep(Duration::from_millis(1500));
    all
}

fn a_seized_line_is_seized_after_a_restart_and_dials(flavor: Flavor) {
    for end in ENDS {
        let mut line = line(flavor);
        line.seized(&line.a, 1);
        restart(&mut line, end);
        assert_eq!(line.states(), ["1 seized"]);
        // It is not free for the other one.
        assert_eq!(line.b.seize(1).reply.status(), 480);
        let mut call = Call::dial(&line.a, &line.x, |invite| invite.index(1));
        call.ring();
        line.both_come_to_see(&["1 progressing"]);
        call.answer();
        line.both_come_to_see(&[TALKING]);
        call.bye(Side::Caller);
        line.both_come_to_see(&[]);
        assert_eq!(line.states(), [""; 0]);
    }
}

/// Its subscription is gone with the server: the appearance stays as long as one without.
fn a_seized_line_that_nobody_dials_on_is_free_again_after_a_restart(flavor: Flavor) {
    for end in ENDS {
        let mut line = line(flavor);
        line.seized(&line.a, 1);
        written(&line);
        end(&mut line.host);
        line.host.sqlite().execute("UPDATE sca_state SET changed = changed - 112");
        line.host.again();
        assert_eq!(line.states(), ["1 seized"]);
        line.both_come_to_see(&[]);
        assert_eq!(line.states(), [""; 0]);
        line.seized(&line.b, 1);
    }
}

fn who_has_seized_a_line_seizes_it_again_after_a_restart(flavor: Flavor) {
    for end in ENDS {
        let mut line = line(flavor);
        let mut seize = line.seized(&line.a, 1);
        restart(&mut line, end);
        assert_eq!(line.b.seize(1).reply.status(), 480);
        // As a phone does whose subscription is not known any more.
        assert_eq!(seize.refresh_index(15, 1).status(), 481);
        let mut again = line.a.seize(1);
        assert_eq!(again.reply.status(), 200);
        assert_eq!(line.states(), ["1 seized"]);
        assert_eq!(again.refresh_index(0, 1).status(), 200);
        line.both_come_to_see(&[]);
        assert_eq!(line.states(), [""; 0]);
    }
}

/// Its transaction is gone: the answer passes the server and no route of the script, so the next request of
/// the call says that it is up.
fn a_call_that_a_restart_found_ringing_is_answered(flavor: Flavor) {
    for end in ENDS {
        let mut line = line(flavor);
        let mut call = line.ringing();
        restart(&mut line, end);
        call.answer();
        assert_eq!(line.states(), ["1 progressing"]);
        call.change(Side::Caller, |invite| invite.state(1, "held").sdp("sendonly"));
        line.both_come_to_see(&[HELD]);
        call.bye(Side::Callee);
        assert_eq!(line.states(), [""; 0]);
    }
}

fn a_held_call_is_taken_after_a_restart(flavor: Flavor) {
    for end in ENDS {
        let mut line = line(flavor);
        let mut held = line.held();
        restart(&mut line, end);
        let mut taken = line.take(&line.b);
        let invite = taken.arrive();
        let (id, to, from) = (&held.caller.call_id, held.callee.tag(), held.caller.tag());
        assert_eq!(invite.line("Replaces"), format!("Replaces: {id};to-tag={to};from-tag={from}"));
        taken.answer();
        held.bye(Side::Callee);
        let now = &line.appearances()[0];
        assert_eq!((&*now.state, &*now.owner), ("active", &*line.b.contact()));
        taken.bye(Side::Caller);
        assert_eq!(line.states(), [""; 0]);
    }
}

fn a_call_in_private_hold_stays_private_after_a_restart(flavor: Flavor) {
    for end in ENDS {
        let mut line = line(flavor);
        let mut held = line.held_as("held-private");
        restart(&mut line, end);
        let reply = line.take(&line.b).fails(403);
        assert_eq!(reply.status_line(), "403 Forbidden - private call");
        held.change(Side::Caller, |invite| invite.index(1));
        line.both_come_to_see(&[TALKING]);
        held.bye(Side::Callee);
        assert_eq!(line.states(), [""; 0]);
    }
}

fn a_call_that_came_in_is_held_and_ends_after_a_restart(flavor: Flavor) {
    for end in ENDS {
        for side in [Side::Caller, Side::Callee] {
            let mut line = line(flavor);
            let mut call = line.received();
            restart(&mut line, end);
            call.change(Side::Callee, |invite| invite.state(1, "held").sdp("sendonly"));
            line.both_come_to_see(&[HELD]);
            restart(&mut line, end);
            call.change(Side::Callee, |invite| invite.index(1));
            line.both_come_to_see(&[TALKING]);
            call.bye(side);
            assert_eq!(line.states(), [""; 0]);
        }
    }
}

fn a_taken_call_is_held_and_taken_back_after_a_restart(flavor: Flavor) {
    for end in ENDS {
        let mut line = line(flavor);
        let mut first = line.held();
        let mut second = line.take(&line.b);
        second.arrive();
        second.answer();
        first.bye(Side::Callee);
        restart(&mut line, end);
        second.change(Side::Caller, |invite| invite.state(1, "held").sdp("sendonly"));
        restart(&mut line, end);
        let mut third = line.take(&line.a);
        let invite = third.arrive();
        let (id, to, from) = (&second.caller.call_id, second.callee.tag(), second.caller.tag());
        assert_eq!(invite.line("Replaces"), format!("Replaces: {id};to-tag={to};from-tag={from}"));
        third.answer();
        second.bye(Side::Callee);
        assert_eq!(line.appearances()[0].owner, line.a.contact());
        third.bye(Side::Callee);
        assert_eq!(line.states(), [""; 0]);
    }
}

fn a_state_that_an_operator_set_is_there_after_a_restart(flavor: Flavor) {
    let mut line = line(flavor);
    let aor = line.a.aor();
    for state in ["seized", "progressing", "alerting", "active", "held", "held-private"] {
        line.event();
        line.host.rpc(&["sca.update_appearance", &aor, "1", state]).unwrap();
        restart(&mut line, ENDS[0]);
        assert_eq!(line.states(), [format!("1 {state}")]);
        line.host.rpc(&["sca.release_appearance", &aor, "1"]).unwrap();
        restart(&mut line, ENDS[0]);
        assert_eq!(line.states(), [""; 0]);
    }
}

fn a_line_with_calls_in_each_state_is_the_same_after_a_restart(flavor: Flavor) {
    for end in ENDS {
        let mut line = line(flavor);
        let place = |line: &Line, from: &Phone, index: u32| {
            assert_eq!(from.seize(index).reply.status(), 200);
            Call::dial(from, &line.x, move |invite: Draft| invite.index(index))
        };
        let mut talking = place(&line, &line.a, 1);
        talking.answer();
        let mut held = place(&line, &line.a, 2);
        held.answer();
        held.change(Side::Caller, |invite| invite.state(2, "held").sdp("sendonly"));
        let mut ringing = place(&line, &line.b, 3);
        ringing.ring();
        assert_eq!(line.b.seize(4).reply.status(), 200);
        assert_eq!(line.states(), ["1 active", "2 held", "3 progressing", "4 seized"]);
        restart(&mut line, end);
        talking.bye(Side::Callee);
        held.change(Side::Caller, |invite| invite.index(2));
        assert_eq!(line.states(), ["2 active", "3 progressing", "4 seized"]);
        held.bye(Side::Caller);
        assert_eq!(line.states(), ["3 progressing", "4 seized"]);
    }
}

fn who_seizes_after_a_restart_gets_the_lowest_free_appearance(flavor: Flavor) {
    let mut line = line(flavor);
    let mut call = line.talking();
    restart(&mut line, ENDS[0]);
    let seize = line.b.subscribe_with(&line.b.subscribe_draft("line-seize", 15).index(0));
    assert_eq!(seize.reply.status(), 200);
    let notify = line.b.notified("line-seize");
    assert!(notify.header("Call-Info").ends_with(";appearance-index=2"), "{notify:?}");
    call.bye(Side::Callee);
    assert_eq!(line.states(), ["2 seized"]);
}
