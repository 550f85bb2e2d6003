//! Room for records, taken from the host by the dozen.
//!
//! The memory manager of the host keeps about a hundred bytes for each block, and leaves a hole
//! beside many that are taken while others come and go. Records of about the same size share blocks
//! instead; one without records goes back to the host.

use crate::{
    Error, Result, shm,
    shm::{Shm, ShmSafe},
    sync::Mutex,
};
use allocator_api2::boxed::Box;
use core::{
    fmt,
    ptr::{self, NonNull},
};
use kamailio_sys as sys;

/// Records of one chunk.
const RECORDS: usize = 16;

/// Sizes, each with its mark, are multiples of this.
const STEP: usize = 16;

/// What is larger, with its mark, is a block of its own.
const LARGEST: usize = 1024;

/// What stands before a record: the chunk that it lies in; null: it is a block of its own.
type Mark = *mut Chunk;
const MARK: usize = size_of::<Mark>();

/// A block of the host, and behind it its records, each with its mark. The mark of one that is free
/// leads to the next one that is.
#[repr(C)]
struct Chunk {
    pool: NonNull<Mutex<Open>>,
    /// Where it stands in [`Open`].
    class: usize,
    /// The neighbours there, unless it is full.
    next: *mut Self,
    previous: *mut Self,
    /// The first free record that was in use before.
    free: *mut Mark,
    live: usize,
    /// Records that were ever in use.
    used: usize,
}

/// The chunks with room, by the size of their records.
struct Open([*mut Chunk; LARGEST / STEP]);

// SAFETY: addresses of shared memory, the same in all processes; the lock guards what is there.
unsafe impl Send for Open {}
// SAFETY: as above.
unsafe impl ShmSafe for Open {}

/// Room for records. It goes after the last of them.
pub(crate) struct Pool(Box<Mutex<Open>, Shm>);

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool(..)")
    }
}

impl Pool {
    pub(crate) fn try_new() -> Result<Self> {
        shm::try_box(Mutex::new(Open([ptr::null_mut(); LARGEST / STEP]))).map(Self)
    }

    /// Room for `size` bytes, aligned as a block of the host; [`free`] gives it back.
    pub(crate) fn take(&self, size: usize) -> Result<NonNull<u8>> {
        let size = size.checked_add(MARK).ok_or(Error::OutOfShm)?;
        let room = size.checked_next_multiple_of(STEP).filter(|room| *room <= LARGEST);
        if let Some(found) = room.and_then(|room| self.take_shared(room)) {
            return Ok(found);
        }
        let mark: NonNull<Mark> = shm::malloc(size)?.cast();
        // SAFETY: the new block has room for the mark.
        unsafe { mark.write(ptr::null_mut()) };
        // SAFETY: behind the mark comes the record.
        Ok(unsafe { mark.add(1) }.cast())
    }

    /// As [`Pool::take`], of a chunk; `room` is the size with the mark.
    fn take_shared(&self, room: usize) -> Option<NonNull<u8>> {
        let class = (room / STEP).checked_sub(1)?;
        let mut open = self.0.lock();
        let known = NonNull::new(*open.0.get(class)?);
        let mut place = match known {
            Some(known) => known,
            None => self.add_chunk(&mut open, class, room)?,
        };
        // SAFETY: chunks in the list are alive, and the lock is held.
        let chunk = unsafe { place.as_mut() };
        let mark = match NonNull::new(chunk.free) {
            Some(free) => {
                // SAFETY: the mark of a free record leads to the next.
                chunk.free = unsafe { free.read() }.cast();
                free
            }
            None => {
                let skip = size_of::<Chunk>() + chunk.used * room;
                chunk.used += 1;
                // SAFETY: a chunk in the list has room: fewer than all were ever in use.
                unsafe { place.byte_add(skip) }.cast()
            }
        };
        // SAFETY: a place in the chunk that nobody uses.
        unsafe { mark.write(place.as_ptr()) };
        chunk.live += 1;
        if chunk.live == RECORDS {
            open.leave(chunk);
        }
        // SAFETY: behind the mark comes the record.
        Some(unsafe { mark.add(1) }.cast())
    }

    fn add_chunk(&self, open: &mut Open, class: usize, room: usize) -> Option<NonNull<Chunk>> {
        let size = size_of::<Chunk>().checked_add(room.checked_mul(RECORDS)?)?;
        let mut place: NonNull<Chunk> = shm::malloc(size).ok()?.cast();
        let none = ptr::null_mut();
        let chunk = Chunk {
            pool: NonNull::from(&*self.0),
            class,
            next: none,
            previous: none,
            free: ptr::null_mut(),
            live: 0,
            used: 0,
        };
        // SAFETY: the new block has room for it.
        unsafe { place.write(chunk) };
        // SAFETY: written on the line above, and nobody else knows it.
        open.enter(unsafe { place.as_mut() });
        Some(place)
    }
}

impl Open {
    /// Puts `chunk` in front of those with room.
    fn enter(&mut self, chunk: &mut Chunk) {
        let Some(first) = self.0.get_mut(chunk.class) else { return };
        (chunk.next, chunk.previous) = (*first, ptr::null_mut());
        if let Some(mut next) = NonNull::new(*first) {
            // SAFETY: chunks in the list are alive, and the lock is held.
            unsafe { next.as_mut() }.previous = chunk;
        }
        *first = chunk;
    }

    /// Takes `chunk` out of those with room.
    fn leave(&mut self, chunk: &mut Chunk) {
        if let Some(mut next) = NonNull::new(chunk.next) {
            // SAFETY: chunks in the list are alive, and the lock is held.
            unsafe { next.as_mut() }.previous = chunk.previous;
        }
        if let Some(mut previous) = NonNull::new(chunk.previous) {
            // SAFETY: as above.
            unsafe { previous.as_mut() }.next = chunk.next;
        } else if let Some(first) = self.0.get_mut(chunk.class) {
            *first = chunk.next;
        }
    }
}

/// Gives back what [`Pool::take`] gave.
///
/// # Safety
///
/// Nobody uses it any more, and the pool is still there.
pub(crate) unsafe fn free<T>(record: NonNull<T>) {
    // SAFETY: the mark stands before the record.
    let mark: NonNull<Mark> = unsafe { record.cast::<Mark>().sub(1) };
    // SAFETY: as above.
    let Some(mut place) = NonNull::new(unsafe { mark.read() }) else {
        // SAFETY: a block of its own that starts with the mark.
        unsafe { sys::ks_shm_free(mark.as_ptr().cast()) };
        return;
    };
    // SAFETY: a chunk with records is alive; who its pool is stays.
    let pool = unsafe { (*place.as_ptr()).pool };
    // SAFETY: by the contract of this function.
    let mut open = unsafe { pool.as_ref() }.lock();
    // SAFETY: a chunk with records is alive, and the lock is held.
    let chunk = unsafe { place.as_mut() };
    // SAFETY: the record is free from here on, and so is its mark.
    unsafe { mark.write(chunk.free.cast()) };
    chunk.free = mark.as_ptr();
    if chunk.live == RECORDS {
        open.enter(chunk);
    }
    chunk.live -= 1;
    if chunk.live == 0 {
        open.leave(chunk);
        // SAFETY: no record is in it, and it is in no list.
        unsafe { sys::ks_shm_free(place.as_ptr().cast()) };
    }
}
