//! The manual and the page of exports cannot part.

use manual_check::Manual;

const SCA: Manual = Manual {
    text: include_str!("../README.md"),
    exports: include_str!("../src/lib.rs"),
    params: include_str!("../src/params.rs"),
    name: "sca",
};

#[test]
fn every_parameter_is_in_the_manual_with_its_default_and_no_other() {
    SCA.check_parameters();
}

#[test]
fn every_command_is_in_the_manual_and_no_other() {
    assert_eq!(SCA.documented("RPC commands"), SCA.exported(&["Command::new("]));
}

#[test]
fn every_statistic_is_in_the_manual_and_no_other() {
    let stats = SCA.exported(&["Stat::value(", "Stat::counter("]);
    assert_eq!(SCA.documented("Statistics"), stats);
}

#[test]
fn every_function_is_in_the_manual_and_no_other() {
    SCA.check_functions();
}
