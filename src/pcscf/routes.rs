//! Service routes: users of one S-CSCF share one block.
//!
//! A block is never changed. Its array has room for more texts than it has, all of them empty, so
//! that who reads number and array of a contact without the lock, one of them old, stays inside.

use super::block::{self, Block};
use crate::{Result, shm::Shm, text};
use allocator_api2::{alloc::AllocError, boxed::Box, vec::Vec};
use core::{
    mem::offset_of,
    ptr::{self, NonNull},
};
use kamailio_sys as sys;

/// What precedes the array that C reads.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Head {
    next: *mut Head,
    prev: *mut Head,
    users: u32,
    bucket: u32,
    /// Texts, and texts the array has room for.
    count: u32,
    room: u32,
    items: [sys::str_; 0],
}

/// So many texts at least in every array, more than any S-CSCF asks for.
const ROOM: usize = 16;

/// Buckets of the table.
const BUCKETS: u32 = 1024;

/// So many blocks of a bucket are looked at. With more of them than that sharing would not pay: a
/// new block is made, and comes first.
const LOOKS: usize = 8;

/// The blocks of one domain.
#[derive(Debug)]
pub(super) struct RouteSets {
    buckets: Box<[*mut Head], Shm>,
    empty: NonNull<Head>,
}

// SAFETY: blocks of shared memory, at the same addresses in all processes; the domain is locked.
unsafe impl Send for RouteSets {}
// SAFETY: nothing is changed through `&self`.
unsafe impl Sync for RouteSets {}

impl RouteSets {
    pub(super) fn try_new() -> Result<Self> {
        let mut buckets = Vec::new_in(Shm);
        let count = usize::try_from(BUCKETS).unwrap_or(1);
        buckets.try_reserve_exact(count).map_err(|_| AllocError)?;
        buckets.resize(count, ptr::null_mut());
        let empty = make(&[], ROOM, 0)?;
        Ok(Self { buckets: buckets.into_boxed_slice(), empty })
    }

    /// The array of contacts without routes.
    pub(super) fn empty(&self) -> *mut sys::str_ {
        items(self.empty)
    }

    /// A block with `routes`, whose array has room for `room` texts or more; the caller is one more
    /// user of it.
    pub(super) fn share(&mut self, routes: &[&[u8]], room: usize) -> Result<*mut sys::str_> {
        let bucket = bucket(routes);
        let Some(first) = usize::try_from(bucket).ok().and_then(|b| self.buckets.get_mut(b)) else {
            return Ok(items(self.empty));
        };
        let mut next = NonNull::new(*first);
        for _ in 0..LOOKS {
            let Some(mut known) = next else { break };
            // SAFETY: blocks stay in their bucket as long as they have users.
            let head = unsafe { known.as_mut() };
            if head.has(routes, room) {
                head.users = head.users.saturating_add(1);
                return Ok(items(known));
            }
            next = NonNull::new(head.next);
        }
        let room = room.max(routes.len()).max(ROOM).next_power_of_two();
        let mut made = make(routes, room, bucket)?;
        // SAFETY: just made.
        unsafe { made.as_mut() }.next = *first;
        if let Some(mut second) = NonNull::new(*first) {
            // SAFETY: as above, the first so far.
            unsafe { second.as_mut() }.prev = made.as_ptr();
        }
        *first = made.as_ptr();
        Ok(items(made))
    }

    /// Ends one use of `array`; the block, if that was the last one. It is out of the table then
    /// and the caller's to free.
    ///
    /// # Safety
    ///
    /// `array` came from [`RouteSets::share`] or [`RouteSets::empty`] of this table.
    pub(super) unsafe fn leave(&mut self, array: *mut sys::str_) -> Option<NonNull<Head>> {
        let mut block = head(array).filter(|block| *block != self.empty)?;
        // SAFETY: by the contract of this function.
        let head = unsafe { block.as_mut() };
        head.users = head.users.saturating_sub(1);
        if head.users > 0 {
            return None;
        }
        let (next, prev, bucket) = (head.next, head.prev, head.bucket);
        match NonNull::new(prev) {
            // SAFETY: a neighbour in the bucket, so it has users.
            Some(mut prev) => unsafe { prev.as_mut() }.next = next,
            None => {
                let first = usize::try_from(bucket).ok().and_then(|b| self.buckets.get_mut(b));
                if let Some(first) = first {
                    *first = next;
                }
            }
        }
        if let Some(mut next) = NonNull::new(next) {
            // SAFETY: as above.
            unsafe { next.as_mut() }.prev = prev;
        }
        Some(block)
    }
}

impl Drop for RouteSets {
    fn drop(&mut self) {
        // Blocks that still have users go with their contacts.
        // SAFETY: the domain is gone, and its contacts went before it.
        unsafe { block::free(self.empty) };
    }
}

impl Head {
    fn has(&self, routes: &[&[u8]], room: usize) -> bool {
        let count = usize::try_from(self.count).unwrap_or(0);
        if count != routes.len() || usize::try_from(self.room).unwrap_or(0) < room {
            return false;
        }
        let first = items(NonNull::from(self));
        routes.iter().enumerate().all(|(index, route)| {
            // SAFETY: the array has `count` texts.
            let item = unsafe { first.add(index) };
            // SAFETY: as above.
            let item = unsafe { item.read() };
            // SAFETY: texts of the block.
            let text = unsafe { text::bytes(item) };
            text == Some(route)
        })
    }
}

/// The places of the texts of a block.
fn items(block: NonNull<Head>) -> *mut sys::str_ {
    // SAFETY: the array starts behind the head, in the same block.
    unsafe { block.byte_add(offset_of!(Head, items)) }.as_ptr().cast()
}

/// The block of an array.
fn head(array: *mut sys::str_) -> Option<NonNull<Head>> {
    let array = NonNull::new(array)?;
    // SAFETY: every array in a record lies behind a head.
    Some(unsafe { array.byte_sub(offset_of!(Head, items)) }.cast())
}

fn make(routes: &[&[u8]], room: usize, bucket: u32) -> Result<NonNull<Head>> {
    let mut texts = 0;
    for route in routes {
        block::check_length(route)?;
        texts += route.len();
    }
    let mut block = Block::try_new(size_of::<Head>() + room * size_of::<sys::str_>(), texts)?;
    let start: NonNull<Head> = block.start();
    let count = u32::try_from(routes.len()).unwrap_or(u32::MAX);
    let head = Head {
        next: ptr::null_mut(),
        prev: ptr::null_mut(),
        users: 1,
        bucket,
        count,
        room: u32::try_from(room).unwrap_or(count),
        items: [],
    };
    // SAFETY: the block starts with room for the head.
    unsafe { start.write(head) };
    let first = items(start);
    for index in 0..room {
        let value = block.text(routes.get(index).copied().unwrap_or_default());
        // SAFETY: the array has `room` places.
        let item = unsafe { first.add(index) };
        // SAFETY: as above.
        unsafe { item.write(value) };
    }
    Ok(block.finish())
}

/// FNV-1a: the routes come from the S-CSCF, and no more than [`LOOKS`] blocks are compared.
fn bucket(routes: &[&[u8]]) -> u32 {
    let mut hash: u32 = 0x811c_9dc5;
    for byte in routes.iter().flat_map(|route| route.iter().chain(b"\n")) {
        hash = (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    }
    (hash ^ (hash >> 16)) % BUCKETS
}
