//! What a client of the API says of a contact: `ucontact_info_t`.

use super::{
    contact::Socket,
    params::{Param, Params},
};
use crate::{location::TEXT_MAX, text};
use core::ptr::NonNull;
use kamailio_sys::{self as core_sys, scscf as sys};

/// A struct of a client that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadInfo {
    /// A text has a negative length, or a length and no address.
    #[error("{0} is no text: its length is negative, or its address is null")]
    Text(&'static str),
    /// A text is longer than any message.
    #[error("{0} has {1} bytes, must be {TEXT_MAX} or fewer")]
    Long(&'static str, usize),
}

/// The struct of a client, its texts checked; valid for the call.
#[derive(Debug, Clone, Copy)]
pub struct ContactInfo<'a> {
    raw: &'a sys::ucontact_info,
    received: &'a [u8],
    path: Option<&'a [u8]>,
    callid: Option<&'a [u8]>,
    user_agent: Option<&'a [u8]>,
}

impl<'a> ContactInfo<'a> {
    /// # Safety
    ///
    /// What a client calls the API with: its texts stay as they are for `'a`.
    pub(super) unsafe fn new(raw: &'a sys::ucontact_info) -> Result<Self, BadInfo> {
        // SAFETY: by the contract of this function.
        let received = unsafe { checked("received", raw.received) }?;
        // SAFETY: as above.
        let path = unsafe { behind("path", raw.path) }?;
        // SAFETY: as above.
        let callid = unsafe { behind("callid", raw.callid) }?;
        // SAFETY: as above.
        let user_agent = unsafe { behind("user_agent", raw.user_agent) }?;
        Ok(Self { raw, received, path, callid, user_agent })
    }

    /// Where the REGISTER came from; empty: where the URI says.
    pub fn received(&self) -> &'a [u8] {
        self.received
    }

    /// The Path, if the client says one.
    pub fn path(&self) -> Option<&'a [u8]> {
        self.path
    }

    /// The Call-ID, if the client says one.
    pub fn callid(&self) -> Option<&'a [u8]> {
        self.callid
    }

    /// The User-Agent, if the client says one.
    pub fn user_agent(&self) -> Option<&'a [u8]> {
        self.user_agent
    }

    /// The parameters of the Contact header.
    pub fn params(&self) -> Vec<Param<'a>> {
        // SAFETY: a list of the client, which stays for the call.
        let list: Params<'a> = unsafe { Params::new(self.raw.params) };
        list.collect()
    }

    /// The end of the registration, in seconds since 1970; 0: none.
    pub fn expires(&self) -> i64 {
        self.raw.expires
    }

    /// The priority in thousandths; −1: none was given.
    pub fn q(&self) -> i32 {
        self.raw.q
    }

    /// The CSeq of the REGISTER.
    pub fn cseq(&self) -> i32 {
        self.raw.cseq
    }

    /// Flags of the branch.
    pub fn flags(&self) -> u32 {
        self.raw.flags
    }

    /// Flags of the script.
    pub fn cflags(&self) -> u32 {
        self.raw.cflags
    }

    /// The methods that the phone allows, as the core counts them.
    pub fn methods(&self) -> u32 {
        self.raw.methods
    }

    /// The socket that the REGISTER came in at.
    pub fn sock(&self) -> Socket {
        Socket::new(self.raw.sock)
    }

    /// When it was registered, in seconds since 1970.
    pub fn last_modified(&self) -> i64 {
        self.raw.last_modified
    }
}

/// # Safety
///
/// `text` is none, or stays as it is for `'a`.
pub(super) unsafe fn checked<'a>(
    what: &'static str,
    text: core_sys::str_,
) -> Result<&'a [u8], BadInfo> {
    if text.s.is_null() && text.len == 0 {
        return Ok(b"");
    }
    // SAFETY: by the contract of this function.
    let bytes = unsafe { text::bytes(text) }.ok_or(BadInfo::Text(what))?;
    if bytes.len() > TEXT_MAX { Err(BadInfo::Long(what, bytes.len())) } else { Ok(bytes) }
}

/// # Safety
///
/// `text` is null or a string that stays as it is for `'a`.
pub(super) unsafe fn behind<'a>(
    what: &'static str,
    text: *mut core_sys::str_,
) -> Result<Option<&'a [u8]>, BadInfo> {
    let Some(text) = NonNull::new(text) else { return Ok(None) };
    // SAFETY: by the contract of this function.
    let text = unsafe { text.read() };
    // SAFETY: as above.
    unsafe { checked(what, text) }.map(Some)
}
