//! Who watches a registration, as far as it is a matter of the store.

use host_tests::{
    Draft, Flavor, Message, mixed,
    scscf::{Lab, Mix, Plan, Ue, private},
    wait::{PATIENCE, until},
};
use std::{thread::sleep, time::Duration};

mixed! {
    all:
        u_09_an_identity_that_is_watched_outlives_its_contacts,
        u_13_only_the_newest_watchers_are_told,
        u_14_identities_of_a_realm_are_left_out;
}

/// A SUBSCRIBE of `watcher` to the registration of `ue`.
fn subscribe(watcher: &Ue, ue: &Ue, seconds: u32) -> Draft {
    watcher
        .draft("SUBSCRIBE", &ue.identity())
        .set("To", &format!("<{}>", ue.identity()))
        .add("P-Asserted-Identity", &format!("<{}>", ue.identity()))
        .add("Event", "reg")
        .add("Expires", &seconds.to_string())
}

pub(crate) fn watched(lab: &Lab, watcher: &Ue, ue: &Ue, seconds: u32) -> Message {
    let reply = watcher.ask(&subscribe(watcher, ue, seconds));
    assert_eq!(reply.status(), 200, "{reply:?}{}", lab.host.journal().tail(3));
    watcher.notified("reg")
}

fn u_09_an_identity_that_is_watched_outlives_its_contacts(mix: Mix) {
    let plan = Plan::new(mix).exact();
    // Ours would end the subscription with the registration, as 3GPP TS 24.229 wants it.
    let plan = match mix.registrar() {
        Flavor::Ours => plan.registrar("watchers_end_with_registration", 0),
        Flavor::C => plan,
    };
    let lab = plan.start();
    let (bob, watcher) = (lab.ue("bob"), lab.ue("watcher"));
    lab.register(&bob, 600);
    watched(&lab, &watcher, &bob, 12);
    lab.leave(&bob);
    lab.wait_contacts(0);
    until("an unregistered identity", PATIENCE, || {
        (lab.state(&bob.identity())? == "unregistered").then_some(())
    });
    sleep(Duration::from_secs(2));
    assert_eq!(lab.state(&bob.identity()).as_deref(), Some("unregistered"));
    lab.wait_empty();
}

fn u_13_only_the_newest_watchers_are_told(mix: Mix) {
    let lab = Plan::new(mix).usrloc("max_subscribes", 1).exact().start();
    let bob = lab.ue("bob");
    let watchers = [lab.ue("watcher"), lab.ue("watcher")];
    lab.register(&bob, 600);
    for watcher in &watchers {
        watched(&lab, watcher, &bob, 600);
    }
    for watcher in &watchers {
        watcher.notifies();
    }
    lab.hss.terminate(&private("bob"), &[&bob.identity()], 0);
    watchers[1].notified("reg");
    watchers[0].quiet();
}

fn u_14_identities_of_a_realm_are_left_out(mix: Mix) {
    let plan = Plan::new(mix).usrloc("skip_realm", 1).usrloc("realm", "hidden.test");
    let lab = plan.start();
    let mut subscriber = host_tests::scscf::subscriber("sip:bob@ims.test");
    subscriber.public.push(("sip:bob@hidden.test".to_owned(), false));
    lab.hss.add(subscriber);
    let (bob, watcher) = (lab.ue("bob"), lab.ue("watcher"));
    lab.register(&bob, 600);
    let notify = watched(&lab, &watcher, &bob, 600);
    assert!(notify.body.contains("sip:bob@ims.test"), "{notify:?}");
    assert!(!notify.body.contains("hidden.test"), "{notify:?}");
}
