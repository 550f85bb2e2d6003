//! Contacts that a restart brings back are subscribed to anew.

use crate::rows::Contacts;
use host_tests::{
    Message, mixed,
    pcscf::{
        Lab, Mix, Plan, Ue,
        reginfo::{Contact, document},
    },
    setup::Storage,
    wait::{PATIENCE, until},
};
use std::{
    thread::sleep,
    time::{Duration, Instant},
};

mixed! {
    ours:
        a_contact_that_a_restart_brings_back_is_subscribed_to_anew,
        what_the_registrar_tells_after_a_restart_is_followed,
        so_many_are_subscribed_to_in_a_second_and_no_more,
        who_has_no_registration_is_not_subscribed_to_after_a_restart,
        who_registers_first_is_not_subscribed_to_twice,
        a_switch_keeps_a_restart_silent,
        who_shares_a_database_subscribes_for_nobody_else;
}

fn plan(mix: Mix, mode: i32) -> Plan {
    Plan::new(mix).subscribing().stored(Storage::Own, mode)
}

/// A server whose contacts are all in the database.
fn started(plan: Plan, users: &[&str]) -> (Lab, Vec<Ue>) {
    let lab = plan.start();
    let ues: Vec<Ue> = users.iter().map(|user| lab.ue(user)).collect();
    for ue in &ues {
        lab.register(ue);
        lab.subscribed();
    }
    lab.host.sqlite().wait_count(ues.len());
    (lab, ues)
}

fn next(lab: &Lab, limit: Duration) -> Option<Message> {
    lab.core.wait(limit, |message| message.method() == "SUBSCRIBE")
}

/// Nobody is subscribed to in this time.
fn is_silent(lab: &Lab) {
    let asked = next(lab, SOON);
    assert!(asked.is_none(), "{asked:?}");
}

/// A time in which the first ones would have come.
const SOON: Duration = Duration::from_secs(4);

fn a_contact_that_a_restart_brings_back_is_subscribed_to_anew(mix: Mix) {
    for mode in [1, 2] {
        let flush = plan(mix, mode).usrloc("db_flush_interval", 1);
        let (mut lab, ues) = started(flush, &["alice", "bob"]);
        lab.host.restart();
        let mut asked: Vec<Message> = ues.iter().map(|_| lab.subscribed()).collect();
        asked.sort_by_key(|message| message.uri().to_owned());
        for (message, ue) in asked.iter().zip(&ues) {
            assert_eq!(message.uri(), ue.identity(), "{mode}");
            assert_eq!(message.header("Expires"), "3610");
            assert_eq!(message.header("P-Asserted-Identity"), "<sip:pcscf.ims.test>");
        }
        // Once.
        is_silent(&lab);
        assert!(ues.iter().all(Ue::is_registered));
    }
}

fn what_the_registrar_tells_after_a_restart_is_followed(mix: Mix) {
    let (mut lab, ues) = started(plan(mix, 1), &["alice", "bob"]);
    let [alice, bob] = &*ues else { unreachable!() };
    lab.host.restart();
    let asked = [lab.subscribed(), lab.subscribed()];
    let own = asked.iter().find(|message| message.uri() == alice.identity()).unwrap();
    sleep(Duration::from_millis(200));
    // The registrar ended it while the server was away.
    let uri = alice.contact();
    let body = document(&alice.identity(), "terminated", &[Contact::gone(&uri)]);
    assert_eq!(lab.notified(&lab.core.notify(own, 1, &body)), 1);
    assert!(!alice.is_registered() && bob.is_registered());
    assert_eq!(lab.count(), 1);
    lab.host.sqlite().wait_contacts("aor", &[&[&bob.contact()]]);
}

fn so_many_are_subscribed_to_in_a_second_and_no_more(mix: Mix) {
    const RATE: u32 = 5;
    let names: Vec<String> = (0..16).map(|number| format!("user{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let slow = plan(mix, 1).registrar("resubscribe_rate", 5);
    let (mut lab, ues) = started(slow, &names);
    lab.host.restart();
    let mut asked = vec![lab.subscribed()];
    let first = Instant::now();
    while asked.len() < ues.len() {
        asked.push(lab.subscribed());
        let seconds = u32::try_from(first.elapsed().as_secs()).unwrap();
        // A tick may come a little late, and the one behind it a little early.
        let most = (seconds + 2) * RATE;
        assert!(asked.len() <= most as usize, "{} after {seconds} s", asked.len());
    }
    assert!(first.elapsed() > Duration::from_secs(2), "{:?}", first.elapsed());
    let mut uris: Vec<&str> = asked.iter().map(Message::uri).collect();
    uris.sort_unstable();
    uris.dedup();
    assert_eq!(uris.len(), ues.len());
}

fn who_has_no_registration_is_not_subscribed_to_after_a_restart(mix: Mix) {
    let mut lab = plan(mix, 1).usrloc("expires_grace", 600).start();
    let [pending, sos, number, brief] = ["bob", "sos", "number", "brief"].map(|name| lab.ue(name));
    lab.relayed(&pending, &pending.register(600));
    let contact = format!("<{};sos>", sos.contact());
    let emergency = sos.register(600).set("Contact", &contact);
    assert_eq!(lab.exchange(&sos, &emergency, |ok| ok).saved(), 1);
    lab.exchange(&number, &number.register(600), |ok| ok.set("P-Associated-URI", "<tel:+4930>"));
    let short = format!("<{}>;expires=1", brief.contact());
    lab.exchange(&brief, &brief.register(600), |ok| ok.set("Contact", &short));
    lab.subscribed();
    lab.host.sqlite().wait_count(4);
    sleep(Duration::from_secs(2));
    lab.host.restart();
    assert_eq!(lab.count(), 4);
    is_silent(&lab);
}

fn who_registers_first_is_not_subscribed_to_twice(mix: Mix) {
    let slow = plan(mix, 1).registrar("resubscribe_rate", 1);
    let (mut lab, ues) = started(slow, &["a", "b", "c", "d", "e", "f", "g", "h"]);
    lab.host.restart();
    let last = ues.last().unwrap();
    lab.register(last);
    let mut own = 0;
    while let Some(message) = next(&lab, SOON) {
        own += usize::from(message.uri() == last.identity());
    }
    assert_eq!(own, 1);
}

fn a_switch_keeps_a_restart_silent(mix: Mix) {
    let (mut lab, ues) = started(plan(mix, 1).registrar("resubscribe_rate", 0), &["alice"]);
    lab.host.restart();
    until("the contact", PATIENCE, || ues[0].is_registered().then_some(()));
    is_silent(&lab);
}

/// In mode 3 each server subscribes for who registers at it.
fn who_shares_a_database_subscribes_for_nobody_else(mix: Mix) {
    let (mut lab, ues) = started(plan(mix, 3), &["alice"]);
    lab.host.restart();
    until("the contact", PATIENCE, || ues[0].is_registered().then_some(()));
    is_silent(&lab);
}
