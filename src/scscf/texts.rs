//! The texts of a record: those it starts with lie in its block, those that change in a second one.

use crate::{
    Error, Result,
    location::block::{self, Block},
    text,
};
use core::{
    ffi::c_int,
    ptr::{self, NonNull},
};
use kamailio_sys as sys;

/// No text; readers of some fields ask for the address and not for the length.
pub(super) const NONE: sys::str_ = sys::str_ { s: ptr::null_mut(), len: 0 };

/// The bytes that `texts` take together.
pub(super) fn length<'t>(texts: impl IntoIterator<Item = &'t [u8]>) -> Result<usize> {
    let mut sum: usize = 0;
    for text in texts {
        block::check_length(text)?;
        sum = sum.checked_add(text.len()).ok_or(Error::OutOfShm)?;
    }
    Ok(sum)
}

/// Puts `text` into `block`, which has room for it; no text if it is empty.
pub(super) fn put(block: &mut Block, text: &[u8]) -> sys::str_ {
    if text.is_empty() { NONE } else { block.text(text) }
}

/// A text of a record.
///
/// # Safety
///
/// `text` is none, or stays as it is for `'a`.
pub(super) unsafe fn get<'a>(text: sys::str_) -> &'a [u8] {
    // SAFETY: by the contract of this function.
    unsafe { text::bytes(text) }.unwrap_or_default()
}

/// Whether `address` lies in the second block of a record; null: it has none.
///
/// # Safety
///
/// `second` is null or such a block, and not buried.
pub(super) unsafe fn is_in<T>(second: *mut u8, address: *mut T) -> bool {
    let Some(block) = NonNull::new(second) else { return false };
    // SAFETY: by the contract of this function; a second block starts with its size.
    let size: usize = unsafe { block.cast().read() };
    address.addr().checked_sub(block.addr().get()).is_some_and(|skip| skip < size)
}

/// The second block of a record, of `N` texts: its size, then the texts. The graveyard has its link
/// in the place of the size.
#[derive(Debug)]
pub(super) struct Second<const N: usize> {
    block: Option<Block>,
    /// The texts as they are from now on.
    pub(super) texts: [sys::str_; N],
}

/// What a second block starts with; more may stand behind it, before the texts.
pub(super) const WORD: usize = size_of::<usize>();

impl<const N: usize> Second<N> {
    /// The texts `now` of a record that has the block `second`, with `new` in the place of some:
    /// nothing if that changes none and `force` is not set. `head` bytes are kept for the caller,
    /// `more` for its texts.
    ///
    /// # Safety
    ///
    /// `now` are texts of the record, in its block or in the second one that it has now.
    pub(super) unsafe fn try_new(
        second: *mut u8,
        now: [sys::str_; N],
        new: [Option<&[u8]>; N],
        (head, more, force): (usize, usize, bool),
    ) -> Result<Option<Self>> {
        // SAFETY: by the contract of this function.
        let old = now.map(|text| unsafe { get(text) });
        let changes = |(new, old): (&Option<&[u8]>, &&[u8])| new.is_some_and(|new| new != *old);
        if !force && !new.iter().zip(&old).any(changes) {
            return Ok(None);
        }
        // A text of the block of the record stays there; one of the second block moves on.
        let mut wanted: [Option<&[u8]>; N] = [None; N];
        for (place, ((now, old), new)) in wanted.iter_mut().zip(now.iter().zip(old).zip(new)) {
            let value = new.unwrap_or(old);
            // SAFETY: by the contract of this function.
            *place = (value != old || unsafe { is_in(second, now.s) }).then_some(value);
        }
        let room = length(wanted.iter().flatten().copied())?;
        let head = head.checked_add(WORD).ok_or(Error::OutOfShm)?;
        let mut block = None;
        let more = room.checked_add(more).ok_or(Error::OutOfShm)?;
        if head > WORD || more > 0 {
            let made = Block::try_new(head, more)?;
            // SAFETY: the block starts with room for its size.
            unsafe { made.start().write(head.saturating_add(more)) };
            block = Some(made);
        }
        let mut texts = now;
        for (place, text) in texts.iter_mut().zip(wanted) {
            let Some(text) = text else { continue };
            *place = block.as_mut().map_or(NONE, |block| put(block, text));
        }
        Ok(Some(Self { block, texts }))
    }

    /// The block, for what the caller puts into it.
    pub(super) fn block(&mut self) -> Option<&mut Block> {
        self.block.as_mut()
    }

    /// Gives the block to the record, which has taken the texts; null if there is none.
    pub(super) fn into_raw(self) -> *mut u8 {
        self.block.map_or(ptr::null_mut(), |block| block.finish::<u8>().as_ptr())
    }
}

/// Writes a text so that who reads it without the lock never sees a length with another address
/// that is too long for it.
pub(super) fn publish(place: &mut sys::str_, new: sys::str_) {
    if place.s == new.s && place.len == new.len {
        return;
    }
    block::publish(&mut place.len, 0);
    block::publish(&mut place.s, new.s);
    block::publish(&mut place.len, new.len);
}

/// A number that lies in a field for an address which no client reads.
pub(super) fn number<T>(field: *mut T) -> u64 {
    u64::try_from(field.addr()).unwrap_or(0)
}

/// A field with that number in it.
pub(super) fn field<T>(number: u64) -> *mut T {
    ptr::without_provenance_mut(usize::try_from(number).unwrap_or(0))
}

/// A number of C for a count.
pub(super) fn count(count: usize) -> Result<u16> {
    u16::try_from(count).map_err(|_| Error::Core { call: "a count of a profile", code: -1 })
}

/// A flag of C.
pub(super) fn flag(set: bool) -> c_int {
    c_int::from(set)
}
