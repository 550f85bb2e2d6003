//! The host without its processes: memory, locks and parser of the installed Kamailio in a test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as it should be"
)]

pub mod fork;
pub mod host;
pub mod message;
