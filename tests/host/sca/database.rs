//! Subscriptions in a database: what is written, what comes back, and what if it is not there.

use crate::servers;
use host_tests::{
    Database, Flavor, Host, Line, Phone, Setup, Tables, cases,
    database::{Row, now},
    install::install,
    mariadb::MariaDb,
    setup::Storage,
    wait::{PATIENCE, until},
};
use std::time::{Duration, Instant};

cases! {
    both:
        case_88_a_route_survives_a_restart_on_sqlite,
        case_88_subscriptions_survive_a_restart_on_mariadb,
        case_88_subscriptions_survive_a_restart_on_postgres,
        case_91_a_wrong_version_of_the_table_refuses_the_start,
        case_91_a_missing_driver_refuses_the_start,
        case_91_an_empty_db_url_refuses_the_start,
        case_92_sip_goes_on_while_the_database_is_gone,
        a_database_gone_at_start_refuses_the_start,
        the_columns_hold_what_the_schema_says,
        an_expired_row_is_not_restored,
        of_two_rows_of_a_phone_the_newer_one_is_told;
    ours:
        sip_goes_on_while_the_database_hangs,
        case_88_subscriptions_without_route_survive_a_restart_on_sqlite,
        case_09_an_ended_subscription_leaves_the_table,
        case_89_rows_of_another_server_survive,
        case_90_one_contact_on_two_lines_has_two_rows,
        two_kills_in_a_row_lose_no_written_subscription,
        an_end_that_the_column_cannot_hold_is_its_last_moment,
        memory_only_needs_no_database,
        a_start_on_own_rows_of_each_kind_works;
}

/// Writes and purges as often as it can.
fn eager(flavor: Flavor) -> Setup {
    Setup::new(flavor).sca("db_update_interval", 1).sca("purge_expired_interval", 1)
}

/// Two phones subscribe, one of them with a route; both are told again after a restart, with
/// higher numbers, and without having subscribed again.
fn survives(setup: Setup, database: &dyn Database, bare: bool, mut end: impl FnMut(&mut Host)) {
    let mut host = Host::start(setup);
    let (a, b) = (Phone::new(host.address(), "215"), Phone::new(host.address(), "215"));
    let route = |phone: &Phone| format!("<{};lr>", phone.address());
    let draft = a.subscribe_draft("call-info", 600).add("Record-Route", &route(&a));
    let first = a.subscribe_with(&draft);
    let draft = b.subscribe_draft("call-info", 600);
    let draft = if bare { draft } else { draft.add("Record-Route", &route(&b)) };
    b.subscribe_with(&draft);
    let last = [&a, &b].map(|phone| phone.notified("call-info").cseq().0);
    until("two rows", PATIENCE, || (database.rows("subscriber").len() == 2).then_some(()));
    end(&mut host);
    host.again();
    assert_eq!(host.subscriptions().len(), 2, "{}", host.journal().tail(20));
    assert_eq!(a.seize(1).reply.status(), 200);
    for (phone, last) in [&a, &b].into_iter().zip(last) {
        let notify = phone.notified("call-info");
        assert!(notify.cseq().0 > last, "{} after {last}", notify.cseq().0);
        assert!(notify.header("Subscription-State").starts_with("active;expires="));
    }
    a.seize(2);
    let notify = a.notified("call-info");
    assert_eq!(notify.header("Route"), route(&a));
    assert_eq!(notify.header("Call-ID"), first.leg.call_id);
    assert_eq!(notify.header("To"), first.leg.local);
    assert_eq!(notify.header("From"), first.leg.remote);
}

fn stop(host: &mut Host) {
    host.stop_within(Duration::from_secs(10));
}

fn case_88_a_route_survives_a_restart_on_sqlite(flavor: Flavor) {
    let (folder, file) = sqlite_of_its_own();
    survives(eager(flavor).storage(Storage::At(file.0)), &file.1, false, stop);
    drop(folder);
}

fn case_88_subscriptions_without_route_survive_a_restart_on_sqlite(flavor: Flavor) {
    let (folder, file) = sqlite_of_its_own();
    survives(eager(flavor).storage(Storage::At(file.0)), &file.1, true, stop);
    drop(folder);
}

fn case_88_subscriptions_survive_a_restart_on_mariadb(flavor: Flavor) {
    let schema = servers::mariadb().create();
    survives(eager(flavor).storage(Storage::At(schema.url())), &schema, true, stop);
}

fn case_88_subscriptions_survive_a_restart_on_postgres(flavor: Flavor) {
    let schema = servers::postgres().create();
    survives(eager(flavor).storage(Storage::At(schema.url())), &schema, true, stop);
}

/// An sqlite file that exists before its host, and its address as the host sees it.
fn sqlite_of_its_own() -> (tempfile::TempDir, (String, host_tests::sqlite::Sqlite)) {
    let folder = install().folder();
    let path = folder.path().join("db");
    let file = host_tests::sqlite::Sqlite::create(&path);
    let url = format!("sqlite:///{}", install().inside(&path).display());
    (folder, (url, file))
}

fn two_kills_in_a_row_lose_no_written_subscription(flavor: Flavor) {
    let mut line = Line::with(eager(flavor));
    let subscribers = line.host.sqlite();
    until("two rows", PATIENCE, || (subscribers.rows("subscriber").len() == 2).then_some(()));
    for _ in 0..2 {
        line.host.kill9();
        line.host.again();
        assert_eq!(line.host.subscriptions().len(), 2);
    }
    assert_eq!(subscribers.rows("subscriber").len(), 2);
    line.seized(&line.a, 1);
}

fn case_09_an_ended_subscription_leaves_the_table(flavor: Flavor) {
    let mut line = Line::with(eager(flavor));
    let rows = line.host.sqlite();
    until("two rows", PATIENCE, || (rows.rows("subscriber").len() == 2).then_some(()));
    let reply = line.b_sub.refresh(0);
    assert_eq!((reply.status_line(), reply.header("Expires")), ("202 Accepted", "0"));
    assert_eq!(line.b.notified("call-info").header("Subscription-State"), "terminated");
    rows.wait_rows("subscriber", &[&[&line.a.contact()]]);
    line.host.restart();
    assert_eq!(line.host.subscriptions().len(), 1);
}

/// A member's row as another server, or an earlier life of this one, left it.
fn row(subscriber: &str, server_id: u32) -> Row<'_> {
    Row {
        subscriber,
        aor: "sip:215@voice.example.com",
        expires: now() + 600,
        call_id: "call-1",
        record_route: None,
        notify_cseq: 7,
        server_id,
    }
}

fn case_89_rows_of_another_server_survive(flavor: Flavor) {
    let (folder, (url, file)) = sqlite_of_its_own();
    file.insert(&row("sip:215@192.0.2.7", 7));
    file.insert(&Row { expires: now() - 600, call_id: "call-2", ..row("sip:215@192.0.2.7", 7) });
    let setup = eager(flavor).storage(Storage::At(url)).global("server_id=3");
    let mut host = Host::start(setup);
    assert_eq!(host.subscriptions().len(), 0);
    let a = Phone::new(host.address(), "215");
    a.subscribe("call-info", 600);
    until("three rows", PATIENCE, || (file.rows("server_id").len() == 3).then_some(()));
    host.restart();
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(file.rows("server_id"), [["3"], ["7"], ["7"]]);
    drop(folder);
}

fn case_90_one_contact_on_two_lines_has_two_rows(flavor: Flavor) {
    let host = Host::start(eager(flavor));
    let phone = Phone::new(host.address(), "215");
    let second = "sip:216@voice.example.com";
    let mut first = phone.subscribe("call-info", 600);
    let draft = phone.subscribe_draft("call-info", 600).uri(second);
    let mut other = phone.subscribe_with(&draft.set("To", &format!("<{second}>")));
    let rows = host.sqlite();
    until("two rows", PATIENCE, || (rows.rows("aor").len() == 2).then_some(()));
    assert_eq!(first.refresh(300).status(), 202);
    assert_eq!(other.refresh(3000).status(), 202);
    until("both refreshed rows", PATIENCE, || {
        let now = i64::try_from(now()).unwrap();
        let left = rows.rows("aor, expires, call_id");
        let fits = |row: &[String], expires: i64, call_id: &str| {
            let left = row[1].parse::<i64>().unwrap() - now;
            (expires - 20..=expires).contains(&left) && row[2] == call_id
        };
        (left.len() == 2
            && fits(&left[0], 300, &first.leg.call_id)
            && fits(&left[1], 3000, &other.leg.call_id))
        .then_some(())
    });
    assert_eq!(host.journal().count("UNIQUE"), 0, "{}", host.journal().tail(20));
}

fn the_columns_hold_what_the_schema_says(flavor: Flavor) {
    let setup = eager(flavor).global("server_id=5");
    let host = Host::start(setup);
    let phone = Phone::new(host.address(), "215");
    let route = format!("<{};lr>", phone.address());
    let draft = phone.subscribe_draft("call-info", 600).add("Record-Route", &route);
    let subscription = phone.subscribe_with(&draft);
    phone.notified("call-info");
    phone.seize(1);
    let rows = host.sqlite();
    let leg = &subscription.leg;
    let wanted = [&*phone.contact(), &phone.aor(), "1", "0", "0", &leg.call_id, leg.tag()];
    let more = [leg.remote_tag(), &route, "1", "5"];
    rows.wait_rows(
        "subscriber, aor, event, state, app_idx, call_id, from_tag, to_tag, record_route, \
         subscribe_cseq, server_id",
        &[&[&wanted[..], &more[..]].concat()],
    );
    let numbers = rows.rows("expires, notify_cseq");
    let expires: u64 = numbers[0][0].parse().unwrap();
    assert!((now() + 580..=now() + 600).contains(&expires));
    let cseq: u32 = numbers[0][1].parse().unwrap();
    let reached = phone.notified("call-info").cseq().0;
    assert!(cseq > 1 && cseq <= reached + 1, "{cseq} stored, {reached} sent");
}

fn an_end_that_the_column_cannot_hold_is_its_last_moment(flavor: Flavor) {
    let mut host = Host::start(eager(flavor).sca("call_info_max_expires", -1));
    let phone = Phone::new(host.address(), "215");
    assert_eq!(phone.subscribe("call-info", u32::MAX).reply.header("Expires"), "4294967295");
    host.sqlite().wait_rows("expires", &[&[&i32::MAX.to_string()]]);
    host.restart();
    assert_eq!(host.subscriptions().len(), 1);
}

fn an_expired_row_is_not_restored(flavor: Flavor) {
    let (folder, (url, file)) = sqlite_of_its_own();
    let route = Some("<sip:192.0.2.8;lr>");
    let live = Row { record_route: route, ..row("sip:215@192.0.2.7", 0) };
    file.insert(&live);
    file.insert(&Row { expires: now() - 5, call_id: "old", ..live });
    let host = Host::start(Setup::new(flavor).storage(Storage::At(url)));
    let kept = host.subscriptions();
    assert!(kept.len() == 1 && kept[0].starts_with("215 192.0.2.7 call-info "), "{kept:?}");
    drop(folder);
}

fn a_start_on_own_rows_of_each_kind_works(flavor: Flavor) {
    let (folder, (url, file)) = sqlite_of_its_own();
    for (number, route) in [None, Some(""), Some("<sip:192.0.2.8;lr>")].into_iter().enumerate() {
        let call_id = format!("call-{number}");
        let live = Row { record_route: route, ..row("sip:215@192.0.2.7", 0) };
        file.insert(&Row { call_id: &call_id, subscriber: &format!("sip:{number}@h"), ..live });
    }
    let host = Host::start(Setup::new(flavor).storage(Storage::At(url)));
    assert_eq!(host.subscriptions().len(), 3);
    drop(folder);
}

fn case_91_a_wrong_version_of_the_table_refuses_the_start(flavor: Flavor) {
    let (folder, (url, file)) = sqlite_of_its_own();
    file.execute("UPDATE version SET table_version = 1 WHERE table_name = 'sca_subscriptions'");
    let log = Host::refused(Setup::new(flavor).storage(Storage::At(url)));
    assert!(log.contains("sca_subscriptions") && log.contains("version"), "{log}");
    drop(folder);
}

fn case_91_a_missing_driver_refuses_the_start(flavor: Flavor) {
    let setup = Setup::new(flavor).storage(Storage::None);
    let log = Host::refused(setup.sca("db_url", "postgres://k:k@127.0.0.1/k"));
    assert!(log.contains("ERROR: sca") || log.contains("CRITICAL: sca"), "{log}");
}

fn case_91_an_empty_db_url_refuses_the_start(flavor: Flavor) {
    let log = Host::refused(Setup::new(flavor).storage(Storage::None).sca("db_url", ""));
    assert!(log.contains("db_url must be set"), "{log}");
}

fn a_database_gone_at_start_refuses_the_start(flavor: Flavor) {
    // Nobody listens on port 1.
    let url = "mysql://kamailio:kamailiorw@127.0.0.1:1/kamailio";
    let log = Host::refused(Setup::new(flavor).storage(Storage::At(url.to_owned())));
    assert!(log.contains("ERROR: sca") || log.contains("CRITICAL: sca"), "{log}");
}

fn case_92_sip_goes_on_while_the_database_is_gone(flavor: Flavor) {
    let mut server = MariaDb::start();
    let schema = server.create();
    let line = Line::with(eager(flavor).storage(Storage::At(schema.url())));
    until("two rows", PATIENCE, || (schema.rows("id").len() == 2).then_some(()));
    server.stop();
    let c = Phone::new(line.host.address(), "215");
    assert_eq!(c.subscribe("call-info", 600).reply.status(), 202);
    line.seized(&line.a, 1);
    line.host.journal().wait("ERROR: ", PATIENCE);
    server.again();
    until("a third row", Duration::from_secs(30), || (schema.rows("id").len() == 3).then_some(()));
}

fn sip_goes_on_while_the_database_hangs(flavor: Flavor) {
    let schema = servers::mariadb().create();
    let line = Line::with(eager(flavor).storage(Storage::At(schema.url())));
    until("two rows", PATIENCE, || (schema.rows("id").len() == 2).then_some(()));
    let locked = schema.lock_for(6);
    let begin = Instant::now();
    // The process that writes runs each second: soon it waits for the table.
    while begin.elapsed() < Duration::from_secs(4) {
        let phone = Phone::new(line.host.address(), "215");
        assert_eq!(phone.subscribe("call-info", 600).reply.status(), 202);
        line.event();
        phone.notified("call-info");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(begin.elapsed() < Duration::from_secs(6), "held up for {:?}", begin.elapsed());
    drop(locked);
    let members = line.host.subscriptions().len();
    assert!(members > 5);
    until("all rows", PATIENCE, || (schema.rows("id").len() == members).then_some(()));
}

fn memory_only_needs_no_database(flavor: Flavor) {
    let setup = Setup::new(flavor).storage(Storage::None).sca("db_mode", 0);
    let mut line = Line::with(setup);
    line.talking();
    line.host.restart();
    assert_eq!(line.host.subscriptions().len(), 0);
}

/// The C module leaves the row of an ended dialog behind when a phone subscribes anew.
fn of_two_rows_of_a_phone_the_newer_one_is_told(flavor: Flavor) {
    let (folder, (url, file)) = sqlite_of_its_own();
    let mut host = Host::start(Setup::new(flavor).storage(Storage::At(url)));
    let phone = Phone::new(host.address(), "215");
    host.stop_within(Duration::from_secs(10));
    let contact = phone.contact();
    let older = Row { record_route: Some(""), call_id: "older", ..row(&contact, 0) };
    file.insert(&older);
    file.insert(&Row { call_id: "newer", ..older });
    host.again();
    let words = ["sca.seize_appearance", "sip:215@voice.example.com", "sip:nobody@192.0.2.1"];
    host.rpc(&words).unwrap();
    phone.take("a NOTIFY of the newer dialog", |message| message.find("Call-ID") == Some("newer"));
    drop(folder);
}
