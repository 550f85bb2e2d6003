//! What happens to a contact, as clients and the store tell each other.

use core::ffi::c_int;
use kamailio_sys::pcscf as sys;

/// What happened to a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It is new, or was read from the database.
    Insert,
    /// A client changed it.
    Update,
    /// A client removes it.
    Delete,
    /// Its time is over.
    Expire,
}

impl Event {
    const ALL: [Self; 4] = [Self::Insert, Self::Update, Self::Delete, Self::Expire];

    /// The events of a contact that exists: all that a client can ask for one contact.
    pub(super) const OF_CONTACT: c_int =
        Self::Update.bit() | Self::Delete.bit() | Self::Expire.bit();

    /// The bit of the API.
    #[expect(clippy::cast_possible_wrap, reason = "one of the lowest four bits")]
    pub(super) const fn bit(self) -> c_int {
        let bit = match self {
            Self::Insert => sys::PCSCF_CONTACT_INSERT,
            Self::Update => sys::PCSCF_CONTACT_UPDATE,
            Self::Delete => sys::PCSCF_CONTACT_DELETE,
            Self::Expire => sys::PCSCF_CONTACT_EXPIRE,
        };
        bit as c_int
    }

    /// The event of that bit alone.
    pub(super) fn of_bit(bit: c_int) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.bit() == bit)
    }
}
