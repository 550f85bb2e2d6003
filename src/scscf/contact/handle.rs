//! A contact as C names it.

use super::ContactRecord;
use crate::shm::ShmSafe;
use core::{mem::offset_of, ptr::NonNull};
use kamailio_sys::scscf as sys;

/// A contact as C names it; it may be one that is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContactHandle(pub(super) NonNull<sys::ucontact>);

// SAFETY: an address, the same in all processes; it is never used without a look at what is there.
unsafe impl ShmSafe for ContactHandle {}
// SAFETY: as above.
unsafe impl Send for ContactHandle {}
// SAFETY: as above.
unsafe impl Sync for ContactHandle {}

impl ContactHandle {
    pub(in crate::scscf) fn new(raw: *mut sys::ucontact) -> Option<Self> {
        NonNull::new(raw).filter(|raw| raw.is_aligned()).map(Self)
    }

    pub(in crate::scscf) fn raw(self) -> *mut sys::ucontact {
        self.0.as_ptr()
    }

    /// The number of the contact: what [`Contact::set_id`](super::Contact::set_id) said last. Of a
    /// contact that is gone it is any number, so compare the handle of what has that number with
    /// this one.
    pub fn id(self) -> u64 {
        // SAFETY: C names contacts that were given to it; a place inside the record.
        let place = unsafe { self.0.byte_add(offset_of!(sys::ucontact, next)) };
        // SAFETY: the block of one that is gone is still memory of the pool, in which every value
        // is a number.
        unsafe { place.cast().read_volatile() }
    }
}

/// Where the graveyard keeps its link in a record: no client reads the links of contacts.
pub(in crate::scscf) fn grave_link(record: NonNull<ContactRecord>) -> NonNull<usize> {
    // SAFETY: a place inside the record.
    unsafe { record.byte_add(offset_of!(sys::ucontact, prev)) }.cast()
}
