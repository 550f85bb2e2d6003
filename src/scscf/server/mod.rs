//! The C API of `ims_usrloc_scscf`, for the module that implements [`Store`].
//!
//! What C gives is checked here: null pointers, domains that are none of ours, texts with negative
//! lengths are refused with a line of log. A record that C names is only a handle: the store looks
//! up whether it is still there.

mod bind;
mod calls;
mod request;
mod store;

pub use bind::{
    bind, end_look, fill, heal, hold_rows, identities_of, life_events, look, take_subscription,
    write_rows,
};
pub use request::{Given, InsertIdentity, Target, Touched, UpdateIdentity, Wanted};
pub use store::Store;

use super::{BadInfo, BadSubscription};

/// Why a call did not do what it was asked; the client gets the code of the API for that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A pointer that must be there is null.
    #[error("{0} is null")]
    Null(&'static str),
    /// The domain is none of this server's.
    #[error("there is no such domain")]
    NoDomain,
    /// A record is not in the store any more.
    #[error("there is no such {0} any more")]
    Gone(&'static str),
    /// What the client gives cannot be read.
    #[error(transparent)]
    Info(#[from] BadInfo),
    /// The subscription that the client gives cannot be read.
    #[error(transparent)]
    Subscription(#[from] BadSubscription),
    /// Events that do not go together, or none.
    #[error("events {0:#x} are registered for one by one, with an identity, or with a contact")]
    Events(u32),
    /// The identity has as many contacts as it may have.
    #[error("the limit of contacts is reached")]
    Full,
    /// The store refuses, for a reason of its own.
    #[error("{0}")]
    Store(String),
    /// The store cannot be had: a call came back in, or a process died at work in it.
    #[error("the store cannot be had")]
    Busy,
    /// The core refused.
    #[error(transparent)]
    Core(#[from] crate::Error),
}
