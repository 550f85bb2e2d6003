//! Parameters, settings of the cfg framework, and the hooks of start and end.

use crate::start::{refused, setup, start, told};
use host_tests::Host;
use std::time::Duration;

/// A process that misses the signal to end holds the others up for a minute: a race of the core.
const TO_THE_END: Duration = Duration::from_secs(90);

fn words(host: &Host, command: &str) -> String {
    let text = host.rpc(&[command]).unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn parameters_have_their_defaults_or_the_values_of_the_configuration() {
    let host = start(setup(""));
    assert_eq!(words(&host, "probe.params"), "{ number: 5 text: default words: 0 total: 0 }");
    let host = start(setup("").param("probe", "number", -17).param("probe", "text", "servus"));
    assert_eq!(words(&host, "probe.params"), "{ number: -17 text: servus words: 0 total: 0 }");
}

#[test]
fn a_parameter_with_a_function_takes_each_of_its_values() {
    let routes = "modparam(\"probe\", \"word\", \"one\")\nmodparam(\"probe\", \"word\", \"two\")\n\
                  modparam(\"probe\", \"add\", 3)\nmodparam(\"probe\", \"add\", -5)\n\
                  request_route { sl_send_reply(\"200\", \"ok\"); }\n";
    let host = start(setup("").routes(routes));
    assert_eq!(words(&host, "probe.params"), "{ number: 5 text: default words: 2 total: -2 }");
}

#[test]
fn a_parameter_that_the_module_refuses_stops_the_start() {
    let log = refused(setup("").param("probe", "word", "w0rd"));
    assert!(log.contains("probe: probe::params::add_word: modparam word is w0rd"), "{log}");
}

#[test]
fn settings_change_while_the_server_runs() {
    let host = start(setup(""));
    assert_eq!(words(&host, "probe.settings"), "{ level: 3 greeting: hello depth: 7 }");
    host.rpc(&["cfg.set_now_int", "probe", "level", "5"]).unwrap();
    host.rpc(&["cfg.set_now_string", "probe", "greeting", "hi"]).unwrap();
    assert_eq!(words(&host, "probe.settings"), "{ level: 5 greeting: hi depth: 7 }");
    let outside = host.rpc(&["cfg.set_now_int", "probe", "depth", "11"]);
    assert!(outside.is_err(), "{outside:?}");
    assert_eq!(words(&host, "probe.settings"), "{ level: 5 greeting: hi depth: 7 }");
}

#[test]
fn the_end_runs_once_and_has_what_the_workers_left() {
    let mut host = start(setup(""));
    host.rpc(&["probe.lock"]).unwrap();
    assert!(host.stop_within(TO_THE_END).is_some());
    told(&host, "counted to Some(1) before the end", 1);
    assert_eq!(host.journal().count("before the end"), 1);
}

#[test]
fn a_panic_at_the_start_stops_the_start_and_the_end_copes() {
    let log = refused(setup("").param("probe", "panic_in", "init"));
    assert!(
        log.contains("CRITICAL: probe: probe::state::init: panic: on purpose in init"),
        "{log}"
    );
    assert!(log.contains("counted to None before the end"), "{log}");
}

#[test]
fn a_panic_at_the_end_does_not_keep_the_server_from_ending() {
    let mut host = start(setup("").param("probe", "panic_in", "destroy"));
    assert!(host.stop_within(TO_THE_END).is_some());
    let line = "CRITICAL: probe: probe::state::destroy: panic: on purpose in destroy";
    told(&host, line, 1);
}

#[test]
fn shared_memory_is_listed_under_the_name_of_the_module() {
    let host = start(setup(""));
    let text = host.rpc(&["mod.stats", "probe", "shm"]).unwrap();
    assert!(text.contains("Module: probe"), "{text}");
    assert!(host_tests::rpc::number(&text, "Total:") > 0, "{text}");
}

#[test]
fn log_lines_follow_the_level_of_the_module() {
    let quiet = start(setup("").global("debug=0"));
    assert_eq!(quiet.journal().count("started with the text"), 0);
    let host = start(setup("").param("probe", "text", "a\tb"));
    told(&host, "NOTICE: probe: started with the text a b", 1);
}
