//! Parameters, and the functions called in other ways than the sample does.

use host_tests::{Flavor, Host, Phone, Setup, cases, wait::PATIENCE};

cases! {
    both:
        the_parameters_of_5_0_are_accepted,
        a_branch_flag_above_31_refuses_the_start,
        an_empty_table_name_refuses_the_start,
        a_text_for_a_number_refuses_the_start,
        a_request_of_another_method_is_no_subscription;
    ours:
        the_example_configuration_serves_a_line,
        a_value_that_makes_no_sense_is_named, a_mode_of_the_database_that_there_is_not_refuses_the_start;
    since(6, 0):
        the_parameters_of_6_0_are_accepted,
        an_avp_parameter_that_is_none_refuses_the_start,
        a_subscription_may_be_given_its_from_and_to;
}

fn old_parameters(flavor: Flavor) -> Setup {
    Setup::new(flavor)
        .sca("hash_table_size", 9)
        .sca("call_info_max_expires", 3600)
        .sca("line_seize_max_expires", 15)
        .sca("subs_table", "sca_subscriptions")
        .sca("state_table", "sca_state")
        .sca("outbound_proxy", "sip:proxy.example.com")
        .sca("onhold_bflag", 31)
        .sca("server_address", "sip:sca@voice.example.com")
}

/// The host must serve a phone with these parameters.
fn serves(setup: Setup) -> Host {
    let host = Host::start(setup);
    let phone = Phone::new(host.address(), "215");
    assert_eq!(phone.subscribe("call-info", 600).reply.status(), 202);
    assert_eq!(phone.seize(1).reply.status(), 200);
    host
}

fn the_parameters_of_5_0_are_accepted(flavor: Flavor) {
    drop(serves(old_parameters(flavor)));
}

fn the_parameters_of_6_0_are_accepted(flavor: Flavor) {
    let setup = old_parameters(flavor)
        .sca("contact_fallback", "sip:fallback@voice.example.com")
        .sca("from_uri_avp", "$avp(from)")
        .sca("to_uri_avp", "$avp(to)");
    drop(serves(setup));
}

fn a_branch_flag_above_31_refuses_the_start(flavor: Flavor) {
    let log = Host::refused(Setup::new(flavor).sca("onhold_bflag", 32));
    assert!(log.contains("onhold_bflag"), "{log}");
}

fn an_empty_table_name_refuses_the_start(flavor: Flavor) {
    for name in ["subs_table", "state_table"] {
        let log = Host::refused(Setup::new(flavor).sca(name, ""));
        assert!(log.contains(name), "{log}");
    }
}

fn a_value_that_makes_no_sense_is_named(flavor: Flavor) {
    let wrong = [
        ("hash_table_size", 32, "must be at most 20: 9 counts"),
        ("purge_expired_interval", 0, "must be 1 or more: 1 counts"),
        ("db_update_interval", -1, "must be 1 or more: 1 counts"),
        ("state_update_interval", 0, "must be 1 or more: 1 counts"),
    ];
    let setup =
        wrong.iter().fold(Setup::new(flavor), |setup, (name, value, _)| setup.sca(name, *value));
    let host = serves(setup);
    for (name, value, said) in wrong {
        let line = format!("modparam {name} is {value}, {said}");
        host.journal().wait(&line, PATIENCE);
        assert_eq!(host.journal().count(&line), 1, "{line}");
    }
}

fn a_mode_of_the_database_that_there_is_not_refuses_the_start(flavor: Flavor) {
    let log = Host::refused(Setup::new(flavor).sca("db_mode", 7));
    assert!(log.contains("db_mode"), "{log}");
}

fn a_text_for_a_number_refuses_the_start(flavor: Flavor) {
    Host::refused(Setup::new(flavor).sca("line_seize_max_expires", "15"));
    Host::refused(Setup::new(flavor).sca("server_address", 15));
}

fn an_avp_parameter_that_is_none_refuses_the_start(flavor: Flavor) {
    for name in ["from_uri_avp", "to_uri_avp"] {
        let log = Host::refused(Setup::new(flavor).sca(name, "$var(x)"));
        assert!(log.contains("ERROR: sca") || log.contains("CRITICAL: sca"), "{log}");
    }
}

/// A host whose route does `call` with all requests but those that ask whether it is up.
fn routed(setup: Setup, call: &str) -> Host {
    Host::start(setup.routes(&format!(
        "\nrequest_route {{\n    if ($rU == \"ping\") {{\n        sl_send_reply(\"200\", \"Up\");\n\
         \x20       exit;\n    }}\n    {call}\n}}\n"
    )))
}

fn a_request_of_another_method_is_no_subscription(flavor: Flavor) {
    let host = routed(Setup::new(flavor), "sca_handle_subscribe();");
    let phone = Phone::new(host.address(), "215");
    let reply = phone.ask(&phone.request("OPTIONS", &phone.aor()).add("Event", "call-info"));
    assert_eq!(reply.status_line(), "500 Internal server error - config");
}

fn a_subscription_may_be_given_its_from_and_to(flavor: Flavor) {
    let setup = Setup::new(flavor).sca("from_uri_avp", "$avp(from)").sca("to_uri_avp", "$avp(to)");
    let host = routed(setup, "sca_handle_subscribe(\"$hdr(X-To)\", \"$hdr(X-From)\");");
    let phone = Phone::new(host.address(), "215");
    let draft = |from: &str| {
        let hidden = "<sip:anonymous@anonymous.invalid>;tag=hidden";
        let draft = phone.subscribe_draft("call-info", 600).set("From", hidden);
        draft.add("X-To", &phone.aor()).add("X-From", from)
    };
    let untagged = phone.ask(&draft(&phone.aor()));
    assert_eq!(untagged.status_line(), "400 Bad Shared Call Appearance Request");
    let given = phone.ask(&draft(&format!("<{}>;tag=given", phone.aor())));
    assert_eq!(given.status_line(), "202 Accepted");
    assert_eq!(phone.notified("call-info").tag("To"), Some("given"));
}

fn the_example_configuration_serves_a_line(flavor: Flavor) {
    const EXAMPLE: &str = include_str!("../../../cfg-examples/sca.cfg");
    // Only the addresses and the paths are this test's own.
    let lines = "#!KAMAILIO\n#!define LISTEN udp:{address}\n\
         #!define DBURL \"sqlite:///{folder}/sca.sqlite\"\n\
         #!define MODULES \"{folder}:{stock}\"\n#!define CTL_SOCKET \"unix:{folder}/ctl\"\n\
         #!define RPC_FIFO \"{folder}/fifo\"\n#!define RPC_SOCKET \"{folder}/json\"\n";
    let text = format!("{lines}{}", EXAMPLE.replacen("#!KAMAILIO", "", 1));
    let host = Host::start(Setup::new(flavor).whole(&text));
    let phones = [0; 2].map(|_| Phone::new(host.address(), "215"));
    for phone in &phones {
        assert_eq!(phone.subscribe("call-info", 600).reply.status(), 202);
        phone.notified("call-info");
    }
    assert_eq!(phones[0].seize(1).reply.status(), 200);
    for phone in &phones {
        host_tests::line::sees(phone, &["1 seized"]);
    }
}
