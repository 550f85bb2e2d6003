//! A subscriber: a private identity with its service profiles, one block of shared memory that
//! modules of C read in place. The filter criteria lie in blocks that subscribers share.

mod read;
mod write;

pub(super) use read::value;

use super::{criteria::Criteria, texts};
use crate::{
    Result,
    location::{
        block,
        pool::{self, Pool},
    },
    shm::ShmSafe,
};
use core::{
    fmt,
    mem::{ManuallyDrop, offset_of},
    ptr::{self, NonNull},
};
use kamailio_sys::scscf as sys;
use scscf_core::Subscription;

/// The C part, and behind it what only this module knows; then come profiles, identities, texts.
///
/// `next`, a field of the C part that no client reads, holds the number of the subscriber.
#[repr(C)]
pub(super) struct SubscriberRecord {
    c: sys::ims_subscription,
}

crate::record!(SubscriberRecord { c: sys::ims_subscription });

/// What `slot` of a subscriber points to, to tell ours from one that a module of C built: a place
/// of this module, at the same address in all processes. Nobody looks at what is there.
static OURS: Slot = Slot(0);
/// The same for one of C that we have a copy of.
static COPIED: Slot = Slot(1);

/// As large as the slot of C.
#[repr(C, align(8))]
struct Slot(u64);

pub(super) fn ours() -> *mut sys::hslot_sp {
    (&raw const OURS).cast_mut().cast()
}

pub(super) fn copied() -> *mut sys::hslot_sp {
    (&raw const COPIED).cast_mut().cast()
}

/// A subscription in structs of C that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSubscription {
    /// A text has a negative length, a length and no address, or more bytes than a message.
    #[error(
        "{0} of the subscription is no text: its length is negative or too great, or its address is null"
    )]
    Text(&'static str),
    /// An array has a number of elements and no address.
    #[error("{0} of the subscription has elements, and its address is null")]
    Array(&'static str),
}

/// A subscriber; whoever has it owns the block. Dropping it frees it, so it is for subscribers that
/// no client has seen and that share nothing: [`Records`](super::Records) discards or buries them.
#[repr(transparent)]
pub struct Subscriber(NonNull<SubscriberRecord>);

// SAFETY: a block of shared memory, and what it points to lies there, too.
unsafe impl ShmSafe for Subscriber {}
// SAFETY: as above; the lock of the store guards it.
unsafe impl Send for Subscriber {}
// SAFETY: nothing is changed through `&self`.
unsafe impl Sync for Subscriber {}

impl fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Subscriber").field(&bstr::BStr::new(self.private())).finish()
    }
}

impl Subscriber {
    pub(super) fn try_new(
        pool: &Pool,
        value: &Subscription,
        wildcarded: bool,
        criteria: &mut Criteria,
    ) -> Result<Self> {
        write::record(pool, value, wildcarded, criteria).map(Self)
    }

    /// The address that C knows the subscriber by.
    pub fn handle(&self) -> SubscriberHandle {
        SubscriberHandle(self.0.cast())
    }

    /// The number that [`Subscriber::set_id`] left.
    pub fn id(&self) -> u64 {
        texts::number(self.record().c.next)
    }

    /// Gives the subscriber the number that [`SubscriberHandle::id`] reads.
    pub fn set_id(&mut self, id: u64) {
        self.record_mut().c.next = texts::field(id);
    }

    /// The private identity.
    pub fn private(&self) -> &[u8] {
        // SAFETY: a text of the block.
        unsafe { texts::get(self.record().c.private_identity) }
    }

    /// The same as C has it.
    pub(super) fn private_text(&self) -> kamailio_sys::str_ {
        self.record().c.private_identity
    }

    /// Whether its public identities are wildcarded ones.
    pub fn wildcarded(&self) -> bool {
        self.record().c.wpsi != 0
    }

    /// How many hold it: identities, and clients. Clients write the number themselves.
    pub fn ref_count(&self) -> i32 {
        self.record().c.ref_count
    }

    /// One more holds it.
    pub fn add_ref(&mut self) {
        let count = self.ref_count().saturating_add(1);
        block::publish(&mut self.record_mut().c.ref_count, count);
    }

    /// One holds it no more; how many are left.
    pub fn drop_ref(&mut self) -> i32 {
        let count = self.ref_count().saturating_sub(1);
        block::publish(&mut self.record_mut().c.ref_count, count);
        count
    }

    /// The identities of all profiles, in their order: URI, whether it is barred, wildcard.
    pub fn identities(&self) -> impl Iterator<Item = (&[u8], bool, &[u8])> {
        self.profiles().iter().flat_map(|profile| {
            // SAFETY: an array of the block.
            let all = unsafe { read::identities(profile) }.unwrap_or_default();
            all.iter().map(|identity| {
                // SAFETY: texts of the block.
                let uri = unsafe { texts::get(identity.public_identity) };
                // SAFETY: as above.
                let wildcard = unsafe { texts::get(identity.wildcarded_psi) };
                (uri, identity.barring != 0, wildcard)
            })
        })
    }

    /// How many service profiles there are.
    pub fn profile_count(&self) -> usize {
        self.profiles().len()
    }

    /// What is known of the subscriber, as values.
    pub fn to_value(&self) -> Subscription {
        // SAFETY: the structs of this block; they can be read, as they were written from a value.
        unsafe { value(&self.record().c) }.unwrap_or_default()
    }

    /// Whether it says what `value` says; copies nothing.
    pub fn is(&self, value: &Subscription) -> bool {
        // SAFETY: the structs of this block.
        unsafe { read::same(&self.record().c, value) }
    }

    fn profiles(&self) -> &[sys::ims_service_profile] {
        // SAFETY: the array of this block.
        unsafe { read::profiles(&self.record().c) }.unwrap_or_default()
    }

    /// Takes the shared criteria out, each to be given back to their table.
    pub(super) fn take_criteria(&mut self) -> Vec<*mut sys::ims_filter_criteria> {
        self.profiles().iter().map(|profile| profile.filter_criteria).collect()
    }

    fn record(&self) -> &SubscriberRecord {
        // SAFETY: the block is owned; clients write the count only, under the lock.
        unsafe { self.0.as_ref() }
    }

    fn record_mut(&mut self) -> &mut SubscriberRecord {
        // SAFETY: the block is owned, and the store locked.
        unsafe { self.0.as_mut() }
    }

    /// Gives up the block: it goes to a graveyard.
    pub(super) fn into_record(self) -> NonNull<SubscriberRecord> {
        ManuallyDrop::new(self).0
    }

    /// The subscriber of a block that [`Subscriber::into_record`] gave.
    ///
    /// # Safety
    ///
    /// Nobody else has it.
    pub(super) const unsafe fn from_record(record: NonNull<SubscriberRecord>) -> Self {
        Self(record)
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        // SAFETY: nobody uses the block any more, and the pool goes after all records.
        unsafe { pool::free(self.0) };
    }
}

/// A subscriber of ours as C names it; it may be one that is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SubscriberHandle(NonNull<sys::ims_subscription>);

// SAFETY: an address, the same in all processes; it is never used without a look at what is there.
unsafe impl ShmSafe for SubscriberHandle {}
// SAFETY: as above.
unsafe impl Send for SubscriberHandle {}
// SAFETY: as above.
unsafe impl Sync for SubscriberHandle {}

impl SubscriberHandle {
    pub(super) fn new(raw: *mut sys::ims_subscription) -> Option<Self> {
        NonNull::new(raw).filter(|raw| raw.is_aligned()).map(Self)
    }

    pub(super) fn raw(self) -> *mut sys::ims_subscription {
        self.0.as_ptr()
    }

    /// The number of the subscriber: what [`Subscriber::set_id`] said last. Of one that is gone it
    /// is any number, so compare the handle of what has that number with this one.
    pub fn id(self) -> u64 {
        // SAFETY: C names subscribers that were given to it; a place inside the record.
        let place = unsafe { self.0.byte_add(offset_of!(sys::ims_subscription, next)) };
        // SAFETY: the block of one that is gone is still memory of the pool, in which every value
        // is a number.
        unsafe { place.cast().read_volatile() }
    }
}

/// The slot of a subscriber that C names, whoever built it.
pub(super) fn slot_of(raw: NonNull<sys::ims_subscription>) -> *mut sys::hslot_sp {
    // SAFETY: a place inside the struct.
    let place = unsafe { raw.byte_add(offset_of!(sys::ims_subscription, slot)) };
    // SAFETY: as in `SubscriberHandle::id`.
    unsafe { place.cast::<*mut sys::hslot_sp>().read_volatile() }
}

/// Where the graveyard keeps its link in a record: no client reads the links of subscribers.
pub(super) fn grave_link(record: NonNull<SubscriberRecord>) -> NonNull<usize> {
    // SAFETY: a place inside the record.
    unsafe { record.byte_add(offset_of!(sys::ims_subscription, prev)) }.cast()
}

/// No profile, no identity.
const fn none<T>() -> *mut T {
    ptr::null_mut()
}
