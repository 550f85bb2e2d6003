//! Everything that the registrar and the location store of a P-CSCF decide, without a host: no
//! clock, no message sent, no memory of its own.
//!
//! Two halves meet in a *binding*, one registered contact of one user:
//!
//! * the store: where a binding is found ([`search`], [`directory`]), when it ends ([`wheel`]) and
//!   which rows of the database are behind ([`journal`]);
//! * the registrar: what headers say and what a request or reply means for a binding.
//!
//! All containers take their memory from an allocator that the caller passes in, which may be
//! shared by several processes; a lack of memory is a value and leaves everything as it was.
#![forbid(unsafe_code)]

pub mod address;
pub mod alias;
pub mod decide;
pub mod device;
pub mod directory;
pub mod identity;
pub mod journal;
pub mod pack;
pub mod route_set;
pub mod row;
mod scan;
pub mod search;
pub mod sec_agree;
mod shards;
pub mod slab;
pub mod state;
pub mod uri;
pub mod wheel;

pub use address::Host;
pub use directory::Directory;
pub use search::{Binding, Search};
pub use slab::Id;
pub use state::{State, States};
