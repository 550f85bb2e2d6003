//! What the P-CSCF does when something that it needs is missing: memory, a database, itself.

use crate::steady;
use host_tests::{
    Database,
    database::Dialect,
    mariadb::MariaDb,
    mixed,
    pcscf::{Lab, Mix, Plan, Ue, rc, tables::tables},
    setup::Storage,
    suite::soak,
    wait::{PATIENCE, until},
};
use std::time::Duration;

mixed! {
    registrar:
        registrations_without_end_leave_no_memory_behind;
    usrloc:
        full_memory_costs_requests_and_not_the_server,
        a_killed_server_knows_everybody_again,
        a_database_that_is_away_is_written_later;
    ours:
        a_clean_stop_loses_nothing_in_mode_2;
}

fn registrations_without_end_leave_no_memory_behind(mix: Mix) {
    let lab = Plan::new(mix).with(steady::short).start();
    lab.core.registrar(|core, register| core.ok(register));
    let ues: Vec<_> = (0..4).map(|number| lab.ue(&format!("user{number}"))).collect();
    // `steady` makes it ten times as many in a long run.
    let rounds = if soak() { 25_000 } else { 2_500 };
    steady::flat(&lab, rounds, |_| {
        std::thread::scope(|scope| {
            for ue in &ues {
                scope.spawn(|| assert_eq!(ue.ask(&ue.register(600)).status(), 200));
            }
        });
    });
    assert_eq!(lab.count(), 4);
}

/// A pending registration that nobody else has: each comes from another Via. What the registrar
/// returned.
fn flood(ue: &Ue, number: u32) -> i32 {
    let [_, a, b, c] = number.to_be_bytes();
    let place = format!("10.{a}.{b}.{c}");
    let draft = ue.register(600).add("X-Stop", "1");
    let via = draft.find("Via").unwrap_or_default().replace(&ue.local().to_string(), &place);
    rc(&ue.ask(&draft.set("Via", &via).set("Contact", &format!("<sip:{number}@{place}>"))))
}

fn full_memory_costs_requests_and_not_the_server(mix: Mix) {
    let plan = Plan::new(mix).registrar("pending_reg_expires", 2).aging(0);
    let plan = plan.with(|mut setup| {
        setup.shared = 8;
        setup.manager = "fm";
        setup.param("tm", "wt_timer", 500)
    });
    let mut lab = plan.start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    let flooder = lab.ue("flooder");
    let mut most = 0;
    // More than fit at any time.
    for number in 0..30_000 {
        flood(&flooder, number);
        if number % 1000 == 0 {
            most = most.max(lab.count());
        }
    }
    assert!(most > 100, "{most}");
    assert!(alice.is_registered());
    lab.host.assert_alive();
    lab.wait_count(1, Duration::from_secs(20));
    let bob = lab.ue("bob");
    lab.register(&bob);
    assert!(alice.is_registered() && bob.is_registered());
}

/// Registers `count` clients.
fn registered(lab: &Lab, count: usize) -> Vec<Ue> {
    let ues: Vec<_> = (0..count).map(|number| lab.ue(&format!("user{number}"))).collect();
    for ue in &ues {
        lab.register(ue);
    }
    ues
}

fn a_killed_server_knows_everybody_again(mix: Mix) {
    for mode in [1, 3] {
        let mut lab = Plan::new(mix).stored(Storage::Own, mode).start();
        let ues = registered(&lab, 25);
        lab.host.kill9();
        lab.host.again();
        for ue in &ues {
            assert!(ue.is_registered(), "{} in mode {mode}", ue.user());
        }
        assert_eq!(lab.count(), 25, "mode {mode}");
        lab.leave(&ues[0]);
        assert!(!ues[0].is_registered());
    }
}

fn a_clean_stop_loses_nothing_in_mode_2(mix: Mix) {
    let plan = Plan::new(mix).stored(Storage::Own, 2).usrloc("timer_interval", 3600);
    let mut lab = plan.start();
    let ues = registered(&lab, 25);
    assert!(lab.host.sqlite().query("SELECT aor FROM location").is_empty());
    lab.host.stop_within(PATIENCE);
    assert_eq!(lab.host.sqlite().query("SELECT aor FROM location").len(), 25);
    lab.host.again();
    assert_eq!(lab.count(), 25);
    for ue in &ues {
        assert!(ue.is_registered(), "{}", ue.user());
    }
}

fn a_database_that_is_away_is_written_later(mix: Mix) {
    let mut server = MariaDb::start();
    let database = server.with(&tables(Dialect::Mysql));
    let plan = Plan::new(mix).stored(Storage::At(database.url()), 1).usrloc("timer_interval", 1);
    let mut lab = plan.start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    let aors = || database.query("SELECT aor FROM location ORDER BY aor").concat();
    until("alice's row", PATIENCE, || (aors() == [alice.contact()]).then_some(()));
    server.stop();
    let bob = lab.ue("bob");
    lab.register(&bob);
    assert!(alice.is_registered() && bob.is_registered());
    lab.leave(&alice);
    assert_eq!(lab.count(), 1);
    lab.host.assert_alive();
    server.again();
    until("bob's row alone", PATIENCE * 3, || (aors() == [bob.contact()]).then_some(()));
    assert!(bob.is_registered());
}
