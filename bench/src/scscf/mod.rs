//! The pair of an S-CSCF: what registrations, lookups and the reg event cost, and what a user takes.

mod config;
mod expiry;
mod hss;
mod load;
mod measure;
pub mod options;
mod report;
mod restart;
mod run;
mod text;

pub use run::run;
