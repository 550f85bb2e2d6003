//! When registrations are stored, and what becomes of them when that cannot be done.

use crate::{
    database::{gone, plan, plan_at, restart},
    watching::watched,
};
use host_tests::{
    database::{Database, Dialect},
    mariadb::MariaDb,
    mixed,
    postgres::Postgres,
    scscf::{
        Lab, Mix, Plan, Ue, private,
        tables::{Registrations as _, tables},
    },
    servers,
    wait::{PATIENCE, until},
};
use std::time::{Duration, Instant};

mixed! {
    usrloc:
        mode_1_loses_nothing_that_was_answered,
        mode_2_writes_in_bulk_and_loses_nothing_at_a_stop,
        what_could_not_be_written_is_written_later,
        a_database_that_dies_and_returns_has_everything,
        a_database_that_stands_still_costs_a_moment_and_no_registration,
        a_postgres_that_stands_still_costs_a_moment_and_no_registration,
        rows_follow_memory_under_fire,
        processes_of_all_kinds_store_what_they_change,
        identities_that_share_a_profile_come_back_as_one_user;
    ours:
        a_contact_that_an_operator_ended_does_not_come_back,
        users_with_the_same_contact_come_back_as_they_were,
        contacts_are_found_in_the_same_order_after_a_restart;
}

fn registered(lab: &Lab, users: usize) -> Vec<Ue> {
    let ues: Vec<_> = (0..users).map(|number| lab.ue(&format!("u{number}"))).collect();
    for ue in &ues {
        lab.register(ue, 600);
    }
    ues
}

/// Registrations that are sent at a rate of 1,000 a second, whether they are answered or not.
fn mode_1_loses_nothing_that_was_answered(mix: Mix) {
    const SENDERS: usize = 8;
    const USERS: usize = 640;
    /// After so many milliseconds the server is killed, with as many registrations under way, if it
    /// has stored so many identities by then.
    const KILLED: (u64, usize) = (400, 60);
    let mut lab = plan(mix, 1).start();
    let ues: Vec<_> = (0..USERS).map(|number| lab.ue(&format!("u{number}"))).collect();
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for part in ues.chunks(USERS / SENDERS) {
            scope.spawn(move || {
                for (sent, ue) in (0_u32..).zip(part) {
                    let due = begin + Duration::from_millis(SENDERS as u64) * sent;
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    ue.send(&ue.register(600));
                }
            });
        }
        std::thread::sleep(Duration::from_millis(KILLED.0));
        let database = lab.host.sqlite();
        until("some users", PATIENCE, || (database.count("impu") >= KILLED.1).then_some(()));
        lab.host.kill9();
    });
    // What was answered before is here by now.
    let moment = Duration::from_millis(1);
    let is_served = |ue: &&Ue| ue.wait(moment, |reply| reply.status() == 200).is_some();
    let served: Vec<_> = ues.iter().filter(is_served).collect();
    assert!(served.len() >= 12, "only {} of {USERS} were answered", served.len());
    assert!(served.len() < USERS, "all were answered before the kill");
    lab.host.again();
    lab.connected();
    let asking = lab.ue("asking");
    for ue in &served {
        let user = ue.user();
        assert!(lab.finds(&asking, user), "{user} of {} is lost", served.len());
    }
}

fn mode_2_writes_in_bulk_and_loses_nothing_at_a_stop(mix: Mix) {
    let mut lab = plan(mix, 2).usrloc("db_flush_interval", 3600).start();
    let ues = registered(&lab, 20);
    let database = lab.host.sqlite();
    assert_eq!(database.count("impu"), 0);
    ues.iter().take(5).for_each(|ue| drop(lab.leave(ue)));
    lab.wait_contacts(15);
    // Ours is done before `cdp`, which may wait for ever for a lock of a process that has ended.
    let ended = lab.host.stop_within(Duration::from_secs(20));
    let journal = lab.host.journal();
    let is_done = ended.map_or(journal.count("cdp_exit(): ") > 0, |status| status.success());
    assert!(is_done, "{ended:?}: {}", journal.tail(20));
    assert_eq!((database.count("impu"), database.count("contact")), (45, 15));
    lab.host.again();
    lab.connected();
    assert!(ues.iter().skip(5).all(|ue| lab.finds(&ues[0], ue.user())));
}

fn what_could_not_be_written_is_written_later(mix: Mix) {
    let lab = plan(mix, 1).start();
    let database = lab.host.sqlite();
    let bob = lab.ue("bob");
    database.execute("ALTER TABLE contact RENAME TO away");
    lab.register(&bob, 600);
    assert!(lab.finds(&bob, "bob"));
    assert!(lab.stored("db_write_errors") > 0);
    database.execute("ALTER TABLE away RENAME TO contact");
    until("rows that follow memory", Duration::from_secs(30), || {
        (database.contacts_of(&bob.identity()) == [bob.contact()]).then_some(())
    });
    until("no rows to write", PATIENCE * 2, || (lab.stored("db_rows_pending") == 0).then_some(()));
}

fn a_database_that_dies_and_returns_has_everything(mix: Mix) {
    let mut server = MariaDb::start();
    let database = server.with(&tables(Dialect::Mysql));
    let mut lab = plan_at(mix, &database).start();
    let (bob, carol, dave) = (lab.ue("bob"), lab.ue("carol"), lab.ue("dave"));
    lab.register(&bob, 600);
    lab.register(&carol, 600);
    server.stop();
    lab.register(&dave, 600);
    lab.leave(&carol);
    gone(&lab, &bob, "carol");
    assert!(lab.finds(&bob, "dave"));
    server.again();
    until("rows that follow memory", Duration::from_secs(40), || {
        let rows = database.query("SELECT contact FROM contact ORDER BY contact");
        let mut wanted = vec![vec![bob.contact()], vec![dave.contact()]];
        wanted.sort();
        (rows == wanted && database.count("impu") == 6).then_some(())
    });
    lab.host.kill9();
    lab.host.again();
    lab.connected();
    assert!(lab.finds(&bob, "bob") && lab.finds(&bob, "dave") && !lab.finds(&bob, "carol"));
}

/// Clients that come and go at the same time, each with three identities; some share a user.
fn fire(lab: &Lab, database: &dyn Database) {
    std::thread::scope(|scope| {
        for client in 0..8 {
            scope.spawn(move || {
                let ue = lab.ue(&format!("u{}", client / 2));
                for seconds in [600, 0, 600, 700, 0, 600] {
                    ue.send(&ue.register(seconds));
                    ue.wait(Duration::from_secs(4), |reply| reply.status() >= 200);
                }
            });
        }
    });
    until("no rows to write", PATIENCE * 4, || (lab.stored("db_rows_pending") == 0).then_some(()));
    for user in 0..4 {
        let identity = lab.ue(&format!("u{user}")).identity();
        let end = std::time::Instant::now() + PATIENCE * 2;
        until("rows that follow memory", PATIENCE * 3, || {
            let (rows, known) = (database.contacts_of(&identity), lab.contacts(&identity));
            let late = std::time::Instant::now() > end;
            assert!(!late, "{identity}: stored {rows:?}, known {known:?}");
            (rows == known).then_some(())
        });
        assert!(!lab.contacts(&identity).is_empty());
    }
    let orphans = "SELECT COUNT(*) FROM impu_contact WHERE impu_id NOT IN (SELECT id FROM impu) \
                   OR contact_id NOT IN (SELECT id FROM contact)";
    assert_eq!(database.query(orphans), [["0"]]);
}

fn a_database_that_stands_still_costs_a_moment_and_no_registration(mix: Mix) {
    let server = MariaDb::start();
    let database = server.with(&tables(Dialect::Mysql));
    // The driver waits for two seconds, three times.
    stands_still(plan_at(mix, &database), &database, |frozen| server.set_frozen(frozen));
}

fn a_postgres_that_stands_still_costs_a_moment_and_no_registration(mix: Mix) {
    let server = Postgres::start();
    let database = server.with(&tables(Dialect::Postgres));
    let plan = plan_at(mix, &database).with(|setup| {
        // Without it the driver waits for ever.
        setup.param("db_postgres", "timeout", 2).param("db_postgres", "retries", 0)
    });
    stands_still(plan, &database, |frozen| server.set_frozen(frozen));
}

/// Clients register while the server of `database` does nothing, and their rows follow when it goes on.
fn stands_still(plan: Plan, database: &dyn Database, set_frozen: impl Fn(bool)) {
    let mut lab = plan.start();
    let ues = registered(&lab, 3);
    set_frozen(true);
    for ue in &ues {
        let draft = ue.register(700);
        ue.send(&draft);
        // Who waits in vain waits for all: after that nobody waits for a while.
        let reply = ue.wait(Duration::from_secs(12), |it| it.status() >= 200);
        assert_eq!(reply.map(|it| it.status()), Some(200), "{}", lab.host.journal().tail(20));
        assert!(lab.finds(ue, ue.user()));
    }
    set_frozen(false);
    until("rows that follow memory", Duration::from_secs(30), || {
        (lab.stored("db_rows_pending") == 0).then_some(())
    });
    assert_eq!((database.count("impu"), database.count("contact")), (9, 3));
    lab.host.assert_alive();
}

fn rows_follow_memory_under_fire(mix: Mix) {
    let workers = |plan: Plan| {
        plan.with(|mut setup| {
            setup.workers = 4;
            setup
        })
    };
    let lab = workers(plan(mix, 1)).start();
    fire(&lab, &lab.host.sqlite());
    let database = servers::mariadb().with(&tables(Dialect::Mysql));
    fire(&workers(plan_at(mix, &database)).start(), &database);
    let database = servers::postgres().with(&tables(Dialect::Postgres));
    fire(&workers(plan_at(mix, &database)).start(), &database);
}

fn processes_of_all_kinds_store_what_they_change(mix: Mix) {
    let lab = plan(mix, 1).start();
    let (database, bob, carol) = (lab.host.sqlite(), lab.ue("bob"), lab.ue("carol"));
    let watcher = lab.ue("watcher");
    lab.register(&bob, 600);
    lab.register(&carol, 600);
    watched(&lab, &watcher, &carol, 2);
    database.wait_count("contact", 2);
    // A process of the Diameter stack, one that serves commands, one that keeps the time.
    lab.hss.terminate(&private("bob"), &[&bob.identity()], 0);
    database.wait_count("contact", 1);
    lab.host.rpc(&["regscscf.dereg_impu", &carol.identity()]).unwrap();
    database.wait_count("contact", 0);
    for table in ["impu", "impu_contact", "impu_subscriber", "subscriber"] {
        database.wait_count(table, 0);
    }
    let log = lab.host.journal().text();
    assert_eq!(lab.stored("db_write_errors"), 0, "{log}");
}

fn a_contact_that_an_operator_ended_does_not_come_back(mix: Mix) {
    let mut lab = plan(mix, 1).usrloc("timer_interval", 4).start();
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    lab.register(&bob, 600);
    lab.register(&carol, 600);
    let ended = lab.host.rpc(&["ulscscf.delete_contact", &bob.identity(), &bob.contact()]);
    assert!(ended.is_ok_and(|text| text.contains("Deleted: 1")));
    lab.host.kill9();
    lab.host.again();
    lab.connected();
    gone(&lab, &carol, "bob");
    assert!(lab.finds(&bob, "carol"));
}

/// A telephone behind a NAT, or a PBX, has the contact that others have: they share a row.
fn users_with_the_same_contact_come_back_as_they_were(mix: Mix) {
    // Who registers, 0 or 1, and for how many seconds.
    const LIVES: [&[(usize, u32)]; 7] = [
        &[(0, 600), (1, 600)],
        &[(0, 600), (1, 600), (1, 0)],
        &[(0, 600), (1, 600), (0, 0)],
        &[(0, 600), (1, 600), (1, 0), (1, 600)],
        &[(0, 600), (0, 0), (1, 600), (0, 600)],
        &[(0, 600), (1, 600), (0, 0), (1, 0), (0, 600), (1, 600)],
        &[(0, 600), (1, 600), (0, 0), (1, 0), (1, 600), (0, 600)],
    ];
    for mode in [1, 2] {
        let plan = plan(mix, mode).usrloc("db_flush_interval", 3600);
        let mut lab = plan.usrloc("timer_interval", 60).start();
        let mut wanted = Vec::new();
        for (number, life) in LIVES.iter().enumerate() {
            let users = [0, 1].map(|user| lab.ue(&format!("u{number}{user}")));
            let shared = format!("<sip:ue@192.0.2.{number}>");
            let mut is_there = [false; 2];
            for (user, seconds) in *life {
                let ue = &users[*user];
                let reply = ue.ask(&ue.register(*seconds).set("Contact", &shared));
                assert_eq!(reply.status(), 200, "{reply:?}");
                is_there[*user] = *seconds > 0;
            }
            wanted.push(is_there);
        }
        let asking = lab.ue("asking");
        let found = |lab: &Lab| -> Vec<[bool; 2]> {
            let one = |number| [0, 1].map(|user| lab.finds(&asking, &format!("u{number}{user}")));
            (0..LIVES.len()).map(one).collect()
        };
        assert_eq!(found(&lab), wanted, "mode {mode}");
        restart(&mut lab);
        assert_eq!(found(&lab), wanted, "mode {mode}, after a restart");
    }
}

fn identities_that_share_a_profile_come_back_as_one_user(mix: Mix) {
    let mut lab = plan(mix, 1).start();
    let ues = registered(&lab, 3);
    restart(&mut lab);
    assert_eq!(lab.stored("active_subscriptions"), 3);
    assert_eq!((lab.stored("active_impus"), lab.stored("active_contacts")), (9, 3));
    for ue in &ues {
        lab.leave(ue);
    }
    lab.wait_empty();
    lab.host.sqlite().wait_count("contact", 0);
}

fn contacts_are_found_in_the_same_order_after_a_restart(mix: Mix) {
    // The newest first is by the second.
    for (mode, order, pause) in [(1, 0, 0), (2, 0, 0), (2, 2, 0), (1, 1, 1100), (2, 1, 1100)] {
        let plan = plan(mix, mode).usrloc("db_flush_interval", 3600);
        let mut lab = plan.registrar("lookup_order", order).start();
        let bob = lab.ue("bob");
        for number in [3, 1, 4, 2, 5, 7, 6, 4, 3] {
            let contact = format!("<sip:c{number}@{}>;q=0.{number}", bob.local());
            let reply = bob.ask(&bob.register(600).set("Contact", &contact));
            assert_eq!(reply.status(), 200, "{reply:?}");
            std::thread::sleep(Duration::from_millis(pause));
        }
        let found = |lab: &Lab| {
            let found = lab.looked_up(&bob, &bob.identity()).expect("bob");
            (found.header("X-Ru").to_owned(), found.header("X-Branches").to_owned())
        };
        let before = found(&lab);
        restart(&mut lab);
        assert_eq!(found(&lab), before, "mode {mode}, order {order}");
    }
}
