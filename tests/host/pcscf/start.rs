//! What the two modules say to a configuration before they serve it.

use host_tests::{
    mixed,
    pcscf::{Lab, Mix, Plan},
};

mixed! {
    all:
        functions_are_refused_where_they_make_no_sense;
    registrar:
        an_avp_that_is_none_refuses_the_start,
        settings_out_of_their_range_refuse_the_start;
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

fn an_avp_that_is_none_refuses_the_start(mix: Mix) {
    for wrong in ["$avp(", "received", "$ru", "$var(x)"] {
        let log = Plan::new(mix).registrar("received_avp", wrong).refused();
        assert!(log.contains("received_avp"), "{wrong}:\n{log}");
    }
}

fn settings_out_of_their_range_refuse_the_start(mix: Mix) {
    for (name, value) in
        [("pending_reg_expires", -1), ("subscription_expires", -1), ("reginfo_queue_limit", 0)]
    {
        let log = Plan::new(mix).registrar(name, value).refused();
        assert!(log.contains(name), "{name}={value}:\n{log}");
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
    for name in ["publish_reginfo", "subscribe_to_reginfo"] {
        let mut plan = Plan::new(mix).registrar(name, 1);
        plan.setup = plan.setup.without_module("pua");
        let log = plan.refused();
        assert!(log.contains("module pua is not loaded"), "{name}:\n{log}");
    }
}

fn the_registrar_needs_no_ipsec(mix: Mix) {
    let lab = Lab::start(mix);
    let modules = lab.host.rpc(&["core.modules"]).unwrap();
    assert!(!modules.contains("ims_ipsec_pcscf"), "{modules}");
}
