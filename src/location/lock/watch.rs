//! What a process does while it waits for the lock: it says for whom, and finds out whether the holder
//! has forgotten it or has died.

use super::{FREE, Holder, IN_HAND, OwnedLock, numbers};
use crate::{log::Level, process};
use core::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// A waiter says after this time for whom it waits.
const TOLD: Duration = Duration::from_secs(1);

/// A client of C that has held the lock for so long has forgotten it.
const FORGOTTEN: Duration = Duration::from_secs(5);

/// What a waiter has seen so far.
pub(super) struct Watch {
    turn: u32,
    since: Instant,
    told: bool,
    told_again: bool,
}

pub(super) enum Seen {
    /// Go on waiting.
    Patience,
    /// The holder, a client of C, has forgotten the lock: its owner word.
    Forgotten(u64),
    /// The holder has died with the state in hand.
    Lost,
}

impl Watch {
    pub(super) fn new(turn: u32) -> Self {
        Self { turn, since: Instant::now(), told: false, told_again: false }
    }

    pub(super) fn look(&mut self, lock: &OwnedLock) -> Seen {
        let turn = lock.turn.load(Ordering::Relaxed);
        if turn != self.turn {
            *self = Self::new(turn);
        }
        let waited = self.since.elapsed();
        if waited < TOLD {
            return Seen::Patience;
        }
        let owner = lock.owner.load(Ordering::Acquire);
        let holder = lock.holder();
        let store = lock.name(0);
        if !self.told {
            self.told = true;
            lock.waits.fetch_add(1, Ordering::Relaxed);
            tell(store, Level::Warning, holder, waited, "waits for it");
        }
        // Who waits for a free lock is only slower than others.
        if waited < FORGOTTEN || owner == FREE {
            return Seen::Patience;
        }
        if owner & IN_HAND == 0 {
            tell(store, Level::Critical, holder, waited, "takes it over");
            return Seen::Forgotten(owner);
        }
        let gone = !std::path::Path::new("/proc").join(numbers(owner).1.to_string()).exists();
        if gone || !self.told_again {
            self.told_again = true;
            let what = if gone { "gives up: the holder is dead" } else { "goes on waiting" };
            tell(store, Level::Critical, holder, waited, what);
        }
        if gone { Seen::Lost } else { Seen::Patience }
    }
}

fn tell(store: &str, level: Level, holder: Option<Holder>, waited: Duration, what: &str) {
    let seconds = waited.as_secs();
    match holder {
        Some(Holder { process, pid, call, inside, .. }) => {
            let inside = if inside { "at work inside the store" } else { "a client" };
            crate::log::write(
                level,
                format_args!(
                    "{store}: the lock is held by process {process} (pid {pid}) since {call}, \
                     {inside}; after {seconds} s process {} {what}",
                    process::number()
                ),
            );
        }
        None => crate::log::write(
            level,
            format_args!(
                "{store}: the lock is held by nobody; after {seconds} s process {} {what}",
                process::number()
            ),
        ),
    }
}
