//! What columns of our own keep over a restart: what a contact said of itself, and its domain.

use crate::database::{plan, plan_at, restart};
use host_tests::{
    database::{Database, Dialect, schema},
    install::install,
    mariadb::MariaDb,
    mixed,
    scscf::{
        Lab, Mix, Plan, Ue, rc,
        tables::{Registrations as _, added_columns, tables, without_own_columns},
    },
    servers,
    setup::Storage,
};

mixed! {
    usrloc:
        u_19_what_the_tables_cannot_say_is_named_at_the_start,
        u_30_both_domains_survive_on_sqlite,
        u_30_both_domains_survive_on_mariadb,
        u_30_both_domains_survive_on_postgres;
    ours:
        a_registration_costs_few_statements,
        u_19_what_a_contact_said_survives_on_sqlite,
        u_19_what_a_contact_said_survives_on_mariadb,
        u_19_what_a_contact_said_survives_on_postgres,
        u_19_a_row_that_the_c_pair_wrote_since_says_what_it_knows,
        u_22_the_tables_that_come_with_kamailio_can_have_our_columns;
}

/// Asks for everything that `lookup` and scripts make of the contacts of `bob`.
fn seen(bob: &Ue) -> Vec<String> {
    let asked = |method: &str, function: &str, names: &[&str]| {
        let draft = bob.draft(method, &bob.identity()).add("X-Do", function);
        let answer = bob.ask(&draft.add("X-Uri", &bob.identity()));
        let tell = |name: &&str| format!("{method} {name}: {}", answer.header(name));
        names.iter().map(tell).collect::<Vec<_>>()
    };
    let way = &["X-Rc", "X-Ru", "X-Branches", "X-Socket", "X-Branch-Flags"];
    [
        asked("MESSAGE", "lookup", way),
        asked("INVITE", "lookup", way),
        asked("OPTIONS", "lookup", way),
        asked("REFER", "lookup", &["X-Rc"]),
        asked("MESSAGE", "fetch", &["X-First", "X-Q", "X-Cseq", "X-Call-Id"]),
    ]
    .concat()
}

/// What `lookup` by q, method filtering, the forced socket and the order of CSeq go by.
fn keeps(plan: Plan) {
    let plan = plan.registrar("lookup_order", 2).registrar("method_filtering", 1);
    let mut lab = plan.start();
    let bob = lab.ue("bob");
    let calls = format!("<{}>;q=0.2;methods=\"INVITE,MESSAGE\"", bob.contact());
    let first = bob.register(600).set("CSeq", "10 REGISTER").set("Contact", &calls);
    assert_eq!(bob.ask(&first).status(), 200);
    let other = format!("sip:other@{}", bob.local());
    let asks = format!("<{other}>;q=0.9;methods=\"OPTIONS,MESSAGE\"");
    assert_eq!(bob.ask(&bob.register(600).set("Contact", &asks)).status(), 200);
    let before = seen(&bob);
    let told = |wanted: &str| assert!(before.iter().any(|line| line == wanted), "{before:#?}");
    told(&format!("MESSAGE X-Ru: {other}"));
    told(&format!("INVITE X-Ru: {}", bob.contact()));
    told(&format!("OPTIONS X-Ru: {other}"));
    told(&format!("INVITE X-Socket: udp:{}", lab.host.address()));
    told("MESSAGE X-Cseq: 10");
    restart(&mut lab);
    assert_eq!(seen(&bob), before);
    let call_id = first.find("Call-ID").unwrap().to_owned();
    let within = |cseq: &str| {
        let contact = format!("<{}>", bob.contact());
        bob.register(0).set("Call-ID", &call_id).set("CSeq", cseq).set("Contact", &contact)
    };
    // What was sent before what is stored came too late.
    bob.ask(&within("9 REGISTER"));
    assert_eq!(lab.contacts(&bob.identity()).len(), 2);
    assert_eq!(bob.ask(&within("11 REGISTER")).status(), 200);
    assert!(seen(&bob).contains(&format!("MESSAGE X-Ru: {other}")));
    let log = lab.host.journal().text();
    assert!(!log.contains("lacks the columns"), "{log}");
}

fn u_19_what_a_contact_said_survives_on_sqlite(mix: Mix) {
    keeps(plan(mix, 1));
    keeps(plan(mix, 1).with(|mut setup| {
        setup.tables = || without_own_columns(Dialect::Sqlite) + &added_columns(Dialect::Sqlite);
        setup
    }));
}

fn u_19_what_a_contact_said_survives_on_mariadb(mix: Mix) {
    keeps(plan_at(mix, &servers::mariadb().with(&tables(Dialect::Mysql))));
}

fn u_19_what_a_contact_said_survives_on_postgres(mix: Mix) {
    keeps(plan_at(mix, &servers::postgres().with(&tables(Dialect::Postgres))));
    let older = without_own_columns(Dialect::Postgres) + &added_columns(Dialect::Postgres);
    keeps(plan_at(mix, &servers::postgres().with(&older)));
}

/// The tables that come with Kamailio, and our columns.
fn shipped() -> String {
    let script = install().shipped("/usr/share/kamailio/mysql/ims_usrloc_scscf-create.sql");
    let mut script = schema(Dialect::Mysql) + &script + &added_columns(Dialect::Mysql);
    // Some versions ship this table under a name that their module does not ask for.
    if script.contains("subscriber_scscf") {
        script += "CREATE TABLE subscriber LIKE subscriber_scscf;\n";
    }
    script
}

fn u_19_a_row_that_the_c_pair_wrote_since_says_what_it_knows(mix: Mix) {
    const CONTACT: &str = "sip:bob@192.0.2.7:5070";
    let database = servers::mariadb().with(&shipped());
    let hss = Plan::new(mix).hss;
    let start = |mix| {
        let url = database.url();
        // The HSS knows one server.
        let plan = Plan::of(mix, &hss).registrar("scscf_name", "sip:scscf.ims.test");
        plan.usrloc("db_mode", 1).with(|setup| setup.storage(Storage::At(url))).start()
    };
    let register = |lab: &Lab, cseq: &str, params: &str| {
        let bob = lab.ue("bob");
        let draft = bob.register(600).set("CSeq", cseq).set("Call-ID", "the-same");
        let reply = bob.ask(&draft.set("Contact", &format!("<{CONTACT}>{params}")));
        assert_eq!(reply.status(), 200, "{reply:?}");
    };
    // Preference and CSeq of the contact, and whether it takes a REFER.
    let known = |lab: &Lab| {
        let bob = lab.ue("bob");
        let fetch = bob.calling("fetch").add("X-Uri", &bob.identity());
        let answer = bob.ask(&fetch);
        assert_eq!(answer.header("X-First"), CONTACT);
        [answer.header("X-Q").to_owned(), answer.header("X-Cseq").to_owned()]
    };
    let stop = |mut lab: Lab| {
        lab.host.stop();
    };
    let lab = start(mix);
    register(&lab, "900 REGISTER", ";q=0.2");
    assert_eq!(known(&lab), ["200", "900"]);
    stop(lab);
    let lab = start(mix);
    assert_eq!(known(&lab), ["200", "900"], "what nobody changed is as it was");
    stop(lab);
    let lab = start(Mix::C);
    register(&lab, "901 REGISTER", ";q=0.7");
    stop(lab);
    let lab = start(mix);
    assert_eq!(known(&lab), ["-1", "0"], "{}", lab.host.journal().tail(20));
    // What it says from now on counts again.
    register(&lab, "902 REGISTER", ";q=0.4");
    stop(lab);
    assert_eq!(known(&start(mix)), ["400", "902"]);
}

fn u_22_the_tables_that_come_with_kamailio_can_have_our_columns(mix: Mix) {
    let database = servers::mariadb().with(&shipped());
    keeps(plan_at(mix, &database));
    // The C pair stores and reads beside the columns that it does not know.
    let mut lab = plan_at(Mix::C, &database).start();
    let (carol, dave) = (lab.ue("carol"), lab.ue("dave"));
    lab.register(&carol, 600);
    restart(&mut lab);
    lab.register(&dave, 600);
    assert!(lab.finds(&dave, "carol"));
    lab.host.stop();
    let (hss, url) = (lab.hss.clone(), database.url());
    drop(lab);
    let plan = Plan::of(mix, &hss).exact().usrloc("db_mode", 1);
    let lab = plan.with(|setup| setup.storage(Storage::At(url))).start();
    for ue in [&carol, &dave] {
        assert_eq!(lab.contacts(&ue.identity()), [ue.contact()]);
    }
}

fn u_19_what_the_tables_cannot_say_is_named_at_the_start(mix: Mix) {
    let bare = |plan: Plan| {
        plan.with(|mut setup| {
            setup.tables = || without_own_columns(Dialect::Sqlite);
            setup
        })
    };
    let mut lab = bare(plan(mix, 1).two_domains()).start();
    let log = lab.host.journal().text();
    for told in [
        "table contact lacks the columns q, cseq, flags, cflags, methods, socket, last_modified, \
         checksum",
        "domain loc2 is not stored, as table impu has no column for it",
        "db/*/ims_usrloc_scscf-more.sql",
    ] {
        assert!(log.contains(told), "{told}: {log}");
    }
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    lab.register(&bob, 600);
    assert_eq!(carol.ask(&carol.register(600).add("X-Save", "second")).status(), 200);
    let database = lab.host.sqlite();
    database.wait_count("impu", 3);
    restart(&mut lab);
    assert!(lab.finds(&carol, "bob"));
    assert_eq!(rc(&carol.ask(&carol.calling("lookup_second").uri(&carol.identity()))), -1);
}

fn both_domains_survive(plan: Plan, database: impl FnOnce(&Lab) -> Box<dyn Database>) {
    let mut lab = plan.two_domains().start();
    let database = database(&lab);
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    let (here, there) = (lab.ue("dave"), lab.ue("dave"));
    let second = |ue: &Ue, seconds| ue.ask(&ue.register(seconds).add("X-Save", "second"));
    for ue in [&bob, &here] {
        lab.register(ue, 600);
    }
    for ue in [&carol, &there] {
        assert_eq!(second(ue, 600).status(), 200);
    }
    database.wait_count("impu", 12);
    let ways = |ue: &Ue| {
        ["lookup", "lookup_second"].map(|function| {
            let answer = ue.ask(&ue.calling(function).uri(&ue.identity()));
            (rc(&answer) == 1).then(|| answer.header("X-Ru").to_owned())
        })
    };
    let wanted = [
        (&bob, [Some(bob.contact()), None]),
        (&carol, [None, Some(carol.contact())]),
        (&here, [Some(here.contact()), Some(there.contact())]),
    ];
    for (ue, wanted) in &wanted {
        assert_eq!(&ways(ue), wanted);
    }
    restart(&mut lab);
    for (ue, wanted) in &wanted {
        assert_eq!(&ways(ue), wanted, "{}", lab.host.journal().tail(20));
    }
    // One leaves in one of them, and stays in the other.
    lab.leave(&here);
    database.wait_count("impu", 9);
    assert_eq!(second(&carol, 0).status(), 200);
    database.wait_count("impu", 6);
    let domains = database.query("SELECT DISTINCT domain FROM impu ORDER BY domain");
    assert_eq!(domains, [[""], ["loc2"]]);
    restart(&mut lab);
    assert_eq!(ways(&here), [None, Some(there.contact())]);
    assert_eq!(ways(&bob), [Some(bob.contact()), None]);
    assert_eq!(ways(&carol), [None, None]);
    assert_eq!(second(&there, 0).status(), 200);
    lab.wait_contacts(1);
    database.wait_count("contact", 1);
    assert_eq!(lab.stored("db_write_errors"), 0, "{}", lab.host.journal().tail(20));
}

fn u_30_both_domains_survive_on_sqlite(mix: Mix) {
    both_domains_survive(plan(mix, 1), |lab| Box::new(lab.host.sqlite()));
}

fn u_30_both_domains_survive_on_mariadb(mix: Mix) {
    let database = servers::mariadb().with(&tables(Dialect::Mysql));
    both_domains_survive(plan_at(mix, &database), |_| Box::new(database));
}

fn u_30_both_domains_survive_on_postgres(mix: Mix) {
    let database = servers::postgres().with(&tables(Dialect::Postgres));
    both_domains_survive(plan_at(mix, &database), |_| Box::new(database));
}

/// How many statements of each kind the server has run: SELECT, INSERT, UPDATE, DELETE.
fn statements(database: &dyn Database) -> [u64; 4] {
    ["select", "insert", "update", "delete"].map(|kind| {
        let rows = database.query(&format!("SHOW GLOBAL STATUS LIKE 'Com_{kind}'"));
        rows[0][1].parse().unwrap()
    })
}

/// How the statements begin that the server has run, without those of this test.
fn log_of(database: &dyn Database) -> String {
    let sql = "SELECT LEFT(argument, 100) FROM mysql.general_log \
               WHERE argument NOT LIKE 'SHOW%' AND argument NOT LIKE '%general_log%'";
    database.query(sql).into_iter().flatten().collect::<Vec<_>>().join("\n")
}

fn a_registration_costs_few_statements(mix: Mix) {
    // Nobody else may ask this server.
    let server = MariaDb::start();
    let database = server.with(&tables(Dialect::Mysql));
    let lab = plan_at(mix, &database).start();
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    // Before the answer everything is stored.
    lab.register(&carol, 600);
    let mut before = statements(&database);
    let mut cost = || {
        let now = statements(&database);
        let cost = core::array::from_fn::<u64, 4, _>(|kind| now[kind] - before[kind]);
        before = now;
        cost
    };
    database.execute("SET GLOBAL log_output='TABLE', general_log=1");
    cost();
    lab.register(&bob, 600);
    let [select, insert, update, delete] = cost();
    assert_eq!([insert, update, delete], [7, 0, 0]);
    // Each row is looked for before it is made; the one transaction asks at its end, and in a process that
    // has not had one before also at its start, for the connection.
    assert!((4..=6).contains(&select), "{select} in\n{}", log_of(&database));
    lab.register(&bob, 700);
    let [select, insert, update, delete] = cost();
    assert_eq!([select, insert, update, delete], [0, 0, 1, 0], "{}", log_of(&database));
    lab.leave(&bob);
    database.wait_count("impu", 3);
    let [_, insert, update, delete] = cost();
    assert_eq!([insert, update], [0, 0], "{}", log_of(&database));
    // The rows with their links, and of the links what went before.
    assert!((4..=11).contains(&delete), "{delete} in\n{}", log_of(&database));
}
