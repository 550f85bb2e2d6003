//! `pcscf_unregister`: the P-CSCF itself ends a registration.

use host_tests::{
    mixed,
    pcscf::{Lab, Mix, Plan, Ue, core::number, rc},
    wait::PATIENCE,
};
use std::time::Duration;

mixed! {
    all:
        ur1_an_ended_registration_is_published_for_each_identity,
        ur2_what_is_not_there_cannot_be_ended;
    registrar:
        ur3_a_client_behind_a_translator_is_found,
        ur4_publishing_needs_no_subscriptions,
        publishing_without_pua_is_named;
}

fn unregister(ue: &Ue, aor: &str, host: &str, port: &str) -> i32 {
    let draft = ue.calling("unregister").add("X-Aor", aor).add("X-Host", host);
    rc(&ue.ask(&draft.add("X-Port", port)))
}

/// Ends the registration of `ue` by where it really is.
fn ended(ue: &Ue) -> i32 {
    let at = ue.local();
    unregister(ue, &ue.contact(), &at.ip().to_string(), &at.port().to_string())
}

/// The identities for which a PUBLISH came, in order of the alphabet, and one of the bodies.
fn published(lab: &Lab) -> (Vec<String>, String) {
    let wanted = |message: &host_tests::Message| message.method() == "PUBLISH";
    let first = lab.core.incoming("PUBLISH");
    assert_eq!(first.header("Event"), "reg");
    assert_eq!(first.header("Content-Type"), "application/reginfo+xml");
    assert_eq!(first.header("P-Asserted-Identity"), "<sip:pcscf.ims.test>");
    assert_eq!(first.header("Expires"), "3601");
    let mut uris = vec![first.uri().to_owned()];
    uris.extend(lab.core.wait(PATIENCE, wanted).map(|it| it.uri().to_owned()));
    let more = lab.core.wait(Duration::from_millis(300), wanted);
    uris.extend(more.map(|it| it.uri().to_owned()));
    uris.sort();
    (uris, first.body)
}

fn identities() -> Vec<String> {
    vec![format!("sip:+4930{}@ims.test", number("alice")), "sip:alice@ims.test".to_owned()]
}

fn ur1_an_ended_registration_is_published_for_each_identity(mix: Mix) {
    let lab = Plan::new(mix).subscribing().start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    assert_eq!(ended(&alice), 1);
    assert!(!alice.is_registered());
    let (uris, body) = published(&lab);
    assert_eq!(uris, identities());
    assert!(body.contains("state=\"terminated\" event=\"unregistered\" expires=\"0\""), "{body}");
    assert!(body.contains(&format!("<uri>{}</uri>", alice.contact())), "{body}");
    assert_eq!(lab.count(), 1);
    if let Some(record) = lab.record() {
        assert_eq!(record.state, "deregistration pending, publish sent");
    }
}

fn ur2_what_is_not_there_cannot_be_ended(mix: Mix) {
    let mut lab = Lab::start(mix);
    let alice = lab.ue("alice");
    lab.register(&alice);
    assert_eq!(unregister(&alice, &alice.contact(), "127.0.0.77", "5099"), -1);
    let port = alice.local().port().to_string();
    assert_eq!(unregister(&alice, "no uri", "127.0.0.1", &port), -1);
    assert_eq!(unregister(&alice, &alice.contact(), "127.0.0.1", "abc"), -1);
    assert!(alice.is_registered());
    lab.host.assert_alive();
}

fn ur3_a_client_behind_a_translator_is_found(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    let draft = alice.register(600);
    let via = draft.find("Via").unwrap_or_default().replace("127.0.0.1", "10.0.0.5");
    let contact = alice.contact().replace("127.0.0.1", "10.0.0.5");
    let draft = draft.set("Via", &via).set("Contact", &format!("<{contact}>"));
    assert_eq!(lab.exchange(&alice, &draft, |ok| ok).saved(), 1);
    let port = alice.local().port().to_string();
    assert_eq!(unregister(&alice, &contact, "127.0.0.1", &port), 1);
}

fn ur4_publishing_needs_no_subscriptions(mix: Mix) {
    let mut lab = Plan::new(mix).registrar("publish_reginfo", 1).start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    assert_eq!(ended(&alice), 1);
    assert_eq!(published(&lab).0, identities());
    lab.core.hears_no("SUBSCRIBE");
    lab.host.assert_alive();
}

fn publishing_without_pua_is_named(mix: Mix) {
    let mut plan = Plan::new(mix).registrar("publish_reginfo", 1);
    plan.setup = plan.setup.without_module("pua");
    let mut lab = plan.start();
    let told = "modparam publish_reginfo is set, but module pua is not loaded";
    lab.host.journal().wait(told, PATIENCE);
    assert_eq!(lab.host.journal().count(told), 1);
    let alice = lab.ue("alice");
    lab.register(&alice);
    assert_eq!(ended(&alice), 1);
    assert!(!alice.is_registered());
    assert_eq!(lab.host.journal().count("is not told for"), 0);
    lab.host.assert_alive();
}
