//! Rows that a table cannot take: they cost nobody else anything.

use crate::database::{plan_at, restart};
use host_tests::{
    Draft,
    database::{Database, Dialect},
    mixed,
    scscf::{
        Mix, Plan, Ue,
        tables::{Registrations as _, tables},
    },
    servers,
    wait::{PATIENCE, until},
};

mixed! {
    usrloc:
        what_a_table_cannot_hold_costs_nobody_else_on_mariadb,
        what_a_table_cannot_hold_costs_nobody_else_on_postgres,
        what_a_table_cannot_hold_costs_nobody_else_in_a_cluster;
}

/// How many there are of [`hard`], and which of them are stored: what only people read is made to fit.
const HARD: usize = 5;
const KEPT: [usize; 3] = [1, 2, 4];

/// REGISTERs that are right, and too much for one table or other.
fn hard(ue: &Ue) -> [Draft; HARD] {
    let contact = ue.contact();
    [
        ue.register(600).set("Contact", &format!("<{contact};x={}>", "y".repeat(400))),
        ue.register(600).set("Contact", &format!("<{contact}>;x={}", "y".repeat(3000))),
        ue.register(600).set("User-Agent", &"a".repeat(600)),
        ue.register(600)
            .add("Path", &format!("<sip:p@127.0.0.1:5099;lr;x={}>", "y".repeat(1500)))
            .add("Supported", "path"),
        ue.register(600).set("User-Agent", "T\u{e9}l\u{e9}phone \u{1f4de}"),
    ]
}

fn costs_nobody_else(plan: impl Fn() -> Plan, database: &dyn Database) {
    for mode in [1, 2] {
        let plan = plan().usrloc("db_mode", mode).usrloc("db_flush_interval", 1);
        let mut lab = plan.start();
        for number in 0..HARD {
            let ue = lab.ue(&format!("hard{mode}{number}"));
            let reply = ue.ask(&hard(&ue)[number]);
            assert_eq!(reply.status(), 200, "{number}: {reply:?}");
            let easy = lab.ue(&format!("easy{mode}{number}"));
            lab.register(&easy, 600);
            until(&format!("rows in mode {mode} after {number}"), PATIENCE * 2, || {
                (database.contacts_of(&easy.identity()) == [easy.contact()]).then_some(())
            });
            assert!(lab.finds(&easy, ue.user()), "{number}");
        }
        // Nothing is tried again and again in vain, and what there was no place for is named.
        until("no rows to write", PATIENCE, || (lab.stored("db_rows_pending") == 0).then_some(()));
        let log = lab.host.journal().text();
        for said in ["contact has 4", "path has 15", "must have at most"] {
            assert!(log.contains(said), "{said} in {log}");
        }
        restart(&mut lab);
        let asking = lab.ue("asking");
        for number in 0..HARD {
            assert!(lab.finds(&asking, &format!("easy{mode}{number}")), "{number}");
            let (user, kept) = (format!("hard{mode}{number}"), KEPT.contains(&number));
            assert_eq!(lab.finds(&asking, &user), kept, "{user}");
        }
    }
}

fn what_a_table_cannot_hold_costs_nobody_else_on_mariadb(mix: Mix) {
    let database = servers::mariadb().with(&tables(Dialect::Mysql));
    costs_nobody_else(|| plan_at(mix, &database), &database);
}

fn what_a_table_cannot_hold_costs_nobody_else_on_postgres(mix: Mix) {
    let database = servers::postgres().with(&tables(Dialect::Postgres));
    costs_nobody_else(|| plan_at(mix, &database), &database);
}

/// One statement that the database refuses has `db_cluster` leave it alone for minutes.
fn what_a_table_cannot_hold_costs_nobody_else_in_a_cluster(mix: Mix) {
    let database = servers::mariadb().with(&tables(Dialect::Mysql));
    let plan = || {
        let plan = plan_at(mix, &database).usrloc("db_url", "cluster://all");
        plan.with(|setup| {
            setup
                .module("db_cluster")
                .param("db_cluster", "connection", format!("one=>{}", database.url()))
                .param("db_cluster", "cluster", "all=>one=9s9s")
        })
    };
    costs_nobody_else(plan, &database);
    let lab = plan().start();
    let log = lab.host.journal().text();
    assert!(log.contains("unless max_query_length of db_cluster is set"), "{log}");
    assert!(!log.contains("lacks the columns"), "{log}");
}
