//! The functions as a script in JavaScript calls them.

use host_tests::{
    mixed,
    pcscf::{Lab, Mix, Plan, rc, reginfo},
    wait::PATIENCE,
};

mixed! {
    registrar:
        a_client_registers_and_leaves_from_javascript,
        the_functions_of_requests_are_called_from_javascript,
        the_called_identity_is_asserted_from_javascript,
        a_notify_is_handled_from_javascript,
        a_domain_that_nobody_named_is_refused_from_javascript,
        arguments_of_another_kind_are_refused_from_javascript;
}

const SCRIPT: &str = include_str!("kemi.js");

fn plan(mix: Mix) -> Plan {
    scripted(mix, SCRIPT)
}

fn scripted(mix: Mix, script: &str) -> Plan {
    let plan = Plan::new(mix).registrar("domain", "location");
    let script = script.replace("{core}", &plan.core.uri());
    plan.with(|setup| {
        setup
            .module("app_jsdt")
            .param("app_jsdt", "load", "{folder}/kemi.js")
            .with_file("kemi.js", &script)
            .routes("\ncfgengine \"jsdt\"\n")
    })
}

fn a_client_registers_and_leaves_from_javascript(mix: Mix) {
    let lab = plan(mix).start();
    let alice = lab.ue("alice");
    assert!(!alice.is_registered());
    lab.register(&alice);
    let reply = alice.ask(&alice.calling("is_registered"));
    assert_eq!((rc(&reply), reply.header("X-Asserted")), (1, &*alice.identity()));
    assert_eq!(lab.leave(&alice).saved(), 1);
    assert_eq!((lab.count(), alice.is_registered()), (0, false));
}

fn the_functions_of_requests_are_called_from_javascript(mix: Mix) {
    let lab = plan(mix).start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    let route = lab.core.service_route();
    assert_eq!(alice.returned("follows"), -1);
    assert_eq!(rc(&alice.ask(&alice.calling("follows").add("Route", &route))), 1);
    let forced = alice.ask(&alice.calling("force"));
    assert_eq!(rc(&forced), 1);
    assert!(route.contains(forced.header("X-Du")) && forced.header("X-Du").starts_with("sip:"));
    for (identity, result) in [(alice.identity(), 1), ("sip:eve@ims.test".to_owned(), -1)] {
        let call = alice.calling("assert").add("X-Identity", &format!("<{identity}>"));
        assert_eq!(rc(&alice.ask(&call)), result, "{identity}");
    }
    let call = alice
        .calling("unregister")
        .add("X-Aor", &alice.contact())
        .add("X-Host", "127.0.0.1")
        .add("X-Port", &alice.local().port().to_string());
    assert_eq!(rc(&alice.ask(&call)), 1);
    assert!(!alice.is_registered());
}

fn the_called_identity_is_asserted_from_javascript(mix: Mix) {
    let lab = plan(mix).start();
    let (alice, bob) = (lab.ue("alice"), lab.ue("bob"));
    lab.register(&alice);
    let message = bob
        .calling("is_registered")
        .add("P-Called-Party-ID", "<sip:alice@ims.test>")
        .add("X-Relay", &alice.address());
    let reply = bob.ask(&message);
    assert_eq!(reply.header("X-Called"), "1", "{reply:?}");
    assert_eq!(reply.header("P-Asserted-Identity"), "<sip:alice@ims.test>");
}

fn a_notify_is_handled_from_javascript(mix: Mix) {
    let lab: Lab = plan(mix).subscribing().start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    let subscribe = lab.subscribed();
    let contact = alice.contact();
    let contacts = [reginfo::Contact::gone(&contact)];
    let body = reginfo::document("sip:alice@ims.test", "active", &contacts);
    assert_eq!(lab.notified(&lab.core.notify(&subscribe, 1, &body)), 1);
    assert_eq!(lab.count(), 0);
}

fn a_domain_that_nobody_named_is_refused_from_javascript(mix: Mix) {
    let mut lab = plan(mix).start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    assert_eq!(alice.returned("elsewhere"), -1);
    lab.host.journal().wait("nowhere", PATIENCE);
    lab.host.assert_alive();
}

fn arguments_of_another_kind_are_refused_from_javascript(mix: Mix) {
    let calls = [
        "pcscf_is_registered(5)",
        "pcscf_is_registered(null)",
        "pcscf_is_registered({})",
        "pcscf_is_registered(\"\")",
        "pcscf_is_registered(\"LOCATION\")",
        "pcscf_is_registered(\"loc\\u0000ation\")",
        "pcscf_save(\"location\")",
        "pcscf_assert_called_identity(\"location\")",
        "pcscf_assert_identity(\"location\", 5)",
        "pcscf_assert_identity(\"location\", \"\")",
        "pcscf_assert_identity(5, 5)",
        "pcscf_unregister(\"location\", \"sip:a@b\", \"127.0.0.1\", 5060)",
        "pcscf_unregister(\"\", \"\", \"\", \"\")",
        "pcscf_unregister(\"location\", null, null, null)",
        "reginfo_handle_notify(\"location\")",
        "pcscf_follows_service_routes(\"\")",
        "pcscf_force_service_routes(\"nowhere\")",
    ];
    let cases = calls.iter().enumerate().map(|(number, call)| {
        format!("if (name == \"strange{number}\") return KSR.ims_registrar_pcscf.{call};")
    });
    let cases: String = cases.collect();
    let begin = "function called(name) {";
    let mut lab = scripted(mix, &SCRIPT.replace(begin, &format!("{begin}\n{cases}"))).start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    for (number, call) in calls.iter().enumerate() {
        assert_eq!(alice.returned(&format!("strange{number}")), -1, "{call}");
    }
    lab.host.assert_alive();
    assert!(alice.is_registered());
}
