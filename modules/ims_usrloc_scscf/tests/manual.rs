//! The manual and the page of exports cannot part.

use manual_check::Manual;

const USRLOC: Manual = Manual {
    text: include_str!("../README.md"),
    exports: include_str!("../src/lib.rs"),
    params: include_str!("../src/params.rs"),
    name: "ims_usrloc_scscf",
};

#[test]
fn every_parameter_is_in_the_manual_with_its_default_and_no_other() {
    USRLOC.check_parameters();
}

#[test]
fn every_command_is_in_the_manual_and_no_other() {
    assert_eq!(USRLOC.documented("RPC commands"), USRLOC.exported(&["Command::new("]));
}

#[test]
fn every_statistic_is_in_the_manual_and_no_other() {
    let stats = USRLOC.exported(&["Stat::value(", "Stat::counter("]);
    assert_eq!(USRLOC.documented("Statistics"), stats);
}
