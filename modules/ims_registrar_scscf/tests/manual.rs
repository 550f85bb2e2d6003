//! The manual and the page of exports cannot part.

use manual_check::Manual;

const REGISTRAR: Manual = Manual {
    text: include_str!("../README.md"),
    exports: include_str!("../src/lib.rs"),
    params: include_str!("../src/params.rs"),
    name: "ims_registrar_scscf",
};

#[test]
fn every_parameter_is_in_the_manual_with_its_default_and_no_other() {
    REGISTRAR.check_parameters();
}

#[test]
fn every_function_is_in_the_manual_and_no_other() {
    REGISTRAR.check_functions();
}

#[test]
fn every_variable_is_in_the_manual_and_no_other() {
    let named = REGISTRAR.documented("Pseudo-variables");
    let named: Vec<_> = named.iter().map(|name| name.trim_start_matches('$')).collect();
    let exported = REGISTRAR.exported(&["Variable::with_index("]);
    assert!(exported.iter().all(|name| named.contains(name)));
}

#[test]
fn every_command_and_statistic_is_in_the_manual() {
    let commands = REGISTRAR.documented("RPC");
    let named: Vec<_> = commands.iter().filter_map(|text| text.split(' ').next()).collect();
    let exported = REGISTRAR.exported(&["Command::new("]);
    assert!(exported.iter().all(|name| named.contains(name)));
    let named = REGISTRAR.documented("Statistics");
    assert_eq!(named, REGISTRAR.exported(&["Stat::counter(", "Stat::value("]));
}
