//! What the S-CSCF pair does, seen from outside: a real Kamailio, real sockets, a real HSS.
//!
//! Cases are numbered as in the contracts of the two modules. Most run against every mix of C and
//! our modules, and all must do the same; the others show where ours differ and stay sane.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is not as it should be"
)]

use host_tests::{
    diameter::Package,
    example,
    mix::Mix,
    servers,
    suite::{self, Case},
};
use libtest_mimic::{Failed, Trial};
use std::process::ExitCode;

mod calls;
mod columns;
mod commands;
mod database;
mod delivery;
mod event;
mod expiry;
mod failures;
mod fire;
mod forms;
mod hard_rows;
mod identity;
mod kemi;
mod leaving;
mod lookup;
mod memory;
mod mixing;
mod modes;
mod network;
mod operator;
mod package;
mod pair;
mod path;
mod processes;
mod profile;
mod quoted;
mod races;
mod refusals;
mod robustness;
mod running_out;
mod runtime;
mod sample;
mod save;
mod store;
mod storing;
mod third_party;
mod told;
mod torture;
mod triggers;
mod undone;
mod unregistered;
mod watching;

const TOPICS: &[(&str, &[Case<Mix>])] = &[
    ("calls", calls::CASES),
    ("commands", commands::CASES),
    ("triggers", triggers::CASES),
    ("watching", watching::CASES),
    ("columns", columns::CASES),
    ("database", database::CASES),
    ("delivery", delivery::CASES),
    ("event", event::CASES),
    ("running_out", running_out::CASES),
    ("expiry", expiry::CASES),
    ("failures", failures::CASES),
    ("fire", fire::CASES),
    ("memory", memory::CASES),
    ("mixing", mixing::CASES),
    ("modes", modes::CASES),
    ("network", network::CASES),
    ("robustness", robustness::CASES),
    ("third_party", third_party::CASES),
    ("torture", torture::CASES),
    ("operator", operator::CASES),
    ("package", package::CASES),
    ("forms", forms::CASES),
    ("hard_rows", hard_rows::CASES),
    ("identity", identity::CASES),
    ("kemi", kemi::CASES),
    ("leaving", leaving::CASES),
    ("lookup", lookup::CASES),
    ("pair", pair::CASES),
    ("path", path::CASES),
    ("processes", processes::CASES),
    ("profile", profile::CASES),
    ("quoted", quoted::CASES),
    ("races", races::CASES),
    ("refusals", refusals::CASES),
    ("runtime", runtime::CASES),
    ("sample", sample::CASES),
    ("save", save::CASES),
    ("store", store::CASES),
    ("storing", storing::CASES),
    ("told", told::CASES),
    ("undone", undone::CASES),
    ("unregistered", unregistered::CASES),
];

fn main() -> ExitCode {
    let whole = Trial::test("every_numbered_case_has_a_test", every_numbered_case_has_a_test);
    let code = suite::run_fit(TOPICS, unfit, vec![whole]);
    servers::stop();
    code
}

/// Why the case of this name says nothing about `mix`, if so.
fn unfit(_mix: Mix, case: &str) -> Option<&'static str> {
    if case.starts_with("kamailios_example_") {
        return example::unfit();
    }
    let absent = case.starts_with("packaged_hss_") && Package::python().is_none();
    absent.then_some("python-diameter is not there: tools/deps.sh test fetches it")
}

/// The numbered cases of both contracts: how their names begin, and the last number of each kind.
const NUMBERED: &[(&str, usize)] = &[("r", 85), ("u", 32)];

fn every_numbered_case_has_a_test() -> Result<(), Failed> {
    let names: Vec<_> = TOPICS.iter().flat_map(|(_, cases)| *cases).map(Case::name).collect();
    let numbers = |(kind, last): &(&str, usize)| {
        let kind = (*kind).to_owned();
        (1..=*last).map(move |number| format!("{kind}_{number:02}_"))
    };
    let absent: Vec<_> = NUMBERED
        .iter()
        .flat_map(numbers)
        .filter(|number| !names.iter().any(|name| name.starts_with(number.as_str())))
        .collect();
    if absent.is_empty() { Ok(()) } else { Err(format!("no test is called {absent:?}").into()) }
}
