//! All bindings of one domain.
//!
//! A search costs the same whether there are a thousand bindings or a million, and whether each has
//! an address of its own or all come from one. An expiry costs the number that expires. No growth
//! moves more than one of the many tables of the index, which hold eight bytes an entry.
//!
//! The caller locks; nothing in here waits for anything.

mod counts;
mod find;
mod index;
mod keys;
mod slot;

pub use counts::{Counts, Tally};

use crate::State;
use crate::search::Binding;
use allocator_api2::{
    alloc::{AllocError, Allocator},
    boxed::Box,
    vec::Vec,
};
use core::fmt;
use index::Index;
use keys::{Folded, Keys, Parts, Said};
use shm_store::shards::Key;
use shm_store::slab::{Id, Slab};
use shm_store::wheel::Wheel;
use shm_table::Seed;
use slot::Slot;

/// How a directory is made.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Number of groups that [`Directory::longest`] tells of, as a power of 2; 24 at the most. The
    /// index has a table for every eight of them, but 64 at the least.
    pub bits: u8,
    /// Whether searches ask for the user of the Contact: then there is a key for it.
    pub by_user: bool,
    /// The time now, in seconds.
    pub now: i64,
}

/// Where a listing stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor(u32);

impl Cursor {
    /// Before the first binding.
    pub const START: Self = Self(0);

    /// The cursor of which [`Cursor::number`] told.
    pub fn of_number(number: u32) -> Self {
        Self(number)
    }

    /// A number to come back with.
    pub fn number(self) -> u32 {
        self.0
    }
}

/// Bindings `R` in memory from `A`.
pub struct Directory<R, A: Allocator> {
    slots: Slab<Slot<R>, A>,
    index: Index<A>,
    wheel: Wheel,
    counts: Counts,
    /// How many bindings fall into each group by the host of their Via.
    groups: Box<[u32], A>,
    stamp: u64,
    by_user: bool,
}

impl<R: Binding, A: Allocator + Clone> Directory<R, A> {
    /// An empty directory.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory for its tables, or `config.bits` is above 24.
    pub fn try_new_in(config: Config, seed: Seed, alloc: A) -> Result<Self, AllocError> {
        if config.bits > 24 {
            return Err(AllocError);
        }
        let count = 1_usize << config.bits;
        let mut groups = Vec::new_in(alloc.clone());
        groups.try_reserve_exact(count).map_err(|_| AllocError)?;
        groups.resize(count, 0);
        Ok(Self {
            slots: Slab::new_in(alloc.clone()),
            index: Index::try_new_in(config.bits, seed, alloc)?,
            wheel: Wheel::new(config.now),
            counts: Counts::default(),
            groups: groups.into_boxed_slice(),
            stamp: 0,
            by_user: config.by_user,
        })
    }

    /// Takes `record` in, as the newest of its state. Nobody asks whether there is another one
    /// like it.
    ///
    /// # Errors
    ///
    /// `record` itself if there is no memory; all is as before.
    pub fn try_insert(&mut self, record: R) -> Result<Id, R> {
        let keys = self.keys(&record);
        let id =
            self.slots.try_insert(Slot::new(record, self.stamp + 1)).map_err(|slot| slot.record)?;
        for (at, key) in keys.iter().enumerate() {
            if self.index.try_insert(&mut self.slots, key, id.index).is_ok() {
                continue;
            }
            for key in keys.iter().take(at) {
                self.index.remove(&mut self.slots, key, id.index);
            }
            return match self.slots.remove(id) {
                Some(slot) => Err(slot.record),
                None => Ok(id),
            };
        }
        self.stamp += 1;
        self.count(id, Counts::add);
        if let Some(group) = self.group(id) {
            *group += 1;
        }
        Ok(id)
    }

    /// Takes the binding `id` out, from the timers as well.
    pub fn remove(&mut self, id: Id) -> Option<R> {
        let keys = self.keys(&self.slots.get(id)?.record);
        self.wheel.cancel(&mut self.slots, id.index);
        for key in keys.iter() {
            self.index.remove(&mut self.slots, key, id.index);
        }
        self.count(id, Counts::subtract);
        if let Some(group) = self.group(id) {
            *group = group.saturating_sub(1);
        }
        self.slots.remove(id).map(|slot| slot.record)
    }

    /// Takes note that the state of `id` has changed, or that a registration was confirmed: it becomes
    /// the newest of its state.
    pub fn refresh(&mut self, id: Id) {
        if self.slots.get(id).is_none() {
            return;
        }
        self.count(id, Counts::subtract);
        self.stamp += 1;
        if let Some(slot) = self.slots.get_mut(id) {
            slot.read();
            slot.stamp = self.stamp;
        }
        self.count(id, Counts::add);
        self.index.renew(&mut self.slots, id.index);
    }

    /// Takes note that `device` registered the binding `id`, which `set` writes into the record, and
    /// [refreshes](Directory::refresh) it.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory; all is as before.
    pub fn try_set_device(
        &mut self,
        id: Id,
        device: u64,
        set: impl FnOnce(&mut R),
    ) -> Result<(), AllocError> {
        self.try_say(id, |said| Said { device, ..said }, set)?;
        self.refresh(id);
        Ok(())
    }

    /// Takes note that the telephone of the binding `id` asks for the security associations `spis`,
    /// which `set` writes into the record.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory; all is as before.
    pub fn try_set_spis(
        &mut self,
        id: Id,
        spis: u64,
        set: impl FnOnce(&mut R),
    ) -> Result<(), AllocError> {
        self.try_say(id, |said| Said { spis, ..said }, set)
    }

    fn try_say(
        &mut self,
        id: Id,
        say: impl FnOnce(Said) -> Said,
        set: impl FnOnce(&mut R),
    ) -> Result<(), AllocError> {
        let Some(slot) = self.slots.get(id) else { return Ok(()) };
        let old = self.keys(&slot.record);
        let new = self.keys_with(&slot.record, say(Said::of(&slot.record)));
        // One at the most: the rest of the record stays.
        if let Some(key) = new.without(&old).next() {
            self.index.try_insert(&mut self.slots, key, id.index)?;
        }
        for key in old.without(&new) {
            self.index.remove(&mut self.slots, key, id.index);
        }
        if let Some(slot) = self.slots.get_mut(id) {
            set(&mut slot.record);
        }
        Ok(())
    }

    /// Has `change` give the binding `id` the public identities `ids`, and its state if that changes,
    /// and [refreshes](Directory::refresh) it. Nothing if there is no such binding.
    ///
    /// # Errors
    ///
    /// What `change` says, or [`AllocError`]; all is as before, if that is so for `change`.
    pub fn try_change_ids<T, E: From<AllocError>>(
        &mut self,
        id: Id,
        ids: &[&[u8]],
        change: impl FnOnce(&mut R) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        let Some(slot) = self.slots.get(id) else { return Ok(None) };
        // All others stay.
        let mut old = Keys::default();
        slot.record.each_public_id(&mut |id| old.add_id(self.id_key(id)));
        let mut new = Keys::with_room(ids.len());
        ids.iter().for_each(|id| new.add_id(self.id_key(id)));
        for (at, key) in new.without(&old).enumerate() {
            if self.index.try_insert(&mut self.slots, key, id.index).is_err() {
                self.forget_keys(id, new.without(&old).take(at));
                return Err(AllocError.into());
            }
        }
        let changed = match self.slots.get_mut(id) {
            Some(slot) => change(&mut slot.record),
            None => return Ok(None),
        };
        match changed {
            Ok(changed) => {
                self.forget_keys(id, old.without(&new));
                self.refresh(id);
                Ok(Some(changed))
            }
            Err(error) => {
                self.forget_keys(id, new.without(&old));
                Err(error)
            }
        }
    }

    fn id_key(&self, identity: &[u8]) -> Key {
        self.index.key(Parts::Identity(Folded(identity))).apart()
    }

    fn forget_keys(&mut self, id: Id, keys: impl Iterator<Item = Key>) {
        for key in keys {
            self.index.remove(&mut self.slots, key, id.index);
        }
    }

    fn keys(&self, record: &R) -> Keys {
        self.keys_with(record, Said::of(record))
    }

    fn keys_with(&self, record: &R, said: Said) -> Keys {
        let mut keys = Keys::of(record, said, self.by_user, |parts| self.index.key(parts));
        record.each_public_id(&mut |id| keys.add_id(self.id_key(id)));
        keys
    }

    fn group(&mut self, id: Id) -> Option<&mut u32> {
        // Nobody is found by it, so anybody may foresee it.
        let via = self.slots.get(id)?.record.via_host().iter();
        let number = via.fold(0_usize, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(byte.to_ascii_lowercase().into())
        });
        let at = number % self.groups.len();
        self.groups.get_mut(at)
    }

    fn count(&mut self, id: Id, change: impl FnOnce(&mut Counts, State, usize)) {
        if let Some(slot) = self.slots.get(id) {
            change(&mut self.counts, slot.state(), usize::from(slot.public_ids));
        }
    }
}

impl<R, A: Allocator> Directory<R, A> {
    /// The binding `id`.
    pub fn get(&self, id: Id) -> Option<&R> {
        self.slots.get(id).map(|slot| &slot.record)
    }

    /// The binding `id`, to change it. What a [`Binding`] may not change must stay; after a change
    /// of the rest [`Directory::refresh`] it.
    pub fn get_mut(&mut self, id: Id) -> Option<&mut R> {
        self.slots.get_mut(id).map(|slot| &mut slot.record)
    }

    /// Has `id` handed out when it is `due`, in seconds; a time that was set before is forgotten.
    pub fn schedule(&mut self, id: Id, due: i64) {
        if self.slots.get(id).is_some() {
            self.wheel.schedule(&mut self.slots, id.index, due);
        }
    }

    /// Has `id` not handed out.
    pub fn cancel(&mut self, id: Id) {
        if self.slots.get(id).is_some() {
            self.wheel.cancel(&mut self.slots, id.index);
        }
    }

    /// When `id` is due, if it is scheduled.
    pub fn due(&self, id: Id) -> Option<i64> {
        let slot = self.slots.get(id)?;
        Wheel::due(slot.timer())
    }

    /// Hands out one binding that is due at `now`; it stays in the directory, but is not scheduled
    /// any more. `budget` goes down by one for each piece of work; nothing is due or the budget is
    /// used up when nothing comes back.
    pub fn pop_due(&mut self, now: i64, budget: &mut u32) -> Option<Id> {
        let index = self.wheel.pop(&mut self.slots, now, budget)?;
        self.slots.at(index).map(|(id, _)| id)
    }

    /// The binding behind `cursor`, and where to go on. Who is there all the time is met exactly
    /// once, whatever else comes and goes between two calls. The order is that of arrival, but for
    /// the ones that took the place of one that left.
    pub fn next(&self, cursor: Cursor) -> Option<(Id, Cursor)> {
        let id = self.slots.at_or_after(cursor.0)?;
        Some((id, Cursor(id.index.saturating_add(1))))
    }

    /// How many bindings there are, by state.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// How many bindings there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// How many groups there are: the size of the table, as commands show it.
    pub fn groups(&self) -> usize {
        self.groups.len()
    }

    /// How many bindings the fullest group has. Groups are made by the host of the Via; no work
    /// depends on their size.
    pub fn longest(&self) -> usize {
        self.fullest().1
    }

    /// The number of the fullest group, the first one if there are several, and how many bindings
    /// it has.
    pub fn fullest(&self) -> (usize, usize) {
        let sizes = self.groups.iter().map(|size| usize::try_from(*size).unwrap_or(usize::MAX));
        let numbered = sizes.enumerate();
        numbered.reduce(|best, next| if next.1 > best.1 { next } else { best }).unwrap_or_default()
    }
}

impl<R, A: Allocator> fmt::Debug for Directory<R, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Directory").field("counts", &self.counts).finish_non_exhaustive()
    }
}
