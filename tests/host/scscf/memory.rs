//! The pair under valgrind: one of the long tests.

use crate::{
    database::plan,
    told::{document, published},
};
use host_tests::{
    scscf::{Mix, Watcher, private, rc, set},
    suite::{Case, soak},
    valgrind,
};
use std::{thread::sleep, time::Duration};

/// The cases of this file.
pub(crate) const CASES: &[Case<Mix>] = &[Case::on(
    "registrations_under_valgrind_have_no_error",
    registrations_under_valgrind_have_no_error,
    &[Mix::Ours],
)
.with("valgrind")];

/// Bytes that are no profile, and one that ends too early.
const BROKEN: &[&str] = &["<IMSSubscription><PrivateID>bob@ims.test</PrivateID>", "\u{0}\u{1}<"];

fn registrations_under_valgrind_have_no_error(mix: Mix) {
    // Several times slower than the others, and nothing new while little changes.
    if !soak() {
        return;
    }
    let plan = plan(mix, 1).short(1).isc().with(|mut setup| {
        setup.valgrind = true;
        // Nobody is quick here, and a request that is sent again has two answers.
        setup.param("tm", "fr_timer", 30_000).param("tm", "retr_timer1", 4000)
    });
    let mut lab = plan.start();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|user| lab.ue(user));
    for ue in [&alice, &bob, &carol] {
        lab.register(ue, 600);
    }
    let mut proxy = Watcher::proxy(&lab, &bob.identity());
    for _ in 0..3 {
        proxy.registers(&bob, 600);
    }
    proxy.begins(600);
    let mut own = Watcher::own(&alice);
    own.begins(600);
    // Every function, for somebody who is there and for somebody who is not.
    for user in ["bob", "nobody"] {
        let [identity, ..] = set(user);
        for function in [
            "lookup",
            "lookup_3gpp",
            "path",
            "registered",
            "term_registered",
            "term_contact",
            "fetch",
            "free",
            "sock",
            "assign_term",
            "can_publish",
        ] {
            let own = format!("<{}>", bob.identity());
            let draft = carol.calling(function).uri(&identity).add("X-Uri", &identity);
            carol.ask(&draft.add("P-Asserted-Identity", &own));
        }
    }
    lab.hss.push(&private("bob"));
    for broken in BROKEN {
        lab.hss.change(&private("carol"), |it| it.profile = Some((*broken).to_owned()));
        lab.hss.push(&private("carol"));
        carol.ask(&carol.register(600));
    }
    let gone = document(&bob.identity(), &bob.contact(), "terminated");
    assert_eq!(published(&proxy, &gone).status(), 200);
    proxy.hears_of("unregistered");
    let [identity, ..] = set("alice");
    for command in [
        &["ulscscf.status"][..],
        &["ulscscf.list"],
        &["ulscscf.showimpu", &identity],
        &["ulscscf.explain", &identity],
        &["ulscscf.lock"],
    ] {
        lab.host.rpc(command).unwrap();
    }
    // One goes by itself, one by time, one is taken away, and all of it is stored.
    let dave = lab.ue("dave");
    lab.register(&dave, 1);
    assert_eq!(rc(&carol.ask(&carol.calling("unregister").add("X-Uri", &identity))), 1);
    own.hears();
    lab.register(&bob, 600);
    lab.hss.terminate(&private("bob"), &[], 0);
    // Until what was removed is given back.
    sleep(Duration::from_secs(8));
    // All of it is read again. In good order: a process that is killed reports nothing.
    lab.host.stop_within(Duration::from_secs(60));
    lab.host.again();
    lab.connected();
    assert!(lab.host.rpc(&["ulscscf.status"]).unwrap().contains("Domain: location"));
    valgrind::assert_clean(&mut lab.host, &["scscf", "kamailio::"]);
}
