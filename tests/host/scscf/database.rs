//! What outlives a restart.

use crate::watching::watched;
use host_tests::{
    database::{Database, Dialect, schema},
    install::install,
    mixed,
    scscf::{
        Lab, Mix, Plan, Ue, private, set, subscriber,
        tables::{Registrations as _, newer_tables, tables},
    },
    servers,
    setup::Storage,
    wait::{PATIENCE, until},
};

mixed! {
    usrloc:
        u_19_a_registration_survives_a_restart_on_sqlite,
        u_19_a_registration_survives_a_restart_on_mariadb,
        u_19_a_registration_survives_a_restart_on_postgres,
        u_19_the_rows_go_with_the_registration,
        u_19_a_notify_goes_on_where_the_last_one_was,
        u_20_rows_that_say_nothing_are_left_alone,
        u_20_a_time_that_a_driver_cannot_read_costs_one_row,
        u_21_a_quote_in_a_contact_is_stored,
        u_22_both_names_of_the_table_of_watchers_serve,
        u_22_the_tables_that_come_with_kamailio_serve,
        u_22_a_database_without_the_tables_is_refused_with_what_to_do,
        u_23_rows_of_the_c_pair_are_read,
        u_23_the_c_pair_reads_our_rows,
        u_24_an_empty_table_of_identities_costs_no_contacts;
}

/// An S-CSCF that stores its registrations in a file of its own.
pub(crate) fn plan(mix: Mix, mode: i32) -> Plan {
    Plan::new(mix).exact().usrloc("db_mode", mode).with(|mut setup| {
        setup.tables = || tables(Dialect::Sqlite);
        setup.storage(Storage::Own)
    })
}

/// An S-CSCF that stores its registrations there.
pub(crate) fn plan_at(mix: Mix, database: &dyn Database) -> Plan {
    let url = database.url();
    plan(mix, 1).with(|setup| setup.storage(Storage::At(url)))
}

pub(crate) fn restart(lab: &mut Lab) {
    lab.host.restart();
    lab.connected();
}

/// Has the HSS name charging functions for bob: primary and secondary, offline and online.
fn charge(lab: &Lab) {
    let mut bob = subscriber("sip:bob@ims.test");
    bob.charging =
        Some(["ccf1", "ccf2", "ecf1", "ecf2"].map(|name| format!("aaa://{name}.ims.test")));
    lab.hss.add(bob);
}

/// Waits until somebody called `user` cannot be reached: the C registrar answers first.
pub(crate) fn gone(lab: &Lab, asking: &Ue, user: &str) {
    until("the end of a contact", PATIENCE, || (!lab.finds(asking, user)).then_some(()));
}

fn survives(mut lab: Lab, database: &dyn Database) {
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    charge(&lab);
    let path = "<sip:term@pcscf.ims.test;lr>";
    let contact = format!("<{}>;+sip.instance=\"<urn:uuid:7>\";q=0.5;video", bob.contact());
    let register = bob.register(600).set("Contact", &contact).add("Path", path);
    let reply = bob.ask(&register.add("Supported", "path"));
    assert_eq!(reply.status(), 200, "{reply:?}");
    lab.register(&carol, 600);
    let before = lab.record(&bob.identity()).unwrap();
    let [own, number, _] = set("bob");
    database.wait_count("impu", 6);
    assert_eq!(database.contacts_of(&own), [bob.contact()]);
    assert_eq!(database.contacts_of(&number), [bob.contact()]);
    restart(&mut lab);
    let after = lab.record(&bob.identity()).unwrap();
    assert_eq!((&after.state, &after.charging), (&before.state, &before.charging));
    assert_eq!((&after.private, &after.set), (&before.private, &before.set));
    assert_eq!(lab.contacts(&number), [bob.contact()]);
    let found = lab.looked_up(&carol, &own).unwrap();
    assert_eq!(found.find("X-Ru"), Some(bob.contact().as_str()));
    assert_eq!(found.find("X-Du").map(|uri| uri.contains("pcscf.ims.test")), Some(true));
    assert!(lab.finds(&bob, "carol"));
    // The telephone registers again: it is the same contact.
    lab.register(&bob, 600);
    assert_eq!(lab.contacts(&own), [bob.contact()]);
    lab.leave(&bob);
    gone(&lab, &carol, "bob");
    database.wait_count("impu", 3);
    database.wait_count("contact", 1);
    lab.host.assert_alive();
}

fn u_19_a_registration_survives_a_restart_on_sqlite(mix: Mix) {
    let lab = plan(mix, 1).start();
    let database = lab.host.sqlite();
    survives(lab, &database);
}

fn u_19_a_registration_survives_a_restart_on_mariadb(mix: Mix) {
    let database = servers::mariadb().with(&tables(Dialect::Mysql));
    survives(plan_at(mix, &database).start(), &database);
}

fn u_19_a_registration_survives_a_restart_on_postgres(mix: Mix) {
    let database = servers::postgres().with(&tables(Dialect::Postgres));
    survives(plan_at(mix, &database).start(), &database);
}

fn u_19_the_rows_go_with_the_registration(mix: Mix) {
    let lab = plan(mix, 1).start();
    let (database, bob, watcher) = (lab.host.sqlite(), lab.ue("bob"), lab.ue("watcher"));
    lab.register(&bob, 600);
    watched(&lab, &watcher, &bob, 2);
    for (table, rows) in [
        ("impu", 3),
        ("contact", 1),
        ("impu_contact", 3),
        ("subscriber", 1),
        ("impu_subscriber", 1),
    ] {
        database.wait_count(table, rows);
    }
    lab.leave(&bob);
    for table in ["impu", "contact", "impu_contact", "subscriber", "impu_subscriber"] {
        database.wait_count(table, 0);
    }
    lab.wait_empty();
}

/// The number of the document in a NOTIFY.
fn version(body: &str) -> u32 {
    let (_, reginfo) = body.split_once("<reginfo").unwrap_or_else(|| panic!("{body}"));
    let (_, rest) = reginfo.split_once("version=\"").unwrap_or_else(|| panic!("{body}"));
    rest.split('"').next().unwrap_or_default().parse().unwrap()
}

fn u_19_a_notify_goes_on_where_the_last_one_was(mix: Mix) {
    let mut lab = plan(mix, 1).start();
    let (bob, watcher) = (lab.ue("bob"), lab.ue("watcher"));
    lab.register(&bob, 600);
    let first = watched(&lab, &watcher, &bob, 600);
    watcher.notifies();
    lab.host.sqlite().wait_count("impu_subscriber", 1);
    let stored = lab.host.sqlite().query("SELECT version, local_cseq FROM subscriber");
    restart(&mut lab);
    lab.hss.terminate(&private("bob"), &[&bob.identity()], 0);
    let next = watcher.notified("reg");
    assert!(version(&next.body) > version(&first.body), "{first:?}{next:?} {stored:?}");
    let cseq = |notify: &host_tests::Message| {
        notify.find("CSeq").and_then(|cseq| cseq.split(' ').next()?.parse::<u32>().ok()).unwrap()
    };
    assert!(cseq(&next) > cseq(&first), "{first:?}{next:?}");
    assert_eq!(next.find("Call-ID"), first.find("Call-ID"));
}

fn u_20_rows_that_say_nothing_are_left_alone(mix: Mix) {
    let mut lab = plan(mix, 1).start();
    let users = ["bob", "carol", "dave", "erin"].map(|user| lab.ue(user));
    users.iter().for_each(|ue| drop(lab.register(ue, 600)));
    let database = lab.host.sqlite();
    database.wait_count("impu", 12);
    lab.host.stop();
    let set = |what: &str, user: &str| {
        let impu = &set(user)[0];
        database.execute(&format!("UPDATE impu SET {what} WHERE impu = '{impu}'"));
    };
    set("ims_subscription_data = NULL", "bob");
    set("ims_subscription_data = substr(ims_subscription_data, 1, 40)", "carol");
    set("reg_state = 7", "dave");
    lab.host.again();
    lab.connected();
    let known = users.each_ref().map(|ue| lab.record(&ue.identity()).is_some());
    assert_eq!(known, [false, false, false, true], "{}", lab.host.journal().tail(20));
    let log = lab.host.journal().text();
    for why in ["ims_subscription_data is NULL", "the profile ends at byte", "reg_state is 7"] {
        assert!(log.contains(why), "{why}: {log}");
    }
    // Whoever comes again is stored again.
    lab.register(&users[1], 600);
    restart(&mut lab);
    assert!(lab.finds(&users[3], "carol"));
}

/// A contact with that time, and a watcher.
fn passed_over(mix: Mix, database: &dyn Database, time: &str) {
    let mut lab = plan_at(mix, database).start();
    let (bob, carol, watcher) = (lab.ue("bob"), lab.ue("carol"), lab.ue("watcher"));
    lab.register(&bob, 600);
    lab.register(&carol, 600);
    watched(&lab, &watcher, &bob, 600);
    // The C registrar answers first.
    database.wait_count("impu_subscriber", 1);
    lab.host.stop();
    let carols = format!("WHERE contact = '{}'", carol.contact());
    database.execute(&format!("UPDATE contact SET expires = {time} {carols}"));
    database.execute(&format!("UPDATE subscriber SET expires = {time}"));
    lab.host.again();
    lab.connected();
    assert!(lab.finds(&watcher, "bob") && !lab.finds(&watcher, "carol"));
    let log = lab.host.journal().text();
    for table in ["contact", "subscriber"] {
        assert!(log.contains(&format!("of table {table} cannot be read")), "{table} {log}");
    }
    lab.register(&carol, 600);
    assert!(lab.finds(&watcher, "carol"));
}

fn u_20_a_time_that_a_driver_cannot_read_costs_one_row(mix: Mix) {
    let mariadb = servers::mariadb().with(&tables(Dialect::Mysql));
    passed_over(mix, &mariadb, "CAST(0 AS DATETIME)");
    let postgres = servers::postgres().with(&tables(Dialect::Postgres));
    passed_over(mix, &postgres, "'infinity'");
}

fn quoted(mut lab: Lab, database: &dyn Database) {
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    let (_, address) =
        bob.contact().split_once('@').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let uri = format!("sip:o'br%22ien;x=\\'--@{address}");
    let reply = bob.ask(&bob.register(600).set("Contact", &format!("<{uri}>")));
    assert_eq!(reply.status(), 200, "{reply:?}");
    lab.register(&carol, 600);
    let rows = database.query("SELECT contact FROM contact ORDER BY contact");
    assert!(rows.iter().flatten().any(|contact| contact.contains("o'br%22ien")), "{rows:?}");
    restart(&mut lab);
    let found = lab.looked_up(&carol, &bob.identity()).unwrap();
    assert_eq!(found.find("X-Ru"), Some(uri.as_str()));
    let log = lab.host.journal().text();
    assert!(!log.contains("SQL") && !log.contains("syntax"), "{log}");
}

fn u_21_a_quote_in_a_contact_is_stored(mix: Mix) {
    let lab = plan(mix, 1).start();
    let database = lab.host.sqlite();
    quoted(lab, &database);
    let database = servers::mariadb().with(&tables(Dialect::Mysql));
    quoted(plan_at(mix, &database).start(), &database);
    let database = servers::postgres().with(&tables(Dialect::Postgres));
    quoted(plan_at(mix, &database).start(), &database);
}

fn u_22_both_names_of_the_table_of_watchers_serve(mix: Mix) {
    for (made, table) in
        [(tables as fn(Dialect) -> String, "subscriber"), (newer_tables, "subscriber_scscf")]
    {
        let database = servers::mariadb().with(&made(Dialect::Mysql));
        let mut lab = plan_at(mix, &database).start();
        let (bob, watcher) = (lab.ue("bob"), lab.ue("watcher"));
        lab.register(&bob, 600);
        watched(&lab, &watcher, &bob, 600);
        watcher.notifies();
        database.wait_count(table, 1);
        database.wait_count("impu_subscriber", 1);
        restart(&mut lab);
        lab.hss.terminate(&private("bob"), &[&bob.identity()], 0);
        watcher.notified("reg");
    }
}

fn u_22_the_tables_that_come_with_kamailio_serve(mix: Mix) {
    let script = install().shipped("/usr/share/kamailio/mysql/ims_usrloc_scscf-create.sql");
    let database = servers::mariadb().with(&(schema(Dialect::Mysql) + &script));
    let mut lab = plan_at(mix, &database).start();
    let (bob, watcher) = (lab.ue("bob"), lab.ue("watcher"));
    let long = format!("<{}>;text=\"{}\"", bob.contact(), "x".repeat(300));
    let reply = bob.ask(&bob.register(600).set("Contact", &long));
    assert_eq!(reply.status(), 200, "{reply:?}");
    watched(&lab, &watcher, &bob, 600);
    watcher.notifies();
    // The C registrar tells first.
    database.wait_count("impu_subscriber", 1);
    let told = "params has 305 bytes, must have at most 255";
    assert!(lab.host.journal().text().contains(told), "{}", lab.host.journal().tail(20));
    restart(&mut lab);
    assert!(lab.finds(&watcher, "bob"));
    lab.hss.terminate(&private("bob"), &[&bob.identity()], 0);
    watcher.notified("reg");
}

fn u_22_a_database_without_the_tables_is_refused_with_what_to_do(mix: Mix) {
    let without = plan(mix, 1).with(|mut setup| {
        setup.tables = || schema(Dialect::Sqlite);
        setup
    });
    let log = without.refused();
    assert!(
        log.contains("there is no table impu, which db/*/ims_usrloc_scscf.sql creates"),
        "{log}"
    );
    let lacking = plan(mix, 1).with(|mut setup| {
        setup.tables = || tables(Dialect::Sqlite).replace("callid VARCHAR", "other VARCHAR");
        setup
    });
    let log = lacking.refused();
    assert!(log.contains("table contact lacks the columns callid"), "{log}");
    let older = plan(mix, 1).with(|mut setup| {
        setup.tables = || tables(Dialect::Sqlite).replace("('impu', 6)", "('impu', 5)");
        setup
    });
    let log = older.refused();
    assert!(log.contains("impu has version 5, must be 6"), "{log}");
}

/// `first` stores bob, then `second` serves him from the same database.
fn handed_over(first: Mix, second: Mix) {
    let database = servers::mariadb().with(&tables(Dialect::Mysql));
    let mut lab = plan_at(first, &database).start();
    let bob = lab.ue("bob");
    charge(&lab);
    // What the rows of C have no place for stands behind what it reads.
    lab.hss.change(&private("bob"), |it| {
        let profile = it.profile();
        let wildcard =
            "<Extension><WildcardedPSI>sip:room!.*!@ims.test</WildcardedPSI></Extension>";
        let profile = profile.replacen("</Identity>", &format!("</Identity>{wildcard}"), 1);
        it.profile = Some(profile);
    });
    let contact = format!("<{}>;+sip.instance=\"<urn:uuid:7>\";video", bob.contact());
    let reply = bob.ask(&bob.register(600).set("Contact", &contact));
    assert_eq!(reply.status(), 200, "{reply:?}");
    database.wait_count("impu_contact", 3);
    let before = lab.record(&bob.identity()).unwrap();
    lab.host.stop();
    let hss = lab.hss.clone();
    drop(lab);
    let url = database.url();
    let plan = Plan::of(second, &hss).exact().usrloc("db_mode", 1);
    let lab = plan.with(|setup| setup.storage(Storage::At(url))).start();
    let after = lab.record(&bob.identity()).unwrap();
    assert_eq!((after.state, after.barring), (before.state, before.barring));
    assert_eq!((after.private, after.set), (before.private, before.set));
    assert_eq!(lab.contacts(&bob.identity()), [bob.contact()]);
    let carol = lab.ue("carol");
    lab.register(&carol, 600);
    let found = lab.looked_up(&carol, &bob.identity()).unwrap();
    assert_eq!(found.find("X-Ru"), Some(bob.contact().as_str()));
}

fn u_23_rows_of_the_c_pair_are_read(mix: Mix) {
    handed_over(Mix::C, mix);
}

fn u_23_the_c_pair_reads_our_rows(mix: Mix) {
    handed_over(mix, Mix::C);
}

fn u_24_an_empty_table_of_identities_costs_no_contacts(mix: Mix) {
    let lab = plan(mix, 1).start();
    let (database, bob) = (lab.host.sqlite(), lab.ue("bob"));
    lab.register(&bob, 600);
    database.wait_count("contact", 1);
    let mut lab = lab;
    lab.host.kill9();
    database.execute("DELETE FROM impu");
    lab.host.again();
    lab.connected();
    assert_eq!((database.count("contact"), database.count("impu_contact")), (1, 3));
    // Whoever asks for it has them removed.
    let told = lab.host.rpc(&["ulscscf.db_audit"]).unwrap();
    assert_eq!((database.count("contact"), database.count("impu_contact")), (0, 0), "{told}");
}
