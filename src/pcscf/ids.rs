//! The public identities of a contact: one block for all of them.

use super::block::{self, Block};
use crate::{Result, text};
use core::{
    mem::ManuallyDrop,
    ptr::{self, NonNull},
};
use kamailio_sys::pcscf as sys;

/// A list of identities: C reads it from its first node on; it is never changed, only replaced.
#[derive(Debug)]
pub(super) struct Ids {
    first: NonNull<sys::ppublic>,
    last: NonNull<sys::ppublic>,
}

impl Ids {
    /// Copies of `ids`, the first of which is the default; nothing if there are none.
    pub(super) fn try_new(ids: &[&[u8]]) -> Result<Option<Self>> {
        let mut texts = 0;
        for id in ids {
            block::check_length(id)?;
            texts += id.len();
        }
        let mut block = Block::try_new(ids.len() * size_of::<sys::ppublic>(), texts)?;
        let first: NonNull<sys::ppublic> = block.start();
        let mut previous: *mut sys::ppublic = ptr::null_mut();
        let mut last = first;
        for (index, id) in ids.iter().enumerate() {
            // SAFETY: the block has a node for each identity.
            let node = unsafe { first.add(index) };
            let value = sys::ppublic {
                public_identity: block.text(id),
                is_default: (index == 0).into(),
                next: ptr::null_mut(),
                prev: previous,
            };
            // SAFETY: as above, and aligned as every block.
            unsafe { node.write(value) };
            if let Some(mut previous) = NonNull::new(previous) {
                // SAFETY: the node before, written in the last turn.
                unsafe { previous.as_mut() }.next = node.as_ptr();
            }
            previous = node.as_ptr();
            last = node;
        }
        if previous.is_null() {
            return Ok(None);
        }
        let _: NonNull<u8> = block.finish();
        Ok(Some(Self { first, last }))
    }

    /// First and last node, for the record of the contact; [`Ids::free`] takes the first back.
    pub(super) fn into_raw(self) -> (*mut sys::ppublic, *mut sys::ppublic) {
        let this = ManuallyDrop::new(self);
        (this.first.as_ptr(), this.last.as_ptr())
    }

    /// Gives the block of a list back.
    ///
    /// # Safety
    ///
    /// `first` came from [`Ids::into_raw`], and nobody reads the list any more.
    pub(super) unsafe fn free(first: NonNull<sys::ppublic>) {
        // SAFETY: the first node lies at the start of the block.
        unsafe { block::free(first) };
    }
}

impl Drop for Ids {
    fn drop(&mut self) {
        // SAFETY: a list that no record has taken.
        unsafe { Self::free(self.first) };
    }
}

/// The identities of a list, in order.
#[derive(Debug)]
pub(super) struct Iter<'a> {
    next: Option<&'a sys::ppublic>,
}

impl Iter<'_> {
    /// # Safety
    ///
    /// `first` is null or a list of [`Ids`] that stays as it is for the lifetime.
    pub(super) unsafe fn new(first: *mut sys::ppublic) -> Self {
        // SAFETY: by the contract of this function.
        Self { next: NonNull::new(first).map(|first| unsafe { first.as_ref() }) }
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let node = self.next?;
        // SAFETY: nodes of one block, the last of which has no next.
        self.next = NonNull::new(node.next).map(|next| unsafe { next.as_ref() });
        // SAFETY: the text lies in the block of its node.
        Some(unsafe { text::bytes(node.public_identity) }.unwrap_or_default())
    }
}
