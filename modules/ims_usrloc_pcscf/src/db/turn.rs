//! Whose turn it is to write to an sqlite file, which takes one writer at a time and lets others
//! wait longer than they have to. Here they wait for their turn, and whoever has it writes what
//! all have changed meanwhile, in one transaction.

use core::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use kamailio::{Error, shared::Shared, timer};

/// Seconds after which a process that did not come back has lost its turn.
const LEASE: i64 = 30;

kamailio::shm_struct! {
    #[derive(Debug)]
    struct Turn {
        /// Number of the process whose turn it is; 0: nobody's.
        holder: AtomicU32,
        /// Since when, in seconds since 1970.
        since: AtomicI64,
    }
}

/// Nothing where the database takes several writers.
static TURN: Shared<Turn> = Shared::empty();

/// To be called before the host forks, if there can be one writer only.
pub(super) fn set_up() -> Result<(), Error> {
    TURN.set(Turn { holder: AtomicU32::new(0), since: AtomicI64::new(0) })
}

/// To be called when no other process is left.
pub(super) fn tear_down() {
    drop(TURN.take());
}

/// The turn of this process, until it is dropped.
#[derive(Debug)]
pub(super) struct Mine(());

/// Takes the turn; nothing if it is another process's.
pub(super) fn take() -> Option<Mine> {
    let Some(turn) = TURN.get() else { return Some(Mine(())) };
    let own = std::process::id();
    let swap = |from| {
        let order = Ordering::AcqRel;
        turn.holder.compare_exchange(from, own, order, Ordering::Acquire).is_ok()
    };
    let holder = turn.holder.load(Ordering::Acquire);
    let lost = holder != 0
        && timer::now() > turn.since.load(Ordering::Relaxed).saturating_add(LEASE)
        && swap(holder);
    if !lost && !swap(0) {
        return None;
    }
    turn.since.store(timer::now(), Ordering::Relaxed);
    Some(Mine(()))
}

impl Drop for Mine {
    fn drop(&mut self) {
        if let Some(turn) = TURN.get() {
            let (own, order) = (std::process::id(), Ordering::AcqRel);
            // Somebody else's, if it was lost: then there is nothing to give back.
            let _ = turn.holder.compare_exchange(own, 0, order, Ordering::Relaxed);
        }
    }
}
