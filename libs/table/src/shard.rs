//! One shard: a hash table of its own behind a lock of its own.

use crate::{Keyed, Seed};
use allocator_api2::alloc::Allocator;
use core::fmt;
use hashbrown::HashTable;
use lock_api::{MutexGuard, RawMutex};

/// The records of one shard.
pub struct Shard<V, A: Allocator> {
    records: HashTable<V, A>,
    alloc: A,
}

impl<V, A: Allocator + Clone> Shard<V, A> {
    pub(crate) fn new_in(alloc: A) -> Self {
        Self { records: HashTable::new_in(alloc.clone()), alloc }
    }
}

impl<V, A: Allocator> fmt::Debug for Shard<V, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shard").field("records", &self.records.len()).finish_non_exhaustive()
    }
}

/// The records of one shard, while it is locked.
#[must_use = "the shard is unlocked when the guard drops"]
pub struct ShardGuard<'a, V, R: RawMutex, A: Allocator> {
    shard: MutexGuard<'a, R, Shard<V, A>>,
}

impl<'a, V, R: RawMutex, A: Allocator> ShardGuard<'a, V, R, A> {
    pub(crate) const fn new(shard: MutexGuard<'a, R, Shard<V, A>>) -> Self {
        Self { shard }
    }

    /// All records of the shard, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &V> {
        self.shard.records.iter()
    }

    /// How many records the shard holds.
    pub fn len(&self) -> usize {
        self.shard.records.len()
    }

    /// Whether the shard holds no record.
    pub fn is_empty(&self) -> bool {
        self.shard.records.is_empty()
    }
}

impl<V, R: RawMutex, A: Allocator> fmt::Debug for ShardGuard<'_, V, R, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShardGuard").field("records", &self.len()).finish_non_exhaustive()
    }
}

/// The place of one key, while its shard is locked.
#[must_use = "the shard is unlocked when the place drops"]
pub struct Place<'a, 'k, V, R: RawMutex, A: Allocator> {
    shard: MutexGuard<'a, R, Shard<V, A>>,
    seed: Seed,
    key: &'k [u8],
    hash: u64,
}

impl<'a, 'k, V: Keyed, R: RawMutex, A: Allocator + Clone> Place<'a, 'k, V, R, A> {
    /// `hash` is that of `key`, whose shard `shard` is.
    pub(crate) const fn new(
        shard: MutexGuard<'a, R, Shard<V, A>>,
        seed: Seed,
        key: &'k [u8],
        hash: u64,
    ) -> Self {
        Self { shard, seed, key, hash }
    }

    /// The record of the key.
    pub fn get(&self) -> Option<&V> {
        self.shard.records.find(self.hash, |record| record.key() == self.key)
    }

    /// The record of the key, to change it.
    pub fn get_mut(&mut self) -> Option<&mut V> {
        self.shard.records.find_mut(self.hash, |record| record.key() == self.key)
    }

    /// Puts `record` in, which has this key; the one that was there comes back.
    ///
    /// # Errors
    ///
    /// `record` itself if there is no memory for it, or if it has another key; the shard is as before.
    pub fn try_insert(&mut self, record: V) -> Result<Option<V>, V> {
        if record.key() != self.key {
            return Err(record);
        }
        if let Some(old) = self.get_mut() {
            return Ok(Some(core::mem::replace(old, record)));
        }
        let seed = self.seed;
        let rehash = |record: &V| seed.hash(record.key());
        if self.shard.records.try_reserve(1, rehash).is_err() {
            return Err(record);
        }
        self.shard.records.insert_unique(self.hash, record, rehash);
        Ok(None)
    }

    /// Takes the record of the key out.
    ///
    /// The last record to leave gives the memory of the shard back.
    pub fn remove(&mut self) -> Option<V> {
        let found = self.shard.records.find_entry(self.hash, |record| record.key() == self.key);
        let (record, _) = found.ok()?.remove();
        if self.shard.records.is_empty() {
            self.shard.records = HashTable::new_in(self.shard.alloc.clone());
        }
        Some(record)
    }
}

impl<V, R: RawMutex, A: Allocator> fmt::Debug for Place<'_, '_, V, R, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("hash", &self.hash).finish_non_exhaustive()
    }
}
