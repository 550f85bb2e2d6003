//! A lock that knows who holds it.
//!
//! Clients of C take it, and may forget it. So a process may take it again while it holds it, a
//! process that waits for long says for whom, and at last takes the lock over, but never while
//! the holder is at work inside the store.

mod watch;

use crate::{process, sync, timer};
use core::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::{thread, time::Duration};
use watch::{Seen, Watch};

/// Tries before a waiter lets others run, and before it sleeps.
const SPINS: u32 = 256;
const YIELDS: u32 = 64;

/// The shortest and the longest sleep between two tries.
const NAP: Duration = Duration::from_micros(50);
const LONG_NAP: Duration = Duration::from_micros(200);

/// The process has the state in hand: the lowest bit of the owner.
const IN_HAND: u64 = 1;

/// Nobody has the lock.
const FREE: u64 = 0;

/// A lock that a process may take again while it holds it.
#[derive(Debug)]
pub(crate) struct OwnedLock {
    /// The lock itself, and who has it: [`FREE`], or the number of the process in the system in the
    /// upper half, and its number among those of the server, times two, with [`IN_HAND`] in the lower
    /// one. So who takes it is known from the same moment on, also when it dies in the next one.
    owner: AtomicU64,
    /// How often that process took it.
    depth: AtomicU32,
    /// Counts the times that it was taken, so that a waiter knows one holder from the next.
    turn: AtomicU32,
    /// What the holder took it for: a number that the store has a name for.
    call: AtomicU32,
    /// When somebody first waited for the holder or asked for it, in seconds since 1970; 0: nobody
    /// has. Who takes the lock does not ask for the time, which would cost more than the rest.
    since: AtomicI64,
    waits: AtomicU32,
    takeovers: AtomicU32,
    names: &'static [&'static str],
}

/// Who holds a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// The number of the process among those of the server, from 1 on.
    pub process: u32,
    /// Its number in the system.
    pub pid: u32,
    /// The call that took the lock first.
    pub call: &'static str,
    /// Whether the process is at work inside the store, and not a client of C.
    pub inside: bool,
    /// When somebody first waited for it or asked who holds it, in seconds since 1970: the lock is
    /// held at least since then.
    pub since: i64,
}

/// What this process writes as the owner.
fn mine() -> u64 {
    (u64::from(process::id()) << 32) | (u64::from(process::number()) << 1)
}

/// The numbers of an owner: among the processes of the server, and in the system.
fn numbers(owner: u64) -> (u32, u32) {
    let half = |half: u64| u32::try_from(half).unwrap_or(0);
    (half(owner & u64::from(u32::MAX)) >> 1, half(owner >> 32))
}

impl OwnedLock {
    /// A free lock. `names` says what [`OwnedLock::enter`] is called for, by number; the first
    /// one is that of the store itself.
    pub(crate) const fn new(names: &'static [&'static str]) -> Self {
        Self {
            owner: AtomicU64::new(FREE),
            depth: AtomicU32::new(0),
            turn: AtomicU32::new(0),
            call: AtomicU32::new(0),
            since: AtomicI64::new(0),
            waits: AtomicU32::new(0),
            takeovers: AtomicU32::new(0),
            names,
        }
    }

    /// Whether this process holds the lock.
    pub(crate) fn is_mine(&self) -> bool {
        // Only this process writes its own number, so what it reads of that is never old. Another
        // one may take the lock over, and then it is not this one's any more.
        numbers(self.owner.load(Ordering::Relaxed)).0 == process::number()
    }

    /// Takes the lock for `call`, or takes it once more; whether this process has it now, which it
    /// has not if the holder has died at work inside the store.
    pub(crate) fn enter(&self, call: u32) -> bool {
        if self.is_mine() {
            self.depth.fetch_add(1, Ordering::Relaxed);
            return true;
        }
        self.enter_at(1, call)
    }

    /// Takes the lock as if it had been taken `depth` times.
    pub(crate) fn enter_at(&self, depth: u32, call: u32) -> bool {
        self.take(Taken { depth, call, hand: 0 })
    }

    /// Takes the lock for `call` with the state that it guards in hand: as [`OwnedLock::enter`] and then
    /// [`OwnedLock::take_in_hand`], but in one step where this process does not have the lock yet.
    pub(crate) fn enter_in_hand(&self, call: u32) -> Entered {
        // If somebody takes the lock over meanwhile, it is taken anew.
        while self.is_mine() {
            self.depth.fetch_add(1, Ordering::Relaxed);
            if self.take_in_hand() {
                return Entered::Again;
            }
            if self.is_mine() {
                self.leave();
                return Entered::Busy;
            }
        }
        if self.take(Taken { depth: 1, call, hand: IN_HAND }) {
            Entered::First
        } else {
            Entered::Lost
        }
    }

    /// Ends [`OwnedLock::enter_in_hand`] and gives the lock back once.
    pub(crate) fn leave_hand(&self) {
        // Nobody takes the lock over from a process that has the state in hand, so nothing here can
        // meet another owner.
        let depth = self.depth.load(Ordering::Relaxed);
        if depth > 1 {
            self.depth.store(depth - 1, Ordering::Relaxed);
            self.lay_down();
            return;
        }
        sync::lock_given_back();
        self.owner.store(FREE, Ordering::Release);
    }

    fn take(&self, taken: Taken) -> bool {
        self.own(FREE, taken) || self.wait(taken)
    }

    /// As [`OwnedLock::own`] of a free lock, for who tries again and again: looks before it writes.
    fn try_take(&self, taken: Taken) -> bool {
        self.owner.load(Ordering::Relaxed) == FREE && self.own(FREE, taken)
    }

    /// Becomes the owner in the place of `from`, whose the lock was.
    fn own(&self, from: u64, taken: Taken) -> bool {
        let (new, order) = (mine() | taken.hand, Ordering::AcqRel);
        if self.owner.compare_exchange(from, new, order, Ordering::Relaxed).is_err() {
            return false;
        }
        sync::lock_taken();
        if taken.hand == 0 {
            self.turn.fetch_add(1, Ordering::Relaxed);
        } else {
            // Nobody takes the lock over from here on, so nobody else counts.
            self.turn.store(self.turn.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        }
        self.depth.store(taken.depth, Ordering::Relaxed);
        self.call.store(taken.call, Ordering::Relaxed);
        self.since.store(0, Ordering::Relaxed);
        true
    }

    /// Gives the lock back once; whether it is free now. Does nothing if this process has it not.
    pub(crate) fn leave(&self) -> bool {
        if !self.is_mine() {
            return false;
        }
        if self.depth.load(Ordering::Relaxed) > 1 {
            self.depth.fetch_sub(1, Ordering::Relaxed);
            return false;
        }
        self.leave_all() > 0
    }

    /// Gives the lock back; how often this process had taken it.
    pub(crate) fn leave_all(&self) -> u32 {
        let (old, order) = (mine(), Ordering::AcqRel);
        let depth = self.depth.load(Ordering::Relaxed);
        // Whoever has taken it over gives it back.
        if self.owner.compare_exchange(old, FREE, order, Ordering::Relaxed).is_err() {
            return 0;
        }
        sync::lock_given_back();
        depth.max(1)
    }

    /// Takes the state in hand, which the lock guards, for this process, which holds it: false if
    /// it has it in hand already, or if the lock was taken over.
    pub(crate) fn take_in_hand(&self) -> bool {
        let (old, order) = (mine(), Ordering::AcqRel);
        self.owner.compare_exchange(old, old | IN_HAND, order, Ordering::Relaxed).is_ok()
    }

    /// Ends [`OwnedLock::take_in_hand`].
    pub(crate) fn lay_down(&self) {
        self.owner.store(mine(), Ordering::Release);
    }

    /// How often this process has taken the lock and not given it back.
    pub(crate) fn depth(&self) -> u32 {
        if self.is_mine() { self.depth.load(Ordering::Relaxed) } else { 0 }
    }

    /// Who holds it now.
    pub(crate) fn holder(&self) -> Option<Holder> {
        let owner = self.owner.load(Ordering::Acquire);
        let (process, pid) = numbers(owner);
        (owner != FREE).then(|| Holder {
            process,
            pid,
            call: self.name(self.call.load(Ordering::Relaxed)),
            inside: owner & IN_HAND != 0,
            since: self.stamp(),
        })
    }

    /// When the holder was first noticed.
    fn stamp(&self) -> i64 {
        let now = timer::now();
        let known = self.since.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
        known.map_or_else(|since| since, |_| now)
    }

    /// How often somebody waited for longer than a second.
    pub(crate) fn waits(&self) -> u32 {
        self.waits.load(Ordering::Relaxed)
    }

    /// How often a client had forgotten it.
    pub(crate) fn takeovers(&self) -> u32 {
        self.takeovers.load(Ordering::Relaxed)
    }

    fn name(&self, call: u32) -> &'static str {
        let at = usize::try_from(call).unwrap_or(0);
        self.names.get(at).copied().unwrap_or("?")
    }

    fn wait(&self, taken: Taken) -> bool {
        for tried in 0..SPINS + YIELDS {
            if self.try_take(taken) {
                return true;
            }
            if tried < SPINS { core::hint::spin_loop() } else { thread::yield_now() }
        }
        self.stamp();
        let mut watch = Watch::new(self.turn.load(Ordering::Relaxed));
        let mut nap = NAP;
        loop {
            if self.try_take(taken) {
                return true;
            }
            match watch.look(self) {
                Seen::Patience => thread::sleep(nap),
                Seen::Forgotten(owner) => {
                    if self.own(owner, taken) {
                        self.takeovers.fetch_add(1, Ordering::Relaxed);
                        return true;
                    }
                }
                Seen::Lost => return false,
            }
            nap = (nap * 2).min(LONG_NAP);
        }
    }
}

/// How the lock is taken.
#[derive(Clone, Copy)]
struct Taken {
    /// How often it counts.
    depth: u32,
    call: u32,
    /// [`IN_HAND`], or 0.
    hand: u64,
}

/// What came of [`OwnedLock::enter_in_hand`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entered {
    /// This process has the lock, which it had not, and the state in hand.
    First,
    /// It had the lock, and has the state in hand now.
    Again,
    /// It had the state in hand already; all is as before.
    Busy,
    /// It has not the lock: the holder has died at work inside the store.
    Lost,
}
