//! The lock of a domain: it knows who holds it.

use crate::sync::HostLock;
use core::sync::atomic::{AtomicU32, Ordering};
use kamailio_sys as sys;
use lock_api::RawMutex;

/// A lock that a process may take again while it holds it.
#[derive(Debug)]
pub(super) struct OwnedLock {
    lock: HostLock,
    /// The process that holds it; 0: nobody.
    owner: AtomicU32,
    /// How often that process took it.
    depth: AtomicU32,
}

/// The number of this process among those of the server, from 1 on.
fn me() -> u32 {
    // SAFETY: written when the process is forked and never again.
    let number = unsafe { sys::process_no };
    u32::try_from(number).unwrap_or(0).saturating_add(1)
}

impl OwnedLock {
    pub(super) const fn new() -> Self {
        Self { lock: HostLock::INIT, owner: AtomicU32::new(0), depth: AtomicU32::new(0) }
    }

    /// Whether this process holds the lock.
    pub(super) fn is_mine(&self) -> bool {
        // Only this process writes its own number, so what it reads of that is never old.
        self.owner.load(Ordering::Relaxed) == me()
    }

    /// Takes the lock, or takes it once more.
    pub(super) fn enter(&self) {
        if self.is_mine() {
            self.depth.fetch_add(1, Ordering::Relaxed);
        } else {
            self.enter_at(1);
        }
    }

    /// Takes the lock as if it had been taken `depth` times.
    pub(super) fn enter_at(&self, depth: u32) {
        self.lock.lock();
        self.owner.store(me(), Ordering::Relaxed);
        self.depth.store(depth, Ordering::Relaxed);
    }

    /// Gives the lock back once; whether it is free now. Does nothing if this process has it not.
    pub(super) fn leave(&self) -> bool {
        if !self.is_mine() {
            return false;
        }
        if self.depth.fetch_sub(1, Ordering::Relaxed) > 1 {
            return false;
        }
        self.leave_all();
        true
    }

    /// Gives the lock back; how often this process had taken it.
    pub(super) fn leave_all(&self) -> u32 {
        if !self.is_mine() {
            return 0;
        }
        let depth = self.depth.swap(0, Ordering::Relaxed);
        self.owner.store(0, Ordering::Relaxed);
        // SAFETY: this process holds the lock.
        unsafe { self.lock.unlock() };
        depth.max(1)
    }
}
