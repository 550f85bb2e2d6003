//! Values of a contact.

use crate::shm::ShmSafe;
use core::fmt;
use kamailio_sys as sys;

/// What becomes of a contact, by the numbers of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum ContactState {
    /// In use until it expires.
    Valid = 0,
    /// A client takes it out.
    DeletePending = 1,
    /// Its time is over, and its watchers are to be told.
    ExpirePendingNotify = 2,
    /// Taken out; the next tick unlinks it.
    Deleted = 3,
    /// Unlinked; it is freed after a while.
    DelayedDelete = 4,
    /// Its time is over, and its watchers have been told.
    NotifyReady = 5,
}

impl ContactState {
    /// The state of a number of the API; [`ContactState::Deleted`] for one that is none.
    pub fn of_number(number: u32) -> Self {
        match number {
            0 => Self::Valid,
            1 => Self::DeletePending,
            2 => Self::ExpirePendingNotify,
            4 => Self::DelayedDelete,
            5 => Self::NotifyReady,
            _ => Self::Deleted,
        }
    }

    /// The number of the API.
    pub const fn number(self) -> u32 {
        self as u32
    }
}

/// A socket of the core, which stays until the server ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Socket(*mut sys::socket_info);

// SAFETY: an address in memory that all processes inherit.
unsafe impl ShmSafe for Socket {}
// SAFETY: it is only handed on.
unsafe impl Send for Socket {}
// SAFETY: as above.
unsafe impl Sync for Socket {}

impl Socket {
    /// No socket.
    pub const NONE: Self = Self(core::ptr::null_mut());

    pub(in crate::scscf) const fn new(raw: *mut sys::socket_info) -> Self {
        Self(raw)
    }

    pub(in crate::scscf) const fn raw(self) -> *mut sys::socket_info {
        self.0
    }

    /// The socket that `name` names, such as `udp:192.0.2.1:5060`; none if this server does not listen
    /// there.
    pub fn find(name: &[u8]) -> Self {
        crate::socket::Socket::find(name).map_or(Self::NONE, |socket| Self(socket.as_raw()))
    }

    /// Whether there is none.
    pub fn is_none(self) -> bool {
        self.0.is_null()
    }

    /// Its address, for clients that want it packed.
    pub fn to_ne_bytes(self) -> [u8; 8] {
        u64::try_from(self.0.expose_provenance()).unwrap_or(0).to_ne_bytes()
    }

    /// Its name as the core writes it, such as `udp:192.0.2.1:5060`; nothing if there is none.
    pub fn name(&self) -> Option<&[u8]> {
        // SAFETY: sockets of the core stay until the server ends.
        let socket = unsafe { self.0.as_ref() }?;
        // SAFETY: their texts stay with them.
        unsafe { crate::text::bytes(socket.sock_str) }
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Socket").field(&self.name().map(bstr::BStr::new)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::ContactState;

    #[test]
    fn a_state_is_the_number_of_the_api() {
        for number in 0..6 {
            assert_eq!(ContactState::of_number(number).number(), number);
        }
        assert_eq!(ContactState::of_number(77), ContactState::Deleted);
    }
}
