//! What clients ask for.

use crate::scscf::{ContactHandle, Foreign, IdentityHandle, SubscriberHandle};

/// The identity that a client means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// This record.
    Handle(IdentityHandle),
    /// The one with this public identity.
    Public(&'a [u8]),
}

/// The subscription that a client gives.
#[derive(Debug, Clone, Copy)]
pub enum Given<'a> {
    /// One of the store's.
    Ours(SubscriberHandle),
    /// One that the client built: to be copied.
    Foreign(&'a Foreign),
}

/// A new identity.
#[derive(Debug, Clone, Copy)]
pub struct InsertIdentity<'a> {
    /// The public identity.
    pub public: &'a [u8],
    /// The private identity.
    pub private: &'a [u8],
    /// 1 registered, 0 not, −1 unregistered.
    pub state: i32,
    /// 1 barred; below 0: nothing is said.
    pub barring: i32,
    /// The subscription.
    pub subscriber: Given<'a>,
    /// `ccf1`, `ccf2`, `ecf1`, `ecf2`.
    pub charging: [Option<&'a [u8]>; 4],
}

/// A change of an identity, or a new one if there is none.
#[derive(Debug, Clone, Copy)]
pub struct UpdateIdentity<'a> {
    /// 1 registered, 0 not, −1 unregistered.
    pub state: i32,
    /// Whether the HSS is to be told when it goes; none: as it is.
    pub send_sar: Option<bool>,
    /// 1 barred; none: as it is.
    pub barring: Option<i32>,
    /// Whether it is the first one of its set; for a new one.
    pub primary: bool,
    /// The subscription; none: as it is.
    pub subscriber: Option<Given<'a>>,
    /// `ccf1`, `ccf2`, `ecf1`, `ecf2`; none: as it is.
    pub charging: [Option<&'a [u8]>; 4],
}

/// What a client locks, and may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touched<'a> {
    /// The contact whose slot has this number.
    Slot(u32),
    /// The contact with this URI.
    Uri(&'a [u8]),
    /// This subscriber of ours.
    Subscriber(SubscriberHandle),
}

/// What a callback is registered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// An identity.
    Identity(IdentityHandle),
    /// A contact.
    Contact(ContactHandle),
}
