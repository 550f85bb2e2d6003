//! Locks between the processes of the host.

use core::{cell::UnsafeCell, fmt};
use kamailio_sys as sys;
use lock_api::{GuardNoSend, RawMutex};

/// The lock of the host: works in shared memory, knows no owner, does not nest.
#[repr(transparent)]
pub struct HostLock(UnsafeCell<sys::gen_lock_t>);

// SAFETY: the word inside is only touched by the atomic operations of the host.
unsafe impl Send for HostLock {}
// SAFETY: as for `Send`.
unsafe impl Sync for HostLock {}

// SAFETY: between get and release the host lets no other process and no second call in.
unsafe impl RawMutex for HostLock {
    // SAFETY: in the builds that the shim accepts, a lock is words for which any value is valid.
    const INIT: Self = Self(UnsafeCell::new(unsafe { core::mem::zeroed() }));

    type GuardMarker = GuardNoSend;

    fn lock(&self) {
        // SAFETY: `INIT` is a free lock (checked in the shim) and nothing destroys it.
        unsafe { sys::ks_lock_get(self.0.get()) };
        held::add();
    }

    fn try_lock(&self) -> bool {
        // SAFETY: as in `lock`.
        let locked = unsafe { sys::ks_lock_try(self.0.get()) == 0 };
        if locked {
            held::add();
        }
        locked
    }

    unsafe fn unlock(&self) {
        held::sub();
        // SAFETY: the caller holds the lock, by the contract of this function.
        unsafe { sys::ks_lock_release(self.0.get()) };
    }
}

impl fmt::Debug for HostLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostLock")
    }
}

/// A value in shared memory that one process at a time may use.
pub type Mutex<T> = lock_api::Mutex<HostLock, T>;

/// Panics in a debug build if this process holds a [`HostLock`].
///
/// For calls that may come back into a module or take long: sending, transactions, databases. The
/// lock of the host does not nest, so coming back while holding it would stop this process for
/// ever, and every other that wants the lock.
pub fn assert_unlocked() {
    held::assert_none();
}

/// Counts a lock that another module keeps for this process among those of [`assert_unlocked`].
pub(crate) fn lock_taken() {
    held::add();
}

/// Takes back what [`lock_taken`] counted.
pub(crate) fn lock_given_back() {
    held::sub();
}

#[cfg(debug_assertions)]
mod held {
    use core::sync::atomic::{AtomicU32, Ordering};

    /// The locks that this process holds; a process of the host has one thread.
    static HELD: AtomicU32 = AtomicU32::new(0);

    pub(super) fn add() {
        HELD.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn sub() {
        HELD.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn assert_none() {
        let held = HELD.load(Ordering::Relaxed);
        assert!(held == 0, "a call that may come back or wait, while holding {held} locks");
    }
}

#[cfg(not(debug_assertions))]
mod held {
    pub(super) const fn add() {}
    pub(super) const fn sub() {}
    pub(super) const fn assert_none() {}
}
