//! Addresses, ways and times beyond the numbered cases.

use host_tests::{
    Draft, mixed,
    pcscf::{Lab, Mix, Plan, Ue, rc},
};
use std::{thread::sleep, time::Duration};

mixed! {
    all:
        clients_behind_one_address_are_told_apart,
        a_client_that_comes_back_from_another_port_is_known_there,
        every_client_keeps_its_own_routes,
        a_path_of_the_proxy_goes_to_the_core;
    registrar:
        the_bottom_via_counts_where_it_is_trusted,
        a_delayed_removal_after_a_200_lets_the_client_register_again,
        an_alias_is_believed_where_a_switch_says_so,
        a_spelled_out_instance_registers;
}

fn clients_behind_one_address_are_told_apart(mix: Mix) {
    let lab = Lab::start(mix);
    let ues: Vec<_> = (0..50).map(|number| lab.ue(&format!("user{number}"))).collect();
    for ue in &ues {
        lab.register(ue);
    }
    assert_eq!(lab.count(), 50);
    for ue in &ues {
        let answer = ue.ask(&ue.calling("is_registered").add("X-Values", "1"));
        assert_eq!((rc(&answer), answer.header("X-Asserted")), (1, ue.identity().as_str()));
        assert_eq!(answer.header("X-User"), ue.user());
    }
    for ue in ues.iter().step_by(2) {
        assert_eq!(lab.leave(ue).saved(), 1);
    }
    assert_eq!(lab.count(), 25);
    for (number, ue) in ues.iter().enumerate() {
        assert_eq!(ue.is_registered(), number % 2 == 1, "{}", ue.user());
    }
}

/// A REGISTER of `ue` as a phone with the private address 10.0.0.5 sends it.
fn translated(ue: &Ue) -> Draft {
    let draft = ue.register(600);
    let via =
        draft.find("Via").unwrap_or_default().replace(&ue.local().to_string(), "10.0.0.5:5060");
    draft.set("Via", &via).set("Contact", "<sip:alice@10.0.0.5:5060>")
}

fn a_client_that_comes_back_from_another_port_is_known_there(mix: Mix) {
    let lab = Plan::new(mix).registrar("is_registered_fallback2ip", 2).start();
    let before = lab.ue("alice");
    let after = lab.ue("alice");
    for ue in [&before, &after] {
        let done = lab.exchange(ue, &translated(ue), |ok| ok);
        assert_eq!((done.pending(), done.saved()), (1, 1));
    }
    let draft = translated(&after);
    let ask = after.calling("is_registered").set("Via", draft.find("Via").unwrap());
    assert_eq!(rc(&after.ask(&ask.set("Contact", "<sip:alice@10.0.0.5:5060>"))), 1);
}

fn every_client_keeps_its_own_routes(mix: Mix) {
    let lab = Lab::start(mix);
    let ues: Vec<_> = (0..4).map(|number| lab.ue(&format!("user{number}"))).collect();
    let route = |ue: &Ue, number: usize| format!("<sip:{}-{number}@127.0.0.1:9;lr>", ue.user());
    let routes = |ue: &Ue| -> Vec<_> { (0..=ue.user().len()).map(|it| route(ue, it)).collect() };
    for _ in 0..2 {
        for ue in &ues {
            let taught = routes(ue).join(", ");
            lab.exchange(ue, &ue.register(600), |ok| ok.set("Service-Route", &taught));
        }
    }
    for ue in &ues {
        let draft =
            routes(ue).iter().fold(ue.calling("follows"), |it, route| it.add("Route", route));
        assert_eq!(rc(&ue.ask(&draft)), 1, "{}", ue.user());
    }
}

fn a_path_of_the_proxy_goes_to_the_core(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    let path = "<sip:edge@127.0.0.1:9;lr>";
    let done = lab.exchange(&alice, &alice.register(600).add("Path", path), |ok| ok);
    assert_eq!(done.saved(), 1);
    let own = format!("<sip:pcscf@{};lr>", lab.host.address());
    assert_eq!(done.relayed.all("Path"), [path, &own]);
}

/// `draft` as a proxy in front of the P-CSCF passes it on: its own Via on top, then that of the phone
/// with where the proxy got it from.
fn fronted(draft: Draft, proxy: &Ue, phone: &str) -> Draft {
    let top = draft.find("Via").unwrap_or_default().to_owned();
    let bottom = format!("SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bKphone;{phone}");
    draft.set("Via", &format!("{top}, {bottom}")).set("Contact", &format!("<{}>", proxy.contact()))
}

fn the_bottom_via_counts_where_it_is_trusted(mix: Mix) {
    let plan = Plan::new(mix).registrar("trust_bottom_via", 1);
    let lab = plan.registrar("is_registered_fallback2ip", 2).start();
    let front = lab.ue("alice");
    let at = |phone: &str| {
        let ask = fronted(front.calling("is_registered"), &front, phone);
        rc(&front.ask(&ask))
    };
    let alice = "received=192.0.2.7;rport=5070";
    let done = lab.exchange(&front, &fronted(front.register(600), &front, alice), |ok| ok);
    assert_eq!((done.pending(), done.saved(), lab.count()), (1, 1, 1));
    assert_eq!(at(alice), 1);
    assert_eq!(at("received=192.0.2.8;rport=5070"), -1);
    // The one address that the phone wrote itself, where nobody saw another.
    let bare = fronted(front.register(600), &front, "x=1");
    assert_eq!(lab.exchange(&front, &bare, |ok| ok).saved(), 1);
    assert_eq!(at("x=1"), 1);
}

fn a_delayed_removal_after_a_200_lets_the_client_register_again(mix: Mix) {
    let lab = Plan::new(mix).registrar("delete_delay", 2).aging(1).start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    assert_eq!(lab.leave(&alice).saved(), 1);
    assert_eq!(lab.count(), 1);
    lab.register(&alice);
    assert!(alice.is_registered());
    sleep(Duration::from_secs(5));
    assert!(alice.is_registered());
    assert_eq!(lab.leave(&alice).saved(), 1);
    lab.wait_count(0, Duration::from_secs(8));
}

fn an_alias_is_believed_where_a_switch_says_so(mix: Mix) {
    for (trusted, wanted) in [(0, true), (1, false)] {
        let lab = Plan::new(mix).registrar("trust_alias", trusted).start();
        let (alice, front) = (lab.ue("alice"), lab.ue("front"));
        lab.register(&alice);
        let at = alice.local();
        let contact = format!("<{};alias={}~{}~1>", alice.contact(), at.ip(), at.port());
        let done = lab.exchange(&front, &front.register(0).set("Contact", &contact), |ok| {
            ok.set("Contact", &format!("{contact};expires=0"))
        });
        assert_eq!(done.saved(), 1);
        assert_eq!(alice.is_registered(), wanted, "trust_alias {trusted}");
    }
}

fn a_spelled_out_instance_registers(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    let instance = "+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>\";reg-id=1";
    let contact = format!("<{};ob;transport=udp>;{instance};q=0.7", alice.contact());
    let draft = alice.register(600).set("Contact", &contact).add("Supported", "path, outbound");
    for _ in 0..2 {
        let done = lab.exchange(&alice, &draft_again(&draft), |ok| ok);
        assert_eq!((done.pending(), done.saved()), (1, 1));
    }
    assert_eq!(lab.count(), 1);
    assert!(alice.is_registered());
}

/// The same request in another transaction.
fn draft_again(draft: &Draft) -> Draft {
    let via = draft.find("Via").unwrap_or_default();
    let (head, rest) = via.split_once("branch=z9hG4bK").unwrap();
    let rest = rest.split_once(';').map_or("", |(_, rest)| rest);
    let branch = host_tests::phone::unique();
    draft
        .clone()
        .set("Via", &format!("{head}branch=z9hG4bK{branch};{rest}"))
        .set("Call-ID", &host_tests::phone::unique())
}
