//! Safe Rust for Kamailio modules.
//!
//! One Rust module per service of the core: the tables a module exports ([`module`]), script
//! functions ([`script`]) and their [`kemi`] twins, parameters ([`param`]), settings that may
//! change at run time ([`cfg`](mod@cfg)), RPC commands ([`rpc`]), statistics ([`stats`]),
//! pseudo-variables ([`pv`]), shared memory ([`shm`]), locks between processes ([`sync`]) and the
//! log ([`log`]).
//!
//! A message is read and changed through [`msg`], answered through [`sl`]; [`tm`] tells what
//! becomes of transactions and sends requests of our own. [`db`] speaks to databases, [`avp`] reads
//! what the script left, [`timer`] and [`process`] run jobs.
//!
//! Unsafe code lives here and in `kamailio-sys`, so that a module needs none.

pub mod avp;
pub mod boundary;
pub mod cdp;
pub mod cfg;
pub mod db;
pub mod error;
mod fetch;
mod few;
pub mod ipsec;
pub mod kemi;
pub mod location;
pub mod log;
pub mod module;
pub mod msg;
pub mod named;
pub mod param;
pub mod pcscf;
pub mod private;
pub mod process;
pub mod pua;
pub mod pv;
pub mod queue;
pub mod record;
pub mod refused;
pub mod rpc;
pub mod script;
pub mod scscf;

pub mod shared;
pub mod shm;
pub mod sl;
pub mod socket;
pub mod stats;
pub mod sync;
mod text;
pub mod timer;
pub mod tm;

pub use error::{Error, Result};
pub use few::Few;

/// The version that this was built for as a number: 5.6.3 is 5006003.
pub const HOST_VERSION: u32 = kamailio_sys::VERSION_NUMBER;
