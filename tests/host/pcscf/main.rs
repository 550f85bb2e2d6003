//! What the P-CSCF pair does, seen from outside: a real Kamailio, real sockets, a real database.
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
    pcscf::{Mix, unfit},
    servers,
    suite::{self, Case},
};
use libtest_mimic::{Failed, Trial};
use std::process::ExitCode;

mod core_network;
mod database;
mod database_shared;
mod failures;
mod features;
mod fire;
mod held;
mod identity;
mod instance;
mod kemi;
mod late;
mod lookup;
mod memory;
mod nodes;
mod notify;
mod pending;
mod resubscribe;
mod robustness;
mod routes;
mod rows;
mod sample;
mod save;
mod sharing;
mod spelling;
mod start;
mod steady;
mod storing;
mod strange;
mod subscribe;
mod third_party;
mod unregister;
mod usrloc_fire;
mod usrloc_ipsec;
mod usrloc_qos;
mod usrloc_rpc;
mod usrloc_start;
mod usrloc_store;
mod variables;

const TOPICS: &[(&str, &[Case<Mix>])] = &[
    ("core_network", core_network::CASES),
    ("failures", failures::CASES),
    ("features", features::CASES),
    ("fire", fire::CASES),
    ("nodes", nodes::CASES),
    ("database", database::CASES),
    ("database_shared", database_shared::CASES),
    ("storing", storing::CASES),
    ("sharing", sharing::CASES),
    ("pending", pending::CASES),
    ("lookup", lookup::CASES),
    ("memory", memory::CASES),
    ("notify", notify::CASES),
    ("subscribe", subscribe::CASES),
    ("resubscribe", resubscribe::CASES),
    ("robustness", robustness::CASES),
    ("routes", routes::CASES),
    ("identity", identity::CASES),
    ("held", held::CASES),
    ("instance", instance::CASES),
    ("unregister", unregister::CASES),
    ("sample", sample::CASES),
    ("save", save::CASES),
    ("spelling", spelling::CASES),
    ("start", start::CASES),
    ("strange", strange::CASES),
    ("third_party", third_party::CASES),
    ("kemi", kemi::CASES),
    ("late", late::CASES),
    ("variables", variables::CASES),
    ("usrloc_fire", usrloc_fire::CASES),
    ("usrloc_ipsec", usrloc_ipsec::CASES),
    ("usrloc_qos", usrloc_qos::CASES),
    ("usrloc_rpc", usrloc_rpc::CASES),
    ("usrloc_start", usrloc_start::CASES),
    ("usrloc_store", usrloc_store::CASES),
];

fn main() -> ExitCode {
    let whole = Trial::test("every_numbered_case_has_a_test", every_numbered_case_has_a_test);
    let code = suite::run_fit(TOPICS, unfit, vec![whole]);
    servers::stop();
    code
}

/// The numbered cases of both contracts: how their names begin, and the last number of each kind.
const NUMBERED: &[(&str, usize)] = &[
    ("p", 26),
    ("sp", 24),
    ("sr", 10),
    ("ir", 16),
    ("ai", 6),
    ("ur", 4),
    ("no", 11),
    ("su", 6),
    ("qu", 1),
    ("ip", 2),
    ("ra", 1),
    ("u_", 40),
];

fn every_numbered_case_has_a_test() -> Result<(), Failed> {
    let names: Vec<_> = TOPICS.iter().flat_map(|(_, cases)| *cases).map(Case::name).collect();
    let number = |(kind, last): &(&str, usize)| {
        let kind = (*kind).to_owned();
        // Two digits where the contract writes them.
        let wide = ["p", "u_"].contains(&kind.as_str());
        (1..=*last).map(move |number| {
            if wide { format!("{kind}{number:02}_") } else { format!("{kind}{number}_") }
        })
    };
    let absent: Vec<_> = NUMBERED
        .iter()
        .flat_map(number)
        .filter(|number| !names.iter().any(|name| name.starts_with(number.as_str())))
        .collect();
    if absent.is_empty() { Ok(()) } else { Err(format!("no test is called {absent:?}").into()) }
}
