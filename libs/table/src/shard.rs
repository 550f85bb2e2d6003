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
    seed: Seed,
}

impl<'a, V: Keyed, R: RawMutex, A: Allocator + Clone> ShardGuard<'a, V, R, A> {
    pub(crate) fn new(shard: MutexGuard<'a, R, Shard<V, A>>, seed: Seed) -> Self {
        Self { shard, seed }
    }

    /// The record of `key`.
    pub fn get(&self, key: &[u8]) -> Option<&V> {
        self.shard.records.find(self.seed.hash(key), |record| record.key() == key)
    }

    /// The record of `key`, to change it.
    pub fn get_mut(&mut self, key: &[u8]) -> Option<&mut V> {
        self.shard.records.find_mut(self.seed.hash(key), |record| record.key() == key)
    }

    /// Puts `record` in, in place of the one with its key, which comes back.
    ///
    /// The key must be one that [`Table::lock`](crate::Table::lock) would find in this shard.
    ///
    /// # Errors
    ///
    /// `record` itself if there is no memory for it; the shard is as before.
    pub fn try_insert(&mut self, record: V) -> Result<Option<V>, V> {
        if let Some(old) = self.get_mut(record.key()) {
            return Ok(Some(core::mem::replace(old, record)));
        }
        let seed = self.seed;
        let rehash = |record: &V| seed.hash(record.key());
        if self.shard.records.try_reserve(1, rehash).is_err() {
            return Err(record);
        }
        self.shard.records.insert_unique(seed.hash(record.key()), record, rehash);
        Ok(None)
    }

    /// Takes the record of `key` out.
    ///
    /// The last record to leave gives the memory of the shard back.
    pub fn remove(&mut self, key: &[u8]) -> Option<V> {
        let hash = self.seed.hash(key);
        let found = self.shard.records.find_entry(hash, |record| record.key() == key);
        let (record, _) = found.ok()?.remove();
        if self.shard.records.is_empty() {
            self.shard.records = HashTable::new_in(self.shard.alloc.clone());
        }
        Some(record)
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
        f.debug_struct("ShardGuard")
            .field("records", &self.shard.records.len())
            .finish_non_exhaustive()
    }
}
