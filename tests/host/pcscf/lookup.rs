//! `pcscf_is_registered`: whose request this is.
//!
//! The rows of the contract's table have a test each; the columns are `is_registered_fallback2ip` 0,
//! 1 and 2, then 1 with `ignore_contact_rxport_check`.

use host_tests::{
    Draft, Version,
    install::{Flavor, install},
    mixed,
    pcscf::{Lab, Mix, Plan, Ue, rc},
};
use std::{thread::sleep, time::Duration};

mixed! {
    all:
        ir1_a_request_from_the_same_place,
        ir2_a_request_without_contact,
        ir3_a_request_with_another_user_in_contact,
        ir4_a_request_with_another_port_in_contact,
        ir5_a_request_with_another_port_in_via,
        ir6_another_port_with_the_via_and_contact_of_the_client,
        ir6_without_a_fallback_via_and_contact_alone_are_not_believed,
        ir7_another_port_with_its_own_via_and_contact,
        ir8_another_address_with_the_via_and_contact_of_the_client,
        ir9_another_host_in_via,
        ir10_tcp_after_udp,
        ir11_ignore_reg_state_does_not_admit_the_pending,
        ir13_the_instance_of_a_contact_must_agree,
        ir14_a_contact_counts_during_its_grace,
        ir15_a_reply_counts_by_its_contact,
        ir15_a_reply_does_not_come_from_where_the_avp_says_of_its_request,
        a_contact_without_a_user_has_an_empty_one,
        a_port_of_5060_may_be_left_out;
    some:
        ir12_contacts_that_are_no_addresses;
    registrar:
        ir10_tcp_after_udp_where_the_transport_must_agree,
        ir16_another_port_is_refused_without_ipsec_too;
    usrloc:
        an_ipv6_address_counts_in_every_spelling;
}

/// The four settings of the table.
fn columns(plan: impl Fn() -> Plan) -> [Lab; 4] {
    let column = |mode, ignore| {
        let plan = plan().registrar("is_registered_fallback2ip", mode);
        plan.registrar("ignore_contact_rxport_check", ignore).start()
    };
    [column(0, 0), column(1, 0), column(2, 0), column(1, 1)]
}

/// What `pcscf_is_registered` returns in each column for what `ask` asks beside registered alice.
fn row(mix: Mix, ask: impl Fn(&Lab, &Ue) -> i32) -> [i32; 4] {
    columns(|| Plan::new(mix)).map(|lab| {
        let alice = lab.ue("alice");
        lab.register(&alice);
        ask(&lab, &alice)
    })
}

fn asked(ue: &Ue, change: impl FnOnce(Draft) -> Draft) -> i32 {
    rc(&ue.ask(&change(ue.calling("is_registered"))))
}

/// The first Via of `draft` with `address` in it.
fn via(draft: Draft, address: &str) -> Draft {
    let value = draft.find("Via").unwrap_or_default().to_owned();
    let (head, rest) = value.split_once(' ').unwrap_or_default();
    let rest = rest.split_once(';').map_or("", |(_, rest)| rest);
    draft.set("Via", &format!("{head} {address};{rest}"))
}

fn ir1_a_request_from_the_same_place(mix: Mix) {
    assert_eq!(row(mix, |_, alice| asked(alice, |draft| draft)), [1, 1, 1, 1]);
}

fn ir2_a_request_without_contact(mix: Mix) {
    assert_eq!(row(mix, |_, alice| asked(alice, |it| it.without("Contact"))), [-1, 1, 1, 1]);
}

fn a_contact_without_a_user_has_an_empty_one(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    let draft = alice.register(600).set("Contact", &format!("<sip:{}>", alice.local()));
    assert_eq!(lab.exchange(&alice, &draft, |ok| ok).saved(), 1);
    let answer = alice.ask(&alice.calling("is_registered").add("X-Values", "1"));
    assert_eq!((rc(&answer), answer.header("X-User")), (1, ""));
}

fn ir3_a_request_with_another_user_in_contact(mix: Mix) {
    let ask = |_: &Lab, alice: &Ue| {
        let contact = alice.contact().replace("alice", "other");
        asked(alice, |draft| draft.set("Contact", &format!("<{contact}>")))
    };
    assert_eq!(row(mix, ask), [1, 1, 1, 1]);
}

fn ir4_a_request_with_another_port_in_contact(mix: Mix) {
    let ask = |_: &Lab, alice: &Ue| asked(alice, |it| it.set("Contact", "<sip:alice@127.0.0.1:9>"));
    assert_eq!(row(mix, ask), [1, 1, 1, 1]);
}

fn ir5_a_request_with_another_port_in_via(mix: Mix) {
    let ask = |_: &Lab, alice: &Ue| asked(alice, |draft| via(draft, "127.0.0.1:9"));
    assert_eq!(row(mix, ask), [1, 1, 1, 1]);
}

/// A request of `eve` that claims to be `alice`'s.
fn spoofed(eve: &Ue, alice: &Ue) -> i32 {
    let contact = format!("<{}>", alice.contact());
    asked(eve, |draft| via(draft, &alice.local().to_string()).set("Contact", &contact))
}

fn ir6_another_port_with_the_via_and_contact_of_the_client(mix: Mix) {
    assert_eq!(row(mix, |lab, alice| spoofed(&lab.ue("eve"), alice)), [-1, -1, -1, 1]);
}

fn ir6_without_a_fallback_via_and_contact_alone_are_not_believed(mix: Mix) {
    let plan = Plan::new(mix).registrar("ignore_contact_rxport_check", 1);
    let lab = plan.start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    assert!(alice.is_registered());
    assert_eq!(spoofed(&lab.ue("eve"), &alice), -1);
}

fn ir7_another_port_with_its_own_via_and_contact(mix: Mix) {
    assert_eq!(row(mix, |lab, _| asked(&lab.ue("eve"), |it| it)), [-1, -1, -1, -1]);
}

fn ir8_another_address_with_the_via_and_contact_of_the_client(mix: Mix) {
    let ask = |lab: &Lab, alice: &Ue| spoofed(&lab.ue_at("127.0.0.2:0", "eve"), alice);
    assert_eq!(row(mix, ask), [-1, -1, -1, -1]);
}

fn ir9_another_host_in_via(mix: Mix) {
    let ask = |_: &Lab, alice: &Ue| asked(alice, |draft| via(draft, "10.9.9.9:5060"));
    assert_eq!(row(mix, ask), [-1, -1, -1, -1]);
}

/// Alice at an address of her own, where no connection of another test takes her port.
fn alone(lab: &Lab) -> Ue {
    lab.ue_at(&format!("{}:0", private_address()), "alice")
}

/// A TCP connection from the very address and port of `ue`.
fn over_tcp(lab: &Lab, ue: &Ue) -> i32 {
    let tcp = Ue::tcp(ue.local(), lab.host.address(), ue.user());
    asked(&tcp, |draft| draft)
}

fn ir10_tcp_after_udp(mix: Mix) {
    let labs = columns(|| Plan::new(mix).tcp());
    let row = labs.map(|lab| {
        let alice = alone(&lab);
        lab.register(&alice);
        over_tcp(&lab, &alice)
    });
    let strict = mix.registrar() == Flavor::C && install().version() < Version(6, 0);
    assert_eq!(row, if strict { [-1, -1, -1, 1] } else { [1, 1, 1, 1] });
}

fn ir10_tcp_after_udp_where_the_transport_must_agree(mix: Mix) {
    let lab = Plan::new(mix).tcp().registrar("ignore_contact_rxproto_check", 0).start();
    let alice = alone(&lab);
    lab.register(&alice);
    assert_eq!(over_tcp(&lab, &alice), -1);
    assert!(alice.is_registered());
}

fn ir11_ignore_reg_state_does_not_admit_the_pending(mix: Mix) {
    let lab = Plan::new(mix).registrar("ignore_reg_state", 1).start();
    let alice = lab.ue("alice");
    lab.relayed(&alice, &alice.register(600));
    assert!(!alice.is_registered());
    lab.register(&alice);
    assert!(alice.is_registered());
}

fn ir12_contacts_that_are_no_addresses(mix: Mix) {
    for mode in [0, 1, 2] {
        let mut lab = Plan::new(mix).registrar("is_registered_fallback2ip", mode).start();
        let alice = lab.ue("alice");
        for strange in ["<foo>", "<>", "<sip:alice@127.0.0.1:99999999>"] {
            let code = asked(&alice, |draft| draft.set("Contact", strange));
            assert_eq!(code, -1, "{strange} in mode {mode}");
        }
        lab.host.assert_alive();
    }
}

fn ir13_the_instance_of_a_contact_must_agree(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    let contact = |instance: &str| format!("<{}{instance}>", alice.contact());
    let draft = alice.register(600).set("Contact", &contact(";rinstance=abc;ob"));
    assert_eq!(lab.exchange(&alice, &draft, |ok| ok).saved(), 1);
    let with = |instance| asked(&alice, |draft| draft.set("Contact", &contact(instance)));
    assert_eq!(with(";rinstance=abc"), 1);
    assert_eq!(with(";rinstance=xyz"), -1);
    let lax = mix.usrloc() == Flavor::C && install().version() < Version(5, 7);
    assert_eq!(with(";rinstance=abcd"), if lax { 1 } else { -1 });
    assert_eq!(with(""), 1);
}

fn ir14_a_contact_counts_during_its_grace(mix: Mix) {
    let lab = Plan::new(mix).aging(3600).start();
    let alice = lab.ue("alice");
    let contact = format!("<{}>;expires=1", alice.contact());
    lab.exchange(&alice, &alice.register(600), |ok| ok.set("Contact", &contact));
    sleep(Duration::from_secs(5));
    assert!(alice.is_registered());
    assert_eq!(lab.count(), 1);
}

fn ir15_a_reply_counts_by_its_contact(mix: Mix) {
    let lab = Lab::start(mix);
    let (alice, bob, eve) = (lab.ue("alice"), lab.ue("bob"), lab.ue("eve"));
    for ue in [&alice, &bob] {
        lab.register(ue);
    }
    // Who answers is decided by the reply; `at` is where the request goes.
    let answered = |at: &Ue| {
        let call = alice.draft("INVITE", "sip:bob@ims.test").add("X-Do", "nothing");
        let call = call.add("X-Relay", &at.address()).add("X-Reply", "is_registered");
        alice.send(&call);
        let invite = at.incoming("INVITE");
        let contact = format!("<{}>", bob.contact());
        at.send(&Draft::reply(&invite, 200, "bob").add("Contact", &contact));
        rc(&alice.final_reply(&call))
    };
    assert_eq!(answered(&bob), 1);
    assert_eq!(answered(&eve), -1);
}

fn ir15_a_reply_does_not_come_from_where_the_avp_says_of_its_request(mix: Mix) {
    // The transaction keeps the AVP, and gives it to the route of the reply.
    let plan = Plan::new(mix).registrar("received_avp", "$avp(received)").with(|setup| {
        let begin = "switch ($hdr(X-Do)) {";
        let called = "case \"called\":";
        let who = "case \"who\":\npcscf_is_registered(\"location\");\n$var(rc) = $rc;\n\
                   if ($var(rc) == 1) append_hf(\"X-User: $pcscf_registration_contact\\r\\n\");\n\
                   break;\n";
        let avp = "if ($hdr(X-Received) != $null) $avp(received) = $hdr(X-Received);\n";
        setup.word(begin, &format!("{avp}{begin}")).word(called, &format!("{who}{called}"))
    });
    let lab = plan.start();
    let (alice, bob, eve) = (lab.ue("alice"), lab.ue("bob"), lab.ue("eve"));
    for ue in [&alice, &bob] {
        lab.register(ue);
    }
    let answered = |by: &Ue| {
        let call = alice.draft("INVITE", "sip:bob@ims.test").add("X-Do", "is_registered");
        let call = call.add("X-Received", &format!("sip:{}", alice.local()));
        let call = call.add("X-Relay", &by.address()).add("X-Reply", "who");
        alice.send(&call);
        let invite = by.incoming("INVITE");
        assert_eq!(rc(&invite), 1);
        by.send(&Draft::reply(&invite, 200, "bob").add("Contact", &format!("<{}>", by.contact())));
        let reply = alice.final_reply(&call);
        (rc(&reply), reply.find("X-User").unwrap_or_default().to_owned())
    };
    assert_eq!(answered(&bob), (1, "bob".to_owned()));
    assert_eq!(answered(&eve), (-1, String::new()));
}

fn ir16_another_port_is_refused_without_ipsec_too(mix: Mix) {
    let plan = || Plan::new(mix).registrar("is_registered_fallback2ip", 1);
    let strict = plan().start();
    let loose = plan().registrar("rxport_check_without_ipsec", 0).start();
    for (lab, wanted) in [(strict, -1), (loose, 1)] {
        let alice = lab.ue("alice");
        lab.register(&alice);
        assert_eq!(spoofed(&lab.ue("eve"), &alice), wanted);
    }
}

fn an_ipv6_address_counts_in_every_spelling(mix: Mix) {
    let lab = Plan::new(mix).v6().start();
    let alice = lab.ue_v6("alice");
    let port = alice.local().port();
    let contact = format!("<sip:alice@[0:0:0:0:0:0:0:1]:{port}>;expires=600");
    let done = lab.exchange(&alice, &alice.register(600), |ok| ok.set("Contact", &contact));
    assert_eq!((done.pending(), done.saved()), (1, 1));
    assert!(alice.is_registered());
    let other = format!("<sip:alice@[0::1]:{port}>");
    let code = asked(&alice, |it| via(it, &format!("[::0:1]:{port}")).set("Contact", &other));
    assert_eq!((code, lab.count()), (1, 1));
}

fn a_port_of_5060_may_be_left_out(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue_at(&format!("{}:5060", private_address()), "alice");
    let ip = alice.local().ip();
    let contact = format!("<sip:alice@{ip}>");
    let done = lab.exchange(&alice, &alice.register(600).set("Contact", &contact), |ok| {
        ok.set("Contact", &format!("<sip:alice@{ip}:5060>;expires=600"))
    });
    assert_eq!(done.saved(), 1);
    assert!(alice.is_registered());
    assert_eq!(asked(&alice, |it| via(it, &ip.to_string()).set("Contact", &contact)), 1);
    assert_eq!(lab.count(), 1);
}

/// An address where nobody else listens.
fn private_address() -> String {
    host_tests::host::own_address().ip().to_string()
}
