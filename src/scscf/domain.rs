//! A domain of identities, as C names it.

use crate::{Error, Result, shm, text};
use core::{
    ffi::c_int,
    fmt,
    mem::offset_of,
    ptr::{self, NonNull},
};
use kamailio_sys::{self as core_sys, scscf as sys};

/// The most domains of a server.
pub const DOMAINS_MAX: usize = 256;

/// The structs that C reads, the first one being what it names the domain by. The text of the name
/// stands behind them, with a zero byte behind it: C prints it.
#[repr(C)]
pub(super) struct Block {
    c: sys::udomain,
    slot: sys::hslot,
    name: core_sys::str_,
    index: usize,
}

/// A domain of identities. It stays until the server ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Domain(NonNull<Block>);

// SAFETY: a block of shared memory that is not changed once it is made.
unsafe impl Send for Domain {}
// SAFETY: as above.
unsafe impl Sync for Domain {}
// SAFETY: as above, at the same address in all processes.
unsafe impl shm::ShmSafe for Domain {}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Domain").field(&bstr::BStr::new(self.name())).finish()
    }
}

impl Domain {
    pub(super) fn try_new(name: &[u8], size: i32, index: usize) -> Result<Self> {
        if name.contains(&0) {
            return Err(Error::Core { call: "register_udomain", code: -1 });
        }
        let len = c_int::try_from(name.len()).map_err(|_| Error::OutOfShm)?;
        let text = [name, &[0]].concat();
        let room = size_of::<Block>().checked_add(text.len()).ok_or(Error::OutOfShm)?;
        let start = shm::malloc(room)?;
        let block: NonNull<Block> = start.cast();
        // SAFETY: a new block; the structs are numbers and addresses, for which zeroes are none.
        unsafe { block.write_bytes(0, 1) };
        // SAFETY: the block has room for the text behind the structs.
        let behind = unsafe { start.add(size_of::<Block>()) };
        // SAFETY: as above, and nobody else has the block.
        unsafe { behind.copy_from_nonoverlapping(NonNull::from(&*text).cast(), text.len()) };
        let mut place = block;
        // SAFETY: written above.
        let own = unsafe { place.as_mut() };
        own.index = index;
        own.name = core_sys::str_ { s: behind.as_ptr().cast(), len };
        own.c.name = &raw mut own.name;
        own.c.size = size;
        own.c.table = &raw mut own.slot;
        own.slot.d = block.as_ptr().cast();
        Ok(Self(block))
    }

    fn block(&self) -> &'static Block {
        // SAFETY: domains stay until the server ends, and nothing writes to them.
        unsafe { self.0.as_ref() }
    }

    /// The name.
    pub fn name(&self) -> &'static [u8] {
        // SAFETY: the text lies in the block, and nothing writes to it.
        unsafe { text::bytes(self.block().name) }.unwrap_or_default()
    }

    /// Its number, from 0 on and below [`DOMAINS_MAX`].
    pub fn index(&self) -> usize {
        self.block().index
    }

    /// The number of slots that it shows.
    pub fn size(&self) -> i32 {
        self.block().c.size
    }

    /// The domain as C names it.
    pub(super) fn raw(self) -> *mut sys::udomain {
        self.0.as_ptr().cast()
    }

    /// The name, for records.
    pub(super) fn name_ptr(self) -> *mut core_sys::str_ {
        self.at(offset_of!(Block, name)).cast()
    }

    /// The slot that all its records are in.
    pub(super) fn slot(self) -> *mut sys::hslot {
        self.at(offset_of!(Block, slot)).cast()
    }

    fn at(self, place: usize) -> *mut u8 {
        // SAFETY: a place inside the block.
        unsafe { self.0.cast::<u8>().add(place) }.as_ptr()
    }

    pub(super) fn block_ptr(self) -> *mut Block {
        self.0.as_ptr()
    }

    pub(super) fn from_block(block: *mut Block) -> Option<Self> {
        NonNull::new(block).map(Self)
    }

    /// The domain whose name is at `name`, as records have it.
    pub(super) fn of_name(name: *mut core_sys::str_) -> Option<Self> {
        let start = name.cast::<u8>().wrapping_sub(offset_of!(Block, name));
        NonNull::new(name).and_then(|_| NonNull::new(start.cast())).map(Self)
    }

    /// Gives the block back.
    ///
    /// # Safety
    ///
    /// Nobody uses the domain any more.
    pub(super) unsafe fn free(self) {
        // SAFETY: by the contract of this function.
        unsafe { crate::location::block::free(self.0) };
    }
}

/// Nobody's domain, in a list of places.
pub(super) const NONE: *mut Block = ptr::null_mut();
