//! Blocks of shared memory that hold structs of C and, behind them, the texts these point to.

use super::pool::{self, Pool};
use crate::{Error, Result, shm};
use core::{
    ffi::c_int,
    mem::ManuallyDrop,
    ptr::{self, NonNull},
};
use kamailio_sys as sys;

/// The longest text of a record: no SIP message carries a longer one.
pub const TEXT_MAX: usize = 65_535;

/// A block under construction: `head` bytes for structs, then room for texts. Given back when
/// dropped before [`Block::finish`].
#[derive(Debug)]
pub(crate) struct Block {
    start: NonNull<u8>,
    used: usize,
    size: usize,
    /// It came from a pool.
    pooled: bool,
}

impl Block {
    /// A block with `head` bytes, all zero, and room for `texts` bytes behind.
    pub(crate) fn try_new(head: usize, texts: usize) -> Result<Self> {
        let size = head.checked_add(texts).ok_or(Error::OutOfShm)?;
        Ok(Self::of(shm::malloc(size)?.cast(), head, size, false))
    }

    /// As [`Block::try_new`], in room of `pool`; [`pool::free`] gives it back.
    pub(crate) fn try_new_in(pool: &Pool, head: usize, texts: usize) -> Result<Self> {
        let size = head.checked_add(texts).ok_or(Error::OutOfShm)?;
        Ok(Self::of(pool.take(size)?, head, size, true))
    }

    /// `start` has room for `size` bytes, of which `head` are for structs.
    fn of(start: NonNull<u8>, head: usize, size: usize, pooled: bool) -> Self {
        // SAFETY: the block has `head` bytes and more.
        unsafe { start.write_bytes(0, head) };
        Self { start, used: head, size, pooled }
    }

    /// Where the block starts.
    pub(crate) fn start<T>(&self) -> NonNull<T> {
        self.start.cast()
    }

    /// Copies `text` behind what is there already; an empty text where there is no room for it.
    pub(crate) fn text(&mut self, text: &[u8]) -> sys::str_ {
        // SAFETY: `used` is never beyond the end.
        let place = unsafe { self.start.add(self.used) };
        let room = self.size - self.used;
        let len = if text.len() <= room { text.len() } else { 0 };
        // SAFETY: `text` has `len` bytes or more, the block has `room` left, and is a new one.
        unsafe { ptr::copy_nonoverlapping(text.as_ptr(), place.as_ptr(), len) };
        self.used += len;
        sys::str_ { s: place.as_ptr().cast(), len: c_int::try_from(len).unwrap_or(0) }
    }

    /// The block as it is from now on; [`free`] gives it back, or [`pool::free`].
    pub(crate) fn finish<T>(self) -> NonNull<T> {
        ManuallyDrop::new(self).start.cast()
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if self.pooled {
            // SAFETY: nobody knows of the block yet.
            unsafe { pool::free(self.start) };
        } else {
            // SAFETY: as above.
            unsafe { free(self.start) };
        }
    }
}

/// Gives a block back to the memory manager.
///
/// # Safety
///
/// `block` came from the shared memory of the host, and nobody uses it any more.
pub(crate) unsafe fn free<T>(block: NonNull<T>) {
    // SAFETY: by the contract of this function.
    unsafe { sys::ks_shm_free(block.as_ptr().cast()) };
}

/// Refuses texts that are longer than any message.
pub(crate) fn check_length(text: &[u8]) -> Result {
    if text.len() > TEXT_MAX { Err(Error::OutOfShm) } else { Ok(()) }
}

/// Writes `value` so that who reads without the lock sees it after all that was written before.
pub(crate) fn publish<T>(place: &mut T, value: T) {
    core::sync::atomic::fence(core::sync::atomic::Ordering::Release);
    // SAFETY: a place that may be written; the old value is plain bytes.
    unsafe { ptr::from_mut(place).write_volatile(value) };
}
