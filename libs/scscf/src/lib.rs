//! Everything that the registrar and the location store of an S-CSCF decide, without a host: no
//! clock, no message sent, no memory of its own.
#![forbid(unsafe_code)]

pub mod profile;

pub use profile::Subscription;
