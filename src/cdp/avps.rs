//! The parts of a message.

use super::{Cdp, lacks};
use crate::{
    error::{Error, Result},
    shm::try_boxed_slice,
};
use allocator_api2::boxed::Box;
use core::{ffi::c_int, iter, marker::PhantomData, ptr::NonNull};
use kamailio_sys::cdp as raw;

/// One part of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Avp<'m> {
    /// Its code.
    pub code: u32,
    /// Whose code; 0: that of the base protocol.
    pub vendor: u32,
    /// Its flags: 0x80 it has a vendor, 0x40 it must be understood.
    pub flags: u8,
    /// Its data as on the wire, without padding; of a group, its parts.
    pub data: &'m [u8],
}

/// Data that stands in many messages: one copy of it in shared memory, for as long as the server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Constant(&'static [u8]);

impl Constant {
    /// A copy of `data`. For `mod_init`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`]
    pub fn new(data: &[u8]) -> Result<Self> {
        Ok(Self(Box::leak(try_boxed_slice(data)?)))
    }

    /// The data.
    pub const fn data(self) -> &'static [u8] {
        self.0
    }
}

/// A part of a message of ours.
#[derive(Debug, Clone, Copy)]
pub enum Part<'m> {
    /// Its data is copied.
    Copied(Avp<'m>),
    /// Its data stays where it is; that of the part does not count.
    Constant(Avp<'m>, Constant),
}

/// The parts of a message, in their order.
#[derive(Debug, Clone)]
pub struct Avps<'m> {
    next: *mut raw::AAA_AVP,
    _message: PhantomData<&'m raw::AAAMessage>,
}

impl Avps<'_> {
    /// # Safety
    ///
    /// `message` stays as it is for as long as what this gives is used.
    pub(super) unsafe fn of(message: NonNull<raw::AAAMessage>) -> Self {
        // SAFETY: by the contract of this function; plain values.
        let list = unsafe { message.read() }.avpList;
        Self { next: list.head, _message: PhantomData }
    }
}

impl<'m> Iterator for Avps<'m> {
    type Item = Avp<'m>;

    fn next(&mut self) -> Option<Avp<'m>> {
        // SAFETY: by the contract of `of`, an element of the list; plain values.
        let avp = unsafe { NonNull::new(self.next)?.read() };
        self.next = avp.next;
        // SAFETY: as above, and so does its data.
        let data = unsafe { crate::text::bytes(avp.data) }.unwrap_or_default();
        let flags = u8::try_from(avp.flags).unwrap_or(0);
        Some(Avp { code: avp.code, vendor: avp.vendorId, flags, data })
    }
}

impl iter::FusedIterator for Avps<'_> {}

impl Cdp {
    /// Adds `part` behind what `message` has.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`]; also for an empty part, which `cdp` does not take.
    ///
    /// # Safety
    ///
    /// `message` is one that is under construction here.
    pub(super) unsafe fn add(&self, message: NonNull<raw::AAAMessage>, part: &Part<'_>) -> Result {
        let create = self.api.AAACreateAVP.ok_or(lacks("AAACreateAVP"))?;
        let add = self.api.AAAAddAVPToMessage.ok_or(lacks("AAAAddAVPToMessage"))?;
        let (avp, data, status) = match part {
            Part::Copied(avp) => (avp, avp.data, raw::AVPDataStatus::AVP_DUPLICATE_DATA),
            Part::Constant(avp, data) => (avp, data.0, raw::AVPDataStatus::AVP_DONT_FREE_DATA),
        };
        let (start, len) = (data.as_ptr().cast_mut().cast(), data.len());
        // SAFETY: `cdp` copies the data, or leaves it alone where it stays for ever.
        let made = unsafe { create(avp.code, avp.flags.into(), avp.vendor, start, len, status) };
        if made.is_null() {
            return Err(Error::OutOfShm);
        }
        // SAFETY: by the contract of this function; plain values.
        let last = unsafe { message.read() }.avpList.tail;
        // SAFETY: as above; on success the part belongs to the message.
        let code = unsafe { add(message.as_ptr(), made, last) };
        if code == raw::AAAReturnCode::AAA_ERR_SUCCESS {
            return Ok(());
        }
        let mut made = made;
        if let Some(free) = self.api.AAAFreeAVP {
            // SAFETY: made above and belongs to nobody.
            unsafe { free(&raw mut made) };
        }
        let code = c_int::try_from(code).unwrap_or(-1);
        Err(Error::Core { call: "AAAAddAVPToMessage", code })
    }
}
