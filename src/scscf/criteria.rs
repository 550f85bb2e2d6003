//! Filter criteria: users of one template share one block.
//!
//! A block is never changed. Every list of criteria that subscribers have is found by a hash of its
//! content, so a million users with the services of one operator have one list.

mod compare;
mod read;
mod write;

pub(super) use compare::{is_text, same};
pub(super) use read::{read, text};

use super::subscriber::BadSubscription;
use crate::{Result, location::block, shm::Shm};
use allocator_api2::{alloc::AllocError, boxed::Box, vec::Vec};
use core::{
    mem::offset_of,
    ptr::{self, NonNull},
};
use kamailio_sys::scscf as sys;
use scscf_core::profile::FilterCriteria;

/// What precedes the array that C reads.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Head {
    next: *mut Head,
    prev: *mut Head,
    hash: u64,
    users: u32,
    count: u16,
    items: [sys::ims_filter_criteria; 0],
}

/// Buckets of the table.
const BUCKETS: usize = 1024;

/// So many blocks of a bucket are looked at. With more of them than that sharing would not pay: a
/// new block is made, and comes first.
const LOOKS: usize = 8;

/// The blocks of the store.
#[derive(Debug)]
pub(super) struct Criteria {
    buckets: Box<[*mut Head], Shm>,
    count: usize,
}

// SAFETY: blocks of shared memory, at the same addresses in all processes; the store is locked.
unsafe impl Send for Criteria {}
// SAFETY: nothing is changed through `&self`.
unsafe impl Sync for Criteria {}

impl Criteria {
    pub(super) fn try_new() -> Result<Self> {
        let mut buckets = Vec::new_in(Shm);
        buckets.try_reserve_exact(BUCKETS).map_err(|_| AllocError)?;
        buckets.resize(BUCKETS, ptr::null_mut());
        Ok(Self { buckets: buckets.into_boxed_slice(), count: 0 })
    }

    /// How many different lists there are.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The array of `criteria`; the caller is one more user of it. Null for an empty list.
    pub(super) fn share(
        &mut self,
        criteria: &[FilterCriteria],
    ) -> Result<*mut sys::ims_filter_criteria> {
        if criteria.is_empty() {
            return Ok(ptr::null_mut());
        }
        let hash = compare::hash(criteria);
        let Some(first) = self.buckets.get_mut(bucket(hash)) else { return Ok(ptr::null_mut()) };
        let mut next = NonNull::new(*first);
        for _ in 0..LOOKS {
            let Some(mut known) = next else { break };
            // SAFETY: blocks stay in their bucket as long as they have users.
            let head = unsafe { known.as_mut() };
            // SAFETY: the array of the block.
            if head.hash == hash && unsafe { same(items(known), head.count, criteria) } {
                head.users = head.users.saturating_add(1);
                return Ok(items(known));
            }
            next = NonNull::new(head.next);
        }
        let mut made = write::block(criteria, hash)?;
        // SAFETY: just made.
        unsafe { made.as_mut() }.next = *first;
        if let Some(mut second) = NonNull::new(*first) {
            // SAFETY: as above, the first so far.
            unsafe { second.as_mut() }.prev = made.as_ptr();
        }
        *first = made.as_ptr();
        self.count += 1;
        Ok(items(made))
    }

    /// Ends one use of `array`; the block, if that was the last one. It is out of the table then
    /// and the caller's to bury.
    ///
    /// # Safety
    ///
    /// `array` came from [`Criteria::share`] of this table.
    pub(super) unsafe fn leave(
        &mut self,
        array: *mut sys::ims_filter_criteria,
    ) -> Option<NonNull<Head>> {
        let mut block = head(array)?;
        // SAFETY: by the contract of this function.
        let head = unsafe { block.as_mut() };
        head.users = head.users.saturating_sub(1);
        if head.users > 0 {
            return None;
        }
        let (next, prev, hash) = (head.next, head.prev, head.hash);
        match NonNull::new(prev) {
            // SAFETY: a neighbour in the bucket, so it has users.
            Some(mut prev) => unsafe { prev.as_mut() }.next = next,
            None => {
                if let Some(first) = self.buckets.get_mut(bucket(hash)) {
                    *first = next;
                }
            }
        }
        if let Some(mut next) = NonNull::new(next) {
            // SAFETY: as above.
            unsafe { next.as_mut() }.prev = prev;
        }
        self.count = self.count.saturating_sub(1);
        Some(block)
    }
}

/// Where the graveyard keeps its link.
pub(super) fn grave_link(block: NonNull<Head>) -> NonNull<usize> {
    block.cast()
}

/// The array of a block.
fn items(block: NonNull<Head>) -> *mut sys::ims_filter_criteria {
    // SAFETY: the array starts behind the head, in the same block.
    unsafe { block.byte_add(offset_of!(Head, items)) }.as_ptr().cast()
}

/// The block of an array.
fn head(array: *mut sys::ims_filter_criteria) -> Option<NonNull<Head>> {
    let array = NonNull::new(array)?;
    // SAFETY: every array of a subscriber of ours lies behind a head.
    Some(unsafe { array.byte_sub(offset_of!(Head, items)) }.cast())
}

fn bucket(hash: u64) -> usize {
    usize::try_from(hash % 1024).unwrap_or(0)
}

/// The elements of an array of C.
///
/// # Safety
///
/// `array` is null or has `count` elements that stay as they are for `'a`.
pub(super) unsafe fn slice<'a, T>(
    what: &'static str,
    array: *const T,
    count: u16,
) -> core::result::Result<&'a [T], BadSubscription> {
    if count == 0 {
        return Ok(&[]);
    }
    let array = NonNull::new(array.cast_mut()).filter(|array| array.is_aligned());
    let array = array.ok_or(BadSubscription::Array(what))?;
    // SAFETY: by the contract of this function.
    Ok(unsafe { core::slice::from_raw_parts(array.as_ptr(), usize::from(count)) })
}

// Lists that still have users go with the store.
impl Drop for Criteria {
    fn drop(&mut self) {
        for bucket in self.buckets.iter_mut() {
            while let Some(block) = NonNull::new(*bucket) {
                // SAFETY: in the bucket, so alive.
                *bucket = unsafe { block.as_ref() }.next;
                // SAFETY: the store ends, and its subscribers have gone before it.
                unsafe { block::free(block) };
            }
        }
    }
}
