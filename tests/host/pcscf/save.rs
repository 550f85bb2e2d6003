//! `pcscf_save`: what a reply to REGISTER makes of a contact.

use host_tests::{
    Draft, mixed,
    pcscf::{Lab, Mix, Plan, Ue, rc},
    wait::PATIENCE,
};
use std::time::{Duration, Instant};

mixed! {
    all:
        p01_the_first_register_makes_a_pending_contact,
        p02_a_second_register_from_the_same_place_makes_no_other_contact,
        p03_a_200_registers,
        p04_a_registered_client_is_known_with_identity_and_user,
        p05_nobody_is_known_before_a_register,
        p06_the_variables_are_null_before_a_lookup,
        p07_a_200_with_no_time_left_removes,
        p08_a_200_that_tells_no_time_removes,
        p09_the_expires_header_counts_without_a_parameter,
        p10_the_parameter_counts_before_the_header,
        p11_a_garbled_time_removes,
        p13_a_200_without_contact_changes_nothing,
        p14_a_200_with_a_star_is_refused,
        p15_a_contact_that_nobody_registered_is_not_stored,
        p16_a_200_without_identities_and_routes_keeps_the_routes,
        p17_another_order_of_identities_keeps_the_default,
        p18_routes_of_two_headers_replace_the_old_ones_in_order,
        p19_garbled_identities_are_none,
        p19_a_garbled_header_of_identities_leaves_those_before_it,
        p21_a_reply_without_transaction_is_refused,
        p22_the_status_is_the_business_of_the_script,
        p26_an_emergency_registration_is_not_subscribed_to,
        a_refused_register_leaves_the_registration_as_it_was;
    registrar:
        p12_a_time_beyond_all_bounds_is_clamped,
        p20_a_garbled_service_route_is_none;
    ours:
        p17_identities_are_replaced_when_a_client_registers_again;
}

fn p01_the_first_register_makes_a_pending_contact(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    let relayed = lab.relayed(&alice, &alice.register(600));
    assert_eq!(rc(&relayed), 1);
    assert_eq!(lab.count(), 1);
    assert!(!alice.is_registered());
    if let Some(record) = lab.record() {
        assert_eq!(
            (record.state.as_str(), &record.aor),
            ("registration pending", &alice.contact())
        );
        assert!((28..=30).contains(&record.seconds()), "{record:?}");
    }
}

fn p02_a_second_register_from_the_same_place_makes_no_other_contact(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    let first = alice.register(600);
    let relayed = lab.relayed(&alice, &first);
    lab.core.send(&lab.core.challenge(&relayed));
    assert_eq!(alice.final_reply(&first).status(), 401);
    let relayed = lab.relayed(&alice, &alice.register(600));
    assert_eq!(rc(&relayed), 1);
    assert_eq!(lab.count(), 1);
}

fn p03_a_200_registers(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    let done = lab.register(&alice);
    assert_eq!(done.reply.status(), 200);
    assert_eq!(lab.count(), 1);
    assert!(alice.is_registered());
    if let Some(record) = lab.record() {
        assert_eq!(record.state, "registered");
        assert!((598..=600).contains(&record.seconds()), "{record:?}");
    }
}

fn p04_a_registered_client_is_known_with_identity_and_user(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    lab.register(&alice);
    let invite = alice.draft("INVITE", "sip:bob@ims.test");
    let answer = alice.ask(&invite.add("X-Do", "is_registered").add("X-Values", "1"));
    assert_eq!(rc(&answer), 1);
    assert_eq!(answer.header("X-Asserted"), alice.identity());
    assert_eq!(answer.header("X-User"), "alice");
}

/// What both variables show after `function`.
fn variables(ue: &Ue, function: &str) -> (String, String) {
    let answer = ue.ask(&ue.calling(function).add("X-Values", "1"));
    (answer.header("X-Asserted").to_owned(), answer.header("X-User").to_owned())
}

fn null() -> (String, String) {
    ("<null>".to_owned(), "<null>".to_owned())
}

fn p05_nobody_is_known_before_a_register(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    assert_eq!(variables(&alice, "is_registered"), null());
    assert!(!alice.is_registered());
}

fn p06_the_variables_are_null_before_a_lookup(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    lab.register(&alice);
    assert_eq!(variables(&alice, "nothing"), null());
    lab.host.journal().wait("ERROR: ims_registrar_pcscf", PATIENCE);
}

fn p07_a_200_with_no_time_left_removes(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    lab.register(&alice);
    assert_eq!(lab.leave(&alice).saved(), 1);
    assert_eq!(lab.count(), 0);
    assert!(!alice.is_registered());
}

/// Registers, registers again and gives what the second 200, as `answer` makes it, did.
fn again(mix: Mix, answer: impl Fn(&Ue, Draft) -> Draft) -> (Lab, Ue, i32) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    lab.register(&alice);
    let saved = lab.exchange(&alice, &alice.register(600), |ok| answer(&alice, ok)).saved();
    (lab, alice, saved)
}

/// The Contact of `ue` with `parameters`.
fn contact(ue: &Ue, parameters: &str) -> String {
    format!("<{}>{parameters}", ue.contact())
}

fn p08_a_200_that_tells_no_time_removes(mix: Mix) {
    let (lab, alice, saved) = again(mix, |ue, ok| ok.set("Contact", &contact(ue, "")));
    assert_eq!((saved, lab.count()), (1, 0));
    assert!(!alice.is_registered());
}

/// Seconds that the only contact has left, where the store tells them.
fn seconds(lab: &Lab) -> Option<i64> {
    lab.record().map(|record| record.seconds())
}

fn p09_the_expires_header_counts_without_a_parameter(mix: Mix) {
    let answer = |ue: &Ue, ok: Draft| ok.set("Contact", &contact(ue, "")).add("Expires", "300");
    let (lab, alice, saved) = again(mix, answer);
    assert_eq!((saved, lab.count()), (1, 1));
    assert!(alice.is_registered());
    assert!(seconds(&lab).is_none_or(|left| (298..=300).contains(&left)), "{:?}", lab.records());
}

fn p10_the_parameter_counts_before_the_header(mix: Mix) {
    let answer =
        |ue: &Ue, ok: Draft| ok.set("Contact", &contact(ue, ";expires=100")).add("Expires", "300");
    let (lab, alice, saved) = again(mix, answer);
    assert_eq!((saved, lab.count()), (1, 1));
    assert!(alice.is_registered());
    assert!(seconds(&lab).is_none_or(|left| (98..=100).contains(&left)), "{:?}", lab.records());
}

fn p11_a_garbled_time_removes(mix: Mix) {
    let (lab, alice, saved) =
        again(mix, |ue, ok| ok.set("Contact", &contact(ue, ";expires=garbage")));
    assert_eq!((saved, lab.count()), (1, 0));
    assert!(!alice.is_registered());
}

fn p12_a_time_beyond_all_bounds_is_clamped(mix: Mix) {
    for time in ["4294967295", "99999999999999999999"] {
        let (lab, alice, saved) =
            again(mix, |ue, ok| ok.set("Contact", &contact(ue, &format!(";expires={time}"))));
        assert_eq!((saved, lab.count()), (1, 1));
        assert!(alice.is_registered());
    }
}

fn p13_a_200_without_contact_changes_nothing(mix: Mix) {
    let (lab, alice, saved) = again(mix, |_, ok| ok.without("Contact"));
    assert_eq!((saved, lab.count()), (-1, 1));
    assert!(alice.is_registered());
}

fn p14_a_200_with_a_star_is_refused(mix: Mix) {
    let (lab, alice, saved) = again(mix, |_, ok| ok.set("Contact", "*"));
    assert_eq!((saved, lab.count()), (-1, 1));
    assert!(alice.is_registered());
}

fn p15_a_contact_that_nobody_registered_is_not_stored(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    let both =
        format!("{}, <sip:alice@127.0.0.9:5099>;expires=600", contact(&alice, ";expires=600"));
    let done = lab.exchange(&alice, &alice.register(600), |ok| ok.set("Contact", &both));
    assert_eq!((done.saved(), lab.count()), (1, 1));
    assert!(alice.is_registered());
}

/// What `pcscf_force_service_routes` makes of a MESSAGE: Route headers and destination.
pub(crate) fn forced(lab: &Lab, ue: &Ue) -> (Vec<String>, String) {
    let draft = ue.calling("force").add("X-Relay", &lab.core.uri());
    let answer = ue.ask(&draft);
    assert_eq!(answer.status(), 200, "{answer:?}");
    let seen = lab.core.incoming("MESSAGE");
    assert_eq!(rc(&seen), 1, "{seen:?}");
    let routes = seen.all("Route").iter().map(|route| (*route).to_owned()).collect();
    (routes, seen.header("X-Du").to_owned())
}

fn p16_a_200_without_identities_and_routes_keeps_the_routes(mix: Mix) {
    let (lab, alice, saved) =
        again(mix, |_, ok| ok.without("P-Associated-URI").without("Service-Route"));
    assert_eq!(saved, 1);
    assert!(alice.is_registered());
    assert_eq!(forced(&lab, &alice).0, [lab.core.service_route()]);
}

fn p17_another_order_of_identities_keeps_the_default(mix: Mix) {
    let (_lab, alice, saved) = again(mix, |ue, ok| {
        let ids = format!("<sip:other@ims.test>, <{}>", ue.identity());
        ok.set("P-Associated-URI", &ids)
    });
    assert_eq!(saved, 1);
    assert_eq!(variables(&alice, "is_registered").0, alice.identity());
}

fn p17_identities_are_replaced_when_a_client_registers_again(mix: Mix) {
    let (_lab, alice, saved) = again(mix, |_, ok| {
        ok.set("P-Associated-URI", "<sip:other@ims.test>, <sip:third@ims.test>")
    });
    assert_eq!(saved, 1);
    assert_eq!(variables(&alice, "is_registered").0, "sip:other@ims.test");
    let asserted = |id: &str| rc(&alice.ask(&alice.calling("assert").add("X-Identity", id)));
    assert_eq!(asserted("<sip:third@ims.test>"), 1);
    assert_eq!(asserted(&format!("<{}>", alice.identity())), -1);
}

fn p18_routes_of_two_headers_replace_the_old_ones_in_order(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    lab.register(&alice);
    let route = |name: &str| format!("<sip:{name}@{};lr>", lab.core.local());
    let done = lab.exchange(&alice, &alice.register(600), |ok| {
        ok.set("Service-Route", &format!("{}, {}", route("one"), route("two")))
            .add("Service-Route", &route("three"))
    });
    assert_eq!(done.saved(), 1);
    let (routes, next) = forced(&lab, &alice);
    assert_eq!(routes, [["one", "two", "three"].map(route).join(", ")]);
    assert_eq!(format!("<{next}>"), route("one"));
}

fn p19_a_garbled_header_of_identities_leaves_those_before_it(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    let register = alice.register(600);
    let done = lab.exchange(&alice, &register, |ok| ok.add("P-Associated-URI", "garbage"));
    assert_eq!(done.saved(), 1);
    let answer = alice.ask(&alice.calling("is_registered").add("X-Values", "1"));
    assert_eq!((rc(&answer), answer.header("X-Asserted")), (1, "sip:alice@ims.test"));
}

fn p19_garbled_identities_are_none(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    let garbled = |ok: Draft| ok.set("P-Associated-URI", "garbage");
    assert_eq!(lab.exchange(&alice, &alice.register(600), garbled).saved(), 1);
    assert!(alice.is_registered());
    assert_eq!(variables(&alice, "is_registered"), ("<null>".to_owned(), "alice".to_owned()));
}

fn p20_a_garbled_service_route_is_none(mix: Mix) {
    for garbage in ["garbage", "<", "<sip:a@127.0.0.1;lr>, garbage", "\"", "<sip:a@b", ","] {
        let mut lab = Lab::start(mix);
        let alice = lab.ue("alice");
        let start = Instant::now();
        let done =
            lab.exchange(&alice, &alice.register(600), |ok| ok.set("Service-Route", garbage));
        assert_eq!(done.saved(), 1, "{garbage}");
        assert!(start.elapsed() < Duration::from_secs(1), "{garbage}: {:?}", start.elapsed());
        assert!(alice.is_registered());
        assert!(forced(&lab, &alice).0.is_empty(), "{garbage}");
        assert!(lab.host.journal().text().lines().count() < 100, "{}", lab.host.journal().tail(5));
        lab.host.assert_alive();
    }
}

fn p21_a_reply_without_transaction_is_refused(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    lab.register(&alice);
    let stray = Draft::new("SIP/2.0 200 OK")
        .add("Via", &format!("SIP/2.0/UDP {};branch=z9hG4bKnobody.0", lab.host.address()))
        .add("Via", &format!("SIP/2.0/UDP {};branch=z9hG4bKnone", alice.local()))
        .add("From", "<sip:alice@ims.test>;tag=1")
        .add("To", "<sip:alice@ims.test>;tag=2")
        .add("Call-ID", "stray")
        .add("CSeq", "1 REGISTER")
        .add("Contact", &contact(&alice, ";expires=0"))
        .add("X-Orphan", "1");
    lab.core.send(&stray);
    lab.host.journal().wait("pcscf_save without a transaction returned -1", PATIENCE);
    assert!(alice.is_registered());
}

fn p22_the_status_is_the_business_of_the_script(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    lab.register(&alice);
    let draft = alice.register(600).add("X-Always", "1");
    let relayed = lab.relayed(&alice, &draft);
    let answer = Draft::reply(&relayed, 404, "core").add("Contact", &contact(&alice, ";expires=0"));
    lab.core.send(&answer);
    assert_eq!(host_tests::pcscf::saved(&alice.final_reply(&draft)), 1);
    assert_eq!(lab.count(), 0);
}

fn p26_an_emergency_registration_is_not_subscribed_to(mix: Mix) {
    let lab = Plan::new(mix).subscribing().start();
    let alice = lab.ue("alice");
    let emergency = format!("<{};sos>", alice.contact());
    let draft = alice.register(600).set("Contact", &emergency);
    assert_eq!(lab.exchange(&alice, &draft, |ok| ok).saved(), 1);
    lab.core.hears_no("SUBSCRIBE");
    let bob = lab.ue("bob");
    lab.register(&bob);
    lab.subscribed();
}

fn a_refused_register_leaves_the_registration_as_it_was(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    lab.register(&alice);
    for status in [401, 403, 500] {
        let draft = alice.register(600);
        let relayed = lab.relayed(&alice, &draft);
        lab.core.send(&Draft::reply(&relayed, status, "core"));
        assert_eq!(alice.final_reply(&draft).status(), status);
    }
    assert_eq!(lab.count(), 1);
    assert!(alice.is_registered());
    assert_eq!(forced(&lab, &alice).0, [lab.core.service_route()]);
}
