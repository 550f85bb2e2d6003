//! Contacts over time, statistics, and which contact an address means.

use host_tests::{
    Flavor, Version,
    install::install,
    mixed,
    pcscf::{Lab, Mix, Plan},
    wait::{PATIENCE, until},
};
use std::{
    net::Ipv4Addr,
    sync::atomic::{AtomicU8, Ordering},
    time::{Duration, Instant},
};

mixed! {
    all:
        u_06_contacts_of_every_state_are_counted,
        u_07_an_expired_contact_goes_with_its_grace,
        u_09_the_counter_of_expiries_is_reset_and_that_of_contacts_is_not,
        u_31_an_instance_must_be_the_same,
        u_33_an_ipv6_client_registers,
        u_35_the_default_port_may_be_left_out;
    usrloc:
        u_08_identities_are_counted,
        u_32_another_user_of_the_same_address_is_another_contact,
        u_34_an_ipv6_address_is_the_same_in_every_spelling;
}

const GROUP: &str = "ims_usrloc_pcscf";

fn u_06_contacts_of_every_state_are_counted(mix: Mix) {
    let lab = Lab::start(mix);
    let (alice, bob) = (lab.ue("alice"), lab.ue("bob"));
    lab.register(&alice);
    lab.relayed(&bob, &bob.register(600));
    assert_eq!(lab.statistic(GROUP, "registered_contacts"), 2);
    assert_eq!(lab.statistic("usrloc", "location_contacts"), 2);
    lab.leave(&alice);
    assert_eq!(lab.statistic(GROUP, "registered_contacts"), 1);
    assert_eq!(lab.statistic(GROUP, "expired_contacts"), 0);
}

/// A pending contact with two seconds left, and one of grace.
fn short(mix: Mix) -> Lab {
    let lab = Plan::new(mix).aging(1).registrar("pending_reg_expires", 2).start();
    let alice = lab.ue("alice");
    lab.relayed(&alice, &alice.register(600));
    lab
}

fn u_07_an_expired_contact_goes_with_its_grace(mix: Mix) {
    let lab = short(mix);
    let start = Instant::now();
    lab.wait_count(0, Duration::from_secs(5));
    let took = start.elapsed();
    assert!(took > Duration::from_millis(1500), "gone after {took:?}");
    assert_eq!(lab.statistic(GROUP, "expired_contacts"), 1);
    assert_eq!(lab.statistic("usrloc", "location_expires"), 1);
    assert_eq!(lab.statistic("usrloc", "location_contacts"), 0);
}

fn u_08_identities_are_counted(mix: Mix) {
    let lab = Lab::start(mix);
    let (alice, bob) = (lab.ue("alice"), lab.ue("bob"));
    lab.register(&alice);
    assert_eq!(lab.statistic(GROUP, "registered_impus"), 3);
    lab.exchange(&bob, &bob.register(600), |ok| ok.set("P-Associated-URI", "<sip:bob@ims.test>"));
    assert_eq!(lab.statistic(GROUP, "registered_impus"), 4);
    lab.leave(&alice);
    assert_eq!(lab.statistic(GROUP, "registered_impus"), 1);
}

fn u_09_the_counter_of_expiries_is_reset_and_that_of_contacts_is_not(mix: Mix) {
    let lab = short(mix);
    lab.wait_count(0, Duration::from_secs(5));
    let bob = lab.ue("bob");
    lab.register(&bob);
    assert_eq!(lab.statistic("usrloc", "location_expires"), 1);
    for name in ["location_expires", "location_contacts"] {
        // What cannot be reset may be answered with a fault.
        let _ = lab.host.rpc(&["stats.reset_statistics", name]);
    }
    assert_eq!(lab.statistic("usrloc", "location_expires"), 0);
    assert_eq!(lab.statistic("usrloc", "location_contacts"), 1);
}

/// Whether the store compares instances of another length: the C module does from 5.7 on.
fn compares_lengths(mix: Mix) -> bool {
    mix.usrloc() == Flavor::Ours || install().version() >= Version(5, 7)
}

fn u_31_an_instance_must_be_the_same(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    let named = |name: &str| format!("<{};rinstance={name}>", alice.contact());
    lab.exchange(&alice, &alice.register(600).set("Contact", &named("abc")), |ok| ok);
    let known = |contact: &str| {
        let asked = alice.calling("is_registered").set("Contact", contact);
        host_tests::pcscf::rc(&alice.ask(&asked)) == 1
    };
    assert!(known(&named("abc")));
    assert!(known(&format!("<{}>", alice.contact())));
    assert!(!known(&named("abd")));
    if compares_lengths(mix) {
        assert!(!known(&named("abcd")));
        assert!(!known(&named("ab")));
    }
}

fn u_32_another_user_of_the_same_address_is_another_contact(mix: Mix) {
    let lab = Plan::new(mix).usrloc("match_contact_host_port", 0).start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    let address = alice.local();
    let known = |contact: &str| {
        let asked = alice.calling("is_registered").set("Contact", contact);
        host_tests::pcscf::rc(&alice.ask(&asked))
    };
    assert_eq!(known(&format!("<sip:alice@{address}>")), 1);
    assert_eq!(known(&format!("<sip:{address}>")), 1);
    assert_eq!(known(&format!("<sip:eve@{address}>")), -1);
    assert_eq!(known(&format!("<sips:alice@{address}>")), -1);
    // Two users behind one address are two contacts, and each finds its own.
    let bob = format!("<sip:bob@{address}>");
    lab.relayed(&alice, &alice.register(600).set("Contact", &bob));
    assert_eq!((lab.count(), known(&bob)), (2, -1));
}

fn u_33_an_ipv6_client_registers(mix: Mix) {
    let lab = Plan::new(mix).v6().start();
    let alice = lab.ue_v6("alice");
    lab.register(&alice);
    assert!(alice.is_registered());
    lab.leave(&alice);
    assert_eq!(lab.count(), 0);
}

fn u_34_an_ipv6_address_is_the_same_in_every_spelling(mix: Mix) {
    let lab = Plan::new(mix).v6().start();
    let alice = lab.ue_v6("alice");
    let port = alice.local().port();
    let spelled = |host: &str| format!("<sip:alice@[{host}]:{port}>");
    let other = spelled("0:0::0001");
    let done = lab.exchange(&alice, &alice.register(600), |ok| {
        ok.set("Contact", &format!("{other};expires=600"))
    });
    assert_eq!((done.pending(), done.saved()), (1, 1));
    assert!(alice.is_registered());
    for host in ["0:0:0:0:0:0:0:1", "::0001", "0:0::1"] {
        let asked = alice.calling("is_registered").set("Contact", &spelled(host));
        assert_eq!(host_tests::pcscf::rc(&alice.ask(&asked)), 1, "{host}");
    }
    let gone = format!("{};expires=0", spelled("0::1"));
    lab.exchange(&alice, &alice.register(0), |ok| ok.set("Contact", &gone));
    assert_eq!(lab.count(), 0);
}

fn u_35_the_default_port_may_be_left_out(mix: Mix) {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let lab = Lab::start(mix);
    // Nobody else of this machine listens there: hosts begin at 127.16.
    let [_, low] = u16::try_from(std::process::id() % 65_521).unwrap().to_be_bytes();
    let own = Ipv4Addr::new(127, 14, low, NEXT.fetch_add(1, Ordering::Relaxed));
    let alice = lab.ue_at(&format!("{own}:5060"), "alice");
    let (with, without) = (format!("<sip:alice@{own}:5060>"), format!("<sip:alice@{own}>"));
    for (asked, answered) in [(&with, &without), (&without, &with)] {
        let register = alice.register(600).set("Contact", asked);
        let ok = format!("{answered};expires=600");
        let done = lab.exchange(&alice, &register, |reply| reply.set("Contact", &ok));
        assert_eq!((done.pending(), done.saved()), (1, 1));
        assert_eq!(lab.count(), 1);
        for contact in [&with, &without] {
            let request = alice.calling("is_registered").set("Contact", contact);
            assert_eq!(host_tests::pcscf::rc(&alice.ask(&request)), 1, "{contact}");
        }
        lab.leave(&alice);
        until("an empty store", PATIENCE, || (lab.count() == 0).then_some(()));
    }
}
