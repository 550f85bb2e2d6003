//! What the C module does not have: statistics, a state table, an identity of the script's choice.

use crate::servers;
use host_tests::{
    Call, Database, Draft, Flavor, Host, Line, Phone, Setup, Side, cases,
    database::Tables,
    line::TALKING,
    setup::Storage,
    sqlite::Sqlite,
    wait::{PATIENCE, until},
};

cases! {
    ours:
        statistics_count_subscriptions_appearances_notifies_and_seizures,
        the_identity_of_the_callee_may_be_given_by_the_script,
        an_identity_of_several_lines_becomes_one,
        an_empty_identity_adds_no_header,
        a_call_survives_a_restart_on_sqlite,
        a_call_survives_a_restart_on_mariadb,
        a_call_survives_a_restart_on_postgres,
        a_call_survives_a_kill,
        a_call_that_a_kill_found_ringing_does_not_ring_for_ever,
        a_far_side_that_the_table_does_not_take_holds_up_no_other_call,
        a_far_side_that_the_table_does_not_take_holds_up_no_other_call_in_a_cluster,
        a_name_in_another_alphabet_holds_up_no_row,
        lines_that_differ_in_case_have_their_own_rows_on_mariadb,
        a_missing_state_table_is_logged_once_and_nothing_else;
}

fn statistics_count_subscriptions_appearances_notifies_and_seizures(flavor: Flavor) {
    let line = Line::with(Setup::new(flavor).param("tm", "fr_timer", 1000));
    let is = |name: &str, value: u64| assert_eq!(line.host.statistic(name), value, "{name}");
    is("subscriptions_call_info", 2);
    is("subscriptions_line_seize", 0);
    let sent = line.host.statistic("notifies_sent");
    assert_eq!(sent, 2);
    line.seized(&line.a, 1);
    line.b.seize(1);
    is("subscriptions_line_seize", 1);
    is("appearances_seized", 1);
    is("seizes_granted", 1);
    is("seizes_refused", 1);
    is("notifies_sent", 5);
    is("notifies_failed", 0);
    let words = ["sca.update_appearance", "sip:215@voice.example.com", "1", "held"];
    line.host.rpc(&words).unwrap();
    line.both_see(&["1 held"]);
    is("appearances_seized", 0);
    is("appearances_held", 1);
    line.b.answer("NOTIFY", host_tests::Answer::Status(481));
    line.host.rpc(&["sca.update_appearance", &line.a.aor(), "1", "held-private"]).unwrap();
    line.both_see(&["1 held-private"]);
    until("a failed NOTIFY", PATIENCE, || {
        (line.host.statistic("notifies_failed") == 1).then_some(())
    });
    is("appearances_held_private", 1);
    for name in ["idle", "progressing", "alerting", "active"] {
        is(&format!("appearances_{name}"), 0);
    }
    line.host.rpc(&["sca.release_appearance", &line.a.aor(), "1"]).unwrap();
    is("appearances_held_private", 0);
}

/// What the phone is told of the callee when the script gives `identity`.
fn identity(flavor: Flavor, identity: &str) -> Vec<String> {
    let line = Line::with(Setup::new(flavor).sca("pai_avp", "$avp(pai)"));
    line.seized(&line.a, 1);
    let mut call = host_tests::Call::dial(&line.a, &line.x, |invite| {
        let invite = invite.index(1);
        if identity.is_empty() { invite } else { invite.add("X-Pai", identity) }
    });
    let answer = call.answer();
    line.both_come_to_see(&[TALKING]);
    answer.all("P-Asserted-Identity").into_iter().map(str::to_owned).collect()
}

fn the_identity_of_the_callee_may_be_given_by_the_script(flavor: Flavor) {
    let given = "\"Front desk\" <sip:301@voice.example.com>";
    assert_eq!(identity(flavor, given), [given]);
}

fn an_identity_of_several_lines_becomes_one(flavor: Flavor) {
    let given = "\"Front desk\"\r\n <sip:301@voice.example.com>";
    assert_eq!(identity(flavor, given), ["\"Front desk\"   <sip:301@voice.example.com>"]);
}

fn an_empty_identity_adds_no_header(flavor: Flavor) {
    assert_eq!(identity(flavor, ""), [""; 0]);
}

/// A host that writes all it knows each second.
fn writing(flavor: Flavor) -> Setup {
    let setup = Setup::new(flavor).sca("db_update_interval", 1).sca("state_update_interval", 1);
    setup.sca("purge_expired_interval", 1)
}

fn survives(setup: Setup, database: &dyn Database, end: impl FnOnce(&mut Host)) {
    let mut line = Line::with(setup);
    let mut call = line.talking();
    let before = line.appearances();
    until("what a restart needs", PATIENCE, || {
        let written = database.query("SELECT state FROM sca_state");
        (written == [["5"]] && database.rows("id").len() == 2).then_some(())
    });
    end(&mut line.host);
    line.host.again();
    assert_eq!(line.appearances(), before);
    call.change(Side::Caller, |invite| invite.state(1, "held").sdp("sendonly"));
    line.both_come_to_see(&[&TALKING.replace("active", "held")]);
    call.bye(Side::Callee);
    line.both_come_to_see(&[]);
    assert_eq!(line.states(), [""; 0]);
    until("an empty state table", PATIENCE, || {
        database.query("SELECT state FROM sca_state").is_empty().then_some(())
    });
}

fn stop(host: &mut Host) {
    host.stop_within(std::time::Duration::from_secs(10));
}

fn on_sqlite(flavor: Flavor, end: impl FnOnce(&mut Host)) {
    let folder = host_tests::install::install().folder();
    let path = folder.path().join("db");
    let file = Sqlite::create(&path);
    file.execute(include_str!("../../../db/sqlite/sca_state.sql"));
    let inside = host_tests::install::install().inside(&path);
    let url = format!("sqlite:///{}", inside.display());
    survives(writing(flavor).storage(Storage::At(url)), &file, end);
    drop(folder);
}

fn a_call_survives_a_restart_on_sqlite(flavor: Flavor) {
    on_sqlite(flavor, stop);
}

fn a_call_survives_a_kill(flavor: Flavor) {
    on_sqlite(flavor, Host::kill9);
}

/// Its transaction has gone with the server, which hears nothing of how it ends.
fn a_call_that_a_kill_found_ringing_does_not_ring_for_ever(flavor: Flavor) {
    let schema = servers::mariadb().create();
    schema.execute(include_str!("../../../db/mysql/sca_state.sql"));
    let mut line = Line::with(writing(flavor).storage(Storage::At(schema.url())));
    let call = line.ringing();
    until("a row", PATIENCE, || {
        (schema.query("SELECT state FROM sca_state") == [["2"]]).then_some(())
    });
    line.host.kill9();
    schema.execute("UPDATE sca_state SET changed = changed - 172");
    line.host.again();
    assert_eq!(line.states(), ["1 progressing"]);
    line.x.send(&call.draft(486));
    line.both_come_to_see(&[]);
    assert_eq!(line.states(), [""; 0]);
}

fn a_call_survives_a_restart_on_mariadb(flavor: Flavor) {
    let schema = servers::mariadb().create();
    schema.execute(include_str!("../../../db/mysql/sca_state.sql"));
    survives(writing(flavor).storage(Storage::At(schema.url())), &schema, stop);
}

fn a_call_survives_a_restart_on_postgres(flavor: Flavor) {
    let schema = servers::postgres().create();
    schema.execute(include_str!("../../../db/postgres/sca_state.sql"));
    survives(writing(flavor).storage(Storage::At(schema.url())), &schema, stop);
}

fn a_far_side_that_the_table_does_not_take_holds_up_no_other_call(flavor: Flavor) {
    let schema = servers::mariadb().create();
    schema.execute(include_str!("../../../db/mysql/sca_state.sql"));
    far_side_holds_up_nobody(writing(flavor).storage(Storage::At(schema.url())), &schema);
}

/// One statement that the database refuses has `db_cluster` leave it alone for minutes.
fn a_far_side_that_the_table_does_not_take_holds_up_no_other_call_in_a_cluster(flavor: Flavor) {
    let schema = servers::mariadb().create();
    schema.execute(include_str!("../../../db/mysql/sca_state.sql"));
    let setup = writing(flavor).storage(Storage::At(schema.url())).module("db_cluster");
    let setup = setup
        .param("db_cluster", "connection", format!("one=>{}", schema.url()))
        .param("db_cluster", "cluster", "all=>one=9s9s")
        .sca("db_url", "cluster://all");
    far_side_holds_up_nobody(setup.clone(), &schema);
    // Nor does a member whose Contact is too long.
    schema.execute("DELETE FROM sca_subscriptions");
    let host = Host::start(setup.sca("db_update_interval", 1));
    let (a, b) = (Phone::new(host.address(), "215"), Phone::new(host.address(), "215"));
    let long = format!("<{};x={}>", a.contact(), "y".repeat(300));
    a.subscribe_with(&a.subscribe_draft("call-info", 600).set("Contact", &long));
    b.subscribe("call-info", 600);
    schema.wait_rows("subscriber", &[&[&b.contact()]]);
}

fn far_side_holds_up_nobody(setup: Setup, schema: &dyn Database) {
    let line = Line::with(setup);
    let mut call = line.talking();
    let y = Phone::new(line.host.address(), "300");
    let long = format!("<sip:300@{};x={}>", y.local(), "y".repeat(300));
    let place = |invite: Draft| invite.set("Contact", &long);
    Call::dial(&y, &line.b, place).answer();
    call.change(Side::Caller, |invite| invite.state(1, "held").sdp("sendonly"));
    until("both rows", PATIENCE, || {
        let rows = schema.query("SELECT app_idx, state FROM sca_state ORDER BY app_idx");
        (rows == [["1", "6"], ["2", "5"]]).then_some(())
    });
}

/// Sends `draft` with a Latin-1 letter, which is no UTF-8, for each `~`.
fn send_in_latin_1(phone: &Phone, draft: &Draft) {
    let letter = |byte| if byte == b'~' { 0xfc } else { byte };
    phone.send_raw(&draft.bytes().into_iter().map(letter).collect::<Vec<_>>());
}

fn a_name_in_another_alphabet_holds_up_no_row(flavor: Flavor) {
    let maria = servers::mariadb().create();
    maria.execute(include_str!("../../../db/mysql/sca_state.sql"));
    let postgres = servers::postgres().create();
    postgres.execute(include_str!("../../../db/postgres/sca_state.sql"));
    let schemas: [(String, &dyn Database); 2] =
        [(maria.url(), &maria), (postgres.url(), &postgres)];
    for (url, schema) in schemas {
        let line = Line::with(writing(flavor).storage(Storage::At(url)));
        let from = "\"M~ller\" <sip:300@voice.example.com>;tag=own";
        let invite = line.x.request("INVITE", &line.a.aor()).add("X-Dst", &line.a.address());
        send_in_latin_1(&line.x, &invite.set("From", from));
        let answer = Draft::reply(&line.a.incoming("INVITE"), 200, "other");
        let answer = answer.add("Contact", &format!("<{}>", line.a.contact()));
        send_in_latin_1(&line.a, &answer.set("From", from));
        until("a row", PATIENCE, || {
            let rows = schema.query("SELECT uri FROM sca_state");
            (rows.len() == 1 && rows[0][0].contains("M?ller")).then_some(())
        });
    }
}

fn lines_that_differ_in_case_have_their_own_rows_on_mariadb(flavor: Flavor) {
    let schema = servers::mariadb().create();
    schema.execute(include_str!("../../../db/mysql/sca_state.sql"));
    let host = Host::start(writing(flavor).storage(Storage::At(schema.url())));
    for line in ["sip:bob@voice.example.com", "sip:BOB@voice.example.com"] {
        host.rpc(&["sca.seize_appearance", line, "sip:nobody@192.0.2.1"]).unwrap();
        let wanted = |rows: &[Vec<String>]| rows.iter().any(|row| row[0] == line);
        until("its row", PATIENCE, || {
            wanted(&schema.query("SELECT aor FROM sca_state")).then_some(())
        });
    }
    assert_eq!(schema.query("SELECT aor FROM sca_state").len(), 2);
}

fn a_missing_state_table_is_logged_once_and_nothing_else(flavor: Flavor) {
    let mut line = Line::with(writing(flavor));
    line.talking();
    std::thread::sleep(std::time::Duration::from_millis(2500));
    let about = |line: &&str| line.contains("sca_state");
    let text = line.host.journal().text();
    assert_eq!(text.lines().filter(about).count(), 1, "{text}");
    line.host.restart();
    let phone = Phone::new(line.host.address(), "215");
    assert_eq!(phone.subscribe("call-info", 600).reply.status(), 202);
}
