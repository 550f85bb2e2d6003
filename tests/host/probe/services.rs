//! Messages, transactions, replies, AVPs, timers and databases.

use crate::start::{ask, call, refused, setup, start, told};
use host_tests::{
    Answer, Host, Phone, Setup, database::Database, install::install, mariadb::MariaDb,
    postgres::Postgres, wait::until,
};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn an_avp_of_the_script_is_read_and_set() {
    let host = start(setup(
        "$avp(probe) = \"now\"; probe_avp(); sl_send_reply(\"200\", \"is $avp(probe)\"); exit;",
    ));
    assert_eq!(call(&host), "is now!");
    assert_eq!(call(&start(setup("$avp(probe) = $null; probe_avp();"))), "rc -1");
}

#[test]
fn a_name_that_is_no_avp_stops_the_start() {
    let log = refused(setup("").param("probe", "avp", "$ru"));
    assert!(log.contains("\"$ru\" is no name of an AVP, must be $avp(name)"), "{log}");
}

#[test]
fn headers_are_counted_taken_out_and_put_in() {
    let setup = setup(
        "probe_change();\n$var(many) = $rc;\nmsg_apply_changes();\n\
         sl_send_reply(\"200\", \"many $var(many) old $hdr(X-Old) new $hdr(X-New)\"); exit;",
    );
    let host = start(setup.module("textopsx"));
    let phone = Phone::new(host.address(), "alice");
    let request = phone.request("OPTIONS", "sip:alice@voice.example.com");
    let request = request.add("X-Old", "1").add("X-Many", "a").add("x-MANY", "b");
    let reply = phone.ask(&request);
    assert_eq!(reply.status_line(), "200 many 3 old <null> new in its place");
}

#[test]
fn a_reply_carries_the_headers_of_the_module() {
    let host = start(setup("probe_reply(); exit;"));
    let reply = ask(&host);
    assert_eq!((reply.status_line(), reply.header("X-Reply")), ("299 Probed", "yes"));
    told(&host, "NOTICE: probe: a stateless reply with 299", 1);
}

#[test]
fn the_responses_of_a_transaction_are_told() {
    let host = start(watched());
    assert_eq!(call(&host), "watched");
    told(&host, "NOTICE: probe: response 200 to a call-id of ", 1);
}

fn watched() -> Setup {
    setup("probe_watch();\nt_newtran();\nt_reply(\"200\", \"watched\"); exit;")
}

/// A host that sends a NOTIFY for each request, and the phone that made one.
fn notified(setup: Setup, answer: Answer) -> (Host, Phone) {
    let host = start(setup);
    let phone = Phone::new(host.address(), "alice");
    phone.answer("NOTIFY", answer);
    let reply = phone.ask(&phone.request("OPTIONS", "sip:alice@voice.example.com"));
    assert_eq!(reply.status_line(), "200 rc 1");
    (host, phone)
}

#[test]
fn a_request_of_the_module_reaches_the_contact_and_its_end_is_told() {
    let (host, phone) = notified(setup("probe_notify();"), Answer::RetryAfter(503, 17));
    let notify = phone.incoming("NOTIFY");
    assert_eq!(notify.uri(), phone.contact());
    assert_eq!((notify.cseq(), notify.header("Event")), ((7, "NOTIFY"), "probe"));
    assert_eq!(notify.tag("From"), Some("probe"));
    let line = "NOTIFY 42 ended with 503, retry after Some(17), reply true, sent true";
    told(&host, line, 1);
}

#[test]
fn a_request_without_an_answer_ends_too() {
    let setup = setup("probe_notify();").param("tm", "fr_timer", 1000);
    let (host, _phone) = notified(setup, Answer::None);
    let line = "NOTIFY 42 ended with 408, retry after None, reply false, sent true";
    told(&host, line, 1);
}

#[test]
fn a_panic_in_a_callback_of_a_transaction_ends_nothing() {
    let mut host = start(watched().param("probe", "panic_in", "response"));
    assert_eq!(call(&host), "watched");
    told(&host, "probe::services::responding: panic: on purpose in response", 1);
    host.assert_alive();
    let setup = setup("probe_notify();").param("probe", "panic_in", "completed");
    let (mut host, _phone) = notified(setup, Answer::Status(200));
    told(&host, "probe::services::completed: panic: on purpose in completed", 1);
    host.assert_alive();
}

#[test]
fn a_panic_before_a_stateless_reply_does_not_hold_it_up() {
    let mut host = start(setup("").param("probe", "panic_in", "reply"));
    for _ in 0..8 {
        assert_eq!(ask(&host).status(), 200);
    }
    told(&host, "probe::services::replied: panic: on purpose in reply", 8);
    host.assert_alive();
}

#[test]
fn the_timer_comes_again_after_a_panic() {
    let mut host = start(setup("").param("probe", "panic_in", "timer"));
    until("the third tick", PATIENCE, || {
        let ticks: u32 = host.rpc(&["probe.ticks"]).unwrap().trim().parse().unwrap();
        (ticks >= 3).then_some(())
    });
    told(&host, "probe::services::tick: panic: on purpose in timer", 2);
    host.assert_alive();
}

#[test]
fn a_database_keeps_numbers_texts_and_nothing() {
    let folder = install().folder();
    let inside = install().inside(folder.path());
    let url = format!("sqlite:///{}", inside.join("probe.sqlite").display());
    let host = start(setup("").param("probe", "db_url", url));
    let rows = host.rpc(&["probe.db"]).unwrap();
    assert_eq!(
        rows.lines().collect::<Vec<_>>(),
        [
            "None None",
            "Some(1) Some(\"first\")",
            "Some(1099511627776) Some(\"it's; -- \\\"two\\\"\")",
        ]
    );
}

/// What `probe.table` says of a table of the database at `url`.
fn table_at(url: String) -> Vec<String> {
    let setup = setup("").module("db_mysql").module("db_postgres");
    let host = start(setup.param("probe", "db_url", url));
    host.rpc(&["probe.table"]).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_table_is_described_and_read_in_pieces() {
    let counted =
        ["updated Some(2)", "updated Some(0)", "after 0 [1, 2]", "after 2 [3]", "after 3 []"];
    let folder = install().folder();
    let inside = install().inside(folder.path());
    let file = format!("sqlite:///{}", inside.join("probe.sqlite").display());
    // Texts are not limited in sqlite, whatever the type says.
    assert_eq!(table_at(file), [&["Some(0)", "id None", "word None"][..], &counted].concat());
    let limited = [&["Some(0)", "id None", "word Some(64)"][..], &counted].concat();
    let server = MariaDb::start();
    assert_eq!(table_at(server.with("SELECT 1").url()), limited);
    let server = Postgres::start();
    assert_eq!(table_at(server.with("SELECT 1").url()), limited);
}

#[test]
fn a_database_without_a_driver_stops_the_start() {
    let log = refused(setup("").param("probe", "db_url", "nothing://here"));
    assert!(log.contains("no database driver db_nothing: load the module before"), "{log}");
}
