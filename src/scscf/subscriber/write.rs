//! Writes the block of a subscriber.

use super::{SubscriberRecord, none, ours};
use crate::{
    Result,
    location::{block::Block, pool::Pool},
    scscf::{criteria::Criteria, texts},
};
use core::{
    ffi::{c_char, c_int},
    ptr::NonNull,
};
use kamailio_sys::scscf as sys;
use scscf_core::{Subscription, profile::ServiceProfile};

/// Where structs of one kind are written, one after the other.
struct Places<T>(NonNull<T>);

impl<T> Places<T> {
    /// # Safety
    ///
    /// The block has room for one more.
    unsafe fn write(&mut self, value: T) {
        // SAFETY: by the contract of this function.
        unsafe { self.0.write(value) };
        // SAFETY: as above: at most one beyond the last.
        self.0 = unsafe { self.0.add(1) };
    }

    fn next(&self, wanted: bool) -> *mut T {
        if wanted { self.0.as_ptr() } else { none() }
    }
}

/// The arrays of criteria that are shared so far; given back when the block cannot be made.
struct Shared<'c> {
    table: &'c mut Criteria,
    arrays: Vec<*mut sys::ims_filter_criteria>,
    kept: bool,
}

impl Drop for Shared<'_> {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        for array in self.arrays.drain(..) {
            // SAFETY: it came from this table.
            if let Some(block) = unsafe { self.table.leave(array) } {
                // SAFETY: nobody has seen it.
                unsafe { crate::location::block::free(block) };
            }
        }
    }
}

/// How many profiles, identities and numbers there are, and bytes of text.
fn measure(value: &Subscription) -> Result<[usize; 3]> {
    let (mut identities, mut numbers) = (0_usize, 0_usize);
    let mut room = texts::length([value.private_identity.as_slice()])?;
    for profile in &value.profiles {
        identities += profile.identities.len();
        numbers += usize::from(profile.media_profile.is_some()) + profile.shared_sets.len();
        let both = profile.identities.iter().flat_map(|one| [&one.uri, &one.wildcard]);
        room += texts::length(both.map(|text| text.as_slice()))?;
    }
    Ok([identities, numbers, room])
}

pub(super) fn record(
    pool: &Pool,
    value: &Subscription,
    wildcarded: bool,
    criteria: &mut Criteria,
) -> Result<NonNull<SubscriberRecord>> {
    let [identity_count, number_count, room] = measure(value)?;
    let count = texts::count(value.profiles.len())?;
    let mut shared = Shared { table: criteria, arrays: Vec::new(), kept: false };
    for profile in &value.profiles {
        let array = shared.table.share(&profile.criteria)?;
        shared.arrays.push(array);
    }
    let profiles = size_of::<SubscriberRecord>();
    let identities = profiles + value.profiles.len() * size_of::<sys::ims_service_profile>();
    let numbers = identities + identity_count * size_of::<sys::ims_public_identity>();
    let head = numbers + number_count * size_of::<c_int>();
    let mut block = Block::try_new_in(pool, head, room)?;
    let mut start: NonNull<SubscriberRecord> = block.start();
    // SAFETY: inside the block, behind the record.
    let mut profiles = Places(unsafe { start.byte_add(profiles) }.cast());
    // SAFETY: as above, behind the profiles.
    let mut identities = Places(unsafe { start.byte_add(identities) }.cast());
    // SAFETY: as above, behind the identities.
    let mut numbers = Places(unsafe { start.byte_add(numbers) }.cast());
    let private_identity = texts::put(&mut block, &value.private_identity);
    let service_profiles = profiles.next(count > 0);
    for (profile, array) in value.profiles.iter().zip(&shared.arrays) {
        // SAFETY: counted by `measure`.
        let c = unsafe { write(&mut block, profile, *array, &mut identities, &mut numbers) }?;
        // SAFETY: as above.
        unsafe { profiles.write(c) };
    }
    // SAFETY: the block starts with room for the record, all zero, which is a valid one.
    let c = &mut unsafe { start.as_mut() }.c;
    c.private_identity = private_identity;
    (c.service_profiles, c.service_profiles_cnt) = (service_profiles, count);
    c.wpsi = texts::flag(wildcarded);
    c.slot = ours();
    shared.kept = true;
    Ok(block.finish())
}

/// # Safety
///
/// The places have room for what the profile has.
unsafe fn write(
    block: &mut Block,
    profile: &ServiceProfile,
    filter_criteria: *mut sys::ims_filter_criteria,
    identities: &mut Places<sys::ims_public_identity>,
    numbers: &mut Places<c_int>,
) -> Result<sys::ims_service_profile> {
    let public_identities = identities.next(!profile.identities.is_empty());
    for identity in &profile.identities {
        let value = sys::ims_public_identity {
            barring: c_char::from(identity.barred),
            public_identity: texts::put(block, &identity.uri),
            wildcarded_psi: texts::put(block, &identity.wildcard),
        };
        // SAFETY: by the contract of this function.
        unsafe { identities.write(value) };
    }
    let cn_service_auth = numbers.next(profile.media_profile.is_some());
    if let Some(media) = profile.media_profile {
        // SAFETY: as above.
        unsafe { numbers.write(media) };
    }
    let shared_ifc_set = numbers.next(!profile.shared_sets.is_empty());
    for set in &profile.shared_sets {
        // SAFETY: as above.
        unsafe { numbers.write(*set) };
    }
    let criteria = if filter_criteria.is_null() { 0 } else { profile.criteria.len() };
    Ok(sys::ims_service_profile {
        public_identities,
        public_identities_cnt: texts::count(profile.identities.len())?,
        filter_criteria,
        filter_criteria_cnt: texts::count(criteria)?,
        cn_service_auth: cn_service_auth.cast(),
        shared_ifc_set,
        shared_ifc_set_cnt: texts::count(profile.shared_sets.len())?,
    })
}
