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

pub mod alias;
pub mod decide;
pub mod device;
pub mod directory;
pub mod pack;
pub mod parts;
pub mod row;
pub mod search;
pub mod sec_agree;
pub mod state;

pub use directory::Directory;
pub use parts::Parts;
pub use search::{Binding, Search};
// What the items above are made of and speak in.
pub use shm_store::{Id, journal, slab, wheel};
pub use sip_text::{Host, aor, identity, route_set, scan, uri};
pub use state::{State, States};
