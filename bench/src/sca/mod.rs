//! The module `sca`: what refreshes, seizures and calls cost, and what a subscription takes.

mod config;
mod load;
mod measure;
mod options;
mod report;
mod restart;
mod rows;
mod run;
mod server;

pub use options::Options;
