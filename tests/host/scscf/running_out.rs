//! The reg event: how a subscription runs out.

use crate::{
    database::{plan, plan_at, restart},
    event::behind,
};
use host_tests::{
    Answer,
    database::Dialect,
    install::{Flavor, Version, install},
    mixed,
    scscf::{Mix, Plan, Watcher, tables::tables},
    servers,
    ue::number,
    wait::{PATIENCE, until},
};
use std::time::{Duration, Instant};

mixed! {
    registrar:
        a_subscription_that_runs_out_is_told,
        a_subscription_that_was_refreshed_runs_out_later,
        a_subscription_of_a_database_that_c_reads_runs_out_with_a_last_notify;
    ours:
        a_subscription_that_runs_out_after_a_restart_is_told,
        a_subscription_may_run_out_in_silence_as_in_c,
        who_is_watched_no_more_goes_after_the_last_notify;
}

/// A plan whose subscriptions may be short.
fn brief(mix: Mix) -> Plan {
    Plan::new(mix).registrar("subscription_min_expires", 1)
}

fn a_subscription_that_runs_out_is_told(mix: Mix) {
    let lab = brief(mix).start();
    let (bob, mut proxy) = behind(&lab);
    let mut pad = Watcher::new(&lab.ue("pad"), &bob.identity(), &bob.identity());
    pad.begins(600);
    let first = proxy.begins(2);
    let last = proxy.hears_within(PATIENCE).valid();
    assert_eq!(last.subscription(), "terminated;reason=timeout");
    assert_eq!(last.version, first.version + 1);
    assert_eq!(last.message.cseq().0, first.message.cseq().0 + 1);
    assert_eq!((last.states(), last.events()), (vec!["active"; 2], vec!["active registered"; 2]));
    lab.register(&bob, 600);
    pad.hears();
    proxy.quiet();
    assert_eq!(number(&proxy.ask(&proxy.subscribe(600)), "X-Can"), -1);
}

fn a_subscription_that_was_refreshed_runs_out_later(mix: Mix) {
    let lab = brief(mix).start();
    let (_, mut proxy) = behind(&lab);
    proxy.begins(3);
    let start = Instant::now();
    assert_eq!(proxy.ask(&proxy.subscribe(6)).status(), 200);
    assert!(proxy.hears().subscription().starts_with("active"));
    let last = proxy.hears_within(PATIENCE * 2).valid();
    assert_eq!(last.subscription(), "terminated;reason=timeout");
    assert!(start.elapsed() > Duration::from_secs(4), "{:?}", start.elapsed());
    proxy.quiet();
}

fn a_subscription_that_runs_out_after_a_restart_is_told(mix: Mix) {
    let mut lab = plan(mix, 1).start();
    let (bob, mut proxy) = behind(&lab);
    let first = proxy.begins(10);
    restart(&mut lab);
    let last = proxy.hears_within(PATIENCE * 3).valid();
    assert_eq!(last.subscription(), "terminated;reason=timeout");
    assert_eq!(last.version, first.version + 1);
    assert_eq!(last.of(&bob.identity()).state, "active");
}

fn a_subscription_of_a_database_that_c_reads_runs_out_with_a_last_notify(mix: Mix) {
    let database = servers::mariadb().with(&tables(Dialect::Mysql));
    let mut lab = plan_at(mix, &database).start();
    let (bob, mut proxy) = behind(&lab);
    let first = proxy.begins(12);
    let mut pad = Watcher::new(&lab.ue("pad"), &bob.identity(), &bob.identity());
    pad.begins(600);
    restart(&mut lab);
    if mix.usrloc() == Flavor::C && install().version() >= Version(6, 1) {
        // That store writes subscriptions to one table and looks for them in another (contract, 6).
        lab.register(&bob, 600);
        proxy.quiet();
        pad.quiet();
        return;
    }
    let last = proxy.hears_within(PATIENCE * 3).valid();
    assert_eq!(last.subscription(), "terminated;reason=timeout");
    assert!(last.version > first.version, "{last:?}");
    proxy.quiet();
    // The other one goes on.
    lab.register(&bob, 600);
    assert!(pad.hears().subscription().starts_with("active"));
}

fn a_subscription_may_run_out_in_silence_as_in_c(mix: Mix) {
    let lab = brief(mix).registrar("final_notify", 0).start();
    let (_, mut proxy) = behind(&lab);
    proxy.begins(1);
    until("the end of the subscription", PATIENCE, || {
        (lab.stored("active_watchers") == 0).then_some(())
    });
    proxy.quiet();
}

fn who_is_watched_no_more_goes_after_the_last_notify(mix: Mix) {
    let lab = brief(mix).registrar("watchers_end_with_registration", 0).start();
    let (bob, mut proxy) = behind(&lab);
    proxy.begins(3);
    lab.leave(&bob);
    assert!(proxy.hears().subscription().starts_with("active"));
    // Nobody takes the last one, and nothing is remembered of who does not.
    proxy.answer("NOTIFY", Answer::Status(503));
    let last = proxy.hears_within(PATIENCE).valid();
    assert_eq!(last.subscription(), "terminated;reason=timeout");
    assert_eq!(last.of(&bob.identity()).state, "terminated");
    lab.wait_empty();
    until("a failure that is counted", PATIENCE, || {
        (lab.counted("notifies_failed") == 1).then_some(())
    });
    assert_eq!(lab.counted("watchers_dropped"), 0);
}
