//! `pcscf_save_pending`: what a REGISTER makes of a contact before anybody answered it.

use crate::steady;
use host_tests::{
    Database, Draft, Message, Version,
    install::{Flavor, install},
    mixed,
    pcscf::{Lab, Mix, Plan, Ue, rc},
    setup::Storage,
    wait::{PATIENCE, until},
};
use std::{thread::sleep, time::Duration};

mixed! {
    all:
        sp1_a_register_without_contact_is_refused,
        sp2_a_star_is_refused,
        sp4_a_register_that_asks_for_no_time_is_not_stored,
        sp5_a_contact_for_no_time_is_not_stored,
        sp6_the_parameter_alone_is_enough,
        sp8_the_header_counts_for_a_contact_for_no_time,
        sp9_the_first_of_two_contacts_is_stored,
        sp10_the_avp_says_where_the_register_came_from,
        sp11_an_avp_that_is_no_address_is_refused,
        sp12_a_via_without_port_means_5060,
        sp13_security_client_is_stored,
        sp14_other_security_clients_are_survived,
        sp15_numbers_beyond_their_size_are_cut,
        sp16_the_ports_of_the_server_come_from_security_verify;
    registrar:
        sp7_a_deregistration_of_nobody_stores_nothing,
        sp7_a_switch_brings_the_pending_contact_back,
        sp17_security_headers_leave_no_memory_behind,
        sp18_registrations_beside_ipsec_leave_no_memory_behind;
    usrloc:
        sp3_a_contact_that_is_no_uri_stores_nothing,
        sp23_a_host_name_in_via_makes_one_contact,
        sp24_a_contact_with_a_host_name_disturbs_nobody;
    since(5, 8):
        sp22_an_ended_contact_registers_again;
    host(5, 7):
        sp19_mode_3_an_expired_contact_waits,
        sp20_mode_3_a_contact_that_expired_long_ago_is_published,
        sp21_mode_3_a_contact_that_is_being_ended_waits;
}

/// What `pcscf_save_pending` returned; the request went no further.
fn pending(ue: &Ue, register: Draft) -> i32 {
    rc(&ue.ask(&register.add("X-Stop", "1")))
}

fn sp1_a_register_without_contact_is_refused(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    assert_eq!((pending(&alice, alice.register(600).without("Contact")), lab.count()), (-1, 0));
}

fn sp2_a_star_is_refused(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    for expires in [600, 0] {
        let star = alice.register(expires).set("Contact", "*");
        assert_eq!((pending(&alice, star), lab.count()), (-1, 0));
    }
}

fn sp3_a_contact_that_is_no_uri_stores_nothing(mix: Mix) {
    let mut lab = Lab::start(mix);
    let alice = lab.ue("alice");
    let code = pending(&alice, alice.register(600).set("Contact", "<foo>"));
    assert!([1, -1].contains(&code), "{code}");
    assert_eq!(lab.count(), 0);
    lab.host.assert_alive();
}

fn sp4_a_register_that_asks_for_no_time_is_not_stored(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    assert_eq!((pending(&alice, alice.register(600).without("Expires")), lab.count()), (1, 0));
}

/// A REGISTER whose only time is the parameter of the Contact.
fn by_parameter(ue: &Ue, seconds: u32) -> Draft {
    let contact = format!("<{}>;expires={seconds}", ue.contact());
    ue.register(600).without("Expires").set("Contact", &contact)
}

fn sp5_a_contact_for_no_time_is_not_stored(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    assert_eq!((pending(&alice, by_parameter(&alice, 0)), lab.count()), (1, 0));
}

fn sp6_the_parameter_alone_is_enough(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    assert_eq!((pending(&alice, by_parameter(&alice, 60)), lab.count()), (1, 1));
}

fn sp7_a_deregistration_of_nobody_stores_nothing(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    assert_eq!((pending(&alice, alice.register(0)), lab.count()), (1, 0));
}

fn sp7_a_switch_brings_the_pending_contact_back(mix: Mix) {
    let lab = Plan::new(mix).registrar("pending_on_deregister", 1).start();
    let alice = lab.ue("alice");
    assert_eq!((pending(&alice, alice.register(0)), lab.count()), (1, 1));
}

fn sp8_the_header_counts_for_a_contact_for_no_time(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    let draft = by_parameter(&alice, 0).add("Expires", "600");
    assert_eq!((pending(&alice, draft), lab.count()), (1, 1));
}

fn sp9_the_first_of_two_contacts_is_stored(mix: Mix) {
    let lab = Plan::new(mix).stored(Storage::Own, 1).start();
    let alice = lab.ue("alice");
    let both = format!("<{}>, <sip:alice@127.0.0.9:5099>", alice.contact());
    assert_eq!(pending(&alice, alice.register(600).set("Contact", &both)), 1);
    // The parser of older releases hands the C module the list from its end.
    let reversed = mix.registrar() == Flavor::C && install().version() < Version(6, 0);
    let first = if reversed { "sip:alice@127.0.0.9:5099".to_owned() } else { alice.contact() };
    assert_eq!(stored(&lab, "aor"), [[first]]);
}

/// `columns` of all rows of the own database.
fn stored(lab: &Lab, columns: &str) -> Vec<Vec<String>> {
    lab.host.sqlite().query(&format!("SELECT {columns} FROM location ORDER BY id"))
}

fn sp10_the_avp_says_where_the_register_came_from(mix: Mix) {
    let plan = Plan::new(mix).stored(Storage::Own, 1);
    let lab = plan.registrar("received_avp", "$avp(received)").start();
    let alice = lab.ue("alice");
    assert_eq!(pending(&alice, alice.register(600).add("X-Received", "sip:10.1.1.1:5070")), 1);
    assert_eq!(stored(&lab, "received, received_port"), [["10.1.1.1", "5070"]]);
}

fn sp11_an_avp_that_is_no_address_is_refused(mix: Mix) {
    let lab = Plan::new(mix).registrar("received_avp", "$avp(received)").start();
    let alice = lab.ue("alice");
    let long = format!("sip:{}@10.1.1.1:5070", "x".repeat(250));
    for wrong in [long.as_str(), "no address"] {
        let draft = alice.register(600).add("X-Received", wrong);
        assert_eq!((pending(&alice, draft), lab.count()), (-1, 0), "{wrong}");
    }
}

fn sp12_a_via_without_port_means_5060(mix: Mix) {
    let lab = Plan::new(mix).stored(Storage::Own, 1).start();
    let alice = lab.ue("alice");
    let draft = alice.register(600);
    let via =
        draft.find("Via").unwrap_or_default().replace(&alice.local().to_string(), "127.0.0.1");
    assert_eq!(pending(&alice, draft.set("Via", &via)), 1);
    assert_eq!(stored(&lab, "host, port"), [["127.0.0.1", "5060"]]);
}

const CLIENT: &str = "ipsec-3gpp;alg=hmac-sha-1-96;ealg=aes-cbc;prot=esp;mod=trans;spi-c=11;\
                      spi-s=12;port-c=5062;port-s=5064";
const VERIFY: &str = "ipsec-3gpp;q=0.1;prot=esp;mod=trans;spi-c=100;spi-s=101;port-c=22400;\
                      port-s=22450;alg=hmac-sha-1-96;ealg=aes-cbc";

/// The stored numbers of the security association to be: of the client, then of the server.
fn association(lab: &Lab) -> Vec<String> {
    let columns = "t_security_type, t_protocol, t_mode, t_port_uc, t_port_us, t_spi_uc, t_spi_us, \
                   t_port_pc, t_port_ps, t_spi_pc, t_spi_ps";
    stored(lab, columns).concat()
}

fn sp13_security_client_is_stored(mix: Mix) {
    let lab = Plan::new(mix).stored(Storage::Own, 1).start();
    let alice = lab.ue("alice");
    assert_eq!(pending(&alice, alice.register(600).add("Security-Client", CLIENT)), 1);
    let row = association(&lab);
    assert_eq!(row[..7], ["1", "esp", "trans", "5062", "5064", "11", "12"]);
}

fn sp14_other_security_clients_are_survived(mix: Mix) {
    let mut lab = Lab::start(mix);
    for (number, other) in ["x", "tls;q=0.1", "", "ipsec-3gpp", ";", "="].iter().enumerate() {
        let ue = lab.ue(&format!("user{number}"));
        assert_eq!(pending(&ue, ue.register(600).add("Security-Client", other)), 1, "{other}");
    }
    assert_eq!(lab.count(), 6);
    lab.host.assert_alive();
}

fn sp15_numbers_beyond_their_size_are_cut(mix: Mix) {
    let lab = Plan::new(mix).stored(Storage::Own, 1).start();
    let alice = lab.ue("alice");
    let client = "ipsec-3gpp;prot=esp;mod=trans;spi-c=99999999999999;spi-s=12;port-c=70000;\
                  port-s=5064";
    assert_eq!(pending(&alice, alice.register(600).add("Security-Client", client)), 1);
    let row = association(&lab);
    assert_eq!((row[3].as_str(), row[5].as_str()), ("4464", "276447231"));
}

fn sp16_the_ports_of_the_server_come_from_security_verify(mix: Mix) {
    let lab = Plan::new(mix).stored(Storage::Own, 1).start();
    let alice = lab.ue("alice");
    let draft = alice.register(600).add("Security-Client", CLIENT).add("Security-Verify", VERIFY);
    assert_eq!(pending(&alice, draft), 1);
    let row = association(&lab);
    assert_eq!(row[3..], ["5062", "5064", "11", "12", "22400", "22450", "100", "101"]);
}

fn sp17_security_headers_leave_no_memory_behind(mix: Mix) {
    let lab = Plan::new(mix).with(steady::short).start();
    let alice = lab.ue("alice");
    steady::flat(&lab, 1000, |_| {
        let draft = alice.register(600);
        let draft = draft.add("Security-Client", CLIENT).add("Security-Verify", VERIFY);
        assert_eq!(pending(&alice, draft), 1);
    });
    assert_eq!(lab.count(), 1);
}

fn sp18_registrations_beside_ipsec_leave_no_memory_behind(mix: Mix) {
    let lab = Plan::new(mix).ipsec().with(steady::short).start();
    let alice = lab.ue("alice");
    steady::flat(&lab, 1000, |_| {
        let draft = alice.register(600);
        let draft = draft.add("Security-Client", CLIENT).add("Security-Verify", VERIFY);
        assert_eq!(lab.exchange(&alice, &draft, |ok| ok).saved(), 1);
    });
    assert_eq!(lab.count(), 1);
}

/// A P-CSCF that keeps contacts in its database only, with a registered client for `seconds`.
fn shared(mix: Mix, seconds: u32) -> (Lab, Ue) {
    let plan = Plan::new(mix).stored(Storage::Own, 3).subscribing();
    let plan = plan.usrloc("timer_interval", 3600).usrloc("expires_grace", 3600);
    let lab = plan.start();
    let alice = lab.ue("alice");
    let contact = format!("<{}>;expires={seconds}", alice.contact());
    let done = lab.exchange(&alice, &alice.register(600), |ok| ok.set("Contact", &contact));
    assert_eq!(done.saved(), 1);
    (lab, alice)
}

fn sp19_mode_3_an_expired_contact_waits(mix: Mix) {
    let (_lab, alice) = shared(mix, 1);
    sleep(Duration::from_millis(2300));
    assert_eq!(pending(&alice, alice.register(600)), -2);
}

fn sp20_mode_3_a_contact_that_expired_long_ago_is_published(mix: Mix) {
    let (lab, alice) = shared(mix, 1);
    lab.subscribed();
    sleep(Duration::from_secs(22));
    assert_eq!(pending(&alice, alice.register(600)), -2);
    let told = published(&lab);
    assert!(told.iter().all(|uri| uri.starts_with("sip:")), "{told:?}");
    assert_eq!(told.len(), 2, "{told:?}");
    if let Some(record) = lab.record() {
        assert_eq!(record.state, "deregistration pending, publish sent");
    }
}

/// Request-URIs of the PUBLISHs that come: one for each identity that is no number.
fn published(lab: &Lab) -> Vec<String> {
    let first = lab.core.incoming("PUBLISH");
    let wanted = |message: &Message| message.method() == "PUBLISH";
    let second = lab.core.wait(PATIENCE, wanted);
    let third = lab.core.wait(Duration::from_millis(300), wanted);
    [Some(first), second, third].into_iter().flatten().map(|it| it.uri().to_owned()).collect()
}

/// Ends the registration of `ue` from within.
fn unregister(ue: &Ue) {
    let draft = ue.calling("unregister").add("X-Aor", &ue.contact());
    let draft = draft.add("X-Host", &ue.local().ip().to_string());
    assert_eq!(rc(&ue.ask(&draft.add("X-Port", &ue.local().port().to_string()))), 1);
}

fn sp21_mode_3_a_contact_that_is_being_ended_waits(mix: Mix) {
    let (_lab, alice) = shared(mix, 600);
    unregister(&alice);
    assert_eq!(pending(&alice, alice.register(600)), -2);
}

fn sp22_an_ended_contact_registers_again(mix: Mix) {
    for mode in [0, 1] {
        let lab = Plan::new(mix).stored(Storage::Own, mode).start();
        let alice = lab.ue("alice");
        lab.register(&alice);
        unregister(&alice);
        assert!(!alice.is_registered());
        let relayed = lab.relayed(&alice, &alice.register(600));
        assert_eq!(rc(&relayed), 1);
        if let Some(record) = lab.record() {
            assert_eq!(record.state, "registration pending");
        }
        lab.register(&alice);
        assert!(alice.is_registered());
        assert_eq!(lab.count(), 1);
    }
}

fn sp23_a_host_name_in_via_makes_one_contact(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    let port = alice.local().port();
    for _ in 0..2 {
        let draft = alice.register(600);
        let via = draft.find("Via").unwrap_or_default();
        let via = via.replace("127.0.0.1", "phone.example.com");
        let contact = format!("<sip:alice@phone.example.com:{port}>");
        assert_eq!(pending(&alice, draft.set("Via", &via).set("Contact", &contact)), 1);
    }
    assert_eq!(lab.count(), 1);
}

fn sp24_a_contact_with_a_host_name_disturbs_nobody(mix: Mix) {
    let lab = Lab::start(mix);
    let (alice, eve) = (lab.ue("alice"), lab.ue("eve"));
    for (number, contact) in
        ["<sip:eve@host.example.com>", "<tel:+49301>", "<sip:eve@[::1]:9>"].iter().enumerate()
    {
        let draft = eve.register(600).set("Contact", contact);
        let via = format!("SIP/2.0/UDP {};branch=z9hG4bKeve{number};rport", alice.local());
        pending(&eve, draft.set("Via", &via));
    }
    lab.register(&alice);
    assert!(alice.is_registered());
    until("a second registration", PATIENCE, || (lab.register(&alice).saved() == 1).then_some(()));
}
