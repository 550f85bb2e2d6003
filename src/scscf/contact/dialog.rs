//! The dialogs of a contact: a list of C structs, each in a block of its own.

use super::Contact;
use crate::{
    Result,
    location::block::{self, publish},
    shm,
};
use core::{
    mem::offset_of,
    ptr::{self, NonNull},
};
use kamailio_sys::scscf as sys;

/// One dialog.
pub(in crate::scscf) type Dialog = sys::contact_dialog_data;

/// Where the graveyard keeps its link.
pub(in crate::scscf) fn dialog_link(node: NonNull<Dialog>) -> NonNull<usize> {
    // SAFETY: a place inside the block; nobody goes backward.
    unsafe { node.byte_add(offset_of!(Dialog, prev)) }.cast()
}

impl Contact {
    /// The dialogs, the oldest first: entry and number, as `ims_dialog` names them.
    pub fn dialogs(&self) -> impl Iterator<Item = (u32, u32)> + use<> {
        let mut next = self.record().c.first_dialog_data;
        core::iter::from_fn(move || {
            // SAFETY: the list of this contact; what is taken out of it stays for a while.
            let node = unsafe { NonNull::new(next)?.read() };
            next = node.next;
            Some((node.h_entry, node.h_id))
        })
    }

    /// Adds a dialog; false if it is there.
    pub(in crate::scscf) fn add_dialog(&mut self, entry: u32, id: u32) -> Result<bool> {
        if self.dialogs().any(|known| known == (entry, id)) {
            return Ok(false);
        }
        let node: NonNull<Dialog> = shm::malloc(size_of::<Dialog>())?.cast();
        let c = &mut self.record_mut().c;
        let prev = c.last_dialog_data;
        // SAFETY: a new block of that size.
        unsafe { node.write(Dialog { h_entry: entry, h_id: id, next: ptr::null_mut(), prev }) };
        match NonNull::new(prev) {
            // SAFETY: nodes of the list are alive.
            Some(mut prev) => publish(&mut unsafe { prev.as_mut() }.next, node.as_ptr()),
            None => publish(&mut c.first_dialog_data, node.as_ptr()),
        }
        publish(&mut c.last_dialog_data, node.as_ptr());
        Ok(true)
    }

    /// Takes a dialog out, to be buried.
    pub(in crate::scscf) fn remove_dialog(
        &mut self,
        entry: u32,
        id: u32,
    ) -> Option<NonNull<Dialog>> {
        let c = &mut self.record_mut().c;
        let mut next = NonNull::new(c.first_dialog_data);
        while let Some(node) = next {
            // SAFETY: nodes of the list are alive.
            let it = unsafe { node.read() };
            next = NonNull::new(it.next);
            if (it.h_entry, it.h_id) != (entry, id) {
                continue;
            }
            match NonNull::new(it.prev) {
                // SAFETY: as above.
                Some(mut prev) => publish(&mut unsafe { prev.as_mut() }.next, it.next),
                None => publish(&mut c.first_dialog_data, it.next),
            }
            match next {
                // SAFETY: as above.
                Some(mut next) => unsafe { next.as_mut() }.prev = it.prev,
                None => publish(&mut c.last_dialog_data, it.prev),
            }
            return Some(node);
        }
        None
    }

    /// Frees all dialogs.
    pub(super) fn free_dialogs(&mut self) {
        let c = &mut self.record_mut().c;
        let mut next = NonNull::new(c.first_dialog_data);
        c.first_dialog_data = ptr::null_mut();
        while let Some(node) = next {
            // SAFETY: nodes of the list are alive.
            next = NonNull::new(unsafe { node.as_ref() }.next);
            // SAFETY: nobody uses the contact any more.
            unsafe { block::free(node) };
        }
    }
}
