//! A contact: one block of shared memory that modules of C read in place.

mod change;
mod fields;
mod handle;

pub use change::Changes;
pub(super) use change::rx_start;
pub use handle::Handle;

use super::{
    block::{self, Block},
    callbacks::{self, Node},
    ids::Ids,
    routes::RouteSets,
    security,
};
use crate::{Error, Result, shm::ShmSafe, text};
use core::{
    ffi::c_int,
    fmt,
    mem::{ManuallyDrop, offset_of},
    ptr::{self, NonNull},
};
use kamailio_sys::{self as core_sys, pcscf as sys};
use pcscf_core::{Parts, uri::BadUri};

/// The C part, and behind it what only this module knows; then come the texts.
///
/// Two fields of the C part that no client reads hold the number of the contact: `sl`, the slot,
/// and `aorhash`, the generation of the slot.
#[repr(C)]
pub(super) struct Record {
    c: sys::pcontact,
    flags: u32,
    /// When the record was last compared with the database, in seconds, cut to 32 bits.
    checked: u32,
    /// The device that registered it; 0: none is known.
    device: u64,
    /// The security associations that it is found by; 0: none.
    spis: u64,
    /// What `security_temp` led to when it was last given: see [`security::FORGETS`].
    held: *mut sys::ipsec,
}

crate::record!(Record { c: sys::pcontact });

/// What a contact starts from. Texts that lie within `aor` are not copied again.
#[derive(Debug, Clone, Copy, Default)]
pub struct NewContact<'a> {
    /// The contact URI as it was registered.
    pub aor: &'a [u8],
    /// Its user.
    pub contact_user: &'a [u8],
    /// Its host, IPv6 in brackets.
    pub contact_host: &'a [u8],
    /// Its port.
    pub contact_port: u16,
    /// The value of its parameter `rinstance`.
    pub rinstance: &'a [u8],
    /// The address that the REGISTER came from.
    pub received_host: &'a [u8],
    /// Its port.
    pub received_port: u16,
    /// Its transport, by the number of the core.
    pub received_proto: u16,
    /// The host of the Via.
    pub via_host: &'a [u8],
    /// The port of the Via.
    pub via_port: u16,
    /// The transport of the Via.
    pub via_proto: u16,
    /// The Path of the REGISTER; empty: none.
    pub path: &'a [u8],
    /// The state, by the number of the API.
    pub state: u32,
    /// The end of the registration, in seconds since 1970; 0: none.
    pub expires: i64,
}

impl<'a> NewContact<'a> {
    /// One with this contact URI and nothing else, to be completed.
    ///
    /// # Errors
    ///
    /// The contact is no URI.
    pub fn of_uri(aor: &'a [u8]) -> core::result::Result<Self, BadUri> {
        Ok(Self::of_parts(aor, &Parts::parse(aor)?))
    }

    /// As [`NewContact::of_uri`], with the parts of the URI.
    pub fn of_parts(aor: &'a [u8], parts: &Parts<'a>) -> Self {
        Self {
            aor,
            contact_user: parts.user,
            contact_host: parts.host,
            contact_port: parts.port,
            rinstance: parts.rinstance,
            ..Self::default()
        }
    }
}

/// A contact; whoever has it owns the block. Dropping it frees all at once, so it is for contacts
/// that no client has seen: all others go to the graveyard of their domain.
pub struct Contact {
    record: NonNull<Record>,
    /// Where the list of identities begins, for [`Contact::fetch`]; nothing is read through it.
    ids: *const sys::ppublic,
}

// SAFETY: a block of shared memory, and what it points to lies there, too.
unsafe impl ShmSafe for Contact {}
// SAFETY: as above; the lock of the domain guards it.
unsafe impl Send for Contact {}
// SAFETY: nothing is changed through `&self`.
unsafe impl Sync for Contact {}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Contact").field(&bstr::BStr::new(self.aor())).finish()
    }
}

impl Contact {
    /// A contact of the domain whose name is at `domain`.
    pub(super) fn try_new(
        domain: NonNull<core_sys::str_>,
        routes: &RouteSets,
        new: &NewContact<'_>,
    ) -> Result<Self> {
        let parts = [
            new.contact_user,
            new.contact_host,
            new.rinstance,
            new.received_host,
            new.via_host,
            new.path,
        ];
        block::check_length(new.aor)?;
        let mut own = Own::default();
        let mut texts = new.aor.len();
        for part in parts {
            block::check_length(part)?;
            texts += own.wants(new, part);
        }
        let mut block = Block::try_new(size_of::<Record>(), texts)?;
        let aor = block.text(new.aor);
        let mut place = |part: &[u8]| match find(new, part) {
            // SAFETY: inside the copy, which is as long as the original.
            Some(at) => core_sys::str_ { s: unsafe { aor.s.add(at) }, len: length(part) },
            None => own.text(&mut block, part),
        };
        let [contact_user, contact_host, rinstance, received_host, via_host, path] =
            parts.map(&mut place);
        let start: NonNull<sys::pcontact> = block.start();
        // SAFETY: the block starts with room for the record, all zero, which is a valid one.
        let c = unsafe { start.as_ptr().as_mut() }.ok_or(Error::OutOfShm)?;
        c.domain = domain.as_ptr();
        c.aor = aor;
        (c.contact_user, c.contact_host, c.rinstance) = (contact_user, contact_host, rinstance);
        (c.received_host, c.via_host, c.path) = (received_host, via_host, path);
        c.contact_port = new.contact_port;
        (c.received_port, c.received_proto) = (new.received_port, new.received_proto);
        (c.via_port, c.via_proto) = (new.via_port, new.via_proto);
        c.reg_state = new.state;
        c.expires = new.expires;
        c.service_routes = routes.empty();
        Ok(Self { record: block.finish(), ids: ptr::null() })
    }

    fn c(&self) -> &sys::pcontact {
        // SAFETY: the block is owned; clients write numbers and strings only, under the lock.
        &unsafe { self.record.as_ref() }.c
    }

    fn c_mut(&mut self) -> &mut sys::pcontact {
        &mut self.record_mut().c
    }

    fn record(&self) -> &Record {
        // SAFETY: as in `c`.
        unsafe { self.record.as_ref() }
    }

    fn record_mut(&mut self) -> &mut Record {
        // SAFETY: the block is owned, and the domain locked.
        unsafe { self.record.as_mut() }
    }

    fn str(&self, text: core_sys::str_) -> &[u8] {
        // SAFETY: texts of the block, or of one that stays as long as this one.
        unsafe { text::bytes(text) }.unwrap_or_default()
    }

    pub(super) fn callbacks(&self) -> *mut Node {
        self.c().cbs.first.cast()
    }

    pub(super) fn set_callbacks(&mut self, list: *mut Node) {
        self.c_mut().cbs.first = list.cast();
    }

    /// The place in the record of the field at `address`, if it is one.
    pub(super) fn place_of(&self, address: usize) -> Option<usize> {
        let place = address.checked_sub(self.record.addr().get())?;
        (place > 0 && place < size_of::<sys::pcontact>()).then_some(place)
    }

    /// The field at `place`.
    pub(super) fn at_place(&self, place: usize) -> *mut core::ffi::c_void {
        // SAFETY: `place_of` gave it, so it lies inside the record.
        unsafe { self.record.byte_add(place) }.as_ptr().cast()
    }

    /// Gives up the block: it goes to a graveyard.
    pub(super) fn into_record(self) -> NonNull<Record> {
        ManuallyDrop::new(self).record
    }

    /// The contact of a block that [`Contact::into_record`] gave.
    ///
    /// # Safety
    ///
    /// Nobody else has it.
    pub(super) const unsafe fn from_record(record: NonNull<Record>) -> Self {
        Self { record, ids: ptr::null() }
    }
}

impl Drop for Contact {
    fn drop(&mut self) {
        let c = *self.c();
        if let Some(first) = NonNull::new(c.head) {
            // SAFETY: the list of this contact, which nobody reads any more.
            unsafe { Ids::free(first) };
        }
        if let Some(start) = rx_start(c.rx_session_id.s.cast()) {
            // SAFETY: as above.
            unsafe { block::free(start) };
        }
        if let Some(forgotten) = self.forgotten() {
            // SAFETY: what a client gave belongs to the contact, and nothing else leads there.
            unsafe { security::free_parameters(forgotten, [c.security_temp, c.security]) };
        }
        if !c.security_temp.is_null() && c.security_temp != c.security {
            if !c.security.is_null() {
                // SAFETY: both are a `security_t` of a client.
                unsafe { security::part(c.security_temp, c.security) };
            }
            // SAFETY: what a client gave belongs to the contact.
            unsafe { security::free(c.security_temp) };
        }
        if !c.security.is_null() {
            // SAFETY: as above.
            unsafe { security::free(c.security) };
        }
        // SAFETY: the list of this contact.
        unsafe { callbacks::free(self.callbacks()) };
        // SAFETY: nobody uses the block any more.
        unsafe { block::free(self.record) };
    }
}

fn length(text: &[u8]) -> c_int {
    c_int::try_from(text.len()).unwrap_or(0)
}

/// Where `part` lies in the contact URI; an empty text lies at its start.
fn find(new: &NewContact<'_>, part: &[u8]) -> Option<usize> {
    if part.is_empty() {
        return Some(0);
    }
    // Most parts are slices of the URI, and most phones are where their contact says: no search.
    let part = if part == new.contact_host { new.contact_host } else { part };
    let at = part.as_ptr().addr().checked_sub(new.aor.as_ptr().addr());
    let slice = at.filter(|at| new.aor.get(*at..).is_some_and(|rest| rest.len() >= part.len()));
    slice.or_else(|| bstr::ByteSlice::find(new.aor, part))
}

/// The texts that are not part of the contact URI, each of them once.
#[derive(Default)]
struct Own<'a> {
    wanted: [&'a [u8]; 6],
    placed: [Option<core_sys::str_>; 6],
}

impl<'a> Own<'a> {
    /// How many bytes `part` takes.
    fn wants(&mut self, new: &NewContact<'_>, part: &'a [u8]) -> usize {
        if find(new, part).is_some() || self.wanted.contains(&part) {
            return 0;
        }
        if let Some(free) = self.wanted.iter_mut().find(|text| text.is_empty()) {
            *free = part;
        }
        part.len()
    }

    fn text(&mut self, block: &mut Block, part: &[u8]) -> core_sys::str_ {
        let at = self.wanted.iter().position(|wanted| *wanted == part);
        match at.and_then(|at| self.placed.get_mut(at)) {
            Some(placed) => *placed.get_or_insert_with(|| block.text(part)),
            None => block.text(part),
        }
    }
}

/// Where the graveyard keeps its link in a block of each kind.
pub(super) fn link_of(record: NonNull<Record>) -> NonNull<usize> {
    // SAFETY: a place inside the record; no client reads the links of contacts.
    unsafe { record.byte_add(offset_of!(sys::pcontact, prev)) }.cast()
}

/// The same for a list of identities: C follows `next` only.
pub(super) fn link_of_ids(first: NonNull<sys::ppublic>) -> NonNull<usize> {
    // SAFETY: a place inside the first node.
    unsafe { first.byte_add(offset_of!(sys::ppublic, prev)) }.cast()
}
