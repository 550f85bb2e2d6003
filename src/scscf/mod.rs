//! The modules of an S-CSCF and the API between them.
//!
//! `ims_usrloc_scscf` keeps the public identities with their contacts, profiles and watchers:
//! [`server`] exports its C API; [`Identity`], [`Contact`], [`Subscriber`] and [`Watcher`] are records
//! that modules of C read in place, [`Engine`] is what they lock.

mod callbacks;
pub mod client;
mod contact;
mod criteria;
pub mod dialogs;
mod domain;
mod engine;
mod event;
mod foreign;
mod graveyard;
mod header;
mod identity;
mod info;
mod link;
mod param_kind;
mod params;
mod records;
pub mod server;
mod subscriber;
mod texts;
mod watcher;

pub use callbacks::{Callback, Calls};
pub use contact::{Contact, ContactChanges, ContactHandle, ContactState, NewContact, Socket};
pub use domain::{DOMAINS_MAX, Domain};
pub use engine::{Call, Engine};
pub use event::Event;
pub use foreign::Foreign;
pub use header::header_type;
pub use identity::{Identity, IdentityChanges, IdentityHandle, NewIdentity};
pub use info::{BadInfo, ContactInfo};
pub use param_kind::param_kind;
pub use params::{Param, Params};
pub use records::Records;
pub use subscriber::{BadSubscription, Subscriber, SubscriberHandle};
pub use watcher::{NewWatcher, Watcher, WatcherHandle};
