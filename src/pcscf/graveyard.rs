//! The blocks of a domain that are buried: what they are and how they are freed.

use super::{
    block,
    ids::Ids,
    record::{self, Contact, Record},
    routes::Head,
    security,
};
use crate::{Result, location, shm};
use core::ptr::{self, NonNull};
use kamailio_sys::pcscf as sys;

/// The blocks of a domain that wait to be freed.
pub(super) type Graveyard = location::Graveyard<Grave>;

/// A block to bury, its kind in the lowest bits of its address; 0: nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grave(usize);

const CONTACT: usize = 0;
const IDS: usize = 1;
const ROUTES: usize = 2;
const RX: usize = 3;
const SECURITY: usize = 4;
const KIND: usize = 7;

/// A `security_t` has no room for a link, so it gets a block that has.
#[repr(C)]
struct Coffin {
    link: usize,
    security: *mut sys::security,
}

impl Grave {
    pub(super) const NONE: Self = Self(0);

    fn new<T>(block: *mut T, kind: usize) -> Self {
        if block.is_null() { Self::NONE } else { Self(block.expose_provenance() | kind) }
    }

    pub(super) fn contact(contact: Contact) -> Self {
        Self::new(contact.into_record().as_ptr(), CONTACT)
    }

    pub(super) fn ids(first: *mut sys::ppublic) -> Self {
        Self::new(first, IDS)
    }

    pub(super) fn routes(block: NonNull<Head>) -> Self {
        Self::new(block.as_ptr(), ROUTES)
    }

    pub(super) fn rx(text: *mut core::ffi::c_char) -> Self {
        let start = record::rx_start(text.cast());
        Self::new(start.map_or(ptr::null_mut(), NonNull::as_ptr), RX)
    }

    pub(super) fn security(security: *mut sys::security) -> Result<Self> {
        let coffin: NonNull<Coffin> = shm::malloc(size_of::<Coffin>())?.cast();
        // SAFETY: a new block of that size.
        unsafe { coffin.write(Coffin { link: 0, security }) };
        Ok(Self::new(coffin.as_ptr(), SECURITY))
    }

    fn block<T>(self) -> Option<NonNull<T>> {
        NonNull::new(ptr::with_exposed_provenance_mut(self.0 & !KIND))
    }
}

// SAFETY: the kind is in bits that are zero in every address, and each kind has a place for a link.
unsafe impl location::Buried for Grave {
    fn into_word(self) -> usize {
        self.0
    }

    fn from_word(word: usize) -> Self {
        Self(word)
    }

    fn link(self) -> Option<NonNull<usize>> {
        match self.0 & KIND {
            CONTACT => self.block().map(record::link_of),
            IDS => self.block().map(record::link_of_ids),
            // The others start with a word for it.
            _ => self.block(),
        }
    }

    unsafe fn free(self) {
        match self.0 & KIND {
            CONTACT => {
                if let Some(record) = self.block::<Record>() {
                    // SAFETY: `Grave::contact` took it from a contact; `Drop` frees it.
                    drop(unsafe { Contact::from_record(record) });
                }
            }
            IDS => {
                if let Some(first) = self.block() {
                    // SAFETY: by the contract of this function.
                    unsafe { Ids::free(first) };
                }
            }
            SECURITY => {
                if let Some(coffin) = self.block::<Coffin>() {
                    // SAFETY: `Grave::security` made it.
                    let security = unsafe { coffin.read() }.security;
                    // SAFETY: by the contract of this function.
                    unsafe { security::free(security) };
                    // SAFETY: as above.
                    unsafe { block::free(coffin) };
                }
            }
            _ => {
                if let Some(block) = self.block::<u8>() {
                    // SAFETY: by the contract of this function.
                    unsafe { block::free(block) };
                }
            }
        }
    }
}
