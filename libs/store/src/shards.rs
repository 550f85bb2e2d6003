//! From the hash of a key to a number, in tables that grow one by one.
//!
//! What is kept of a key is its shard and 32 bits, so a table grows without a look at what its
//! numbers stand for: no memory of others is read, and an entry is 8 bytes. Two keys may therefore
//! share a [`Key`]; whoever asks compares what is found with what he wanted.

use allocator_api2::{
    alloc::{AllocError, Allocator},
    boxed::Box,
    vec::Vec,
};
use core::fmt;
use core::hash::{Hash, Hasher};
use hashbrown::HashTable;
use shm_table::Seed;

/// What is left of the hash of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    shard: u32,
    tag: u32,
}

impl Key {
    /// A number to divide keys by.
    pub fn number(self) -> usize {
        usize::try_from(self.tag).unwrap_or(0)
    }

    /// What the table sees as the hash: its upper bits and its lower bits are bits of the tag.
    fn spread(tag: u32) -> u64 {
        u64::from(tag) << 32 | u64::from(tag)
    }
}

#[derive(Clone, Copy)]
struct Entry {
    tag: u32,
    to: u32,
}

type Tables<A> = Box<[HashTable<Entry, A>], A>;

/// Numbers by [`Key`], several for one key if the caller puts them in.
pub struct Shards<A: Allocator> {
    tables: Tables<A>,
    seed: Seed,
    alloc: A,
}

impl<A: Allocator> fmt::Debug for Shards<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shards").field("tables", &self.tables.len()).finish_non_exhaustive()
    }
}

impl<A: Allocator + Clone> Shards<A> {
    /// `1 << bits` tables, 2 to the power of 24 at the most.
    pub fn try_new_in(bits: u8, seed: Seed, alloc: A) -> Result<Self, AllocError> {
        if bits > 24 {
            return Err(AllocError);
        }
        let count = 1_usize << bits;
        let mut tables = Vec::new_in(alloc.clone());
        tables.try_reserve_exact(count).map_err(|_| AllocError)?;
        tables.resize_with(count, || HashTable::new_in(alloc.clone()));
        Ok(Self { tables: tables.into_boxed_slice(), seed, alloc })
    }

    /// The key of what `parts` hash to.
    pub fn key(&self, parts: impl Hash) -> Key {
        let mut hasher = self.seed.hasher();
        parts.hash(&mut hasher);
        let hash = hasher.finish();
        #[expect(clippy::cast_possible_truncation, reason = "the two halves are what is wanted")]
        let (upper, tag) = ((hash >> 32) as u32, hash as u32);
        let mask = u32::try_from(self.tables.len() - 1).unwrap_or(u32::MAX);
        Key { shard: upper & mask, tag }
    }

    /// Adds a number.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory; all is as before.
    pub fn try_insert(&mut self, key: Key, to: u32) -> Result<(), AllocError> {
        let table = self.table_mut(key).ok_or(AllocError)?;
        let hash = |entry: &Entry| Key::spread(entry.tag);
        table.try_reserve(1, hash).map_err(|_| AllocError)?;
        table.insert_unique(Key::spread(key.tag), Entry { tag: key.tag, to }, hash);
        Ok(())
    }

    /// A number of `key` that `is` says yes to.
    pub fn find(&self, key: Key, mut is: impl FnMut(u32) -> bool) -> Option<u32> {
        let table = self.tables.get(usize::try_from(key.shard).ok()?)?;
        let equal = |entry: &Entry| entry.tag == key.tag && is(entry.to);
        table.find(Key::spread(key.tag), equal).map(|entry| entry.to)
    }

    /// Puts `new` in the place of the number `old` of `key`.
    pub fn replace(&mut self, key: Key, old: u32, new: u32) {
        let equal = |entry: &Entry| entry.tag == key.tag && entry.to == old;
        if let Some(table) = self.table_mut(key)
            && let Some(entry) = table.find_mut(Key::spread(key.tag), equal)
        {
            entry.to = new;
        }
    }

    /// Takes the number `to` of `key` out; the last one of a table gives its memory back.
    pub fn remove(&mut self, key: Key, to: u32) {
        let alloc = self.alloc.clone();
        let equal = |entry: &Entry| entry.tag == key.tag && entry.to == to;
        let Some(table) = self.table_mut(key) else { return };
        if let Ok(entry) = table.find_entry(Key::spread(key.tag), equal) {
            entry.remove();
        }
        if table.is_empty() {
            *table = HashTable::new_in(alloc);
        }
    }

    fn table_mut(&mut self, key: Key) -> Option<&mut HashTable<Entry, A>> {
        self.tables.get_mut(usize::try_from(key.shard).ok()?)
    }
}
