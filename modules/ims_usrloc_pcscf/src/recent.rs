//! The rows that this server wrote or removed last: what was read of one before that says what was.

use core::hash::{BuildHasher as _, BuildHasherDefault};
use pcscf_core::journal::Key;
use std::hash::DefaultHasher;

/// More than are written while one is read, unless the database is slow and much is going on.
const ROOM: usize = 512;

kamailio::shm_struct! {
    /// The rows of a domain.
    #[derive(Debug)]
    pub(crate) struct Recent {
        /// How many there have been so far.
        count: u64,
        /// What tells the last ones apart.
        rows: [u64; ROOM],
    }
}

impl Recent {
    pub(crate) const fn new() -> Self {
        Self { count: 0, rows: [0; ROOM] }
    }

    /// How many there have been so far.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The row of `key` is written or removed.
    pub(crate) fn add(&mut self, key: Key<'_>) {
        if let Some(row) = self.rows.get_mut(place(self.count)) {
            *row = number(key);
        }
        self.count = self.count.wrapping_add(1);
    }

    /// Whether the row of `key` is among those that came after the first `count`; nothing if there
    /// were too many to know.
    pub(crate) fn has_since(&self, key: Key<'_>, count: u64) -> Option<bool> {
        let later = self.count.saturating_sub(count);
        let room = u64::try_from(ROOM).unwrap_or(0);
        if later > room {
            return None;
        }
        let wanted = number(key);
        Some(
            (count..count.saturating_add(later))
                .any(|at| self.rows.get(place(at)) == Some(&wanted)),
        )
    }
}

fn place(count: u64) -> usize {
    usize::try_from(count).unwrap_or(0) % ROOM
}

fn number(key: Key<'_>) -> u64 {
    let Key { name, detail, number } = key;
    BuildHasherDefault::<DefaultHasher>::new().hash_one((name, detail, number))
}
