//! The modules of a P-CSCF and the API between them.
//!
//! `ims_usrloc_pcscf` keeps the contacts: [`server`] exports its C API, [`Contact`] is a record
//! that modules of C read in place, [`Domain`] is what they lock. Its users bind to the same API.

mod callbacks;
pub mod client;
mod directory;
mod domain;
mod event;
mod graveyard;
mod ids;
mod info;
mod methods;
mod parts;
mod record;
mod records;
mod routes;
mod security;
pub mod server;

use crate::location::block;
pub use crate::location::{REST, SHORT_REST, TEXT_MAX};
pub use callbacks::Calls;
pub use domain::{DOMAINS_MAX, Domain, Domains};
pub use event::Event;
pub use info::{BadInfo, Info, LIST_MAX};
pub use methods::Methods;
pub use record::{Changes, Contact, Handle, NewContact};
pub use records::Records;
pub use security::{Ipsec, Security};

/// Whether the host is one whose `ulpcscf.status` lists every contact (5.7 and later).
pub const LISTS_CONTACTS: bool = kamailio_sys::VERSION_NUMBER >= 5_007_000;
