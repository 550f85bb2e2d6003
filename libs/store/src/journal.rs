//! Which rows of the database may differ from memory.
//!
//! An entry says no more than that: whoever writes the row looks at that moment what memory has,
//! so a row never goes back in time, however many changes lie between. An entry leaves when
//! what was written is still what memory has; until then it is written again. Work costs the
//! number of entries that are to be written, not of those that wait.

use crate::Id;
use crate::shards::{Key as Place, Shards};
use crate::slab::Slab;
use crate::wheel::{Timed, Timer, Wheel};
use allocator_api2::{
    alloc::{AllocError, Allocator},
    vec::Vec,
};
use core::fmt;
use shm_table::{Seed, TryGrow};

/// After so many seconds an entry that was taken, and neither finished nor failed, is handed out
/// again: whoever took it is gone.
const LEASE: i64 = 300;

/// So many seconds after the database answers again it has carried out whatever was given up before.
const SETTLED: i64 = 3;

/// Room for so many entries is set aside: a change that happens while memory is used up, such as the end
/// of what used it, would else never reach its row.
const SPARES: usize = 128;

/// How long the texts of such an entry are at the most, together.
const SPARE_LEN: usize = 512;

/// What tells the rows of a table apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key<'k> {
    /// The text it is about, such as a URI.
    pub name: &'k [u8],
    /// A second text; empty if the first one says all.
    pub detail: &'k [u8],
    /// A number, such as a port or the kind of row.
    pub number: u16,
}

/// The name of an entry.
pub type Ticket = Id;

/// An entry that is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// The entry.
    pub ticket: Ticket,
    /// Which change of the row it is about.
    pub version: u32,
    /// How often writing this row has failed since it last succeeded.
    pub attempts: u32,
    turn: u32,
}

/// What became of an entry whose row was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Row and memory are alike; the entry is gone, or there for one more time after
    /// [`Journal::unanswered`].
    Done,
    /// The row has changed meanwhile and is to be written again, still by the same writer.
    Again(Work),
    /// It took too long: the entry is in other hands, or gone.
    Lost,
}

/// Whether what was sent for a row may still be carried out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doubt {
    No,
    /// It may, as nobody waited for the answer.
    Sent,
    /// It may have been by now: the row is written since, and is to be once more.
    Settling,
}

struct Entry<A: Allocator> {
    /// Both texts, one behind the other.
    texts: Vec<u8, A>,
    /// Where it is found.
    place: Place,
    split: u32,
    number: u16,
    flags: u8,
    writing: bool,
    doubt: Doubt,
    version: u32,
    attempts: u32,
    /// How often it was taken, to know a writer that comes back late.
    turn: u32,
    /// When it is to be taken; while it is being written, when it is given up.
    timer: Timer,
}

impl<A: Allocator> Entry<A> {
    fn key(&self) -> Key<'_> {
        let split = usize::try_from(self.split).unwrap_or(usize::MAX);
        let (name, detail) =
            self.texts.split_at_checked(split).unwrap_or((self.texts.as_slice(), b""));
        Key { name, detail, number: self.number }
    }

    fn work(&self, ticket: Ticket) -> Work {
        Work { ticket, version: self.version, attempts: self.attempts, turn: self.turn }
    }
}

impl<A: Allocator> Timed for Entry<A> {
    fn timer(&mut self) -> &mut Timer {
        &mut self.timer
    }
}

/// Entries in memory from `A`.
pub struct Journal<A: Allocator> {
    entries: Slab<Entry<A>, A>,
    places: Shards<A>,
    wheel: Wheel,
    writing: usize,
    /// Room for texts when there is no other.
    spares: Vec<Vec<u8, A>, A>,
    alloc: A,
}

impl<A: Allocator + Clone> Journal<A> {
    /// An empty journal with `1 << bits` tables.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory for the tables, or `bits` is above 24.
    pub fn try_new_in(bits: u8, now: i64, seed: Seed, alloc: A) -> Result<Self, AllocError> {
        let mut spares = Vec::new_in(alloc.clone());
        spares.try_reserve_exact(SPARES).map_err(|_| AllocError)?;
        for _ in 0..SPARES {
            let mut spare = Vec::new_in(alloc.clone());
            spare.try_reserve_exact(SPARE_LEN).map_err(|_| AllocError)?;
            spares.try_push(spare).map_err(|_| AllocError)?;
        }
        Ok(Self {
            // Entries come and go with each change: their places stay.
            entries: Slab::keeping_in(alloc.clone()),
            places: Shards::try_new_in(bits, seed, alloc.clone())?.keeping(),
            wheel: Wheel::new(now),
            writing: 0,
            spares,
            alloc,
        })
    }

    /// Takes note that the row of `key` may differ from memory. `flags` are the caller's; they are
    /// added to those of the entry. A row whose writing has failed is ready again: what refused it may
    /// be over, and whoever made this change answers for it.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory for a new entry; all is as before.
    pub fn note(&mut self, key: Key<'_>, flags: u8) -> Result<Ticket, AllocError> {
        let place = self.places.key(key);
        if let Some(ticket) = self.pending_at(place, key) {
            if let Some(entry) = self.entries.get_mut(ticket) {
                entry.version = entry.version.wrapping_add(1);
                entry.flags |= flags;
                let waits = entry.attempts > 0 && !entry.writing;
                if entry.doubt == Doubt::Settling {
                    // Its writing has not failed.
                    entry.doubt = Doubt::Sent;
                    entry.attempts = 0;
                }
                if waits {
                    self.wheel.schedule(&mut self.entries, ticket.index, i64::MIN);
                }
            }
            return Ok(ticket);
        }
        let entry = self.entry(key, place, flags)?;
        let ticket = match self.entries.try_insert(entry) {
            Ok(ticket) => ticket,
            Err(entry) => {
                self.give_back(entry.texts);
                return Err(AllocError);
            }
        };
        if let Err(error) = self.places.try_insert(place, ticket.index) {
            self.drop_entry(ticket);
            return Err(error);
        }
        // In the past: with the others that are ready, behind them.
        self.wheel.schedule(&mut self.entries, ticket.index, i64::MIN);
        Ok(ticket)
    }

    /// Room for texts of `len` bytes.
    fn room(&mut self, len: usize) -> Result<Vec<u8, A>, AllocError> {
        let mut texts = Vec::new_in(self.alloc.clone());
        match texts.try_reserve_exact(len) {
            Ok(()) => Ok(texts),
            Err(_) if len <= SPARE_LEN => self.spares.pop().ok_or(AllocError),
            Err(_) => Err(AllocError),
        }
    }

    /// Keeps the room of `texts` if it is of those that are set aside.
    fn give_back(&mut self, mut texts: Vec<u8, A>) {
        if texts.capacity() == SPARE_LEN && self.spares.len() < SPARES {
            texts.clear();
            // There is a place for each.
            let _ = self.spares.try_push(texts);
        }
    }

    fn entry(&mut self, key: Key<'_>, place: Place, flags: u8) -> Result<Entry<A>, AllocError> {
        let split = u32::try_from(key.name.len()).map_err(|_| AllocError)?;
        let len = key.name.len() + key.detail.len();
        let mut texts = self.room(len)?;
        // Such a vector takes single bytes only, but a slice of it whole texts.
        texts.resize(len, 0);
        let (name, detail) = texts.split_at_mut_checked(key.name.len()).ok_or(AllocError)?;
        name.copy_from_slice(key.name);
        detail.copy_from_slice(key.detail);
        Ok(Entry {
            texts,
            place,
            split,
            number: key.number,
            flags,
            writing: false,
            doubt: Doubt::No,
            version: 0,
            attempts: 0,
            turn: 0,
            timer: Timer::IDLE,
        })
    }

    /// The entry of `key`, if there is one.
    pub fn pending(&self, key: Key<'_>) -> Option<Ticket> {
        self.pending_at(self.places.key(key), key)
    }

    fn pending_at(&self, place: Place, key: Key<'_>) -> Option<Ticket> {
        let is_it = |index| self.entries.at(index).is_some_and(|(_, entry)| entry.key() == key);
        let index = self.places.find(place, is_it)?;
        self.entries.at(index).map(|(id, _)| id)
    }

    /// Hands out the entry that has been ready for longest at `now`: a new one, or one whose time
    /// for the next try has come. It is being written until [`Journal::finish`],
    /// [`Journal::failed`] or [`Journal::forget`].
    pub fn take(&mut self, now: i64) -> Option<Work> {
        let mut unbounded = u32::MAX;
        let index = self.wheel.pop(&mut self.entries, now, &mut unbounded)?;
        self.hand_out(self.entries.at(index)?.0, now)
    }

    /// Hands out the entry `ticket`, if [`Journal::take`] would hand it out at `now`, sooner or later.
    pub fn take_this(&mut self, ticket: Ticket, now: i64) -> Option<Work> {
        let due = Wheel::due(&self.entries.get(ticket)?.timer)?;
        if due > now {
            return None;
        }
        self.hand_out(ticket, now)
    }

    /// Whoever was writing has ended, and his rows may be there or not: all entries can be handed out
    /// again. For the last writing.
    pub fn forsake(&mut self) {
        let mut cursor = 0;
        while let Some(ticket) = self.next(cursor) {
            if let Some(entry) = self.entries.get_mut(ticket).filter(|entry| entry.writing) {
                entry.writing = false;
                entry.attempts = entry.attempts.max(1);
            }
            let Some(next) = ticket.index.checked_add(1) else { break };
            cursor = next;
        }
        self.writing = 0;
    }

    /// Hands out the first entry at `cursor` or behind it that nobody writes, ready or not: for the
    /// last writing before the end. Says where to go on.
    pub fn take_any(&mut self, cursor: u32, now: i64) -> Option<(Work, u32)> {
        let mut ticket = self.next(cursor)?;
        while self.entries.get(ticket)?.writing {
            ticket = self.next(ticket.index.checked_add(1)?)?;
        }
        let work = self.hand_out(ticket, now)?;
        Some((work, ticket.index.checked_add(1)?))
    }

    fn hand_out(&mut self, ticket: Ticket, now: i64) -> Option<Work> {
        let entry = self.entries.get_mut(ticket)?;
        self.writing += usize::from(!entry.writing);
        entry.writing = true;
        if entry.doubt == Doubt::Settling {
            entry.doubt = Doubt::No;
        }
        entry.turn = entry.turn.wrapping_add(1);
        let work = entry.work(ticket);
        self.lease(ticket, now);
        Some(work)
    }

    fn lease(&mut self, ticket: Ticket, now: i64) {
        self.wheel.schedule(&mut self.entries, ticket.index, now.saturating_add(LEASE));
    }

    /// The row of `work` was written at `now`.
    pub fn finish(&mut self, work: &Work, now: i64) -> Outcome {
        let Some(entry) = self.taken(work) else { return Outcome::Lost };
        if entry.version != work.version {
            entry.attempts = 0;
            let again = entry.work(work.ticket);
            self.lease(work.ticket, now);
            return Outcome::Again(again);
        }
        if entry.doubt != Doubt::Sent {
            self.forget(work.ticket);
            return Outcome::Done;
        }
        entry.doubt = Doubt::Settling;
        // Whoever looks what there is to write must not take it for an entry that says nothing.
        entry.attempts = entry.attempts.max(1);
        self.lay_by(work.ticket, now.saturating_add(SETTLED));
        Outcome::Done
    }

    /// The row of `work` could not be written; the next try is at `retry_at`, in seconds.
    pub fn failed(&mut self, work: &Work, retry_at: i64) {
        let Some(entry) = self.taken(work) else { return };
        entry.attempts = entry.attempts.saturating_add(1);
        self.lay_by(work.ticket, retry_at);
    }

    /// Nobody writes the entry `ticket` any more; it is taken again at `at`, in seconds.
    fn lay_by(&mut self, ticket: Ticket, at: i64) {
        let Some(entry) = self.entries.get_mut(ticket) else { return };
        self.writing = self.writing.saturating_sub(usize::from(entry.writing));
        entry.writing = false;
        self.wheel.schedule(&mut self.entries, ticket.index, at);
    }

    /// As [`Journal::failed`], of a row for which something was sent and nothing answered: the database
    /// may carry it out whenever it goes on, also after what is sent later. So once the row is written
    /// it is written one more time, when that must be over.
    pub fn unanswered(&mut self, work: &Work, retry_at: i64) {
        if let Some(entry) = self.taken(work) {
            entry.doubt = Doubt::Sent;
        }
        self.failed(work, retry_at);
    }

    /// Drops the entry `ticket`: there is nothing to write.
    pub fn forget(&mut self, ticket: Ticket) {
        let Some(entry) = self.entries.get(ticket) else { return };
        self.writing = self.writing.saturating_sub(usize::from(entry.writing));
        let place = entry.place;
        self.wheel.cancel(&mut self.entries, ticket.index);
        self.places.remove(place, ticket.index);
        self.drop_entry(ticket);
    }

    fn drop_entry(&mut self, ticket: Ticket) {
        if let Some(entry) = self.entries.remove(ticket) {
            self.give_back(entry.texts);
        }
    }

    /// The entry of `work`, if it is still in the hands that hold `work`.
    fn taken(&mut self, work: &Work) -> Option<&mut Entry<A>> {
        let entry = self.entries.get_mut(work.ticket)?;
        (entry.writing && entry.turn == work.turn).then_some(entry)
    }
}

impl<A: Allocator> Journal<A> {
    /// The row that `ticket` is about.
    pub fn key(&self, ticket: Ticket) -> Option<Key<'_>> {
        self.entries.get(ticket).map(Entry::key)
    }

    /// The flags of the entry `ticket`.
    pub fn flags(&self, ticket: Ticket) -> Option<u8> {
        self.entries.get(ticket).map(|entry| entry.flags)
    }

    /// Changes the flags of the entry `ticket`.
    pub fn set_flags(&mut self, ticket: Ticket, flags: u8) {
        if let Some(entry) = self.entries.get_mut(ticket) {
            entry.flags = flags;
        }
    }

    /// Whether somebody writes the row of `ticket`.
    pub fn is_writing(&self, ticket: Ticket) -> bool {
        self.entries.get(ticket).is_some_and(|entry| entry.writing)
    }

    /// Whether somebody writes the row of `ticket`, or may at `now`.
    pub fn is_open(&self, ticket: Ticket, now: i64) -> bool {
        self.entries.get(ticket).is_some_and(|entry| {
            entry.writing || Wheel::due(&entry.timer).is_some_and(|due| due <= now)
        })
    }

    /// How often writing the row of `ticket` has failed since it last succeeded.
    pub fn attempts(&self, ticket: Ticket) -> Option<u32> {
        self.entries.get(ticket).map(|entry| entry.attempts)
    }

    /// When the entry `ticket` is next taken, if it failed before and nobody writes it.
    pub fn retry_at(&self, ticket: Ticket) -> Option<i64> {
        let entry = self.entries.get(ticket)?;
        (!entry.writing && entry.attempts > 0).then(|| Wheel::due(&entry.timer))?
    }

    /// The first entry at `cursor` or behind it; go on behind its index.
    pub fn next(&self, cursor: u32) -> Option<Ticket> {
        self.entries.at_or_after(cursor)
    }

    /// How many rows may differ from memory.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many rows are being written.
    pub fn writing(&self) -> usize {
        self.writing
    }
}

impl<A: Allocator> fmt::Debug for Journal<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.entries.len();
        f.debug_struct("Journal")
            .field("len", &len)
            .field("writing", &self.writing)
            .finish_non_exhaustive()
    }
}
