//! What was replaced or removed waits here until nobody can read it any more.
//!
//! Modules of C read records without the lock, and keep pointers to them while they hold it. So a
//! block stays for [`REST`] seconds after it was taken out; and for longer, while a process that was
//! inside this module when it was taken out is still there (a callback that waits, a query).
//! Nothing is allocated to bury a block: it holds the link of the list.

use core::{
    marker::PhantomData,
    ptr::NonNull,
    sync::atomic::{AtomicU32, Ordering},
};

/// Seconds that a block rests.
pub const REST: i64 = 5;

/// Seconds that a block rests when memory is short, or the graveyard full.
pub const SHORT_REST: i64 = 1;

/// Blocks of a full graveyard: some megabytes. Clients that come and go at full rate would else take
/// memory from the host, which cannot ask for it back.
const FULL: u32 = 4096;

/// A block to bury.
///
/// # Safety
///
/// The word of [`Buried::into_word`] is not 0 for a block that has a link, names the block in
/// every process, and [`Buried::link`] gives a place in it that nobody else uses from then on.
pub(crate) unsafe trait Buried: Copy {
    /// Block and kind as one word; 0: nothing.
    fn into_word(self) -> usize;

    /// What [`Buried::into_word`] gave.
    fn from_word(word: usize) -> Self;

    /// The place in the block for a link.
    fn link(self) -> Option<NonNull<usize>>;

    /// Frees the block.
    ///
    /// # Safety
    ///
    /// Nobody reads it any more.
    unsafe fn free(self);
}

/// What was buried within one second.
#[derive(Debug, Clone, Copy)]
struct Plot {
    second: i64,
    /// The turn of [`Visitors`] at which the last block came.
    turn: u32,
    first: usize,
}

/// More than the seconds of rest: a second must not come back to a plot that is still in use.
const PLOTS: usize = 16;

/// The blocks of a store that wait to be freed.
#[derive(Debug)]
pub(crate) struct Graveyard<G: Buried> {
    plots: [Plot; PLOTS],
    visitors: Visitors,
    latest: i64,
    /// How many blocks wait.
    buried: u32,
    kind: PhantomData<G>,
}

/// Processes that may read what is buried while they are here, by the turn in which they came.
#[derive(Debug)]
pub(crate) struct Visitors {
    turn: AtomicU32,
    inside: [AtomicU32; 2],
}

impl<G: Buried> Graveyard<G> {
    pub(crate) const fn new() -> Self {
        Self {
            plots: [Plot { second: i64::MIN, turn: 0, first: 0 }; PLOTS],
            visitors: Visitors {
                turn: AtomicU32::new(0),
                inside: [AtomicU32::new(0), AtomicU32::new(0)],
            },
            latest: i64::MIN,
            buried: 0,
            kind: PhantomData,
        }
    }

    /// Buries `grave` at `now`.
    pub(crate) fn bury(&mut self, grave: G, now: i64) {
        let Some(link) = grave.link() else { return };
        // A clock that was set back must not make blocks look older than they are.
        self.latest = self.latest.max(now);
        let turn = self.visitors.turn.load(Ordering::Acquire);
        let index = usize::try_from(self.latest.rem_euclid(16)).unwrap_or(0);
        let Some(plot) = self.plots.get_mut(index) else { return };
        // SAFETY: the place that the kind of the block has for this.
        unsafe { link.write(plot.first) };
        // Blocks of an older second in the same plot wait once more.
        *plot = Plot { second: self.latest, turn, first: grave.into_word() };
        self.buried = self.buried.saturating_add(1);
    }

    /// Frees up to `budget` blocks that have rested for `rest` seconds; gives what is left of it.
    pub(crate) fn clear(&mut self, now: i64, rest: i64, mut budget: u32) -> u32 {
        self.latest = self.latest.max(now);
        if self.buried == 0 {
            return budget;
        }
        let rest = if self.buried > FULL { rest.min(SHORT_REST) } else { rest };
        let (latest, turn) = (self.latest, self.visitors.turn.load(Ordering::Acquire));
        for plot in &mut self.plots {
            let rested = latest.saturating_sub(plot.second) >= rest;
            // Two turns on, everybody who was inside then has left.
            let left = turn.wrapping_sub(plot.turn) >= 2 || self.visitors.are_none();
            while plot.first != 0 && rested && left && budget > 0 {
                let grave = G::from_word(plot.first);
                let Some(link) = grave.link() else { break };
                // SAFETY: written when it was buried.
                plot.first = unsafe { link.read() };
                self.buried = self.buried.saturating_sub(1);
                budget -= 1;
                // SAFETY: it has rested, and nobody is inside who saw it.
                unsafe { grave.free() };
            }
        }
        budget
    }

    /// How many blocks wait.
    pub(crate) fn len(&self) -> u32 {
        self.buried
    }

    pub(crate) fn visitors(&self) -> &Visitors {
        &self.visitors
    }
}

impl<G: Buried> Drop for Graveyard<G> {
    fn drop(&mut self) {
        for plot in self.plots {
            let mut next = plot.first;
            while next != 0 {
                let grave = G::from_word(next);
                // SAFETY: written when it was buried.
                next = grave.link().map_or(0, |link| unsafe { link.read() });
                // SAFETY: the domain ends, when no other process is left.
                unsafe { grave.free() };
            }
        }
    }
}

impl Visitors {
    /// One more is inside; the number goes back to [`Visitors::leave`].
    pub(crate) fn enter(&self) -> u32 {
        let turn = self.turn.load(Ordering::Acquire);
        if let Some(inside) = self.inside.get(half(turn)) {
            inside.fetch_add(1, Ordering::AcqRel);
        }
        turn
    }

    pub(crate) fn leave(&self, turn: u32) {
        if let Some(inside) = self.inside.get(half(turn)) {
            inside.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Begins a new turn, if all have left who came in the turn before this one.
    pub(crate) fn next_turn(&self) {
        let turn = self.turn.load(Ordering::Acquire);
        let before = self.inside.get(half(turn.wrapping_add(1)));
        if before.is_some_and(|inside| inside.load(Ordering::Acquire) == 0) {
            self.turn.store(turn.wrapping_add(1), Ordering::Release);
        }
    }

    fn are_none(&self) -> bool {
        self.inside.iter().all(|inside| inside.load(Ordering::Acquire) == 0)
    }
}

fn half(turn: u32) -> usize {
    usize::from(turn % 2 == 1)
}
