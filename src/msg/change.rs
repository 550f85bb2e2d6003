//! Changes to a message: what is sent on differs from what came.
//!
//! The core keeps changes beside the message and applies them when it sends: the accessors go on
//! showing what came.

use super::{Header, Malformed, Msg};
use crate::{
    error::{Error, Report, Result},
    log::Level,
    text,
};
use core::ffi::c_int;
use kamailio_sys as sys;

/// Why a message could not be changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// The headers are broken, so there is no place for the change.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The message is the copy of a transaction, which other processes read.
    #[error("a message of a transaction cannot be changed")]
    Shared,
    /// The header field is one of another message.
    #[error("the header field is not one of this message")]
    Foreign,
    /// The core refused, which it does when memory is short.
    #[error(transparent)]
    Core(#[from] Error),
}

impl Report for ChangeError {
    fn level(&self) -> Level {
        match self {
            Self::Malformed(malformed) => malformed.level(),
            Self::Shared | Self::Foreign | Self::Core(_) => Level::Error,
        }
    }
}

/// `HDR_OTHER_T`: a change that the core gives no special treatment.
const OTHER: sys::_hdr_types_t::Type = sys::_hdr_types_t::HDR_OTHER_T;

impl Msg<'_> {
    /// Leaves `header` out of what is sent on.
    ///
    /// # Errors
    ///
    /// [`ChangeError`], with the message as it was.
    pub fn remove_header(&self, header: &Header<'_>) -> Result<(), ChangeError> {
        self.check_own()?;
        let offset = self.offset(header.name().as_ptr().addr()).ok_or(ChangeError::Foreign)?;
        // SAFETY: the place lies in the buffer of this message.
        let lump = unsafe { sys::del_lump(self.as_raw(), offset, header.len(), OTHER) };
        if lump.is_null() { Err(Error::OutOfPkg.into()) } else { Ok(()) }
    }

    /// Adds `header`, a whole field that ends with CR LF, behind the last one.
    ///
    /// # Errors
    ///
    /// [`ChangeError`], with the message as it was.
    pub fn append_header(&self, header: &[u8]) -> Result<(), ChangeError> {
        self.check_own()?;
        self.parse()?;
        // SAFETY: `raw` is a message for as long as `self` lives.
        let end = unsafe { (*self.as_raw()).unparsed };
        let offset = self.offset(end.addr()).ok_or(Malformed("end of the header fields"))?;
        self.insert(offset, header)
    }

    /// Puts a copy of `header` before the byte at `offset` of the buffer.
    fn insert(&self, offset: c_int, header: &[u8]) -> Result<(), ChangeError> {
        let copy = Block::copy_of(header)?;
        // SAFETY: the place lies in the buffer of this message.
        let anchor = unsafe { sys::anchor_lump(self.as_raw(), offset, 0, OTHER) };
        if anchor.is_null() {
            return Err(Error::OutOfPkg.into());
        }
        // SAFETY: on success the core owns the copy; otherwise it still belongs to `copy`.
        let lump = unsafe { sys::insert_new_lump_before(anchor, copy.start, copy.len, OTHER) };
        if lump.is_null() {
            return Err(Error::OutOfPkg.into());
        }
        copy.give_away();
        Ok(())
    }

    /// Adds `header`, a whole field that ends with CR LF, before the first one.
    ///
    /// # Errors
    ///
    /// [`ChangeError`], with the message as it was.
    pub fn prepend_header(&self, header: &[u8]) -> Result<(), ChangeError> {
        self.check_own()?;
        let first = self.header_at(|msg| msg.headers).ok_or(Malformed("header fields"))?;
        let offset = self.offset(first.name().as_ptr().addr()).ok_or(ChangeError::Foreign)?;
        self.insert(offset, header)
    }

    /// Sends the request to `uri`, whatever its Request-URI and its routes say.
    ///
    /// # Errors
    ///
    /// [`ChangeError`], with the message as it was.
    pub fn set_destination(&self, uri: &[u8]) -> Result<(), ChangeError> {
        self.check_own()?;
        let uri = text::lend(uri);
        // SAFETY: the core copies the text and frees the one before.
        let code = unsafe { sys::set_dst_uri(self.as_raw(), &raw const uri) };
        if code < 0 { Err(Error::OutOfPkg.into()) } else { Ok(()) }
    }

    /// Takes back what [`Msg::set_destination`] or the script set.
    ///
    /// # Errors
    ///
    /// [`ChangeError::Shared`]
    pub fn reset_destination(&self) -> Result<(), ChangeError> {
        self.check_own()?;
        // SAFETY: a message of this process; nothing borrowed from `self` shows the text.
        unsafe { sys::reset_dst_uri(self.as_raw()) };
        Ok(())
    }

    /// Sends the request to `uri` instead of its Request-URI.
    ///
    /// Branches that the script added stay: see [`Msg::drop_branches`].
    ///
    /// # Errors
    ///
    /// [`ChangeError`], with the message as it was.
    pub fn set_request_uri(&self, uri: &[u8]) -> Result<(), ChangeError> {
        self.check_own()?;
        let mut uri = text::lend(uri);
        // SAFETY: the core copies the text. Nothing borrowed from `self` shows the old one.
        let code = unsafe { sys::rewrite_uri(self.as_raw(), &raw mut uri) };
        if code < 0 { Err(Error::OutOfPkg.into()) } else { Ok(()) }
    }

    /// Drops all branches but that of the Request-URI.
    pub fn drop_branches(&self) {
        // SAFETY: the branches are state of this process, of the message it is working on.
        unsafe { sys::clear_branches() };
    }

    /// Adds `header`, a whole field that ends with CR LF, to the reply that this server will
    /// itself give to the request.
    ///
    /// # Errors
    ///
    /// [`ChangeError`], with no header added.
    pub fn add_reply_header(&self, header: &[u8]) -> Result<(), ChangeError> {
        self.check_own()?;
        let header = text::lend(header);
        const KIND: c_int = sys::LUMP_RPL_HDR.cast_signed();
        // SAFETY: the core copies the text.
        let lump = unsafe { sys::add_lump_rpl(self.as_raw(), header.s, header.len, KIND) };
        if lump.is_null() { Err(Error::OutOfPkg.into()) } else { Ok(()) }
    }

    pub(super) fn check_own(&self) -> Result<(), ChangeError> {
        if self.shared { Err(ChangeError::Shared) } else { Ok(()) }
    }

    /// How far into the buffer of this message `address` is; nothing if it is elsewhere.
    fn offset(&self, address: usize) -> Option<c_int> {
        // SAFETY: `raw` is a message for as long as `self` lives.
        let start = unsafe { (*self.as_raw()).buf }.addr();
        // SAFETY: as above.
        let len = usize::try_from(unsafe { (*self.as_raw()).len }).ok()?;
        let offset = address.checked_sub(start).filter(|offset| *offset <= len)?;
        c_int::try_from(offset).ok()
    }
}

/// A block of private memory, freed when dropped.
#[derive(Debug)]
struct Block {
    start: *mut core::ffi::c_char,
    len: c_int,
}

impl Block {
    fn copy_of(text: &[u8]) -> Result<Self> {
        let lent = text::lend(text);
        let len = u64::try_from(text.len()).unwrap_or(u64::MAX);
        // SAFETY: any size may be asked for.
        let block = unsafe { sys::ks_pkg_malloc(len.saturating_add(1)) };
        if block.is_null() {
            return Err(Error::OutOfPkg);
        }
        let block = Self { start: block.cast(), len: lent.len };
        // SAFETY: the new block has room for all of `text`, and they cannot overlap.
        unsafe { block.start.copy_from_nonoverlapping(lent.s, text.len()) };
        Ok(block)
    }

    fn give_away(mut self) {
        self.start = core::ptr::null_mut();
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if !self.start.is_null() {
            // SAFETY: the block came from `copy_of` and nobody else has it.
            unsafe { sys::ks_pkg_free(self.start.cast()) };
        }
    }
}
