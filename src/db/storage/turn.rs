//! Whose turn it is to write to an sqlite file, which takes one writer at a time and lets others
//! wait longer than they have to. Here they wait for their turn, and whoever has it writes what
//! all have changed meanwhile, in one transaction.

use crate::{Error, process, shared::Shared, timer};
use core::sync::atomic::{AtomicI64, AtomicU32, Ordering};

/// Seconds after which a process that did not come back has lost its turn.
const LEASE: i64 = 30;

crate::shm_struct! {
    #[derive(Debug)]
    struct State {
        /// Number of the process whose turn it is; 0: nobody's.
        holder: AtomicU32,
        /// Since when, in seconds since 1970.
        since: AtomicI64,
    }
}

/// Nothing in it where the database takes several writers.
#[derive(Debug)]
pub(super) struct Turns(Shared<State>);

impl Turns {
    pub(super) const fn new() -> Self {
        Self(Shared::empty())
    }

    /// To be called before the host forks, if there can be one writer only.
    pub(super) fn set_up(&self) -> Result<(), Error> {
        self.0.set(State { holder: AtomicU32::new(0), since: AtomicI64::new(0) })
    }

    /// To be called when no other process is left.
    pub(super) fn tear_down(&self) {
        drop(self.0.take());
    }

    /// Whether there can be one writer only.
    pub(super) fn are_taken(&self) -> bool {
        self.0.get().is_some()
    }

    /// Takes the turn; nothing if it is another process's.
    pub(super) fn take(&self) -> Option<Turn<'_>> {
        let Some(state) = self.0.get() else { return Some(Turn(self)) };
        let own = process::id();
        let swap = |from| {
            let order = Ordering::AcqRel;
            state.holder.compare_exchange(from, own, order, Ordering::Acquire).is_ok()
        };
        let holder = state.holder.load(Ordering::Acquire);
        let lost = holder != 0
            && timer::now() > state.since.load(Ordering::Relaxed).saturating_add(LEASE)
            && swap(holder);
        if !lost && !swap(0) {
            return None;
        }
        state.since.store(timer::now(), Ordering::Relaxed);
        Some(Turn(self))
    }
}

/// The turn of this process, until it is dropped.
#[derive(Debug)]
pub struct Turn<'t>(&'t Turns);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(state) = self.0.0.get() {
            let (own, order) = (process::id(), Ordering::AcqRel);
            // Somebody else's, if it was lost: then there is nothing to give back.
            let _ = state.holder.compare_exchange(own, 0, order, Ordering::Relaxed);
        }
    }
}
