//! A contact as C names it.

use core::{mem::offset_of, ptr::NonNull};
use kamailio_sys::{self as core_sys, pcscf as sys};

/// A contact as C names it; it may be one that is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handle(pub(super) NonNull<sys::pcontact>);

impl Handle {
    pub(in crate::pcscf) fn new(raw: *mut sys::pcontact) -> Option<Self> {
        NonNull::new(raw).filter(|raw| raw.is_aligned()).map(Self)
    }

    pub(in crate::pcscf) fn raw(self) -> NonNull<sys::pcontact> {
        self.0
    }

    /// The number of the contact: what [`Contact::set_id`](super::Contact::set_id) said last. Of a contact that is gone it
    /// is any number, so compare the handle of what has that number with this one.
    pub fn id(self) -> u64 {
        // SAFETY: C names contacts that were given to it; the block of one that is gone is still
        // memory of the pool, in which every value is a number.
        let low = unsafe { self.word(offset_of!(sys::pcontact, sl)).read_volatile() };
        // SAFETY: as above.
        let high = unsafe { self.word(offset_of!(sys::pcontact, aorhash)).read_volatile() };
        u64::from(low) | u64::from(high) << 32
    }

    fn word(self, place: usize) -> NonNull<u32> {
        // SAFETY: a place inside the struct.
        unsafe { self.0.byte_add(place) }.cast()
    }

    /// The name of the domain, as the record has it.
    pub(in crate::pcscf) fn domain(self) -> *mut core_sys::str_ {
        // SAFETY: a place inside the struct.
        let place = unsafe { self.0.byte_add(offset_of!(sys::pcontact, domain)) };
        // SAFETY: as in `id`.
        unsafe { place.cast().read_volatile() }
    }
}
