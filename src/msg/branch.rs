//! Where a request goes: its branches and what belongs to each.

use super::{ChangeError, Msg};
use crate::{error::Error, socket::Socket, text};
use core::ptr;
use kamailio_sys as sys;

/// One more place that a request is to go to.
#[derive(Debug, Clone, Copy)]
pub struct Branch<'t> {
    /// Its Request-URI.
    pub uri: &'t [u8],
    /// Where it is sent, if not where the Request-URI leads; empty: there.
    pub destination: &'t [u8],
    /// The routes that it takes, as `Path` lists them; empty: none.
    pub path: &'t [u8],
    /// The preference in thousandths; below 0: none.
    pub q: i32,
    /// The branch flags.
    pub flags: u32,
    /// The socket that it is sent from.
    pub socket: Option<Socket>,
}

impl Msg<'_> {
    /// Adds a branch beside that of the Request-URI.
    ///
    /// # Errors
    ///
    /// [`ChangeError`]: the core takes as many as its parameter `max_branches` says, less one, and
    /// texts of a limited length.
    pub fn append_branch(&self, branch: &Branch<'_>) -> Result<(), ChangeError> {
        self.check_own()?;
        let [mut uri, mut destination, mut path] =
            [branch.uri, branch.destination, branch.path].map(text::lend);
        let socket = branch.socket.map_or(ptr::null_mut(), Socket::as_raw);
        let none = ptr::null_mut();
        let filled = |text: &mut sys::str_| if text.len > 0 { ptr::from_mut(text) } else { none };
        // SAFETY: a message of this process; the core copies the texts.
        let code = unsafe {
            sys::append_branch(
                self.as_raw(),
                &raw mut uri,
                filled(&mut destination),
                filled(&mut path),
                branch.q,
                branch.flags,
                socket,
                none,
                0,
                none,
                none,
            )
        };
        if code == 1 { Ok(()) } else { Err(Error::Core { call: "append_branch", code }.into()) }
    }

    /// Sends the branch of the Request-URI along `path`, as `Path` lists the routes.
    ///
    /// # Errors
    ///
    /// [`ChangeError`], with the message as it was.
    pub fn set_path(&self, path: &[u8]) -> Result<(), ChangeError> {
        self.check_own()?;
        let mut path = text::lend(path);
        // SAFETY: the core copies the text and frees the one before.
        let code = unsafe { sys::set_path_vector(self.as_raw(), &raw mut path) };
        if code < 0 { Err(Error::OutOfPkg.into()) } else { Ok(()) }
    }

    /// The preference of the branch of the Request-URI in thousandths; below 0: none.
    pub fn set_preference(&self, q: i32) {
        // SAFETY: a number of this process, of the message it is working on.
        unsafe { sys::set_ruri_q(q) };
    }

    /// The flags of the branch of the Request-URI.
    pub fn branch_flags(&self) -> u32 {
        let mut flags: sys::flag_t = 0;
        // SAFETY: branch 0 always exists; the core writes its flags to `flags`.
        let found = unsafe { sys::getbflagsval(0, &raw mut flags) } >= 0;
        if found { flags } else { 0 }
    }

    /// Sets `flags` beside those that the branch of the Request-URI has.
    pub fn add_branch_flags(&self, flags: u32) {
        let all = self.branch_flags() | flags;
        // SAFETY: branch 0 always exists.
        unsafe { sys::setbflagsval(0, all) };
    }

    /// Sends the message from `socket`.
    ///
    /// # Errors
    ///
    /// [`ChangeError::Shared`]
    pub fn force_socket(&self, socket: Socket) -> Result<(), ChangeError> {
        self.check_own()?;
        // SAFETY: a message of this process, and a socket of the core.
        unsafe { sys::ks_msg_force_socket(self.as_raw(), socket.as_raw()) };
        Ok(())
    }

    /// Whether the script set flag `bit`, 0 to 31, of the message.
    pub fn flag(&self, bit: u8) -> bool {
        // SAFETY: `raw` is a message for as long as `self` lives.
        let flags = unsafe { sys::ks_msg_flags(self.as_raw()) };
        flags.checked_shr(bit.into()).is_some_and(|flags| flags & 1 == 1)
    }
}
