//! Mode 3: several servers share one table, and each may have an older view of it in memory.

use crate::rows::{Contacts, Foreign, in_sqlite};
use host_tests::{
    database::{Database, Dialect},
    install::install,
    mixed,
    pcscf::{Lab, Mix, Plan, Ue, rc, tables::tables},
    servers,
    setup::Storage,
    sqlite::Sqlite,
    wait::{PATIENCE, until},
};
use std::{thread::sleep, time::Duration};

mixed! {
    usrloc:
        two_servers_share_an_sqlite_file,
        what_one_server_ends_is_over_at_the_other,
        a_renewal_at_one_server_keeps_the_contact_at_the_other,
        a_move_to_the_other_server_is_not_undone,
        a_kill_loses_nothing,
        a_database_that_is_down_leaves_what_is_known,
        what_is_over_is_over_without_the_database,
        a_registration_while_its_row_is_removed_stays,
        what_the_table_refused_is_told_of_nevertheless;
    ours:
        one_of_two_servers_tells_of_an_end;
}

fn stored(plan: Plan, url: &str) -> Lab {
    let storage = Storage::At(url.to_owned());
    plan.stored(storage, 3).usrloc("db_refresh", 1).aging(1).start()
}

/// Two servers of one core on the database at `url`.
fn two(mix: Mix, url: &str) -> (Lab, Lab) {
    let one = stored(Plan::new(mix), url);
    let other = stored(Plan::of(mix, &one.core), url);
    (one, other)
}

/// What `function` returns for `ue` at `lab`, whichever server `ue` is a client of.
fn at(ue: &Ue, lab: &Lab, function: &str) -> i32 {
    let draft = ue.calling(function);
    ue.send_to(&draft, lab.host.address());
    rc(&ue.final_reply(&draft))
}

fn known(ue: &Ue, lab: &Lab) -> bool {
    at(ue, lab, "is_registered") == 1
}

/// Registers `ue` at its own server for `seconds`.
fn register_for(lab: &Lab, ue: &Ue, seconds: u32) {
    lab.exchange(ue, &ue.register(600), |ok| {
        ok.set("Contact", &format!("<{}>;expires={seconds}", ue.contact()))
    });
}

fn two_servers_share_an_sqlite_file(mix: Mix) {
    let folder = install().folder();
    let path = folder.path().join("db");
    let file = Sqlite::with(&path, &tables(Dialect::Sqlite));
    let url = format!("sqlite:///{}", install().inside(&path).display());
    let (mut one, mut other) = two(mix, &url);
    let (alice, bob) = (one.ue("alice"), other.ue("bob"));
    one.register(&alice);
    other.register(&bob);
    assert_eq!(file.contacts("aor").len(), 2);
    assert!(known(&alice, &other) && known(&bob, &one));
    assert_eq!((at(&alice, &other, "force"), at(&bob, &one, "force")), (1, 1));
    one.host.kill9();
    assert!(known(&alice, &other));
    one.host.again();
    other.host.kill9();
    assert!(known(&alice, &one) && known(&bob, &one));
    other.host.again();
    assert!(known(&alice, &other) && known(&bob, &other));
    one.leave(&alice);
    assert_eq!(file.contacts("aor"), [[bob.contact()]]);
}

fn what_one_server_ends_is_over_at_the_other(mix: Mix) {
    let database = servers::postgres().with(&tables(Dialect::Postgres));
    let (one, other) = two(mix, &database.url());
    let alice = one.ue("alice");
    one.register(&alice);
    assert!(known(&alice, &other));
    one.leave(&alice);
    // At the latest when what the other has read is `db_refresh` old.
    until("the end at the other", PATIENCE, || (!known(&alice, &other)).then_some(()));
    other.wait_count(0, PATIENCE);
    assert!(database.contacts("id").is_empty());
}

fn a_renewal_at_one_server_keeps_the_contact_at_the_other(mix: Mix) {
    let database = servers::mariadb().with(&tables(Dialect::Mysql));
    let (one, other) = two(mix, &database.url());
    let alice = one.ue("alice");
    register_for(&one, &alice, 3);
    assert!(known(&alice, &other));
    register_for(&one, &alice, 600);
    // Nobody asks the other, whose view ends in the meantime.
    sleep(Duration::from_secs(6));
    assert_eq!(database.contacts("reg_state"), [["2"]]);
    assert!(known(&alice, &one) && known(&alice, &other));
    assert_eq!(database.contacts("reg_state"), [["2"]]);
}

fn a_move_to_the_other_server_is_not_undone(mix: Mix) {
    let database = servers::mariadb().with(&tables(Dialect::Mysql));
    let (one, other) = two(mix, &database.url());
    let alice = one.ue("alice");
    register_for(&one, &alice, 4);
    // The same phone, with the same address, by way of the other server.
    let register = alice.register(600);
    alice.send_to(&register, other.host.address());
    let relayed = other.core.take("a REGISTER", |message| message.method() == "REGISTER");
    other.core.send_to(&other.core.ok(&relayed), other.host.address());
    assert_eq!(alice.final_reply(&register).status(), 200);
    assert_eq!(database.contacts("reg_state"), [["2"]]);
    sleep(Duration::from_secs(7));
    assert_eq!(database.contacts("reg_state"), [["2"]]);
    assert!(known(&alice, &one) && known(&alice, &other));
}

fn a_kill_loses_nothing(mix: Mix) {
    let mut lab = Plan::new(mix).stored(Storage::Own, 3).start();
    let ues: Vec<Ue> = (0..20).map(|number| lab.ue(&format!("user{number}"))).collect();
    for ue in &ues {
        lab.register(ue);
    }
    lab.leave(&ues[0]);
    lab.host.kill9();
    lab.host.again();
    assert!(!ues[0].is_registered());
    assert!(ues[1..].iter().all(Ue::is_registered));
    assert_eq!(lab.count(), 19);
}

fn a_database_that_is_down_leaves_what_is_known(mix: Mix) {
    let lab = Plan::new(mix).stored(Storage::Own, 3).aging(1).usrloc("db_refresh", 1).start();
    let (alice, bob) = (lab.ue("alice"), lab.ue("bob"));
    lab.register(&alice);
    lab.host.sqlite().execute("ALTER TABLE location RENAME TO elsewhere");
    sleep(Duration::from_millis(1500));
    assert!(alice.is_registered() && !bob.is_registered());
    lab.register(&bob);
    assert!(bob.is_registered());
    lab.host.sqlite().execute("ALTER TABLE elsewhere RENAME TO location");
    lab.host.sqlite().wait_count(2);
}

fn what_is_over_is_over_without_the_database(mix: Mix) {
    let plan = Plan::new(mix).stored(Storage::Own, 3).aging(1).registrar("pending_reg_expires", 1);
    let lab = plan.start();
    let (alice, bob) = (lab.ue("alice"), lab.ue("bob"));
    register_for(&lab, &alice, 2);
    lab.host.sqlite().wait_contacts("reg_state", &[&["2"]]);
    lab.host.sqlite().execute("ALTER TABLE location RENAME TO elsewhere");
    lab.relayed(&bob, &bob.register(600));
    until("the end of alice", PATIENCE, || (!alice.is_registered()).then_some(()));
    // Her contact stays for her row, that of bob has none.
    lab.wait_count(1, PATIENCE);
    lab.host.sqlite().execute("ALTER TABLE elsewhere RENAME TO location");
    lab.wait_count(0, PATIENCE);
    lab.host.sqlite().wait_count(0);
}

fn a_registration_while_its_row_is_removed_stays(mix: Mix) {
    let database = servers::mariadb().with(&tables(Dialect::Mysql));
    let lab = stored(Plan::new(mix), &database.url());
    let alice = lab.ue("alice");
    register_for(&lab, &alice, 2);
    let slow = "CREATE TRIGGER slow BEFORE DELETE ON location FOR EACH ROW SET @slow = SLEEP(2)";
    database.execute(slow);
    let register = alice.register(600);
    let relayed = lab.relayed(&alice, &register);
    until("the end of the first registration", PATIENCE, || {
        let working = database.query("SHOW PROCESSLIST");
        working.iter().any(|one| one.iter().any(|what| what.contains("SLEEP"))).then_some(())
    });
    lab.core.send_to(&lab.core.ok(&relayed), lab.host.address());
    assert_eq!(alice.final_reply(&register).status(), 200);
    database.execute("DROP TRIGGER slow");
    sleep(Duration::from_secs(3));
    assert!(alice.is_registered());
    database.wait_contacts("reg_state", &[&["2"]]);
}

fn what_the_table_refused_is_told_of_nevertheless(mix: Mix) {
    let lab = Plan::new(mix).stored(Storage::Own, 3).aging(1).subscribing().start();
    lab.host.sqlite().execute(
        "CREATE TRIGGER full BEFORE INSERT ON location BEGIN SELECT RAISE(ABORT, 'full'); END",
    );
    let alice = lab.ue("alice");
    register_for(&lab, &alice, 2);
    lab.subscribed();
    assert!(lab.host.sqlite().contacts("id").is_empty());
    let told = lab.core.incoming("PUBLISH");
    assert!(told.body.contains("state=\"terminated\""), "{told:?}");
    lab.wait_count(0, PATIENCE);
}

fn one_of_two_servers_tells_of_an_end(mix: Mix) {
    let folder = install().folder();
    let path = folder.path().join("db");
    let file = Sqlite::with(&path, &tables(Dialect::Sqlite));
    let url = format!("sqlite:///{}", install().inside(&path).display());
    let one = stored(Plan::new(mix).subscribing(), &url);
    let other = stored(Plan::of(mix, &one.core).subscribing(), &url);
    let alice = one.ue("alice");
    Foreign::of(&alice).with("expires", &in_sqlite(4)).insert(&file);
    assert!(known(&alice, &one) && known(&alice, &other));
    let first = one.core.incoming("PUBLISH");
    assert!(first.body.contains("state=\"terminated\""), "{first:?}");
    file.wait_count(0);
    one.wait_count(0, PATIENCE);
    other.wait_count(0, PATIENCE);
    // One identity, one PUBLISH.
    one.core.hears_no("PUBLISH");
}
