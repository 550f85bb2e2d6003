//! A public identity: one block of shared memory that modules of C read in place.

mod fields;

use super::{
    callbacks,
    domain::Domain,
    link::Link,
    texts::{self, Second},
};
use crate::{
    Result,
    location::{
        block::{self, Block},
        pool::{self, Pool},
    },
    shm::ShmSafe,
};
use core::{
    fmt,
    mem::{ManuallyDrop, offset_of},
    ptr::{self, NonNull},
};
use kamailio_sys::{self as core_sys, scscf as sys};
use shm_store::wheel::{Timed, Timer};

/// The C part, and behind it what only this module knows; then come the texts.
///
/// Two fields of the C part that no client reads hold numbers of the owner: `next` the number of the
/// identity, `prev` its mark; that of a buried one is the link of the graveyard.
#[repr(C)]
pub(super) struct IdentityRecord {
    c: sys::impurecord,
    /// The second block of texts; null: none.
    second: *mut u8,
    /// The link to the first contact.
    link: Link,
    timer: Timer,
    flags: u32,
}

crate::record!(IdentityRecord { c: sys::impurecord });

/// What an identity starts from.
#[derive(Debug, Clone, Copy)]
pub struct NewIdentity<'a> {
    /// The public identity as it is shown.
    pub public: &'a [u8],
    /// The private identity; empty: that of its subscriber.
    pub private: &'a [u8],
    /// The hash of the public identity that is shown.
    pub hash: u32,
    /// 1 registered, 0 not, −1 unregistered.
    pub state: i32,
    /// 1 barred.
    pub barring: i32,
    /// Whether it is the first one of its set.
    pub primary: bool,
    /// The end of an unregistered state, in seconds since 1970; 0: none.
    pub expires: i64,
    /// `ccf1`, `ccf2`, `ecf1`, `ecf2`; empty: none.
    pub charging: [&'a [u8]; 4],
}

/// New texts of an identity; what is none stays.
#[derive(Debug, Default, Clone, Copy)]
pub struct IdentityChanges<'a> {
    /// `ccf1`, `ccf2`, `ecf1`, `ecf2`; empty: no more.
    pub charging: [Option<&'a [u8]>; 4],
    /// The private identity.
    pub private: Option<&'a [u8]>,
}

/// A public identity; whoever has it owns the block. Dropping it frees all at once, so it is for
/// identities that no client has seen: all others are buried.
#[repr(transparent)]
pub struct Identity(NonNull<IdentityRecord>);

// SAFETY: a block of shared memory, and what it points to lies there, too.
unsafe impl ShmSafe for Identity {}
// SAFETY: as above; the lock of the store guards it.
unsafe impl Send for Identity {}
// SAFETY: nothing is changed through `&self`.
unsafe impl Sync for Identity {}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Identity").field(&bstr::BStr::new(self.public())).finish()
    }
}

impl Identity {
    pub(super) fn try_new(pool: &Pool, domain: Domain, new: &NewIdentity<'_>) -> Result<Self> {
        let [ccf1, ccf2, ecf1, ecf2] = new.charging;
        let room = texts::length([new.public, new.private, ccf1, ccf2, ecf1, ecf2])?;
        let mut block = Block::try_new_in(pool, size_of::<IdentityRecord>(), room)?;
        let mut start: NonNull<IdentityRecord> = block.start();
        let public = texts::put(&mut block, new.public);
        let private = texts::put(&mut block, new.private);
        let charging = new.charging.map(|text| texts::put(&mut block, text));
        // SAFETY: the block starts with room for the record, all zero, which is a valid one.
        let record = unsafe { start.as_mut() };
        record.timer = Timer::IDLE;
        let c = &mut record.c;
        (c.domain, c.slot) = (domain.name_ptr(), domain.slot());
        (c.public_identity, c.private_identity) = (public, private);
        [c.ccf1, c.ccf2, c.ecf1, c.ecf2] = charging;
        c.aorhash = new.hash;
        (c.reg_state, c.barring, c.expires) = (new.state, new.barring, new.expires);
        c.is_primary = texts::flag(new.primary);
        c.send_sar_on_delete = 1;
        Ok(Self(block.finish()))
    }

    /// Replaces texts; the second block that it had is to be buried.
    pub(super) fn change(&mut self, new: &IdentityChanges<'_>) -> Result<*mut u8> {
        let record = self.record();
        let c = &record.c;
        let [ccf1, ccf2, ecf1, ecf2] = new.charging;
        // What is the subscriber's stays there.
        let follows = new.private.is_none() && self.follows_subscriber();
        let private = if follows { texts::NONE } else { c.private_identity };
        let now = [c.ccf1, c.ccf2, c.ecf1, c.ecf2, private];
        let wanted = [ccf1, ccf2, ecf1, ecf2, new.private];
        // SAFETY: the texts of this record.
        let Some(second) = (unsafe { Second::try_new(record.second, now, wanted, (0, 0, false)) })?
        else {
            return Ok(ptr::null_mut());
        };
        let record = self.record_mut();
        let c = &mut record.c;
        let mut none = texts::NONE;
        let private = if follows { &mut none } else { &mut c.private_identity };
        let places = [&mut c.ccf1, &mut c.ccf2, &mut c.ecf1, &mut c.ecf2, private];
        for (place, text) in places.into_iter().zip(second.texts) {
            texts::publish(place, text);
        }
        Ok(core::mem::replace(&mut record.second, second.into_raw()))
    }

    /// Whether the private identity that it shows is a text of its subscriber.
    fn follows_subscriber(&self) -> bool {
        let c = &self.record().c;
        // SAFETY: an identity holds its subscriber, so it is alive.
        let subscriber = NonNull::new(c.s).map(|subscriber| unsafe { subscriber.as_ref() });
        let own = c.private_identity.s;
        !own.is_null() && subscriber.is_some_and(|known| known.private_identity.s == own)
    }

    fn record(&self) -> &IdentityRecord {
        // SAFETY: the block is owned; clients write numbers only, under the lock.
        unsafe { self.0.as_ref() }
    }

    fn record_mut(&mut self) -> &mut IdentityRecord {
        // SAFETY: the block is owned, and the store locked.
        unsafe { self.0.as_mut() }
    }

    fn str(&self, text: core_sys::str_) -> &[u8] {
        // SAFETY: texts of the block, or of one that stays for a while when it is replaced.
        unsafe { texts::get(text) }
    }

    pub(super) fn raw_record(&self) -> NonNull<IdentityRecord> {
        self.0
    }

    /// Gives up the block: it goes to a graveyard.
    pub(super) fn into_record(self) -> NonNull<IdentityRecord> {
        ManuallyDrop::new(self).0
    }

    /// The identity of a block that [`Identity::into_record`] gave.
    ///
    /// # Safety
    ///
    /// Nobody else has it.
    pub(super) const unsafe fn from_record(record: NonNull<IdentityRecord>) -> Self {
        Self(record)
    }
}

impl Drop for Identity {
    fn drop(&mut self) {
        let record = self.record();
        // SAFETY: the list of this identity.
        unsafe { callbacks::free(record.c.cbs) };
        if let Some(second) = NonNull::new(record.second) {
            // SAFETY: nobody reads the texts any more.
            unsafe { block::free(second) };
        }
        // SAFETY: nobody uses the block any more, and the pool goes after all records.
        unsafe { pool::free(self.0) };
    }
}

impl Timed for Identity {
    fn timer(&mut self) -> &mut Timer {
        &mut self.record_mut().timer
    }
}

impl IdentityRecord {
    pub(super) fn holder(&self) -> &sys::impu_contact_holder {
        &self.c.linked_contacts
    }

    pub(super) fn holder_mut(&mut self) -> &mut sys::impu_contact_holder {
        &mut self.c.linked_contacts
    }

    /// The link within the record.
    pub(super) fn own_link(&mut self) -> NonNull<Link> {
        NonNull::from(&mut self.link)
    }

    pub(super) fn has_free_link(&self) -> bool {
        !self.link.is_used()
    }

    /// Both ends of the list of watchers.
    pub(super) fn watchers_mut(
        &mut self,
    ) -> (&mut *mut sys::reg_subscriber, &mut *mut sys::reg_subscriber) {
        (&mut self.c.shead, &mut self.c.stail)
    }
}

/// An identity as C names it; it may be one that is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IdentityHandle(NonNull<sys::impurecord>);

// SAFETY: an address, the same in all processes; it is never used without a look at what is there.
unsafe impl ShmSafe for IdentityHandle {}
// SAFETY: as above.
unsafe impl Send for IdentityHandle {}
// SAFETY: as above.
unsafe impl Sync for IdentityHandle {}

impl IdentityHandle {
    pub(super) fn new(raw: *mut sys::impurecord) -> Option<Self> {
        NonNull::new(raw).filter(|raw| raw.is_aligned()).map(Self)
    }

    pub(super) fn raw(self) -> *mut sys::impurecord {
        self.0.as_ptr()
    }

    /// The number of the identity: what [`Identity::set_id`] said last. Of an identity that is gone
    /// it is any number, so compare the handle of what has that number with this one.
    pub fn id(self) -> u64 {
        // SAFETY: C names identities that were given to it; a place inside the record.
        let place = unsafe { self.0.byte_add(offset_of!(sys::impurecord, next)) };
        // SAFETY: the block of one that is gone is still memory of the pool, in which every value
        // is a number.
        unsafe { place.cast().read_volatile() }
    }
}

/// Where the graveyard keeps its link in a record: no client reads the links of identities.
pub(super) fn grave_link(record: NonNull<IdentityRecord>) -> NonNull<usize> {
    // SAFETY: a place inside the record.
    unsafe { record.byte_add(offset_of!(sys::impurecord, prev)) }.cast()
}
