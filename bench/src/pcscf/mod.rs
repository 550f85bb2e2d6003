//! The pair of a P-CSCF: what a registration and a lookup cost, and what a contact takes.

mod config;
mod load;
mod measure;
mod options;
mod report;
mod rows;
mod run;
mod text;

pub use options::Options;
