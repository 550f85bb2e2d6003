//! Private memory of a process.

use crate::{module::Rank, process};
use core::{
    ffi::{CStr, c_ulong, c_void},
    iter,
    ptr::NonNull,
    sync::atomic::{AtomicU32, Ordering},
};
use kamailio_sys as sys;

/// The manager that is the default of Kamailio.
const QM: &CStr = c"q_malloc";

/// Bytes of the holes, and how many of each: what a message with its headers, its changes and its
/// copy to be sent needs at the same time.
const HOLES: [(usize, usize); 4] = [(256, 32), (640, 12), (2_048, 4), (4_096, 2)];

/// Bytes of a block that stays between two holes: as many as of the smallest ones. The manager cuts
/// both from the same free block then, one behind the other, until that is used up.
const STAYS: usize = 256;

/// Private memory is left alone if less is free: the holes take a twentieth of this.
const ENOUGH: c_ulong = 1 << 20;

/// The process that has its holes.
static PREPARED: AtomicU32 = AtomicU32::new(0);

/// Has the default memory manager find small blocks sooner in a process that handles messages. To be called
/// in each process when it starts.
///
/// `qm` keeps a list for each sixteen bytes of size, a thousand or two of them, and looks through them
/// one by one from the wanted size on until one is not empty. Between two messages next to all private memory
/// is one free block, so each header field is paid for with a walk through all lists. This leaves
/// holes of some small sizes between blocks that stay, which the walk meets early, and which are the
/// same after each message. In each process 18 kB stay in use and 32 kB lie free in such pieces, of 8 MB. The other
/// managers have no such walk and are left alone.
pub fn prepare(rank: Rank) {
    let handles_messages = rank.is_worker() || rank == Rank::TIMER;
    if !handles_messages
        || !walks()
        || PREPARED.swap(process::id(), Ordering::Relaxed) == process::id()
    {
        return;
    }
    // SAFETY: asks the manager of this process.
    if unsafe { sys::ks_pkg_available() } < ENOUGH {
        return;
    }
    let sizes = HOLES.into_iter().flat_map(|(size, count)| iter::repeat_n(size, count));
    let holes: Vec<_> = sizes.filter_map(hole).collect();
    for block in holes {
        // SAFETY: `hole` took it, and nobody else has it.
        unsafe { sys::ks_pkg_free(block.as_ptr()) };
    }
}

/// Whether the manager of private memory is the one that walks.
fn walks() -> bool {
    // SAFETY: written before modules are loaded, and never again.
    let name = unsafe { sys::_pkg_root.mname };
    // SAFETY: null, or a constant text of the core.
    !name.is_null() && unsafe { CStr::from_ptr(name) } == QM
}

/// A block of `size` bytes, and behind it one that stays, so that the first one is a hole of its own when it
/// is free.
fn hole(size: usize) -> Option<NonNull<c_void>> {
    let block = take(size)?;
    let _stays = take(STAYS);
    Some(block)
}

fn take(size: usize) -> Option<NonNull<c_void>> {
    let size = c_ulong::try_from(size).ok()?;
    // SAFETY: a block, or null.
    NonNull::new(unsafe { sys::ks_pkg_malloc(size) })
}
