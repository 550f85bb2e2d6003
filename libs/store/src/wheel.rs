//! A hierarchical timing wheel: what is due costs time, what is stored does not.
//!
//! The wheel owns only its spokes. What it turns has a [`Timer`] inside, reached by a number
//! through [`Timers`], so scheduling asks for no memory and cannot fail.
//!
//! Time may jump. Forward, empty spokes are skipped by bit masks. Backward, the wheel goes on
//! in its own time, which never goes back, and counts the difference: what was scheduled before
//! comes by early once and is put where it belongs. In any case a number is handed out when its due
//! time has come by the clock of the caller, neither earlier nor twice.

use crate::slab::Slab;
use allocator_api2::alloc::Allocator;
use core::fmt;

const BITS: u32 = 6;
const SLOTS: usize = 1 << BITS;
/// Enough levels for all 64 bits of time.
const LEVELS: usize = 11;
/// The highest bit of a link says that it leads to a spoke.
const SPOKE: u32 = 1 << 31;
const NONE: u32 = u32::MAX;

/// What a thing has inside that a wheel turns: 12 bytes.
#[derive(Clone, Copy, Debug)]
pub struct Timer {
    /// Seconds since 1970.
    due: u32,
    /// Neighbours in the spoke; `NONE` as `prev` if it is not scheduled.
    prev: u32,
    next: u32,
}

impl Timer {
    /// A timer that is not scheduled.
    pub const IDLE: Self = Self { due: 0, prev: NONE, next: NONE };

    /// Whether the timer is scheduled.
    pub fn is_scheduled(&self) -> bool {
        self.prev != NONE
    }
}

/// Gives a wheel its timers.
pub trait Timers {
    /// The timer of the thing `index`, below 2 to the power of 31, if there is such a thing.
    fn timer(&mut self, index: u32) -> Option<&mut Timer>;
}

/// A thing with a timer; in a [`Slab`] it can be put on a wheel.
pub trait Timed {
    /// Its timer.
    fn timer(&mut self) -> &mut Timer;
}

impl<T: Timed, A: Allocator> Timers for Slab<T, A> {
    fn timer(&mut self, index: u32) -> Option<&mut Timer> {
        self.at_mut(index).map(Timed::timer)
    }
}

#[derive(Clone, Copy)]
struct Spoke {
    first: u32,
    last: u32,
}

const EMPTY: Spoke = Spoke { first: NONE, last: NONE };

/// The spokes: 6 kB, no memory beyond that.
pub struct Wheel {
    spokes: [[Spoke; SLOTS]; LEVELS],
    /// Which spokes of a level are not empty.
    taken: [u64; LEVELS],
    /// How far the wheel has turned, in its own seconds; never goes back.
    turned: u64,
    /// What is to be added to the time of the clock for the wheel's own time.
    offset: u64,
}

/// `time` as a wheel keeps it: from 1970 until 2106.
fn seconds(time: i64) -> u32 {
    u32::try_from(time.clamp(0, i64::from(u32::MAX))).unwrap_or(u32::MAX)
}

impl Wheel {
    /// An empty wheel at the time `now`, in seconds since 1970. Due times after the year 2106 are
    /// taken as that year.
    pub fn new(now: i64) -> Self {
        Self {
            spokes: [[EMPTY; SLOTS]; LEVELS],
            taken: [0; LEVELS],
            turned: u64::from(seconds(now)),
            offset: 0,
        }
    }

    /// Hands out `index` at `due`, in seconds by the clock of the caller. A number that was
    /// scheduled before is moved.
    pub fn schedule(&mut self, timers: &mut impl Timers, index: u32, due: i64) {
        self.cancel(timers, index);
        let due = seconds(due);
        if let Some(timer) = timers.timer(index) {
            timer.due = due;
            self.place(timers, index, due);
        }
    }

    /// Forgets `index`.
    pub fn cancel(&mut self, timers: &mut impl Timers, index: u32) {
        let Some(timer) = timers.timer(index).filter(|timer| timer.is_scheduled()) else { return };
        let Timer { due, prev, next } = *timer;
        *timer = Timer { due, ..Timer::IDLE };
        let spoke = [prev, next].into_iter().find(|link| link & SPOKE != 0);
        self.join(timers, prev, next);
        // Both neighbours are spokes: it was the only one.
        if prev & SPOKE != 0
            && next & SPOKE != 0
            && let Some((level, slot)) = spoke.and_then(where_is)
            && let Some(taken) = self.taken.get_mut(level)
        {
            *taken &= !(1 << slot);
        }
    }

    /// When `timer` is due, if it is scheduled.
    pub fn due(timer: &Timer) -> Option<i64> {
        timer.is_scheduled().then(|| i64::from(timer.due))
    }

    /// Hands out one number that is due at `now`; it is not scheduled any more.
    ///
    /// `budget` bounds the work: it goes down by one for each number that is handed out or moved.
    /// Nothing is due any more, or the budget is used up, when nothing comes back.
    pub fn pop(&mut self, timers: &mut impl Timers, now: i64, budget: &mut u32) -> Option<u32> {
        let now = seconds(now);
        let own = u64::from(now) + self.offset;
        if own < self.turned {
            self.offset += self.turned - own;
        }
        let until = u64::from(now) + self.offset;
        while *budget > 0 {
            let Some((level, slot, begin)) = self.next_spoke() else {
                self.turned = until;
                return None;
            };
            if begin > until {
                self.turned = until;
                return None;
            }
            self.turned = self.turned.max(begin);
            let Some(index) = self.take_first(timers, level, slot) else { continue };
            *budget -= 1;
            let Some(timer) = timers.timer(index) else { continue };
            let due = timer.due;
            if due <= now {
                return Some(index);
            }
            self.place(timers, index, due);
        }
        None
    }

    /// The earliest spoke with something in it, and when it begins.
    fn next_spoke(&self) -> Option<(usize, usize, u64)> {
        // The first of each level; one that was not emptied for lack of budget begins before the
        // lower ones that its timers moved to.
        let firsts = self.taken.iter().zip(0_u32..).filter_map(|(taken, level)| {
            let shift = BITS * level;
            let upper = match shift + BITS {
                64.. => 0,
                above => self.turned >> above << above,
            };
            let slot = (*taken != 0).then(|| taken.trailing_zeros())?;
            let begin = upper | u64::from(slot) << shift;
            Some((usize::try_from(level).ok()?, usize::try_from(slot).ok()?, begin))
        });
        firsts.min_by_key(|(_, _, begin)| *begin)
    }

    fn place(&mut self, timers: &mut impl Timers, index: u32, due: u32) {
        // What is late goes where the wheel stands: it comes out next.
        let own = (u64::from(due) + self.offset).max(self.turned);
        let differing = own ^ self.turned;
        let level = match differing {
            0 => 0,
            _ => differing.ilog2() / BITS,
        };
        let slot = own >> (level * BITS) & (SLOTS as u64 - 1);
        let (Ok(level), Ok(slot)) = (usize::try_from(level), usize::try_from(slot)) else { return };
        let link = link_of(level, slot);
        let Some(spoke) = self.spoke(level, slot) else { return };
        let last = if spoke.last == NONE { link } else { spoke.last };
        if let Some(timer) = timers.timer(index) {
            timer.prev = last;
            timer.next = link;
        }
        self.join(timers, last, index);
        self.join(timers, index, link);
        if let Some(taken) = self.taken.get_mut(level) {
            *taken |= 1 << slot;
        }
    }

    fn take_first(&mut self, timers: &mut impl Timers, level: usize, slot: usize) -> Option<u32> {
        let first = self.spoke(level, slot)?.first;
        if first & SPOKE == 0 && timers.timer(first).is_some() {
            self.cancel(timers, first);
            return Some(first);
        }
        // Whoever it was is gone without a word: an empty spoke is the best that can be made of it.
        if let Some(spoke) = self.spoke(level, slot) {
            *spoke = EMPTY;
        }
        if let Some(taken) = self.taken.get_mut(level) {
            *taken &= !(1 << slot);
        }
        None
    }

    fn spoke(&mut self, level: usize, slot: usize) -> Option<&mut Spoke> {
        self.spokes.get_mut(level)?.get_mut(slot)
    }

    /// Makes `before` and `after` neighbours.
    fn join(&mut self, timers: &mut impl Timers, before: u32, after: u32) {
        if let Some((level, slot)) = where_is(before) {
            if let Some(spoke) = self.spoke(level, slot) {
                spoke.first = if after & SPOKE == 0 { after } else { NONE };
            }
        } else if let Some(timer) = timers.timer(before) {
            timer.next = after;
        }
        if let Some((level, slot)) = where_is(after) {
            if let Some(spoke) = self.spoke(level, slot) {
                spoke.last = if before & SPOKE == 0 { before } else { NONE };
            }
        } else if let Some(timer) = timers.timer(after) {
            timer.prev = before;
        }
    }
}

fn link_of(level: usize, slot: usize) -> u32 {
    u32::try_from(level * SLOTS + slot).map_or(NONE, |number| SPOKE | number)
}

fn where_is(link: u32) -> Option<(usize, usize)> {
    let number = usize::try_from(link & !SPOKE).ok()?;
    (link & SPOKE != 0).then_some((number / SLOTS, number % SLOTS))
}

impl fmt::Debug for Wheel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wheel").field("turned", &self.turned).finish_non_exhaustive()
    }
}
