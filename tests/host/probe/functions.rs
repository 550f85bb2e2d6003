//! Script functions, their KEMI twins and pseudo-variables.

use crate::start::{call, refused, setup, start, told};
use host_tests::install::install;

/// Each call of the script has its own host: a route has one call.
fn returns(text: &str) -> String {
    call(&start(setup(text)))
}

#[test]
fn one_name_has_a_form_for_each_number_of_arguments() {
    let host = start(setup(
        "$var(all) = \"\";\n\
         probe_sum(); $var(all) = $var(all) + $rc;\n\
         probe_sum(\"41\"); $var(all) = $var(all) + \",\" + $rc;\n\
         probe_sum(\"2\", \"x$var(n)y\"); $var(all) = $var(all) + \",\" + $rc;\n\
         probe_sum(\"ab\", \"$var(n)\", \"\"); $var(all) = $var(all) + \",\" + $rc;\n\
         probe_sum(\"ab\", \"c\", 3, $var(n)); $var(all) = $var(all) + \",\" + $rc;\n\
         probe_sum(\"1\", \"2\", \"3\", \"4\", \"-5\"); $var(all) = $var(all) + \",\" + $rc;\n\
         probe_sum(\"1\", \"2\", \"3\", \"4\", \"5\", \"$rU\"); $var(all) = $var(all) + \",\" + $rc;\n\
         sl_send_reply(\"200\", \"$var(all)\"); exit;",
    ));
    assert_eq!(call(&host), "1,42,6,7,11,6,17");
}

#[test]
fn an_expression_is_an_argument_like_any_other() {
    assert_eq!(returns("probe_sum($var(n) + 3, $rm + \"!\");"), "rc 16");
}

#[test]
fn any_number_of_arguments_is_taken_by_a_variadic_function() {
    assert_eq!(returns("probe_join(\"a\", \"$rm\", \"$var(n)\", \"\", $var(n));"), "rc 16");
    assert_eq!(returns("probe_join(\"one\");"), "rc 5");
}

#[test]
fn an_argument_that_is_no_number_now_fails_the_call() {
    let host = start(setup("probe_sum(\"$rU\");"));
    assert_eq!(call(&host), "rc -1");
    let line = "ERROR: probe: probe::functions::sum1: argument 0 is no number";
    told(&host, line, 1);
}

#[test]
fn an_argument_that_can_never_be_a_number_stops_the_start() {
    let log = refused(setup("probe_sum(\"four\");"));
    assert!(log.contains("fixup_var_int_12(): Error while fixing parameter"), "{log}");
}

#[test]
fn an_error_has_the_code_and_the_level_of_its_report() {
    let host = start(setup("probe_refuse();"));
    assert_eq!(call(&host), "rc -7");
    let line = "WARNING: probe: probe::functions::refuse: refused on purpose, %s%n";
    told(&host, line, 1);
}

#[test]
fn a_pseudo_variable_has_a_number_a_text_or_nothing() {
    let host = start(setup(
        "sl_send_reply(\"200\", \"is $probe $probes(number) $probes(text) $probes(nothing)\"); exit;",
    ));
    assert_eq!(call(&host), "is 7 -42 text <null>");
}

#[test]
fn a_text_too_long_for_the_core_is_no_value() {
    let host = start(setup("sl_send_reply(\"200\", \"is $probes(huge)\"); exit;"));
    assert_eq!(call(&host), "is <null>");
    told(&host, "a pseudo-variable has 100000 bytes, at most ", 1);
}

#[test]
fn a_script_in_javascript_calls_the_same_functions() {
    let script = "function ksr_request_route() {\n\
        var all = [KSR.probe.sum0(), KSR.probe.sum1(41), KSR.probe.sum2(2, 'xyz'),\n\
                   KSR.probe.sum3('ab', 3, ''), KSR.probe.sum5(1, 2, 3, 4, -5), KSR.probe.panic()];\n\
        KSR.sl.sl_send_reply(200, all.join(' '));\n}\n";
    let folder = install().folder();
    std::fs::write(folder.path().join("route.js"), script).unwrap();
    let script = install().inside(folder.path()).join("route.js");
    let mut setup = setup("")
        .module("app_jsdt")
        .param("app_jsdt", "load", script.display().to_string())
        .routes("cfgengine \"jsdt\"\n");
    setup.private = 32;
    assert_eq!(call(&start(setup)), "1 42 6 6 6 -1");
}
