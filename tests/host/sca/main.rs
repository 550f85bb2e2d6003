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

mod subscribe;

fn main() -> ExitCode {
    host_tests::suite::run(&[("subscribe", subscribe::CASES)], Vec::new())
}
