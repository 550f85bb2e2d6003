//! What is stored, and what comes back from there.

use crate::rows::{Contacts as _, left};
use host_tests::{
    Flavor, Version,
    database::{Database, Dialect, schema},
    install::install,
    mixed,
    pcscf::{Lab, Mix, Plan, Ue, core::identities, rc, tables::tables},
    servers,
    setup::Storage,
    wait::{PATIENCE, until},
};
use std::{fs, path::Path, thread::sleep, time::Duration};

mixed! {
    all:
        u_15_a_pending_contact_is_stored,
        u_16_a_registered_contact_is_stored_with_routes_and_identities,
        u_17_the_row_goes_with_the_contact,
        u_18_contacts_survive_a_restart,
        u_19_a_registration_that_is_ended_is_stored_as_such,
        u_20_two_sources_of_one_contact_have_a_row_each,
        u_21_without_a_table_clients_are_served,
        u_22_a_host_without_its_database_does_not_start,
        u_29_both_schemas_serve;
    usrloc:
        u_18_a_restart_restores_what_was_stored,
        u_21_what_could_not_be_written_is_written_later,
        u_29_both_schemas_serve_on_every_database,
        u_30_a_registration_again_in_the_same_second_makes_no_other_row,
        mode_2_writes_in_bulk_and_loses_nothing_at_a_stop,
        mode_2_loses_at_most_one_interval_at_a_kill,
        mode_2_a_row_becomes_that_of_the_contact_that_comes_after,
        mode_1_loses_nothing_at_a_kill,
        an_sqlite_file_is_written_ahead_unless_told_otherwise,
        an_unknown_mode_is_a_warning_or_a_refusal;
    ours:
        u_18_an_end_after_a_restart_is_published,
        who_registered_last_at_a_place_is_found_there_after_a_restart,
        a_delayed_removal_is_one_after_a_restart_too;
}

/// The C module gives a row up whose file is locked at that moment, and its first worker reads the file
/// at the start while others serve: it has no others here.
fn stored_in(mix: Mix, tables: fn() -> String) -> Lab {
    let workers = if mix.usrloc() == Flavor::C { 1 } else { 2 };
    let plan = Plan::new(mix).stored(Storage::Own, 1).with(|mut setup| {
        (setup.workers, setup.tables) = (workers, tables);
        setup
    });
    plan.start()
}

fn stored(mix: Mix) -> Lab {
    stored_in(mix, || tables(Dialect::Sqlite))
}

/// The C module before 5.7 writes 0 for the state of a new row.
fn pending(mix: Mix) -> &'static str {
    let old = mix.usrloc() == Flavor::C && install().version() < Version(5, 7);
    if old { "0" } else { "4" }
}

fn u_15_a_pending_contact_is_stored(mix: Mix) {
    let lab = stored(mix);
    let alice = lab.ue("alice");
    let contact = format!("{};rinstance=abc;ob", alice.contact());
    lab.relayed(&alice, &alice.register(600).set("Contact", &format!("<{contact}>")));
    let port = alice.local().port().to_string();
    let columns = "domain, aor, host, port, received, received_port, received_proto, rinstance, \
                   reg_state";
    let wanted =
        ["location", &contact, "127.0.0.1", &port, "127.0.0.1", &port, "1", "abc", pending(mix)];
    lab.host.sqlite().wait_contacts(columns, &[&wanted]);
    let left: i64 = lab.host.sqlite().contacts(&left())[0][0].parse().unwrap();
    assert!((26..=31).contains(&left), "{left}");
}

fn u_16_a_registered_contact_is_stored_with_routes_and_identities(mix: Mix) {
    let lab = stored(mix);
    let alice = lab.ue("alice");
    let more = "<sip:second@127.0.0.1;lr>";
    let done = lab.exchange(&alice, &alice.register(600), |ok| ok.add("Service-Route", more));
    assert_eq!(done.saved(), 1);
    let routes = format!("{}{more}", lab.core.service_route());
    let ids = identities("alice").replace(", ", "");
    lab.host
        .sqlite()
        .wait_contacts("reg_state, service_routes, public_ids", &[&["2", &routes, &ids]]);
    // What registers again is the same row.
    lab.register(&alice);
    let routes = lab.core.service_route();
    lab.host.sqlite().wait_contacts("reg_state, service_routes", &[&["2", &routes]]);
}

fn u_17_the_row_goes_with_the_contact(mix: Mix) {
    let lab = stored(mix);
    let (alice, bob) = (lab.ue("alice"), lab.ue("bob"));
    lab.register(&alice);
    lab.register(&bob);
    lab.host.sqlite().wait_count(2);
    lab.leave(&alice);
    lab.host.sqlite().wait_contacts("aor", &[&[&bob.contact()]]);
}

fn u_18_contacts_survive_a_restart(mix: Mix) {
    let mut lab = stored(mix);
    let (alice, bob) = (lab.ue("alice"), lab.ue("bob"));
    lab.register(&alice);
    lab.relayed(&bob, &bob.register(600));
    lab.host.sqlite().wait_count(2);
    lab.host.restart();
    // The first worker reads them while others serve.
    until("two contacts", PATIENCE, || (lab.count() == 2).then_some(()));
    assert!(alice.is_registered());
    assert!(!bob.is_registered());
    lab.register(&alice);
    assert_eq!(lab.count(), 2);
    lab.leave(&alice);
    assert_eq!(lab.count(), 1);
    lab.host.sqlite().wait_contacts("aor", &[&[&bob.contact()]]);
}

/// What the core learns of `ue` from the variables.
pub(crate) fn values(ue: &Ue) -> (i32, String) {
    let reply = ue.ask(&ue.calling("is_registered").add("X-Values", "1"));
    (rc(&reply), reply.header("X-Asserted").to_owned())
}

fn u_18_a_restart_restores_what_was_stored(mix: Mix) {
    let mut lab = stored(mix);
    let alice = lab.ue("alice");
    let offer = "ipsec-3gpp;alg=hmac-md5-96;ealg=null;prot=esp;mod=trans;spi-c=11;spi-s=4000000000;\
                 port-c=22413;port-s=22414";
    let register = || alice.register(600).add("Security-Client", offer);
    lab.exchange(&alice, &register(), |ok| ok);
    let columns = "aor, host, port, received, received_port, reg_state, service_routes, \
                   public_ids, t_security_type, t_protocol, t_mode, t_port_uc, t_spi_uc, t_spi_us";
    until("a registered row", PATIENCE, || {
        (lab.host.sqlite().contacts("reg_state") == [["2"]]).then_some(())
    });
    let before = lab.host.sqlite().contacts(columns);
    assert_eq!(before[0][8..13], ["1", "esp", "trans", "22413", "11"], "{before:?}");
    lab.host.restart();
    assert_eq!(lab.count(), 1);
    assert_eq!(values(&alice), (1, alice.identity()));
    let forced = alice.ask(&alice.calling("force"));
    assert!(lab.core.service_route().contains(forced.header("X-Du")), "{forced:?}");
    // Written again, nothing has changed.
    lab.exchange(&alice, &register(), |ok| ok);
    sleep(Duration::from_millis(500));
    assert_eq!(lab.host.sqlite().contacts(columns), before);
    // Time goes on where it was.
    let left: i64 = lab.host.sqlite().contacts(&left())[0][0].parse().unwrap();
    assert!((590..=601).contains(&left), "{left}");
}

/// Users of one telephone, one after the other; the row of who came first may be that of the newest contact.
fn who_registered_last_at_a_place_is_found_there_after_a_restart(mix: Mix) {
    // What is written at a stop is written in the order in which it came.
    for (mode, users, pause) in [
        (1, &["alice", "bob", "carol", "bob"][..], 1100),
        (2, &["carol", "alice", "dave", "bob"], 0),
    ] {
        let plan = Plan::new(mix).stored(Storage::Own, mode).usrloc("db_flush_interval", 3600);
        let plan = plan.usrloc("match_contact_host_port", 0);
        let mut lab = plan.registrar("is_registered_fallback2ip", 2).start();
        let place = lab.ue("place");
        for user in users {
            let own = |text: String| text.replace("place@", &format!("{user}@"));
            let draft = place.register(600).set("To", &own(format!("<{}>", place.identity())));
            let draft = draft.set("Contact", &own(format!("<{}>", place.contact())));
            assert_eq!(lab.exchange(&place, &draft, |ok| ok).saved(), 1);
            sleep(Duration::from_millis(pause));
        }
        let whose = || {
            let ask = place.calling("is_registered").without("Contact");
            let reply = place.ask(&ask.add("X-Values", "1"));
            (rc(&reply), reply.header("X-Asserted").to_owned())
        };
        let bob = (1, "sip:bob@ims.test".to_owned());
        assert_eq!(whose(), bob);
        let count = lab.count();
        lab.host.restart();
        assert_eq!((whose(), lab.count()), (bob, count), "{mode}");
    }
}

fn unregister(ue: &Ue) -> i32 {
    let call = ue
        .calling("unregister")
        .add("X-Aor", &ue.contact())
        .add("X-Host", &ue.local().ip().to_string())
        .add("X-Port", &ue.local().port().to_string());
    rc(&ue.ask(&call))
}

fn u_18_an_end_after_a_restart_is_published(mix: Mix) {
    let mut lab = Plan::new(mix).subscribing().stored(Storage::Own, 1).start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    lab.subscribed();
    lab.host.sqlite().wait_count(1);
    lab.host.restart();
    assert_eq!(unregister(&alice), 1);
    let told = lab.core.incoming("PUBLISH");
    assert!(told.body.contains("terminated"), "{told:?}");
}

fn u_19_a_registration_that_is_ended_is_stored_as_such(mix: Mix) {
    let lab = stored(mix);
    let alice = lab.ue("alice");
    lab.register(&alice);
    lab.host.sqlite().wait_contacts("reg_state", &[&["2"]]);
    assert_eq!(unregister(&alice), 1);
    lab.host.sqlite().wait_contacts("reg_state", &[&["32"]]);
    assert!(!alice.is_registered());
}

fn u_20_two_sources_of_one_contact_have_a_row_each(mix: Mix) {
    let lab = stored(mix);
    let (first, second) = (lab.ue("alice"), lab.ue("alice"));
    // The same Contact from two ports: behind a NAT that has changed its mind.
    let contact = format!("<sip:alice@127.0.0.1:{}>", second.local().port() ^ 1);
    for ue in [&first, &second] {
        let done = lab.exchange(ue, &ue.register(600).set("Contact", &contact), |ok| ok);
        assert_eq!((done.pending(), done.saved()), (1, 1));
    }
    let (one, two) = (first.local().port().to_string(), second.local().port().to_string());
    let columns = "received_port, reg_state";
    lab.host.sqlite().wait_contacts(columns, &[&[&one, "2"], &[&two, "2"]]);
    let gone = format!("{contact};expires=0");
    let bye = first.register(0).set("Contact", &contact);
    lab.exchange(&first, &bye, |ok| ok.set("Contact", &gone));
    lab.host.sqlite().wait_contacts(columns, &[&[&two, "2"]]);
    assert_eq!(lab.count(), 1);
}

fn away(lab: &Lab) {
    lab.host.sqlite().execute("ALTER TABLE location RENAME TO away");
}

fn back(lab: &Lab) {
    lab.host.sqlite().execute("ALTER TABLE away RENAME TO location");
}

fn u_21_without_a_table_clients_are_served(mix: Mix) {
    let mut lab = stored(mix);
    let (alice, bob) = (lab.ue("alice"), lab.ue("bob"));
    lab.register(&alice);
    lab.host.sqlite().wait_contacts("reg_state", &[&["2"]]);
    away(&lab);
    // Insert, update.
    lab.register(&bob);
    assert!(bob.is_registered());
    lab.register(&alice);
    assert!(alice.is_registered());
    lab.host.assert_alive();
}

fn u_21_what_could_not_be_written_is_written_later(mix: Mix) {
    let mut lab = Plan::new(mix).stored(Storage::Own, 1).aging(60).start();
    let (alice, bob, carol) = (lab.ue("alice"), lab.ue("bob"), lab.ue("carol"));
    lab.register(&alice);
    lab.register(&carol);
    lab.host.sqlite().wait_contacts("reg_state", &[&["2"], &["2"]]);
    away(&lab);
    lab.register(&bob);
    lab.exchange(&alice, &alice.register(600), |ok| ok.set("Service-Route", "<sip:new@h;lr>"));
    lab.leave(&carol);
    // Gone at once, and for good: nothing of it comes back with the table.
    assert_eq!((lab.count(), carol.is_registered()), (2, false));
    assert!(lab.statistic("ims_usrloc_pcscf", "db_write_errors") > 0);
    back(&lab);
    let columns = "aor, reg_state, service_routes";
    let (route, limit) = (lab.core.service_route(), Duration::from_secs(30));
    let mut wanted = vec![
        vec![alice.contact(), "2".to_owned(), "<sip:new@h;lr>".to_owned()],
        vec![bob.contact(), "2".to_owned(), route],
    ];
    wanted.sort();
    until("rows that follow memory", limit, || {
        let mut rows = lab.host.sqlite().contacts(columns);
        rows.sort();
        (rows == wanted).then_some(())
    });
    until("no rows to write", limit, || {
        (lab.statistic("ims_usrloc_pcscf", "db_rows_pending") == 0).then_some(())
    });
    assert_eq!(lab.count(), 2);
    lab.host.assert_alive();
}

fn u_22_a_host_without_its_database_does_not_start(mix: Mix) {
    // Nobody listens there.
    let url = "mysql://kamailio:kamailiorw@127.0.0.1:1/none".to_owned();
    for mode in [1, 3] {
        let plan = Plan::new(mix).stored(Storage::At(url.clone()), mode);
        let log = plan.refused();
        assert!(log.contains("ERROR") || log.contains("CRITICAL"), "{log}");
        assert!(!log.contains("ended by signal"), "{log}");
    }
}

/// The tables with the columns of 6.0, under the name that the route uses.
fn newer(dialect: Dialect) -> String {
    let folder = match dialect {
        Dialect::Sqlite => "sqlite",
        Dialect::Mysql => "mysql",
        Dialect::Postgres => "postgres",
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../db").join(folder);
    let text = fs::read_to_string(path.join("ims_usrloc_pcscf.sql")).unwrap();
    schema(dialect) + &text.replace("pcscf_location", "location")
}

/// Registers, restarts and asks, on a database with tables of one kind.
fn serves(lab: &mut Lab, database: &dyn Database) {
    let (alice, bob) = (lab.ue("alice"), lab.ue("bob"));
    lab.register(&alice);
    lab.register(&bob);
    until("two registered rows", PATIENCE, || {
        let rows = database.query("SELECT reg_state FROM location");
        (rows == [["2"], ["2"]]).then_some(())
    });
    lab.host.restart();
    until("both", PATIENCE, || (lab.count() == 2).then_some(()));
    assert!(alice.is_registered() && bob.is_registered());
    lab.leave(&alice);
    until("one row", PATIENCE, || {
        let rows = database.query("SELECT aor FROM location");
        (rows == [[bob.contact()]]).then_some(())
    });
}

fn u_29_both_schemas_serve(mix: Mix) {
    for made in [|| tables(Dialect::Sqlite), || newer(Dialect::Sqlite)] {
        let mut lab = stored_in(mix, made);
        let database = lab.host.sqlite();
        serves(&mut lab, &database);
    }
}

fn u_29_both_schemas_serve_on_every_database(mix: Mix) {
    for made in [tables, newer] {
        let database = servers::mariadb().with(&made(Dialect::Mysql));
        let mut lab = Plan::new(mix).stored(Storage::At(database.url()), 1).start();
        serves(&mut lab, &database);
        let database = servers::postgres().with(&made(Dialect::Postgres));
        let mut lab = Plan::new(mix).stored(Storage::At(database.url()), 1).start();
        serves(&mut lab, &database);
    }
}

fn u_30_a_registration_again_in_the_same_second_makes_no_other_row(mix: Mix) {
    let database = servers::mariadb().with(&tables(Dialect::Mysql));
    let lab = Plan::new(mix).stored(Storage::At(database.url()), 1).start();
    let alice = lab.ue("alice");
    for _ in 0..20 {
        lab.register(&alice);
    }
    sleep(Duration::from_millis(500));
    assert_eq!(database.query("SELECT reg_state FROM location"), [["2"]]);
}

fn behind(mix: Mix, interval: i32) -> Lab {
    Plan::new(mix).stored(Storage::Own, 2).usrloc("db_flush_interval", interval).start()
}

fn registered(lab: &Lab, users: usize) -> Vec<Ue> {
    let ues: Vec<_> = (0..users).map(|number| lab.ue(&format!("u{number}"))).collect();
    for ue in &ues {
        lab.register(ue);
    }
    ues
}

fn mode_2_writes_in_bulk_and_loses_nothing_at_a_stop(mix: Mix) {
    let mut lab = behind(mix, 3600);
    let ues = registered(&lab, 40);
    assert!(lab.host.sqlite().contacts("id").is_empty());
    for ue in &ues[..10] {
        lab.leave(ue);
    }
    let ended = lab.host.stop_within(Duration::from_secs(20));
    assert!(ended.is_some_and(|status| status.success()), "{}", lab.host.journal().tail(20));
    assert_eq!(lab.host.sqlite().contacts("reg_state"), vec![["2"]; 30]);
    lab.host.again();
    assert_eq!(lab.count(), 30);
    assert!(ues[10..].iter().all(Ue::is_registered));
    lab.leave(&ues[10]);
    lab.host.stop_within(Duration::from_secs(20));
    assert_eq!(lab.host.sqlite().contacts("id").len(), 29);
}

fn mode_2_loses_at_most_one_interval_at_a_kill(mix: Mix) {
    let mut lab = behind(mix, 1);
    let ues = registered(&lab, 20);
    // One interval, and what a busy machine takes.
    until("written rows", Duration::from_secs(6), || {
        (lab.host.sqlite().contacts("reg_state") == vec![["2"]; 20]).then_some(())
    });
    lab.host.kill9();
    lab.host.again();
    assert!(ues.iter().all(Ue::is_registered));
}

fn mode_2_a_row_becomes_that_of_the_contact_that_comes_after(mix: Mix) {
    let mut lab = behind(mix, 3600);
    let alice = lab.ue("alice");
    let by_way_of = |path: &str| alice.register(600).set("Path", path);
    lab.exchange(&alice, &by_way_of("<sip:one.example;lr>"), |ok| ok);
    lab.host.restart();
    let sqlite = lab.host.sqlite();
    let first = sqlite.contacts("id");
    // As an old server may have left it.
    sqlite.execute(
        "UPDATE location SET received_proto=2, rinstance='r', path='<sip:old>', \
         rx_session_id='a;b;c', socket='device:00000000000000ab'",
    );
    lab.leave(&alice);
    lab.exchange(&alice, &by_way_of("<sip:two.example;lr>"), |ok| ok);
    lab.host.restart();
    assert_eq!(sqlite.contacts("id"), first);
    let path = if mix.registrar() == Flavor::C { "" } else { "<sip:two.example;lr>" };
    let columns = "received_proto, coalesce(rinstance, ''), coalesce(path, ''), \
                   coalesce(rx_session_id, ''), coalesce(socket, ''), reg_state";
    assert_eq!(sqlite.contacts(columns), [["1", "", path, "", "", "2"]]);
    assert!(alice.is_registered());
}

fn mode_1_loses_nothing_at_a_kill(mix: Mix) {
    let mut lab = stored(mix);
    let ues = registered(&lab, 20);
    lab.host.kill9();
    lab.host.again();
    assert!(ues.iter().all(Ue::is_registered));
    assert_eq!(lab.host.sqlite().contacts("reg_state"), vec![["2"]; 20]);
}

fn an_unknown_mode_is_a_warning_or_a_refusal(mix: Mix) {
    let mut lab = Plan::new(mix).stored(Storage::Own, 9).start();
    let told = lab.host.journal().text();
    assert!(told.lines().any(|line| line.contains("db_mode") && line.contains('9')), "{told}");
    let alice = lab.ue("alice");
    lab.register(&alice);
    assert!(alice.is_registered());
    lab.host.assert_alive();
}

fn an_sqlite_file_is_written_ahead_unless_told_otherwise(mix: Mix) {
    for (wal, mode) in [(1, "wal"), (0, "delete")] {
        let plan = Plan::new(mix).stored(Storage::Own, 1).usrloc("db_sqlite_wal", wal);
        let lab = plan.start();
        lab.register(&lab.ue("alice"));
        let sqlite = lab.host.sqlite();
        sqlite.wait_count(1);
        assert_eq!(sqlite.query("PRAGMA journal_mode"), [[mode]], "db_sqlite_wal {wal}");
    }
}

/// Parameter `delete_delay` and a server that ends meanwhile.
fn a_delayed_removal_is_one_after_a_restart_too(mix: Mix) {
    for mode in 1..=3 {
        let plan = Plan::new(mix).stored(Storage::Own, mode).aging(1);
        let mut lab = plan.registrar("delete_delay", 8).start();
        let (alice, bob) = (lab.ue("alice"), lab.ue("bob"));
        for ue in [&alice, &bob] {
            lab.register(ue);
            assert_eq!(lab.leave(ue).saved(), 1);
        }
        lab.host.restart();
        assert!(!alice.is_registered() && !bob.is_registered(), "mode {mode}");
        lab.register(&alice);
        assert!(alice.is_registered(), "mode {mode}");
        // In mode 3 the row of a contact that nobody asks for waits until rows of others are cleared.
        if mode < 3 {
            let database = lab.host.sqlite();
            until("the row to go", Duration::from_secs(30), || {
                let left = database.query("SELECT aor FROM location");
                (left == [[alice.contact()]]).then_some(())
            });
        }
        assert!(alice.is_registered(), "mode {mode}");
        assert!(!bob.is_registered(), "mode {mode}");
    }
}
