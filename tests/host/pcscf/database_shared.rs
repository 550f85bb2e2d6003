//! Mode 3: the table is the store, and other nodes write to it too. Rows of every kind come back.

use crate::{
    database::values,
    rows::{Contacts as _, Foreign, in_sqlite},
};
use host_tests::{
    database::{Database, Dialect},
    mariadb::MariaDb,
    mixed,
    pcscf::{Lab, Mix, Plan, tables::tables},
    setup::Storage,
    wait::PATIENCE,
};
use std::{array, thread::sleep, time::Duration};

mixed! {
    usrloc:
        u_23_a_contact_is_fetched_when_it_is_asked_for,
        u_24_rows_that_make_no_sense_are_passed_over,
        u_25_a_pending_row_is_no_registration,
        u_26_a_garbled_list_of_identities_is_read,
        u_27_an_expired_row_goes_and_is_told,
        a_new_contact_is_asked_for_once;
    ours:
        a_known_contact_that_registers_again_is_not_asked_for,
        a_contact_that_ended_elsewhere_begins_anew,
        u_28_rows_that_others_left_behind_are_cleared_up,
        u_28_a_grace_below_its_bound_leaves_the_rows_of_others_alone;
}

fn shared(mix: Mix) -> Plan {
    Plan::new(mix).stored(Storage::Own, 3)
}

fn u_23_a_contact_is_fetched_when_it_is_asked_for(mix: Mix) {
    let mut lab = shared(mix).start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    lab.host.sqlite().wait_contacts("reg_state", &[&["2"]]);
    lab.host.restart();
    assert_eq!(lab.count(), 0);
    assert_eq!(values(&alice), (1, alice.identity()));
    assert_eq!(lab.count(), 1);
    // And one that another node registered.
    let bob = lab.ue("bob");
    assert!(!bob.is_registered());
    Foreign::of(&bob).insert(&lab.host.sqlite());
    assert_eq!(values(&bob), (1, bob.identity()));
    assert_eq!(lab.count(), 2);
    lab.leave(&bob);
    lab.host.sqlite().wait_contacts("aor", &[&[&alice.contact()]]);
}

/// SELECTs, INSERTs and UPDATEs that the server of `database` has carried out during `work`.
fn counted(database: &impl Database, work: impl FnOnce()) -> [u64; 3] {
    let said = |what: &str| -> u64 {
        database.query(&format!("SHOW GLOBAL STATUS LIKE '{what}'"))[0][1].parse().unwrap()
    };
    let kinds = ["Com_select", "Com_insert", "Com_update"];
    let before = kinds.map(said);
    work();
    let after = kinds.map(said);
    array::from_fn(|kind| after[kind] - before[kind])
}

/// The tables are looked at by each process, once.
fn warm_up(lab: &Lab) {
    for number in 0..20 {
        lab.register(&lab.ue(&format!("early{number}")));
    }
}

fn a_new_contact_is_asked_for_once(mix: Mix) {
    // Its own: the server counts for all.
    let server = MariaDb::start();
    let database = server.with(&tables(Dialect::Mysql));
    let lab = Plan::new(mix).stored(Storage::At(database.url()), 3).start();
    warm_up(&lab);
    let said = counted(&database, || {
        lab.register(&lab.ue("alice"));
        // With a quote in it the driver writes the row.
        lab.register(&lab.ue("o'brien"));
    });
    assert_eq!(said, [2, 2, 2]);
    assert_eq!(database.contacts("id").len(), 22);
}

fn a_known_contact_that_registers_again_is_not_asked_for(mix: Mix) {
    let server = MariaDb::start();
    let database = server.with(&tables(Dialect::Mysql));
    let url = Storage::At(database.url());
    let lab = Plan::new(mix).stored(url, 3).usrloc("db_refresh", 1).start();
    warm_up(&lab);
    let (alice, bob) = (lab.ue("alice"), lab.ue("bob"));
    lab.register(&alice);
    lab.register(&bob);
    // What another server stores of its own stays.
    database.execute("UPDATE location SET rx_session_id='its;own;session'");
    sleep(Duration::from_secs(2));
    let said = counted(&database, || {
        lab.register(&alice);
        lab.register(&bob);
    });
    assert_eq!(said, [0, 0, 2]);
    let sessions = database.contacts("rx_session_id");
    assert_eq!(sessions, vec![["its;own;session"]; 22]);
    // Where something stays of what is known, it is looked at: an answer without routes.
    sleep(Duration::from_secs(2));
    let routeless = counted(&database, || {
        lab.exchange(&alice, &alice.register(600), |ok| ok.without("Service-Route"));
    });
    assert_eq!(routeless, [1, 0, 1]);
    // And who ends it ends what the others know.
    database.execute("UPDATE location SET public_ids='<sip:carol@ims.example.org>'");
    sleep(Duration::from_secs(2));
    let ended = counted(&database, || drop(lab.leave(&bob)));
    assert_eq!(ended, [1, 0, 0]);
}

fn a_contact_that_ended_elsewhere_begins_anew(mix: Mix) {
    let lab = shared(mix).usrloc("db_refresh", 1).start();
    let (alice, sqlite) = (lab.ue("alice"), lab.host.sqlite());
    let by_way_of = |path: &str| alice.register(600).set("Path", path);
    let path = || sqlite.contacts("path, reg_state");
    lab.exchange(&alice, &by_way_of("<sip:one.example;lr>"), |ok| ok);
    for way in ["<sip:one.example;lr>", "<sip:two.example;lr>"] {
        sqlite.execute("DELETE FROM location");
        sleep(Duration::from_secs(2));
        lab.exchange(&alice, &by_way_of(way), |ok| ok);
        assert_eq!(path(), [[way, "2"]]);
    }
    // And what the telephone asks for to protect its signalling is that of its new registration.
    sqlite.execute("DELETE FROM location");
    sleep(Duration::from_secs(2));
    let client = "ipsec-3gpp; alg=hmac-sha-1-96; spi-c=11; spi-s=12; port-c=5011; port-s=5012";
    let register = by_way_of("<sip:two.example;lr>").set("Security-Client", client);
    let relayed = lab.relayed(&alice, &register);
    assert_eq!(sqlite.contacts("reg_state, t_spi_uc, t_port_us"), [["4", "11", "5012"]]);
    lab.core.send_to(&lab.core.ok(&relayed), lab.host.address());
    assert_eq!(alice.final_reply(&register).status(), 200);
    assert_eq!(sqlite.contacts("reg_state"), [["2"]]);
}

fn u_24_rows_that_make_no_sense_are_passed_over(mix: Mix) {
    let long = format!("'{}'", "x".repeat(3000));
    let cases: &[(&'static str, &str)] = &[
        ("expires", "NULL"),
        ("expires", "'no date'"),
        ("expires", "-5.0"),
        ("host", "''"),
        ("host", &long),
        ("rx_session_id", "'p;1;2'"),
        ("rx_session_id", &long),
        ("reg_state", "NULL"),
        ("reg_state", "77"),
        ("reg_state", "-2"),
        ("port", "-1"),
        ("port", "99999999"),
        ("received", "NULL"),
        ("received", "''"),
        ("received_port", "NULL"),
        ("received_port", "70000"),
        ("received_proto", "NULL"),
        ("protocol", "NULL"),
        ("protocol", "'esp'"),
        ("aor", "''"),
        ("aor", "'<foo>'"),
        ("aor", "'sip:'"),
        ("aor", &long),
        ("service_routes", "'<<>><'"),
        ("service_routes", &long),
        ("public_ids", "'>>><'"),
        ("public_ids", "''"),
        ("security_type", "1"),
        ("security_type", "-9"),
        ("t_security_type", "1"),
        ("spi_pc", "-1"),
        ("t_port_pc", "123456789"),
    ];
    for mode in [1, 3] {
        let mut lab = Plan::new(mix).stored(Storage::Own, mode).start();
        let ues: Vec<_> = (0..cases.len()).map(|n| lab.ue(&format!("u{n}"))).collect();
        for (ue, (column, value)) in ues.iter().zip(cases) {
            Foreign::of(ue).with(column, value).insert(&lab.host.sqlite());
        }
        if mode == 1 {
            lab.host.restart();
        }
        for (ue, case) in ues.iter().zip(cases) {
            let known = ue.returned("is_registered");
            assert!([1, -1].contains(&known), "{case:?}: {known}");
            ue.returned("force");
        }
        lab.host.assert_alive();
        // Whoever has such a row registers as everybody does.
        for ue in &ues {
            let done = lab.exchange(ue, &ue.register(600), |ok| ok);
            assert_eq!(done.pending(), 1, "{done:?}");
        }
        lab.host.assert_alive();
        lab.host.restart();
        lab.host.assert_alive();
    }
}

fn u_25_a_pending_row_is_no_registration(mix: Mix) {
    let lab = shared(mix).start();
    for (user, state) in [("alice", "4"), ("bob", "32"), ("carol", "0")] {
        let ue = lab.ue(user);
        Foreign::of(&ue).with("reg_state", state).insert(&lab.host.sqlite());
        assert_eq!(ue.returned("is_registered"), -1, "state {state}");
    }
}

fn u_26_a_garbled_list_of_identities_is_read(mix: Mix) {
    let lab = shared(mix).start();
    for (user, list) in [("alice", "'<<<a>b>'"), ("bob", "'<a><b'"), ("carol", "'a'")] {
        let ue = lab.ue(user);
        Foreign::of(&ue).with("public_ids", list).insert(&lab.host.sqlite());
        let (known, identity) = values(&ue);
        assert_eq!(known, 1, "{list}");
        if user != "carol" {
            assert_eq!(identity, "a", "{list}");
        }
    }
}

fn u_27_an_expired_row_goes_and_is_told(mix: Mix) {
    let lab = shared(mix).aging(1).subscribing().start();
    let alice = lab.ue("alice");
    let short = format!("<{}>;expires=2", alice.contact());
    lab.exchange(&alice, &alice.register(600), |ok| ok.set("Contact", &short));
    lab.subscribed();
    lab.host.sqlite().wait_contacts("reg_state", &[&["2"]]);
    let told = lab.core.incoming("PUBLISH");
    assert!(told.body.contains("terminated"), "{told:?}");
    lab.host.sqlite().wait_count(0);
    lab.wait_count(0, PATIENCE);
}

fn u_28_rows_that_others_left_behind_are_cleared_up(mix: Mix) {
    let plan = shared(mix)
        .aging(1)
        .subscribing()
        .usrloc("audit_expired_pcontacts_timeout", 2)
        .usrloc("audit_expired_pcontacts_interval", 1);
    let lab = plan.start();
    let (alice, bob) = (lab.ue("alice"), lab.ue("bob"));
    Foreign::of(&alice).with("expires", &in_sqlite(-60)).insert(&lab.host.sqlite());
    Foreign::of(&bob).insert(&lab.host.sqlite());
    let told = lab.core.incoming("PUBLISH");
    assert!(told.body.contains("alice") && told.body.contains("terminated"), "{told:?}");
    lab.host.sqlite().wait_contacts("aor", &[&[&bob.contact()]]);
    lab.core.hears_no("PUBLISH");
}

fn u_28_a_grace_below_its_bound_leaves_the_rows_of_others_alone(mix: Mix) {
    let plan = shared(mix).aging(-1000).usrloc("audit_expired_pcontacts_interval", 1);
    let lab = plan.start();
    Foreign::of(&lab.ue("alice")).insert(&lab.host.sqlite());
    sleep(Duration::from_secs(4));
    assert_eq!(lab.count(), 0);
}
