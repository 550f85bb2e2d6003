//! Shared memory: one allocator, and the mark of types that may live in it.

use crate::{Error, Result, sync::HostLock};
use allocator_api2::{
    alloc::{AllocError, Allocator},
    boxed::Box,
    vec::Vec,
};
use core::{
    alloc::Layout,
    ffi::c_ulong,
    ptr::{self, NonNull},
};
use kamailio_sys as sys;
use shm_table::Seed;

/// The shared memory of the host. All processes see it at the same addresses.
///
/// Every block carries the name of the module, so `kamcmd mod.stats` shows who holds what.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shm;

/// What every memory manager of the host guarantees; some give more.
const HOST_ALIGN: usize = 8;

// SAFETY: blocks come from one pool for all values of `Shm`, stay until freed, and are as large
// and as aligned as their layout asks for.
unsafe impl Allocator for Shm {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        let start = match (layout.size(), layout.align()) {
            (0, align) => NonNull::new(ptr::without_provenance_mut(align)).ok_or(AllocError)?,
            (size, ..=HOST_ALIGN) => malloc(size)?,
            (size, align) => {
                // The address of the block goes into the word before the aligned start.
                let block = malloc(size.checked_add(align).ok_or(AllocError)?)?;
                let skip = align - block.addr().get() % align;
                // SAFETY: `skip` is in `HOST_ALIGN..=align`, inside the block.
                let start = unsafe { block.add(skip) };
                // SAFETY: at least `HOST_ALIGN` bytes lie before `start`.
                let home = unsafe { start.cast::<NonNull<u8>>().sub(1) };
                // SAFETY: aligned as `HOST_ALIGN`, inside the block.
                unsafe { home.write(block) };
                start
            }
        };
        Ok(NonNull::slice_from_raw_parts(start, layout.size()))
    }

    unsafe fn deallocate(&self, start: NonNull<u8>, layout: Layout) {
        let block = match (layout.size(), layout.align()) {
            (0, _) => return,
            (_, ..=HOST_ALIGN) => start,
            _ => {
                // SAFETY: `allocate` left the address there, for this layout.
                let home = unsafe { start.cast::<NonNull<u8>>().sub(1) };
                // SAFETY: as above.
                unsafe { home.read() }
            }
        };
        // SAFETY: `block` came from `malloc` and the caller gives it up.
        unsafe { sys::ks_shm_free(block.as_ptr().cast()) };
    }
}

/// A block of `size` bytes, for what C frees or reads; aligned to [`HOST_ALIGN`].
pub(crate) fn malloc(size: usize) -> Result<NonNull<u8>, AllocError> {
    let size = c_ulong::try_from(size).map_err(|_| AllocError)?;
    // SAFETY: any size may be asked for.
    let block = unsafe { sys::ks_shm_malloc(size) };
    NonNull::new(block.cast()).ok_or(AllocError)
}

/// `value` in shared memory.
///
/// # Errors
///
/// [`Error::OutOfShm`]; `value` is dropped then.
pub fn try_box<T>(value: T) -> Result<Box<T, Shm>> {
    Box::try_new_in(value, Shm).map_err(|_| Error::OutOfShm)
}

/// A copy of `bytes` in shared memory, in a block of exactly that length.
///
/// # Errors
///
/// [`Error::OutOfShm`]
pub fn try_boxed_slice(bytes: &[u8]) -> Result<Box<[u8], Shm>> {
    let mut copy = Vec::new_in(Shm);
    copy.try_reserve_exact(bytes.len()).map_err(|_| Error::OutOfShm)?;
    try_extend(&mut copy, bytes)?;
    Ok(copy.into_boxed_slice())
}

/// Appends `bytes` to `to` in one copy; a generic vector appends them one by one.
///
/// # Errors
///
/// [`Error::OutOfShm`]; `to` is as before.
pub fn try_extend(to: &mut Vec<u8, Shm>, bytes: &[u8]) -> Result<()> {
    to.try_reserve(bytes.len()).map_err(|_| Error::OutOfShm)?;
    let (old, len) = (to.len(), bytes.len());
    let room = to.spare_capacity_mut().as_mut_ptr().cast::<u8>();
    // SAFETY: room for that many bytes was made above, in a block that nobody else has.
    unsafe { room.copy_from_nonoverlapping(bytes.as_ptr(), len) };
    // SAFETY: all of them are written now.
    unsafe { to.set_len(old + len) };
    Ok(())
}

/// The secret of a table, drawn before the host forks: `what` has its places there.
///
/// Without randomness a table works as well; only the places could be guessed, and the log says so.
pub fn seed(what: &str) -> Seed {
    let mut bytes = [0; 16];
    if getrandom::fill(&mut bytes).is_err() {
        crate::warn!("no random numbers: the places of {what} can be guessed");
    }
    Seed::new(bytes)
}

/// How many bytes of shared memory are free, by the count of the host's manager.
pub fn available() -> u64 {
    // SAFETY: reads a count of the manager, which exists before any module is loaded.
    unsafe { sys::ks_shm_available() }
}

/// Types that mean the same in every process.
///
/// # Safety
///
/// No part of the value may lie in, or point to, memory of one process: no `Box`, `Vec` or
/// `String` of the heap, no `&'static` to something that a process changes, no file descriptor.
pub unsafe trait ShmSafe {}

macro_rules! shm_safe {
    ($($plain:ty),* $(,)?) => { $(
        // SAFETY: plain bytes.
        unsafe impl ShmSafe for $plain {}
    )* };
}
shm_safe!((), bool, u8, u16, u32, u64, usize, i8, i16, i32, i64, isize);
shm_safe!(
    core::sync::atomic::AtomicBool,
    core::sync::atomic::AtomicU32,
    core::sync::atomic::AtomicU64,
    core::sync::atomic::AtomicUsize,
    core::sync::atomic::AtomicI32,
    core::sync::atomic::AtomicI64,
);

// SAFETY: the tag is plain and the value is what `T` promises.
unsafe impl<T: ShmSafe> ShmSafe for Option<T> {}
// SAFETY: as for its items.
unsafe impl<T: ShmSafe, const N: usize> ShmSafe for [T; N] {}
// SAFETY: as for its items.
unsafe impl<T: ShmSafe> ShmSafe for [T] {}
// SAFETY: the block lies in shared memory and holds what `T` promises.
unsafe impl<T: ShmSafe + ?Sized> ShmSafe for Box<T, Shm> {}
// SAFETY: as for `Box`.
unsafe impl<T: ShmSafe> ShmSafe for Vec<T, Shm> {}
// SAFETY: the lock works between processes and guards what `T` promises.
unsafe impl<T: ShmSafe> ShmSafe for crate::sync::Mutex<T> {}
// SAFETY: its shards lie in shared memory behind locks of the host, its seed is plain.
unsafe impl<V: ShmSafe> ShmSafe for shm_table::Table<V, HostLock, Shm> {}
// SAFETY: its chunks lie in shared memory, the rest is plain.
unsafe impl<T: ShmSafe> ShmSafe for shm_store::slab::Slab<T, Shm> {}
// SAFETY: its tables lie in shared memory and hold numbers.
unsafe impl ShmSafe for shm_store::shards::Shards<Shm> {}
// SAFETY: plain numbers.
unsafe impl ShmSafe for shm_store::wheel::Wheel {}
// SAFETY: plain numbers.
unsafe impl ShmSafe for shm_store::wheel::Timer {}
// SAFETY: plain numbers.
unsafe impl ShmSafe for shm_store::Id {}

/// Declares a struct for shared memory; each field must be [`ShmSafe`].
///
/// ```
/// kamailio::shm_struct! {
///     struct Contact { expires: u64, path: [u8; 16] }
/// }
/// ```
///
/// What lies in the heap of one process does not compile:
///
/// ```compile_fail,E0277
/// kamailio::shm_struct! {
///     struct Contact { uri: String }
/// }
/// ```
#[macro_export]
macro_rules! shm_struct {
    ($(#[$meta:meta])* $vis:vis struct $Name:ident {
        $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $Type:ty),* $(,)?
    }) => {
        $(#[$meta])*
        $vis struct $Name { $($(#[$field_meta])* $field_vis $field: $Type),* }

        // SAFETY: the bounds make the compiler ask this of every field.
        unsafe impl $crate::shm::ShmSafe for $Name where $($Type: $crate::shm::ShmSafe),* {}
    };
}
