//! What `sca` does, seen from outside: a real Kamailio, real sockets, a real database.
//!
//! Cases are numbered as in the module's contract. Most run against the C module as well, and both
//! must do the same; the others show where ours differs and stays sane.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is not as it should be"
)]

use host_tests::{
    servers,
    suite::{self, Case},
};
use libtest_mimic::{Failed, Trial};
use std::process::ExitCode;

mod addresses;
mod aging;
mod contention;
mod database;
mod failures;
mod features;
mod forking;
mod hold;
mod incoming;
mod kemi;
mod memory;
mod moves;
mod notify;
mod outgoing;
mod restart;
mod robustness;
mod routing;
mod rpc;
mod sample;
mod seize;
mod start;
mod subscribe;

const TOPICS: &[(&str, &[Case])] = &[
    ("aging", aging::CASES),
    ("memory", memory::CASES),
    ("moves", moves::CASES),
    ("database", database::CASES),
    ("restart", restart::CASES),
    ("robustness", robustness::CASES),
    ("subscribe", subscribe::CASES),
    ("seize", seize::CASES),
    ("outgoing", outgoing::CASES),
    ("hold", hold::CASES),
    ("failures", failures::CASES),
    ("incoming", incoming::CASES),
    ("forking", forking::CASES),
    ("addresses", addresses::CASES),
    ("contention", contention::CASES),
    ("routing", routing::CASES),
    ("notify", notify::CASES),
    ("rpc", rpc::CASES),
    ("kemi", kemi::CASES),
    ("features", features::CASES),
    ("sample", sample::CASES),
    ("start", start::CASES),
];

fn main() -> ExitCode {
    let whole = Trial::test("every_numbered_case_has_a_test", every_numbered_case_has_a_test);
    let code = suite::run(TOPICS, vec![whole]);
    servers::stop();
    code
}

fn every_numbered_case_has_a_test() -> Result<(), Failed> {
    let numbers = (1..=99).map(|number| format!("case_{number:02}_"));
    let wanted = numbers.chain(["case_97b_".to_owned(), "case_97c_".to_owned()]);
    let cases: Vec<_> = TOPICS.iter().flat_map(|(_, cases)| *cases).map(Case::name).collect();
    let absent: Vec<_> =
        wanted.filter(|number| !cases.iter().any(|name| name.starts_with(number))).collect();
    if absent.is_empty() { Ok(()) } else { Err(format!("no test is called {absent:?}").into()) }
}
