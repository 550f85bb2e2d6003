//! The sockets that this server listens on.

use crate::{msg::Msg, shm::ShmSafe, text};
use core::ptr::NonNull;
use kamailio_sys as sys;

/// A socket of this server; it stays as long as the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Socket(NonNull<sys::socket_info>);

// SAFETY: made before the server forks, at one address in all processes, and never changed after.
unsafe impl Send for Socket {}
// SAFETY: as for `Send`.
unsafe impl Sync for Socket {}
// SAFETY: as for `Send`.
unsafe impl ShmSafe for Socket {}

impl Socket {
    /// # Safety
    ///
    /// `raw` is null or a socket of the core.
    pub(crate) unsafe fn from_raw(raw: *mut sys::socket_info) -> Option<Self> {
        NonNull::new(raw).map(Self)
    }

    pub(crate) fn as_raw(self) -> *mut sys::socket_info {
        self.0.as_ptr()
    }

    /// Its name as the core writes it: `udp:127.0.0.1:5060`.
    pub fn text(&self) -> &'static [u8] {
        // SAFETY: a socket stays, and so does its name.
        let shown = unsafe { (*self.0.as_ptr()).sock_str };
        // SAFETY: as above.
        unsafe { text::bytes(shown) }.unwrap_or_default()
    }

    /// The socket that `text` names, `udp:127.0.0.1:5060`; nothing if this server has none such.
    pub fn find(text: &[u8]) -> Option<Self> {
        let mut text = text::lend(text);
        // SAFETY: the core only reads the text.
        let found = unsafe { sys::lookup_local_socket(&raw mut text) };
        // SAFETY: what the core found is a socket.
        unsafe { Self::from_raw(found) }
    }
}

impl Msg<'_> {
    /// The socket that the message came in by; nothing if the core does not know.
    pub fn receiving_socket(&self) -> Option<Socket> {
        // SAFETY: `raw` is a message for as long as `self` lives.
        let raw = unsafe { (*self.as_raw()).rcv.bind_address };
        // SAFETY: the core puts a socket there, or nothing.
        unsafe { Socket::from_raw(raw) }
    }
}
