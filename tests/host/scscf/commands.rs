//! The commands of the registrar: an operator wants a user to register again, soon or later.

use host_tests::{
    diameter::{Assignment, hss::SERVER_ASSIGNMENT},
    mixed,
    scscf::{Lab, Mix, Plan, Ue, Watcher},
    wait::{PATIENCE, until},
};

mixed! {
    registrar:
        an_operator_wants_a_user_to_register_soon,
        what_was_shortened_ends_when_it_was_said,
        all_contacts_of_a_user_are_shortened,
        r_69_an_operator_sends_a_user_away_for_a_while,
        commands_with_garbled_arguments_change_nothing;
}

/// Bob, registered through a proxy that watches him, and watching himself.
fn watched(lab: &Lab) -> (Ue, [Watcher; 2]) {
    let bob = lab.ue("bob");
    let mut proxy = Watcher::proxy(lab, &bob.identity());
    proxy.registers(&bob, 600);
    proxy.begins(600);
    let mut own = Watcher::own(&bob);
    own.begins(600);
    (bob, [proxy, own])
}

/// What `regscscf.shorten_impu` says.
fn shorten(lab: &Lab, ue: &Ue, seconds: u32) -> String {
    let seconds = seconds.to_string();
    lab.host.rpc(&["regscscf.shorten_impu", &ue.identity(), &seconds]).unwrap()
}

fn an_operator_wants_a_user_to_register_soon(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, watchers) = watched(&lab);
    let text = shorten(&lab, &bob, 30);
    assert!(text.contains("Shortened: 1"), "{text}");
    for watcher in &watchers {
        let told = watcher.hears().valid();
        assert_eq!(told.states(), ["active"; 2]);
        assert_eq!(told.events(), ["active shortened"; 2]);
        let left = told.of(&bob.identity()).contacts[0].expires;
        assert!((20..=30).contains(&left), "{told:?}");
        assert!(told.subscription().starts_with("active;expires="), "{told:?}");
    }
    // Who has less than that keeps it.
    let text = shorten(&lab, &bob, 300);
    assert!(text.contains("Shortened: 0"), "{text}");
    let [proxy, own] = &watchers;
    proxy.quiet();
    assert!(lab.finds(&bob, "bob"));
    // All else of the contact is as it was.
    let path = bob.ask(&bob.calling("path").add("X-Uri", &bob.contact()));
    assert_eq!(host_tests::scscf::rc(&path), 1, "{path:?}");
    proxy.registers(&bob, 600);
    for watcher in [proxy, own] {
        let told = watcher.hears().valid();
        assert_eq!(told.events(), ["active refreshed"; 2]);
        assert!(told.of(&bob.identity()).contacts[0].expires > 500, "{told:?}");
    }
}

fn what_was_shortened_ends_when_it_was_said(mix: Mix) {
    let lab = Plan::new(mix).exact().start();
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    shorten(&lab, &bob, 2);
    assert!(lab.finds(&bob, "bob"));
    until("the end of the contact", PATIENCE, || (!lab.finds(&bob, "bob")).then_some(()));
    lab.wait_contacts(0);
}

fn all_contacts_of_a_user_are_shortened(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, [proxy, _]) = watched(&lab);
    let pad = lab.ue("bob");
    lab.register(&pad, 50);
    proxy.hears();
    let text = shorten(&lab, &bob, 40);
    assert!(text.contains("Shortened: 2"), "{text}");
    let told = proxy.hears().valid();
    assert_eq!(told.events(), ["active shortened"; 4]);
    let text = shorten(&lab, &pad, 20);
    assert!(text.contains("Shortened: 2"), "{text}");
    let contacts = lab.record(&bob.identity()).unwrap().contacts;
    assert!(contacts.iter().all(|(_, left)| *left <= 20), "{contacts:?}");
}

fn r_69_an_operator_sends_a_user_away_for_a_while(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, watchers) = watched(&lab);
    lab.hss.forget(SERVER_ASSIGNMENT);
    lab.host.rpc(&["regscscf.dereg_impu", &bob.identity(), "120"]).unwrap();
    for watcher in &watchers {
        let told = watcher.hears().valid();
        assert_eq!(told.states(), ["terminated"; 2]);
        assert_eq!(told.events(), ["terminated probation"; 2]);
        assert_eq!(told.message.body.matches(" retry-after=\"120\"").count(), 2, "{told:?}");
        assert_eq!(told.subscription(), "terminated;reason=probation;retry-after=120");
    }
    assert_eq!(lab.hss.assigned().0, Assignment::AdministrativeDeregistration);
    lab.wait_empty();
    lab.register(&bob, 600);
}

fn commands_with_garbled_arguments_change_nothing(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, [proxy, _]) = watched(&lab);
    let own = bob.identity();
    for (words, code) in [
        (&["regscscf.shorten_impu"][..], 400),
        (&["regscscf.shorten_impu", &own], 400),
        (&["regscscf.shorten_impu", &own, "0"], 400),
        (&["regscscf.shorten_impu", &own, "soon"], 400),
        (&["regscscf.shorten_impu", "sip:nobody@ims.test", "30"], 404),
        (&["regscscf.dereg_impu", &own, "0"], 400),
        (&["regscscf.dereg_impu", &own, "later"], 400),
    ] {
        assert_eq!(lab.host.rpc(words).unwrap_err().code, code, "{words:?}");
    }
    proxy.quiet();
    assert!(lab.finds(&bob, "bob"));
}
