//! What becomes of rows when the database, or what is in it, is not as it should be.

use crate::rows::{Contacts, Foreign};
use host_tests::{
    database::{Database, Dialect, schema},
    install::install,
    mariadb::MariaDb,
    mixed,
    pcscf::{Lab, Mix, Plan, Ue, core::number, rc, tables::tables},
    servers,
    setup::Storage,
    sqlite::Sqlite,
    wait::{PATIENCE, until},
};
use std::time::{Duration, Instant};

mixed! {
    all:
        an_end_that_lasts_takes_the_row_out;
    usrloc:
        a_row_that_somebody_deleted_comes_back,
        a_quote_changes_nothing_else_of_a_row,
        rows_that_are_no_contacts_stay_as_they_are,
        a_contact_too_long_for_its_column_is_served_and_named,
        identities_beyond_the_column_are_left_out_from_the_end,
        whatever_has_to_be_quoted_is_stored_as_it_is,
        a_database_that_comes_back_gets_everything,
        a_database_that_goes_and_comes_is_named_once,
        a_server_that_commits_nothing_by_itself_has_each_row,
        a_database_that_stands_still_holds_nobody_up_twice,
        what_a_database_does_late_is_made_good,
        an_end_that_could_not_be_written_is_not_undone,
        who_registers_again_waits_for_no_next_try,
        a_question_in_vain_is_asked_once,
        another_mode_reads_and_does_not_write,
        a_start_without_the_table_is_refused,
        a_start_on_a_table_without_a_column_is_refused,
        a_table_without_columns_of_security_serves,
        an_empty_address_is_refused,
        more_rows_than_memory_do_not_stop_the_server,
        two_hundred_at_once_are_all_stored_on_sqlite,
        two_hundred_at_once_are_all_stored_on_mariadb,
        two_hundred_at_once_are_all_stored_on_postgres;
}

/// A P-CSCF that stores in an sqlite file of its own.
fn stored(mix: Mix, mode: i32) -> Plan {
    Plan::new(mix).stored(Storage::Own, mode)
}

/// The value of a statistic of the location store.
fn counted(lab: &Lab, name: &str) -> u64 {
    lab.statistic("ims_usrloc_pcscf", name)
}

fn an_end_that_lasts_takes_the_row_out(mix: Mix) {
    let lab = stored(mix, 1).aging(1).registrar("pending_reg_expires", 1).start();
    let alice = lab.ue("alice");
    let reply = alice.ask(&alice.register(600).add("X-Stop", "1"));
    assert_eq!(rc(&reply), 1, "{reply:?}");
    assert_eq!(lab.host.sqlite().contacts("id").len(), 1);
    lab.wait_count(0, Duration::from_secs(6));
    lab.host.sqlite().wait_count(0);
}

fn a_row_that_somebody_deleted_comes_back(mix: Mix) {
    let lab = stored(mix, 1).start();
    comes_back(&lab, &lab.host.sqlite());
    let database = servers::mariadb().with(&tables(Dialect::Mysql));
    let lab = Plan::new(mix).stored(Storage::At(database.url()), 1).start();
    comes_back(&lab, &database);
    assert_eq!(counted(&lab, "db_write_errors"), 0);
}

fn comes_back(lab: &Lab, database: &dyn Database) {
    let alice = lab.ue("alice");
    lab.register(&alice);
    database.execute("DELETE FROM location");
    lab.register(&alice);
    assert_eq!(database.contacts("aor, reg_state"), [[alice.contact(), "2".into()]]);
}

/// A row without one is written in one piece, one with it by the driver.
fn a_quote_changes_nothing_else_of_a_row(mix: Mix) {
    const COLUMNS: &str = "domain, host, protocol, received_proto, path, rinstance, \
        rx_session_id, reg_state, service_routes, socket, public_ids, security_type, \
        t_security_type, t_protocol, t_mode, t_ealg, t_ialg, t_port_uc, t_port_us, t_spi_uc, \
        t_spi_us";
    let offer = "ipsec-3gpp;alg=hmac-md5-96;ealg=null;prot=esp;mod=trans;spi-c=11;spi-s=12;\
        port-c=5062;port-s=5064";
    let database = servers::mariadb().with(&tables(Dialect::Mysql));
    let lab = Plan::new(mix).stored(Storage::At(database.url()), 1).start();
    let ues = ["an'e", "anne"].map(|user| lab.ue(user));
    let contact = |ue: &Ue| {
        let uri = format!("{};rinstance=a1", ue.contact());
        format!("<{uri}>;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000a95a0e128>\"")
    };
    let rows = |when: &str| {
        let rows = database.query(&format!("SELECT {COLUMNS} FROM location ORDER BY aor"));
        let rows: Vec<Vec<String>> = rows
            .into_iter()
            .map(|row| row.iter().map(|it| it.replace("an'e", "anne")).collect())
            .collect();
        let [quoted, plain] = &rows[..] else { panic!("{when}: {rows:?}") };
        assert_eq!(quoted, plain, "{when}");
        assert!(plain.iter().any(|cell| cell == "a1"), "{plain:?}");
    };
    for ue in &ues {
        let register = ue.register(600).set("Contact", &contact(ue)).add("Security-Client", offer);
        assert_eq!(rc(&ue.ask(&register.add("X-Stop", "1"))), 1);
    }
    rows("pending");
    for ue in &ues {
        let register = ue.register(600).set("Contact", &contact(ue)).add("Security-Client", offer);
        let ids = format!("<{0}>, <{0}.net>", ue.identity());
        let done = lab.exchange(ue, &register, |ok| ok.set("P-Associated-URI", &ids));
        assert_eq!(done.saved(), 1);
    }
    rows("registered");
}

fn rows_that_are_no_contacts_stay_as_they_are(mix: Mix) {
    let mut lab = stored(mix, 1).start();
    let file = lab.host.sqlite();
    let (alice, bob) = (lab.ue("alice"), lab.ue("bob"));
    lab.host.stop();
    Foreign::of(&alice).insert(&file);
    let broken = [
        ("expires", "NULL"),
        ("reg_state", "NULL"),
        ("reg_state", "77"),
        ("host", "''"),
        ("aor", "''"),
        ("aor", "'<foo>'"),
        ("port", "-1"),
        ("received_port", "70000"),
    ];
    for (column, value) in broken {
        Foreign::of(&bob).with(column, value).insert(&file);
    }
    let before = file.contacts("*");
    lab.host.again();
    assert_eq!(lab.count(), 1, "{}", lab.host.journal().tail(20));
    assert!(alice.is_registered() && !bob.is_registered());
    assert_eq!(counted(&lab, "db_rows_skipped"), 8);
    assert_eq!(lab.host.journal().count("is no contact and is left alone: reg_state is 77"), 1);
    assert_eq!(file.contacts("*"), before);
}

fn a_contact_too_long_for_its_column_is_served_and_named(mix: Mix) {
    let database = servers::mariadb().with(&tables(Dialect::Mysql));
    let mut lab = Plan::new(mix).stored(Storage::At(database.url()), 1).start();
    let alice = lab.ue("alice");
    let contact = format!("<{};x={}>", alice.contact(), "y".repeat(300));
    let done = lab.exchange(&alice, &alice.register(600).set("Contact", &contact), |ok| ok);
    assert_eq!((done.pending(), done.saved()), (1, 1));
    assert!(alice.is_registered());
    assert!(database.contacts("id").is_empty());
    assert!(lab.host.journal().count("bytes, must have at most 255") > 0);
    assert_eq!(counted(&lab, "db_rows_pending"), 0);
    lab.host.assert_alive();
}

fn identities_beyond_the_column_are_left_out_from_the_end(mix: Mix) {
    let database = servers::postgres().with(&tables(Dialect::Postgres));
    let lab = Plan::new(mix).stored(Storage::At(database.url()), 1).start();
    let alice = lab.ue("alice");
    let ids = |count| {
        let ids = (0..count).map(|number| format!("<sip:alice{number}@ims.test>"));
        ids.collect::<Vec<_>>().join(", ")
    };
    lab.exchange(&alice, &alice.register(600), |ok| ok.set("P-Associated-URI", &ids(120)));
    let kept = &database.contacts("public_ids")[0][0];
    assert!(kept.starts_with("<sip:alice0@ims.test><sip:alice1@") && kept.ends_with('>'), "{kept}");
    assert!((1900..=2048).contains(&kept.len()), "{}", kept.len());
    assert!(lab.host.journal().count("is not complete in table location: public_ids has") > 0);
}

fn whatever_has_to_be_quoted_is_stored_as_it_is(mix: Mix) {
    let mysql = servers::mariadb().with(&tables(Dialect::Mysql));
    let postgres = servers::postgres().with(&tables(Dialect::Postgres));
    for database in [&mysql as &dyn Database, &postgres] {
        let lab = Plan::new(mix).stored(Storage::At(database.url()), 1).start();
        let users = ["plain", "o'brien", "'or'1'='1", "%27%5c", "a&b=c+d$e,f;g?h/i"];
        let ues = users.map(|user| lab.ue(user));
        for ue in ues.iter().chain(&ues) {
            lab.register(ue);
        }
        let mut stored = database.contacts("aor, reg_state");
        stored.sort_unstable();
        let mut wanted: Vec<_> = ues.iter().map(|ue| [ue.contact(), "2".to_owned()]).collect();
        wanted.sort_unstable();
        assert_eq!(stored, wanted);
        let [plain, quoted, ..] = &ues;
        lab.leave(plain);
        lab.leave(quoted);
        assert_eq!(database.contacts("id").len(), users.len() - 2);
    }
}

fn a_database_that_comes_back_gets_everything(mix: Mix) {
    let mut server = MariaDb::start();
    let database = server.with(&tables(Dialect::Mysql));
    let lab = Plan::new(mix).stored(Storage::At(database.url()), 1).start();
    let (alice, bob) = (lab.ue("alice"), lab.ue("bob"));
    lab.register(&alice);
    server.stop();
    let begin = Instant::now();
    lab.register(&bob);
    lab.leave(&alice);
    assert!(bob.is_registered() && !alice.is_registered());
    assert!(begin.elapsed() < Duration::from_secs(5), "held up for {:?}", begin.elapsed());
    server.again();
    database.wait_contacts("aor, reg_state", &[&[&bob.contact(), "2"]]);
    until("nothing to write", PATIENCE, || (counted(&lab, "db_rows_pending") == 0).then_some(()));
}

fn a_server_that_commits_nothing_by_itself_has_each_row(mix: Mix) {
    let server = MariaDb::start();
    let database = server.with(&tables(Dialect::Mysql));
    database.execute("SET GLOBAL autocommit=0");
    for mode in [1, 3] {
        let mut lab = Plan::new(mix).stored(Storage::At(database.url()), mode).start();
        let alice = lab.ue("alice");
        lab.register(&alice);
        lab.host.kill9();
        lab.host.again();
        assert!(alice.is_registered(), "{mode}");
    }
}

fn a_database_that_stands_still_holds_nobody_up_twice(mix: Mix) {
    let server = MariaDb::start();
    let database = server.with(&tables(Dialect::Mysql));
    let plan = Plan::new(mix).stored(Storage::At(database.url()), 1);
    let lab = plan.with(|setup| setup.param("db_mysql", "timeout_interval", 1)).start();
    lab.core.registrar(|core, register| core.ok(register));
    let ues: Vec<_> = (0..8).map(|number| lab.ue(&format!("u{number}"))).collect();
    let answered = |ue: &Ue, expires| {
        let draft = ue.register(expires);
        ue.send(&draft);
        let reply = ue.wait(Duration::from_secs(15), |reply| reply.status() == 200);
        assert!(reply.is_some(), "{}", lab.host.journal().tail(5));
    };
    answered(&ues[0], 600);
    server.set_frozen(true);
    // Each process finds out once: what it sends is taken when the server goes on.
    ues[1..5].iter().for_each(|ue| answered(ue, 600));
    let begin = Instant::now();
    ues[5..].iter().for_each(|ue| answered(ue, 600));
    ues[..3].iter().for_each(|ue| answered(ue, 0));
    assert!(ues[3..].iter().all(Ue::is_registered));
    assert!(begin.elapsed() < Duration::from_secs(4), "held up for {:?}", begin.elapsed());
    server.set_frozen(false);
    until("all that waits", PATIENCE, || (counted(&lab, "db_rows_pending") == 0).then_some(()));
    let mut stored = database.contacts("aor, reg_state");
    stored.sort_unstable();
    let mut wanted: Vec<_> = ues[3..].iter().map(|ue| [ue.contact(), "2".to_owned()]).collect();
    wanted.sort_unstable();
    assert_eq!(stored, wanted);
}

fn what_a_database_does_late_is_made_good(mix: Mix) {
    let server = MariaDb::start();
    let database = server.with(&tables(Dialect::Mysql));
    let plan = Plan::new(mix).stored(Storage::At(database.url()), 1).with(|mut setup| {
        // A worker without a connection could not even ask.
        setup.workers = 1;
        setup.param("db_mysql", "timeout_interval", 1)
    });
    let lab = plan.start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    server.set_frozen(true);
    // The row is to go, and nobody waits for the answer; and then it is to stay.
    lab.leave(&alice);
    lab.register(&alice);
    let written = counted(&lab, "db_rows_written");
    server.set_frozen(false);
    until("the row", PATIENCE, || (counted(&lab, "db_rows_written") > written).then_some(()));
    // As if it went only now.
    database.execute("DELETE FROM location");
    let wanted = [[alice.contact(), "2".to_owned()]];
    until("the row again", PATIENCE, || {
        (database.contacts("aor, reg_state") == wanted).then_some(())
    });
    until("no rows to write", PATIENCE, || (counted(&lab, "db_rows_pending") == 0).then_some(()));
}

fn a_database_that_goes_and_comes_is_named_once(mix: Mix) {
    let lab = stored(mix, 1).start();
    lab.host.sqlite().execute("ALTER TABLE location RENAME TO elsewhere");
    for number in 0..10 {
        lab.register(&lab.ue(&format!("user{number}")));
    }
    let told = |text: &str| lab.host.journal().count(text);
    assert_eq!(told("the database cannot be used"), 1);
    lab.host.sqlite().execute("ALTER TABLE elsewhere RENAME TO location");
    lab.host.sqlite().wait_count(10);
    let again = "the database can be used again";
    until("the word of it", PATIENCE, || (told(again) > 0).then_some(()));
    assert_eq!((told("the database cannot be used"), told(again)), (1, 1));
}

fn an_end_that_could_not_be_written_is_not_undone(mix: Mix) {
    let mut lab = stored(mix, 1).start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    lab.host.sqlite().execute("ALTER TABLE location RENAME TO elsewhere");
    lab.leave(&alice);
    assert_eq!((lab.count(), alice.is_registered()), (0, false));
    lab.host.sqlite().execute("ALTER TABLE elsewhere RENAME TO location");
    lab.host.sqlite().wait_count(0);
    lab.host.restart();
    assert_eq!(lab.count(), 0);
}

/// As on a disk that is full: the database answers, and takes nothing.
fn who_registers_again_waits_for_no_next_try(mix: Mix) {
    let mut lab = stored(mix, 1).start();
    let (alice, file) = (lab.ue("alice"), lab.host.sqlite());
    lab.register(&alice);
    for change in ["INSERT", "UPDATE"] {
        file.execute(&format!(
            "CREATE TRIGGER no_{change} BEFORE {change} ON location \
             BEGIN SELECT RAISE(ABORT, 'full'); END"
        ));
    }
    let bob = lab.ue("bob");
    // Each try in vain doubles the time until the next one.
    for _ in 0..6 {
        lab.register(&bob);
        lab.exchange(&alice, &alice.register(600), |ok| ok.set("Service-Route", "<sip:new@h;lr>"));
    }
    file.execute("DROP TRIGGER no_INSERT; DROP TRIGGER no_UPDATE");
    lab.register(&bob);
    lab.exchange(&alice, &alice.register(600), |ok| ok.set("Service-Route", "<sip:new@h;lr>"));
    lab.host.kill9();
    let routes = file.query("SELECT service_routes FROM location ORDER BY aor");
    assert_eq!(routes, [["<sip:new@h;lr>".to_owned()], [lab.core.service_route()]]);
    lab.host.again();
    assert!(alice.is_registered() && bob.is_registered());
}

fn a_question_in_vain_is_asked_once(mix: Mix) {
    let server = MariaDb::start();
    let database = server.with(&tables(Dialect::Mysql));
    let plan = Plan::new(mix).stored(Storage::At(database.url()), 3).with(|mut setup| {
        setup.workers = 1;
        setup.param("db_mysql", "timeout_interval", 2)
    });
    let lab = plan.start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    server.set_frozen(true);
    let begin = Instant::now();
    let bob = lab.ue("bob");
    bob.send(&bob.calling("is_registered"));
    let answer = bob.wait(Duration::from_secs(30), |reply| reply.status() == 200);
    // The driver tries three times.
    assert!(begin.elapsed() < Duration::from_secs(10), "held up for {:?}", begin.elapsed());
    assert_eq!(answer.as_ref().map(rc), Some(-1));
    server.set_frozen(false);
    until("the database again", PATIENCE, || {
        lab.register(&alice);
        (counted(&lab, "db_rows_pending") == 0).then_some(())
    });
}

fn another_mode_reads_and_does_not_write(mix: Mix) {
    let mut lab = stored(mix, 7).start();
    let file = lab.host.sqlite();
    let (alice, bob) = (lab.ue("alice"), lab.ue("bob"));
    lab.host.stop();
    Foreign::of(&alice).insert(&file);
    lab.host.again();
    assert!(alice.is_registered());
    lab.register(&bob);
    lab.leave(&alice);
    assert_eq!(file.contacts("aor"), [[alice.contact()]]);
    assert!(lab.host.journal().count("db_mode is 7, which is none of 0 to 3") > 0);
}

fn a_start_without_the_table_is_refused(mix: Mix) {
    let plan = stored(mix, 1).with(|mut setup| {
        setup.tables = || schema(Dialect::Sqlite);
        setup
    });
    let log = plan.refused();
    assert!(log.contains("there is no table location"), "{log}");
}

fn a_start_on_a_table_without_a_column_is_refused(mix: Mix) {
    let plan = stored(mix, 1).with(|mut setup| {
        setup.tables = || {
            let drop = |column| format!("ALTER TABLE location DROP COLUMN {column};");
            tables(Dialect::Sqlite) + &drop("rx_session_id") + &drop("path")
        };
        setup
    });
    let log = plan.refused();
    assert!(log.contains("table location lacks the columns path, rx_session_id"), "{log}");
}

fn a_table_without_columns_of_security_serves(mix: Mix) {
    let plan = stored(mix, 1).with(|mut setup| {
        setup.tables = || tables(Dialect::Sqlite) + "ALTER TABLE location DROP COLUMN t_ck;";
        setup
    });
    let mut lab = plan.start();
    assert_eq!(lab.host.journal().count("has not all columns of security associations"), 1);
    let alice = lab.ue("alice");
    let offer = "ipsec-3gpp;alg=hmac-md5-96;ealg=null;prot=esp;mod=trans;spi-c=11;spi-s=12;\
                 port-c=22413;port-s=22414";
    lab.exchange(&alice, &alice.register(600).add("Security-Client", offer), |ok| ok);
    assert_eq!(lab.host.sqlite().contacts("reg_state"), [["2"]]);
    lab.host.restart();
    assert!(alice.is_registered());
}

fn an_empty_address_is_refused(mix: Mix) {
    let log = Plan::new(mix).usrloc("db_mode", 1).usrloc("db_url", "").refused();
    assert!(log.contains("modparam db_url is empty"), "{log}");
}

fn more_rows_than_memory_do_not_stop_the_server(mix: Mix) {
    let mut lab = stored(mix, 1).start();
    let alice = lab.ue("alice");
    lab.host.stop();
    let file = lab.host.sqlite();
    Foreign::of(&alice).insert(&file);
    // Far more than fits into what the host has.
    file.execute(
        "INSERT INTO location (domain, aor, host, port, received, received_port, reg_state, expires) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 80000) \
         SELECT 'location', 'sip:u' || i || '@192.0.2.1', '192.0.2.1', 5060, '192.0.2.1', i % 60000, \
         2, (SELECT expires FROM location) FROM n",
    );
    lab.host.again();
    assert!(alice.is_registered());
    // One process reads, while others serve those that it has read.
    lab.host.journal().wait("the others are not: out of shared memory", PATIENCE);
    lab.register(&lab.ue("bob"));
    assert_eq!(file.contacts("id").len(), 80_002);
    lab.host.assert_alive();
}

/// All register before the first is answered, so that several processes write at once.
fn all_at_once(mix: Mix, url: String, database: &dyn Database) {
    let plan = Plan::new(mix).stored(Storage::At(url), 1).with(|mut setup| {
        setup.workers = 4;
        setup
    });
    let mut lab = plan.start();
    lab.core.registrar(|core, register| core.ok(register));
    let ues: Vec<Ue> = (0..200).map(|count| lab.ue(&format!("user{count}"))).collect();
    let drafts: Vec<_> = ues.iter().map(|ue| ue.register(600)).collect();
    for (ue, draft) in ues.iter().zip(&drafts) {
        ue.send(draft);
    }
    for (ue, draft) in ues.iter().zip(&drafts) {
        assert_eq!(ue.final_reply(draft).status(), 200);
    }
    // Answered, and so stored.
    lab.host.kill9();
    assert_eq!(database.contacts("reg_state"), vec![["2"]; 200]);
    lab.host.again();
    assert_eq!(lab.count(), 200);
    let wanted = format!("<sip:user7@ims.test><tel:+4930{0}>", number("user7"));
    let of_seven = database.query("SELECT public_ids FROM location WHERE aor LIKE 'sip:user7@%'");
    assert!(of_seven[0][0].starts_with(&wanted), "{of_seven:?}");
}

fn two_hundred_at_once_are_all_stored_on_sqlite(mix: Mix) {
    let folder = install().folder();
    let path = folder.path().join("db");
    let file = Sqlite::with(&path, &tables(Dialect::Sqlite));
    all_at_once(mix, format!("sqlite:///{}", install().inside(&path).display()), &file);
}

fn two_hundred_at_once_are_all_stored_on_mariadb(mix: Mix) {
    let database = servers::mariadb().with(&tables(Dialect::Mysql));
    all_at_once(mix, database.url(), &database);
}

fn two_hundred_at_once_are_all_stored_on_postgres(mix: Mix) {
    let database = servers::postgres().with(&tables(Dialect::Postgres));
    all_at_once(mix, database.url(), &database);
}
