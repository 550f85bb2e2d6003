//! What ends by itself, and what must not. These cases come first: they take long and sleep.

use host_tests::{Flavor, Line, Setup, cases, line::RECEIVED, wait::SILENCE};
use std::{
    thread::sleep,
    time::{Duration, Instant},
};

cases! {
    both:
        case_66_an_answer_that_is_never_acknowledged_is_forgotten,
        case_98_a_seizure_by_command_ends_after_two_minutes;
    ours:
        case_61_an_answered_call_lasts,
        case_99_a_seizure_lasts_while_it_is_refreshed;
}

/// A host that looks for what has aged each second.
fn watchful(flavor: Flavor) -> Line {
    Line::with(Setup::new(flavor).sca("purge_expired_interval", 1))
}

/// Waits until the group sees no appearance, which must take about `seconds`.
fn freed_after(line: &Line, seconds: u64) {
    let begin = Instant::now();
    let limit = Duration::from_secs(seconds + 10);
    let idle = host_tests::call_info(&[]);
    for phone in [&line.a, &line.b] {
        let told = phone.wait(limit, |message| message.method() == "NOTIFY");
        assert_eq!(told.expect("a NOTIFY").header("Call-Info"), idle);
    }
    let taken = begin.elapsed();
    assert!(taken > Duration::from_secs(seconds - 3), "after {taken:?}");
    assert_eq!(line.states(), [""; 0]);
}

fn case_66_an_answer_that_is_never_acknowledged_is_forgotten(flavor: Flavor) {
    let line = watchful(flavor);
    let mut call = line.called();
    call.reply(200);
    assert_eq!(line.states(), ["1 active"]);
    freed_after(&line, 35);
}

fn case_98_a_seizure_by_command_ends_after_two_minutes(flavor: Flavor) {
    let line = watchful(flavor);
    let owner = line.a.contact();
    line.host.rpc(&["sca.seize_appearance", &line.a.aor(), &owner]).unwrap();
    line.both_see(&["1 seized"]);
    freed_after(&line, 120);
}

fn case_61_an_answered_call_lasts(flavor: Flavor) {
    let line = watchful(flavor);
    let mut call = line.received();
    sleep(Duration::from_secs(40));
    assert_eq!(line.states(), ["1 active"]);
    line.quiet();
    call.change(host_tests::Side::Callee, |invite| invite.sdp("sendonly"));
    line.both_come_to_see(&[&RECEIVED.replace("active", "held")]);
}

fn case_99_a_seizure_lasts_while_it_is_refreshed(flavor: Flavor) {
    let line = watchful(flavor);
    let mut seize = line.seized(&line.a, 1);
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(126) {
        sleep(Duration::from_secs(9));
        assert_eq!(seize.refresh_index(15, 1).status(), 200);
        line.a.notified("line-seize");
        line.both_see(&["1 seized"]);
    }
    assert_eq!(seize.refresh_index(0, 1).status(), 200);
    line.both_see(&[]);
    sleep(SILENCE);
    assert_eq!(line.states(), [""; 0]);
}
