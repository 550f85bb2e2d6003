//! What was replaced or removed waits here until nobody can read it any more.
//!
//! Modules of C read contacts without the lock, and keep pointers to them while they hold it. So a
//! block stays for [`REST`] seconds after it was taken out; and for longer, while a process that was
//! inside this module when it was taken out is still there (a callback that waits, a query).
//! Nothing is allocated to bury a block: it holds the link of the list.

use super::{
    block,
    ids::Ids,
    record::{self, Contact, Record},
    routes::Head,
    security,
};
use crate::{Result, shm};
use core::{
    ptr::{self, NonNull},
    sync::atomic::{AtomicU32, Ordering},
};
use kamailio_sys::pcscf as sys;

/// Seconds that a block rests.
pub const REST: i64 = 5;

/// Seconds that a block rests when memory is short, or the graveyard full.
pub const SHORT_REST: i64 = 1;

/// Blocks of a full graveyard: some megabytes. Clients that come and go at full rate would else take
/// memory from the host, which cannot ask for it back.
const FULL: u32 = 4096;

/// A block to bury, its kind in the lowest bits of its address; 0: nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grave(usize);

const CONTACT: usize = 0;
const IDS: usize = 1;
const ROUTES: usize = 2;
const RX: usize = 3;
const SECURITY: usize = 4;
const KIND: usize = 7;

/// A `security_t` has no room for a link, so it gets a block that has.
#[repr(C)]
struct Coffin {
    link: usize,
    security: *mut sys::security,
}

impl Grave {
    pub(super) const NONE: Self = Self(0);

    fn new<T>(block: *mut T, kind: usize) -> Self {
        if block.is_null() { Self::NONE } else { Self(block.expose_provenance() | kind) }
    }

    pub(super) fn contact(contact: Contact) -> Self {
        Self::new(contact.into_record().as_ptr(), CONTACT)
    }

    pub(super) fn ids(first: *mut sys::ppublic) -> Self {
        Self::new(first, IDS)
    }

    pub(super) fn routes(block: NonNull<Head>) -> Self {
        Self::new(block.as_ptr(), ROUTES)
    }

    pub(super) fn rx(text: *mut core::ffi::c_char) -> Self {
        let start = record::rx_start(text.cast());
        Self::new(start.map_or(ptr::null_mut(), NonNull::as_ptr), RX)
    }

    pub(super) fn security(security: *mut sys::security) -> Result<Self> {
        let coffin: NonNull<Coffin> = shm::malloc(size_of::<Coffin>())?.cast();
        // SAFETY: a new block of that size.
        unsafe { coffin.write(Coffin { link: 0, security }) };
        Ok(Self::new(coffin.as_ptr(), SECURITY))
    }

    fn block<T>(self) -> Option<NonNull<T>> {
        NonNull::new(ptr::with_exposed_provenance_mut(self.0 & !KIND))
    }

    fn link(self) -> Option<NonNull<usize>> {
        match self.0 & KIND {
            CONTACT => self.block().map(record::link_of),
            IDS => self.block().map(record::link_of_ids),
            // The others start with a word for it.
            _ => self.block(),
        }
    }

    /// Frees the block.
    ///
    /// # Safety
    ///
    /// Nobody reads it any more.
    unsafe fn free(self) {
        match self.0 & KIND {
            CONTACT => {
                if let Some(record) = self.block::<Record>() {
                    // SAFETY: `Grave::contact` took it from a contact; `Drop` frees it.
                    drop(unsafe { Contact::from_record(record) });
                }
            }
            IDS => {
                if let Some(first) = self.block() {
                    // SAFETY: by the contract of this function.
                    unsafe { Ids::free(first) };
                }
            }
            SECURITY => {
                if let Some(coffin) = self.block::<Coffin>() {
                    // SAFETY: `Grave::security` made it.
                    let security = unsafe { coffin.read() }.security;
                    // SAFETY: by the contract of this function.
                    unsafe { security::free(security) };
                    // SAFETY: as above.
                    unsafe { block::free(coffin) };
                }
            }
            _ => {
                if let Some(block) = self.block::<u8>() {
                    // SAFETY: by the contract of this function.
                    unsafe { block::free(block) };
                }
            }
        }
    }
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

/// The blocks of a domain that wait to be freed.
#[derive(Debug)]
pub(super) struct Graveyard {
    plots: [Plot; PLOTS],
    visitors: Visitors,
    latest: i64,
    /// How many blocks wait.
    buried: u32,
}

/// Processes that may read what is buried while they are here, by the turn in which they came.
#[derive(Debug)]
pub(super) struct Visitors {
    turn: AtomicU32,
    inside: [AtomicU32; 2],
}

impl Graveyard {
    pub(super) const fn new() -> Self {
        Self {
            plots: [Plot { second: i64::MIN, turn: 0, first: 0 }; PLOTS],
            visitors: Visitors {
                turn: AtomicU32::new(0),
                inside: [AtomicU32::new(0), AtomicU32::new(0)],
            },
            latest: i64::MIN,
            buried: 0,
        }
    }

    /// Buries `grave` at `now`.
    pub(super) fn bury(&mut self, grave: Grave, now: i64) {
        let Some(link) = grave.link() else { return };
        // A clock that was set back must not make blocks look older than they are.
        self.latest = self.latest.max(now);
        let turn = self.visitors.turn.load(Ordering::Acquire);
        let index = usize::try_from(self.latest.rem_euclid(16)).unwrap_or(0);
        let Some(plot) = self.plots.get_mut(index) else { return };
        // SAFETY: the place that the kind of the block has for this.
        unsafe { link.write(plot.first) };
        // Blocks of an older second in the same plot wait once more.
        *plot = Plot { second: self.latest, turn, first: grave.0 };
        self.buried = self.buried.saturating_add(1);
    }

    /// Frees up to `budget` blocks that have rested for `rest` seconds; gives what is left of it.
    pub(super) fn clear(&mut self, now: i64, rest: i64, mut budget: u32) -> u32 {
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
                let grave = Grave(plot.first);
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
    pub(super) fn len(&self) -> u32 {
        self.buried
    }

    pub(super) fn visitors(&self) -> &Visitors {
        &self.visitors
    }
}

impl Drop for Graveyard {
    fn drop(&mut self) {
        for plot in self.plots {
            let mut next = plot.first;
            while next != 0 {
                let grave = Grave(next);
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
    pub(super) fn enter(&self) -> u32 {
        let turn = self.turn.load(Ordering::Acquire);
        if let Some(inside) = self.inside.get(half(turn)) {
            inside.fetch_add(1, Ordering::AcqRel);
        }
        turn
    }

    pub(super) fn leave(&self, turn: u32) {
        if let Some(inside) = self.inside.get(half(turn)) {
            inside.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Begins a new turn, if all have left who came in the turn before this one.
    pub(super) fn next_turn(&self) {
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
