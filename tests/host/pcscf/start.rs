//! What the two modules say to a configuration before they serve it.

use host_tests::{
    Flavor, mixed,
    pcscf::{Lab, Mix, Plan},
    wait::PATIENCE,
};

mixed! {
    all:
        functions_are_refused_where_they_make_no_sense,
        numbers_that_make_no_sense_do_not_keep_a_server_from_its_start;
    registrar:
        an_avp_that_is_none_is_named,
        a_queue_without_room_refuses_the_start,
        a_number_that_makes_no_sense_is_named,
        a_uri_of_the_proxy_that_is_none_is_named;
    usrloc:
        a_domain_may_have_any_name,
        there_may_be_many_domains;
    ours:
        parameters_of_every_version_are_taken,
        subscribing_without_pua_refuses_the_start,
        the_registrar_needs_no_ipsec;
}

fn functions_are_refused_where_they_make_no_sense(mix: Mix) {
    for (route, call) in [
        ("request_route", "pcscf_save(\"location\")"),
        ("request_route", "pcscf_assert_called_identity(\"location\")"),
        ("reply_route", "pcscf_save_pending(\"location\")"),
        ("reply_route", "pcscf_force_service_routes(\"location\")"),
        ("reply_route", "pcscf_follows_service_routes(\"location\")"),
        ("reply_route", "pcscf_assert_identity(\"location\", \"$fu\")"),
        ("reply_route", "reginfo_handle_notify(\"location\")"),
        ("failure_route[FAILED]", "pcscf_is_registered(\"location\")"),
    ] {
        let empty = if route == "request_route" { "" } else { "request_route { exit; }\n" };
        let routes = format!("\n{empty}{route} {{ {call}; }}\n");
        let log = Plan::new(mix).with(|setup| setup.routes(&routes)).refused();
        assert!(log.contains("cannot be used in"), "{call} in {route}:\n{log}");
    }
}

fn an_avp_that_is_none_is_named(mix: Mix) {
    for wrong in ["$avp(", "received", "$ru", "$var(x)"] {
        let lab = Plan::new(mix).registrar("received_avp", wrong).start();
        let alice = lab.ue("alice");
        lab.register(&alice);
        assert!(alice.is_registered(), "{wrong}");
        lab.host.journal().wait("modparam received_avp", PATIENCE);
        assert_eq!(lab.host.journal().count("modparam received_avp"), 1, "{wrong}");
    }
}

fn a_domain_may_have_any_name(mix: Mix) {
    for name in ["", &"location".repeat(40)] {
        let lab = Plan::new(mix).with(|setup| setup.word("{domain}", name)).start();
        let alice = lab.ue("alice");
        lab.register(&alice);
        assert!(alice.is_registered(), "{name:?}");
        let status = lab.host.rpc(&["ulpcscf.status"]).unwrap();
        let listed = format!("Domain: {name}\n");
        assert!(status.contains(listed.trim_end()), "{name:?}: {status}");
        assert_eq!(lab.leave(&alice).saved(), 1, "{name:?}");
    }
}

fn there_may_be_many_domains(mix: Mix) {
    let calls = (0..100).map(|number| format!("pcscf_save(\"number{number}\");"));
    let never = format!("if ($hdr(X-Never) != $null) {{ {} }}", calls.collect::<String>());
    let lab = Plan::new(mix).with(|setup| setup.word("{saved}", &never)).start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    assert!(alice.is_registered());
    assert_eq!(lab.statistic("usrloc", "number99_contacts"), 0);
}

/// Numbers that the C modules start with, and do not mean.
fn senseless(mix: Mix) -> Plan {
    Plan::new(mix)
        .usrloc("hash_size", 33)
        .usrloc("timer_interval", 0)
        .usrloc("expires_grace", -5)
        .registrar("pending_reg_expires", -1)
        .registrar("subscription_expires", -1)
        .registrar("is_registered_fallback2ip", -1)
        .registrar("reginfo_queue_size_threshold", -1)
        .registrar("pcscf_uri", "")
}

fn numbers_that_make_no_sense_do_not_keep_a_server_from_its_start(mix: Mix) {
    let lab = senseless(mix).start();
    let alice = lab.ue("alice");
    // With these numbers a pending contact is over before it begins, and the timer of the C store may come
    // before the answer.
    let tries = if mix.usrloc() == Flavor::C { 20 } else { 1 };
    let registers = || {
        lab.register(&alice);
        alice.is_registered()
    };
    assert!((0..tries).any(|_| registers()));
    assert_eq!(lab.leave(&alice).saved(), 1);
}

fn a_queue_without_room_refuses_the_start(mix: Mix) {
    let log = Plan::new(mix).registrar("reginfo_queue_limit", 0).refused();
    assert!(log.contains("reginfo_queue_limit"), "{log}");
}

fn a_number_that_makes_no_sense_is_named(mix: Mix) {
    let lab = senseless(mix).start();
    for told in ["pending_reg_expires is -1, must be 0", "subscription_expires is -1, must be 0"] {
        lab.host.journal().wait(told, PATIENCE);
        assert_eq!(lab.host.journal().count(told), 1, "{told}");
    }
    // Nothing is sent, so nobody sees it.
    assert_eq!(lab.host.journal().count("pcscf_uri"), 0);
}

fn a_uri_of_the_proxy_that_is_none_is_named(mix: Mix) {
    for wrong in ["", "sip:a\\r\\nX: y"] {
        let lab = Plan::new(mix).subscribing().registrar("pcscf_uri", wrong).start();
        assert_eq!(lab.host.journal().count("modparam pcscf_uri is"), 1, "{wrong}");
        lab.register(&lab.ue("alice"));
        let subscribe = lab.subscribed();
        assert_eq!(subscribe.contact(), "sip:pcscf.ims.smilecoms.com:4060", "{wrong}");
        assert!(subscribe.find("X").is_none(), "{wrong}");
    }
}

fn parameters_of_every_version_are_taken(mix: Mix) {
    let numbers = [
        ("pending_reg_expires", 30),
        ("is_registered_fallback2ip", 0),
        ("publish_reginfo", 0),
        ("subscribe_to_reginfo", 0),
        ("subscription_expires", 3600),
        ("ignore_contact_rxport_check", 0),
        ("ignore_contact_rxproto_check", 1),
        ("ignore_reg_state", 0),
        ("reginfo_queue_size_threshold", 0),
        ("delete_delay", 0),
        ("trust_bottom_via", 0),
    ];
    let plan =
        numbers.iter().fold(Plan::new(mix), |plan, (name, value)| plan.registrar(name, *value));
    let plan = plan.registrar("force_icscf_uri", "").registrar("received_avp", "$avp(received)");
    let numbers = [
        ("hash_size", 9),
        ("timer_interval", 60),
        ("db_mode", 0),
        ("expires_grace", 3600),
        ("match_contact_host_port", 1),
        ("audit_expired_pcontacts_timeout", 40),
        ("audit_expired_pcontacts_interval", 60),
        ("enable_debug_file", 0),
        ("hashing_type", 1),
        ("lookup_check_received", 0),
    ];
    let plan = numbers.iter().fold(plan, |plan, (name, value)| plan.usrloc(name, *value));
    let lab = plan.usrloc("usrloc_debug_file", "{folder}/debug").start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    assert!(alice.is_registered());
}

fn subscribing_without_pua_refuses_the_start(mix: Mix) {
    let mut plan = Plan::new(mix).registrar("subscribe_to_reginfo", 1);
    plan.setup = plan.setup.without_module("pua");
    let log = plan.refused();
    assert!(log.contains("module pua is not loaded"), "{log}");
}

fn the_registrar_needs_no_ipsec(mix: Mix) {
    let lab = Lab::start(mix);
    let modules = lab.host.rpc(&["core.modules"]).unwrap();
    assert!(!modules.contains("ims_ipsec_pcscf"), "{modules}");
}
