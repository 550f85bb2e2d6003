//! The pair of a P-CSCF: what a registration and a lookup cost, and what a contact takes.

mod config;
mod expiry;
mod load;
mod measure;
pub mod options;
mod report;
mod restart;
mod run;
mod storage;
mod text;

pub use run::run;
