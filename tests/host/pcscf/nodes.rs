//! Two P-CSCFs on one database: what one learns the other knows.

use host_tests::{
    Database, Message,
    database::Dialect,
    mixed,
    pcscf::{Lab, Mix, Plan, Ue, rc, tables::tables},
    servers,
    setup::Storage,
    wait::{PATIENCE, until},
};
use std::{net::SocketAddr, time::Duration};

mixed! {
    ours:
        two_nodes_on_one_mariadb_lose_nothing,
        two_nodes_on_one_postgresql_lose_nothing;
}

fn two_nodes_on_one_mariadb_lose_nothing(mix: Mix) {
    let database = servers::mariadb().with(&tables(Dialect::Mysql));
    lose_nothing(mix, &database);
}

fn two_nodes_on_one_postgresql_lose_nothing(mix: Mix) {
    let database = servers::postgres().with(&tables(Dialect::Postgres));
    lose_nothing(mix, &database);
}

/// Asks the P-CSCF at `node` something for `ue`, whoever `ue` is registered at.
fn asked(ue: &Ue, node: SocketAddr, function: &str) -> Message {
    let draft = ue.calling(function).add("X-Values", "1");
    ue.send_to(&draft, node);
    ue.final_reply(&draft)
}

/// Whether the P-CSCF at `node` takes `ue` for registered, with its identity.
fn known(ue: &Ue, node: SocketAddr) -> bool {
    let answer = asked(ue, node, "is_registered");
    rc(&answer) == 1 && answer.header("X-Asserted") == ue.identity()
}

/// Plays a call of `caller` through the P-CSCF at `node`, up to the INVITE that `callee` gets.
fn rings(lab: &Lab, caller: &Ue, callee: &Ue, node: SocketAddr) {
    let call = caller.draft("INVITE", &callee.identity());
    let call = call.set("To", &format!("<{}>", callee.identity())).sdp("sendrecv");
    caller.send_to(&call, node);
    let passed = lab.core.incoming("INVITE");
    assert_eq!(passed.header("Route"), lab.core.service_route());
    assert_eq!(passed.header("P-Asserted-Identity"), format!("<{}>", caller.identity()));
    let invite = callee.incoming("INVITE");
    assert_eq!(invite.uri(), callee.contact());
    let busy = host_tests::Draft::reply(&invite, 486, "busy");
    callee.send_to(&busy, invite.sent_by(0).unwrap());
    assert_eq!(caller.final_reply(&call).status(), 486);
}

fn lose_nothing(mix: Mix, database: &dyn Database) {
    let stored =
        |plan: Plan| plan.stored(Storage::At(database.url()), 3).usrloc("timer_interval", 1);
    let mut one = stored(Plan::new(mix)).start();
    one.core.network(false);
    let mut two = stored(Plan::of(mix, &one.core)).start();
    let (first, second) = (one.host.address(), two.host.address());
    let users: Vec<_> = (0..20).map(|number| one.ue(&format!("user{number}"))).collect();
    for ue in &users {
        assert_eq!(ue.ask(&ue.register(600)).status(), 200);
    }
    let bob = two.ue("bob");
    assert_eq!(bob.ask(&bob.register(600)).status(), 200);
    assert_eq!(database.query("SELECT aor FROM location").len(), 21);

    // Registered at one, calling through the other, which has its neighbour's word for it.
    assert!(known(&users[0], first) && known(&users[0], second));
    rings(&two, &users[0], &bob, second);

    // One is gone: the other serves everybody.
    one.host.kill9();
    for ue in &users {
        assert!(known(ue, second), "{}", ue.user());
    }
    rings(&two, &users[1], &bob, second);

    // It comes back, and the other goes.
    one.host.again();
    two.host.kill9();
    for ue in &users {
        assert!(known(ue, first), "{}", ue.user());
    }
    assert!(known(&bob, first));
    rings(&one, &bob, &users[2], first);

    // What leaves at one is gone at the other.
    two.host.again();
    assert!(known(&users[3], second));
    assert_eq!(users[3].ask(&users[3].register(0)).status(), 200);
    until("the row to go", PATIENCE, || {
        (database.query("SELECT aor FROM location").len() == 20).then_some(())
    });
    until("the other node to know", Duration::from_secs(30), || {
        (!known(&users[3], second)).then_some(())
    });
    for ue in users.iter().filter(|ue| ue.user() != "user3") {
        assert!(known(ue, first) && known(ue, second), "{}", ue.user());
    }
}
