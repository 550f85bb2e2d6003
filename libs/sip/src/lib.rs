//! The texts of SIP that more than one module reads: hosts and ports ([`address`]), URIs ([`uri`]),
//! identities ([`identity`], [`aor`]), lists of routes ([`route_set`]), and moments ([`moment`]).
//!
//! Everything works on bytes, borrows from them, and is bounded by them.
#![forbid(unsafe_code)]

pub mod address;
pub mod aor;
pub mod identity;
pub mod moment;
pub mod route_set;
pub mod scan;
pub mod uri;

pub use address::Host;
pub use uri::Uri;
