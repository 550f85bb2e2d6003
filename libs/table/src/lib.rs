//! A hash table of locked shards, for any allocator and any lock.
//!
//! In a module the allocator is the shared memory of the host and the lock is that of the host;
//! in a test they are the heap and `parking_lot`. Nothing here aborts on a lack of memory.
//!
//! The number of shards is fixed and each shard grows alone. An insertion therefore moves at most
//! the records of one shard: with the 512 shards of a default configuration and a million records
//! that are some four thousand pointers, far below a millisecond, while the other shards go on.
//!
//! A shard is whole at every point that can panic: room is made before a record moves in, and a
//! record moves out before it is dropped.
#![forbid(unsafe_code)]

mod grow;
mod seed;
mod shard;

pub use grow::TryGrow;
pub use seed::Seed;
pub use shard::{Place, Shard, ShardGuard};

use allocator_api2::{
    alloc::{AllocError, Allocator},
    boxed::Box,
    vec::Vec,
};
use core::fmt;
use lock_api::{Mutex, RawMutex};

/// A record that knows its key.
pub trait Keyed {
    /// What the record is looked up by. It must not change while the record is in a table.
    fn key(&self) -> &[u8];
}

type Shards<V, R, A> = Box<[Mutex<R, Shard<V, A>>], A>;

/// The table: records of type `V`, locks of type `R`, memory from `A`.
pub struct Table<V, R, A: Allocator> {
    shards: Shards<V, R, A>,
    seed: Seed,
}

impl<V: Keyed, R: RawMutex, A: Allocator + Clone> Table<V, R, A> {
    /// A table of `1 << bits` shards, 2 to the power of 24 at the most.
    ///
    /// Every process computes the same places, because the seed lies in the table.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if `alloc` has no room for the shards, or `bits` is above 24.
    pub fn try_new_in(bits: u8, seed: Seed, alloc: A) -> Result<Self, AllocError> {
        if bits > 24 {
            return Err(AllocError);
        }
        let count = 1_usize << bits;
        let mut shards = Vec::new_in(alloc.clone());
        shards.try_reserve_exact(count).map_err(|_| AllocError)?;
        shards.resize_with(count, || Mutex::new(Shard::new_in(alloc.clone())));
        Ok(Self { shards: shards.into_boxed_slice(), seed })
    }

    /// Locks the shard of `key`; no other process gets at its records until the place drops.
    ///
    /// Locks do not nest: a caller holds one place or guard of a table at a time.
    pub fn lock<'k>(&self, key: &'k [u8]) -> Place<'_, 'k, V, R, A> {
        let hash = self.seed.hash(key);
        // The upper half chooses the shard, because the shard itself uses the lower bits.
        let index = usize::try_from(hash >> 32).unwrap_or(0) & (self.shards.len() - 1);
        #[expect(clippy::indexing_slicing, reason = "the mask keeps the index below the length")]
        let shard = self.shards[index].lock();
        Place::new(shard, self.seed, key, hash)
    }

    /// The shards, locked one after the other: drop each guard before asking for the next.
    pub fn shards(&self) -> impl Iterator<Item = ShardGuard<'_, V, R, A>> {
        self.shards.iter().map(|shard| ShardGuard::new(shard.lock()))
    }
}

impl<V, R, A: Allocator> fmt::Debug for Table<V, R, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("shards", &self.shards.len()).finish_non_exhaustive()
    }
}
