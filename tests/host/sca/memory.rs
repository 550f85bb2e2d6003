//! Memory after many calls: what was taken is given back.

use host_tests::{
    Call, Draft, Flavor, Host, Line, Phone, Setup, Side, cases,
    rpc::number,
    suite::soak,
    wait::{PATIENCE, until},
};
use std::time::Duration;

cases! {
    ours:
        case_95_answered_calls_leave_no_memory_behind,
        subscriptions_that_come_and_go_leave_no_memory_behind;
    needs("valgrind"):
        a_whole_call_under_valgrind_has_no_error;
}

/// How many rounds a test of this file plays.
fn rounds() -> u32 {
    if soak() { 50_000 } else { 10_000 }
}

/// What may differ between two looks at a host at rest, for each kind of memory, in bytes. One
/// lost string per round would be more.
const NOISE: u64 = 16 * 1024;

/// Bytes in use: shared ones, and those of all processes for themselves.
fn used(host: &Host) -> (u64, u64) {
    let processes = host.rpc(&["pkg.stats"]).unwrap();
    let own = processes.split('}').filter(|text| text.contains("used:"));
    (host.shared_memory(), own.map(|text| number(text, "used:")).sum())
}

/// Bytes in use once all transactions are gone: two looks that agree.
fn at_rest(host: &Host) -> (u64, u64) {
    let mut last = (0, 0);
    until("memory at rest", PATIENCE * 2, || {
        std::thread::sleep(Duration::from_millis(1200));
        let now = used(host);
        (std::mem::replace(&mut last, now) == now).then_some(now)
    })
}

/// Room for the transactions of a few seconds, which are kept for half a second each.
fn host(flavor: Flavor) -> Host {
    let mut setup = Setup::new(flavor);
    setup.shared = 256;
    Host::start(setup.sca("purge_expired_interval", 1).param("tm", "wt_timer", 500))
}

/// Plays some rounds so that caches and workers have what they need, then all, and compares.
fn flat(host: &Host, mut round: impl FnMut()) {
    for _ in 0..100 {
        round();
    }
    let before = at_rest(host);
    for _ in 0..rounds() {
        round();
    }
    let after = at_rest(host);
    assert!(after.0 < before.0 + NOISE, "shared memory {} -> {}", before.0, after.0);
    assert!(after.1 < before.1 + NOISE, "private memory {} -> {}", before.1, after.1);
}

fn case_95_answered_calls_leave_no_memory_behind(flavor: Flavor) {
    let line = Line::on(host(flavor));
    let mut outgoing = true;
    flat(&line.host, || {
        if outgoing {
            assert_eq!(line.a.seize(1).reply.status(), 200);
            let mut call = Call::dial(&line.a, &line.x, |invite| invite.index(1));
            call.ring();
            call.answer();
            call.send(Side::Caller, "BYE", |bye: Draft| bye.index(1));
        } else {
            let mut call = line.called();
            call.answer();
            call.bye(Side::Caller);
        }
        outgoing = !outgoing;
        line.a.notifies();
        line.b.notifies();
    });
    assert_eq!(line.states(), [""; 0]);
}

fn subscriptions_that_come_and_go_leave_no_memory_behind(flavor: Flavor) {
    let line = Line::on(host(flavor));
    let phone = Phone::new(line.host.address(), "215");
    flat(&line.host, || {
        let mut subscription = phone.subscribe("call-info", 600);
        assert_eq!(subscription.reply.status(), 202);
        let mut seize = phone.seize(0);
        assert_eq!(seize.reply.status(), 200);
        assert_eq!(seize.refresh_index(0, 1).status(), 200);
        assert_eq!(subscription.refresh(0).status(), 202);
        for phone in [&phone, &line.a, &line.b] {
            phone.notifies();
        }
    });
    until("the purge", PATIENCE, || (line.host.subscriptions().len() == 2).then_some(()));
}

fn a_whole_call_under_valgrind_has_no_error(flavor: Flavor) {
    let mut setup = Setup::new(flavor).param("tm", "fr_timer", 30_000);
    setup.valgrind = true;
    let mut line = Line::with(setup);
    let mut call = line.talking();
    call.change(Side::Caller, |invite| invite.state(1, "held").sdp("sendonly"));
    call.send(Side::Caller, "BYE", |bye: Draft| bye.index(1));
    line.both_come_to_see(&[]);
    line.received().bye(Side::Callee);
    line.host.rpc(&["sca.all_subscriptions"]).unwrap();
    assert_eq!(line.b_sub.refresh(0).status(), 202);
    line.host.stop_within(Duration::from_secs(60));
    let reports = std::fs::read_dir(line.host.folder()).unwrap().flatten();
    let reports: Vec<_> =
        reports.filter(|file| file.file_name().to_string_lossy().starts_with("valgrind")).collect();
    assert!(reports.len() > 3, "valgrind followed {} processes", reports.len());
    for report in reports {
        let text = std::fs::read_to_string(report.path()).unwrap();
        assert!(!text.contains("Invalid") && !text.contains("ninitialised"), "{text:.4000}");
    }
}
