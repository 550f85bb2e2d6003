//! From the hash of a key to a number, in tables that grow one by one.
//!
//! What is kept of a key is its shard and 32 bits, so a table grows without a look at what its
//! numbers stand for: no memory of others is read, and an entry is 8 bytes. Two keys may therefore
//! share a [`Key`]; whoever asks compares what is found with what he wanted.

use crate::lines::Lines;
use allocator_api2::{
    alloc::{AllocError, Allocator},
    boxed::Box,
    vec::Vec,
};
use core::fmt;
use core::hash::{Hash, Hasher};
use shm_table::Seed;

/// What is left of the hash of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Key {
    shard: u32,
    tag: u32,
}

/// The bit of a tag that [`Key::apart`] sets: none of the lower ones, which say where a table begins
/// to look.
const APART: u32 = 1 << 24;

impl Key {
    /// The same key for something else: it equals none of those that [`Shards::key`] gives, whatever
    /// they are made of.
    #[must_use]
    pub fn apart(self) -> Self {
        Self { tag: self.tag | APART, ..self }
    }

    /// A number to divide keys by.
    pub fn number(self) -> usize {
        usize::try_from(self.tag).unwrap_or(0)
    }
}

/// Hashes the parts of a key in one piece: each small one by itself costs more than all of them
/// together. Where the pieces end makes no difference to the hash.
struct Gathered<H> {
    seed: Seed,
    /// For what does not fit into `bytes`.
    hasher: H,
    /// Whether the hasher has got anything.
    spilled: bool,
    bytes: [u8; MOST],
    used: usize,
}

/// Keys are rarely longer, in bytes.
const MOST: usize = 128;

impl<H> Gathered<H> {
    const fn new(seed: Seed, hasher: H) -> Self {
        Self { seed, hasher, spilled: false, bytes: [0; MOST], used: 0 }
    }

    fn gathered(&self) -> &[u8] {
        self.bytes.get(..self.used).unwrap_or_default()
    }
}

impl<H: Hasher + Clone> Hasher for Gathered<H> {
    fn write(&mut self, bytes: &[u8]) {
        let end = self.used.saturating_add(bytes.len());
        if let Some(place) = self.bytes.get_mut(self.used..end) {
            place.copy_from_slice(bytes);
            self.used = end;
            return;
        }
        self.hasher.write(self.bytes.get(..self.used).unwrap_or_default());
        self.hasher.write(bytes);
        (self.used, self.spilled) = (0, true);
    }

    fn finish(&self) -> u64 {
        if !self.spilled {
            return self.seed.hash(self.gathered());
        }
        let mut hasher = self.hasher.clone();
        hasher.write(self.gathered());
        hasher.finish()
    }
}

type Tables<A> = Box<[Lines<A>], A>;

/// Numbers below [`u32::MAX`] by [`Key`], several for one key if the caller puts them in.
pub struct Shards<A: Allocator> {
    tables: Tables<A>,
    seed: Seed,
    alloc: A,
    /// Tables keep their memory.
    keeps: bool,
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
        tables.resize_with(count, || Lines::new_in(alloc.clone()));
        Ok(Self { tables: tables.into_boxed_slice(), seed, alloc, keeps: false })
    }

    /// The same for numbers that come and go all the time: the last one of a table leaves its memory
    /// behind.
    #[must_use]
    pub fn keeping(self) -> Self {
        Self { keeps: true, ..self }
    }

    /// The key of what `parts` hash to.
    pub fn key(&self, parts: impl Hash) -> Key {
        let mut all = Gathered::new(self.seed, self.seed.hasher());
        parts.hash(&mut all);
        let hash = all.finish();
        #[expect(clippy::cast_possible_truncation, reason = "the two halves are what is wanted")]
        let (upper, tag) = ((hash >> 32) as u32, hash as u32);
        let mask = u32::try_from(self.tables.len() - 1).unwrap_or(u32::MAX);
        Key { shard: upper & mask, tag: tag & !APART }
    }

    /// Adds a number.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory, or `to` is [`u32::MAX`]; all is as before.
    pub fn try_insert(&mut self, key: Key, to: u32) -> Result<(), AllocError> {
        self.table_mut(key).ok_or(AllocError)?.try_insert(key.tag, to)
    }

    /// A number of `key` that `is` says yes to.
    pub fn find(&self, key: Key, is: impl FnMut(u32) -> bool) -> Option<u32> {
        self.tables.get(usize::try_from(key.shard).ok()?)?.find(key.tag, is)
    }

    /// Puts `new` in the place of the number `old` of `key`.
    pub fn replace(&mut self, key: Key, old: u32, new: u32) {
        if let Some(table) = self.table_mut(key) {
            table.replace(key.tag, old, new);
        }
    }

    /// Takes the number `to` of `key` out; the last one of a table gives its memory back, unless it is
    /// [kept](Shards::keeping).
    pub fn remove(&mut self, key: Key, to: u32) {
        let (alloc, keeps) = (self.alloc.clone(), self.keeps);
        let Some(table) = self.table_mut(key) else { return };
        table.remove(key.tag, to);
        if table.is_empty() && !keeps {
            *table = Lines::new_in(alloc);
        }
    }

    fn table_mut(&mut self, key: Key) -> Option<&mut Lines<A>> {
        self.tables.get_mut(usize::try_from(key.shard).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Shards};
    use allocator_api2::alloc::Global;
    use core::hash::{Hash, Hasher};
    use shm_table::Seed;

    /// A text that gives itself to a hasher in pieces of that many bytes.
    struct Pieces<'t>(&'t [u8], usize);

    impl Hash for Pieces<'_> {
        fn hash<H: Hasher>(&self, state: &mut H) {
            self.0.chunks(self.1).for_each(|piece| state.write(piece));
        }
    }

    #[test]
    fn a_key_is_the_same_in_whatever_pieces_it_comes() {
        let shards = Shards::try_new_in(4, Seed::new([7; 16]), Global).unwrap();
        let text: Vec<u8> = (0..=u8::MAX).cycle().take(3 * MOST).collect();
        for length in [0, 1, 8, MOST - 1, MOST, MOST + 1, 2 * MOST, 3 * MOST] {
            let text = &text[..length];
            let whole = shards.key(Pieces(text, 4 * MOST));
            for size in [1, 7, 64, MOST, MOST + 1] {
                assert_eq!(shards.key(Pieces(text, size)), whole, "{length} in pieces of {size}");
            }
            if let Some((_, less)) = text.split_last() {
                assert_ne!(shards.key(Pieces(less, 7)), whole, "{length} without the last byte");
            }
        }
    }

    #[test]
    fn a_key_that_is_apart_is_none_of_the_others() {
        let shards = Shards::try_new_in(4, Seed::new([7; 16]), Global).unwrap();
        let keys: Vec<_> = (0..2000_u32).map(|number| shards.key(number)).collect();
        for key in &keys {
            assert!(!keys.contains(&key.apart()));
            assert_eq!(key.apart(), key.apart().apart());
        }
    }

    #[test]
    fn only_a_table_that_is_kept_keeps_its_memory() {
        for keeps in [false, true] {
            let shards = Shards::try_new_in(0, Seed::new([7; 16]), Global).unwrap();
            let mut shards = if keeps { shards.keeping() } else { shards };
            let key = shards.key(1_u8);
            shards.try_insert(key, 5).unwrap();
            shards.remove(key, 5);
            assert_eq!(shards.find(key, |_| true), None);
            assert_eq!(shards.tables[0].room() > 0, keeps);
        }
    }
}
