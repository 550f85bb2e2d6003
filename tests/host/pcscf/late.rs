//! Answers that come more than once, too late, or after another one.

use host_tests::{
    Draft, Message,
    install::{Version, install},
    mixed,
    pcscf::{Lab, Mix, Plan, Ue, saved},
    wait::{PATIENCE, until},
};
use std::{thread::sleep, time::Duration};

mixed! {
    all:
        an_answer_that_comes_again_changes_nothing,
        a_200_behind_a_refusal_registers,
        a_200_for_a_contact_that_has_gone_stores_nothing,
        a_register_that_comes_again_leaves_one_contact;
}

/// The usual 200 to `relayed`.
fn granted(lab: &Lab, ue: &Ue, relayed: &Message) -> Draft {
    lab.core.ok(relayed).set("Contact", &format!("<{}>;expires=600", ue.contact()))
}

fn an_answer_that_comes_again_changes_nothing(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    let draft = alice.register(600);
    let ok = granted(&lab, &alice, &lab.relayed(&alice, &draft));
    for _ in 0..3 {
        lab.core.send(&ok);
    }
    assert_eq!(saved(&alice.final_reply(&draft)), 1);
    sleep(Duration::from_millis(200));
    assert_eq!(lab.count(), 1);
    assert!(alice.is_registered());
}

fn a_200_behind_a_refusal_registers(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    let draft = alice.register(600);
    let relayed = lab.relayed(&alice, &draft);
    lab.core.send(&Draft::reply(&relayed, 403, "core"));
    assert_eq!(alice.final_reply(&draft).status(), 403);
    assert!(!alice.is_registered());
    // Up to 6.0 the transaction is still there: what the script does with a reply, it does with this
    // one.
    lab.core.send(&granted(&lab, &alice, &relayed));
    if install().version() >= Version(6, 1) {
        // Since then tm has none for it: it goes on without the script.
        assert_eq!(alice.final_reply(&draft).status(), 200);
        assert!(!alice.is_registered());
        return;
    }
    until("the late answer", PATIENCE, || alice.is_registered().then_some(()));
    assert_eq!(lab.count(), 1);
}

fn a_200_for_a_contact_that_has_gone_stores_nothing(mix: Mix) {
    let lab = Plan::new(mix).aging(0).registrar("pending_reg_expires", 1).start();
    let alice = lab.ue("alice");
    let draft = alice.register(600);
    let relayed = lab.relayed(&alice, &draft);
    lab.wait_count(0, PATIENCE);
    lab.core.send(&granted(&lab, &alice, &relayed));
    assert_eq!(saved(&alice.final_reply(&draft)), 1);
    assert_eq!(lab.count(), 0);
    assert!(!alice.is_registered());
}

fn a_register_that_comes_again_leaves_one_contact(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    let draft = alice.register(600);
    let relayed = lab.relayed(&alice, &draft);
    for _ in 0..3 {
        alice.send(&draft);
    }
    lab.core.send(&granted(&lab, &alice, &relayed));
    alice.final_reply(&draft);
    alice.send(&draft);
    sleep(Duration::from_millis(200));
    assert_eq!(lab.count(), 1);
    assert!(alice.is_registered());
}
