//! The memory of the host.

use core::ffi::{CStr, c_ulong, c_void};
use kamailio_sys as sys;

/// The memory managers of the host, by the names that its option `-x` takes.
pub const MANAGERS: [&CStr; 3] = [c"qm", c"fm", c"tlsf"];

/// How much memory of either kind there is, in bytes: little enough to fill it up in a moment.
pub const SHARED: usize = 16 << 20;

/// Sets the host up as its main function does before it loads modules.
///
/// # Panics
///
/// If the host refuses.
///
/// # Safety
///
/// Once per process, and the process has one thread.
pub unsafe fn start(manager: &CStr) {
    let size = c_ulong::try_from(SHARED).unwrap();
    let name = manager.as_ptr().cast_mut();
    // SAFETY: nobody reads the size before the pool is made.
    unsafe { sys::shm_mem_size = size };
    // SAFETY: as above.
    unsafe { sys::pkg_mem_size = size };
    // SAFETY: as above.
    unsafe { sys::log_stderr = 1 };
    // Below what the parser says of each broken message, and the managers of each full pool.
    // SAFETY: sets a number of this process.
    unsafe { sys::set_local_debug_level(-4) };
    // SAFETY: the first call into this part of the host.
    assert_eq!(unsafe { sys::ksr_hname_init_index() }, 0, "the index of header names");
    // SAFETY: the name is one of a manager, and there is no pool yet.
    assert_eq!(unsafe { sys::pkg_init_manager(name) }, 0, "the pool of private memory");
    // SAFETY: as above.
    assert_eq!(unsafe { sys::shm_init_manager(name) }, 0, "the pool of shared memory");
}

/// How many bytes of shared memory are given out, without what the manager needs for itself.
///
/// # Panics
///
/// Before [`start`].
#[must_use]
pub fn used() -> u64 {
    counts().used_size
}

/// As [`used`], with what the manager needs for itself.
///
/// # Panics
///
/// Before [`start`].
#[must_use]
pub fn really_used() -> u64 {
    counts().real_used
}

fn counts() -> sys::mem_info {
    // SAFETY: the table of functions is written by `start` and never again.
    let api = unsafe { sys::_shm_root };
    // SAFETY: the pool that belongs to the function.
    unsafe { told(api.xinfo, api.mem_block) }
}

/// The counts of private memory.
///
/// # Panics
///
/// Before [`start`].
#[must_use]
pub fn private() -> sys::mem_info {
    // SAFETY: the table of functions is written by `start` and never again.
    let api = unsafe { sys::_pkg_root };
    // SAFETY: the pool that belongs to the function.
    unsafe { told(api.xinfo, api.mem_block) }
}

/// Whether the manager looks through lists of sizes one by one.
#[must_use]
pub fn walks() -> bool {
    // SAFETY: the table of functions is written by `start` and never again.
    let name = unsafe { sys::_pkg_root.mname };
    // SAFETY: a constant text of the host.
    let name = unsafe { CStr::from_ptr(name) };
    name == c"q_malloc"
}

type Tell = unsafe extern "C" fn(*mut c_void, *mut sys::mem_info);

/// # Safety
///
/// `pool` is the one that `tell` belongs to.
unsafe fn told(tell: Option<Tell>, pool: *mut c_void) -> sys::mem_info {
    let tell = tell.expect("every manager tells");
    // SAFETY: a struct of counts.
    let mut counts: sys::mem_info = unsafe { core::mem::zeroed() };
    // SAFETY: by the contract of this function.
    unsafe { tell(pool, &raw mut counts) };
    counts
}
