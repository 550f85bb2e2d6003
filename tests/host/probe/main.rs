//! The runtime in a real host, through the module `probe`, which exports one of everything.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod commands;
mod faults;
mod functions;
mod services;
mod settings;
mod start;
