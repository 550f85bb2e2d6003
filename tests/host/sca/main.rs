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

use std::process::ExitCode;

mod aging;
mod database;
mod failures;
mod features;
mod hold;
mod incoming;
mod kemi;
mod memory;
mod notify;
mod outgoing;
mod robustness;
mod routing;
mod rpc;
mod sample;
mod seize;
mod servers;
mod subscribe;

fn main() -> ExitCode {
    let topics = [
        ("aging", aging::CASES),
        ("database", database::CASES),
        ("robustness", robustness::CASES),
        ("subscribe", subscribe::CASES),
        ("seize", seize::CASES),
        ("outgoing", outgoing::CASES),
        ("hold", hold::CASES),
        ("failures", failures::CASES),
        ("incoming", incoming::CASES),
        ("routing", routing::CASES),
        ("notify", notify::CASES),
        ("rpc", rpc::CASES),
        ("kemi", kemi::CASES),
        ("features", features::CASES),
        ("memory", memory::CASES),
        ("sample", sample::CASES),
    ];
    let code = host_tests::suite::run(&topics, Vec::new());
    servers::stop();
    code
}
