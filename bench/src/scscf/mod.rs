//! The pair of an S-CSCF: what registrations, lookups and the reg event cost, and what a user takes.

mod config;
mod hss;
mod load;
mod measure;
mod options;
mod report;
mod run;
mod text;

pub use options::Options;
