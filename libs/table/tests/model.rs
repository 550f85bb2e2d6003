//! The table against a map of the standard library.

use allocator_api2::alloc::{AllocError, Allocator, Global};
use core::{alloc::Layout, cell::Cell, ptr::NonNull};
use parking_lot::RawMutex;
use proptest::prelude::*;
use shm_table::{Keyed, Seed, Table};
use std::{
    collections::BTreeMap,
    rc::Rc,
    sync::atomic::{AtomicUsize, Ordering},
};

const SEED: Seed = Seed::new(*b"0123456789abcdef");

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    key: Vec<u8>,
    value: u32,
}

impl Keyed for Entry {
    fn key(&self) -> &[u8] {
        &self.key
    }
}

#[derive(Debug, Clone)]
enum Step {
    Insert(u8, u32),
    Remove(u8),
    Change(u8, u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (any::<u8>(), any::<u32>()).prop_map(|(key, value)| Step::Insert(key, value)),
        any::<u8>().prop_map(Step::Remove),
        (any::<u8>(), any::<u32>()).prop_map(|(key, value)| Step::Change(key, value)),
    ];
    prop::collection::vec(step, 0..400)
}

proptest! {
    #[test]
    fn it_does_what_a_map_does(steps in steps(), bits in 0_u8..5) {
        let table = Table::<Entry, RawMutex, Global>::try_new_in(bits, SEED, Global).unwrap();
        let mut model = BTreeMap::new();
        for step in steps {
            match step {
                Step::Insert(key, value) => {
                    let entry = Entry { key: vec![key], value };
                    let old = table.lock(&[key]).try_insert(entry).unwrap();
                    prop_assert_eq!(old.map(|old| old.value), model.insert(key, value));
                }
                Step::Remove(key) => {
                    let old = table.lock(&[key]).remove();
                    prop_assert_eq!(old.map(|old| old.value), model.remove(&key));
                }
                Step::Change(key, value) => {
                    let bytes = [key];
                    let mut place = table.lock(&bytes);
                    let ours = place.get_mut().map(|entry| entry.value = value);
                    prop_assert_eq!(ours, model.get_mut(&key).map(|old| *old = value));
                }
            }
        }
        let mut all = BTreeMap::new();
        for shard in table.shards() {
            all.extend(shard.iter().map(|entry| (entry.key[0], entry.value)));
        }
        prop_assert_eq!(all, model);
    }
}

/// Memory that ends after some blocks, and knows how many are out.
#[derive(Debug, Clone, Default)]
struct Short {
    left: Rc<Cell<usize>>,
    out: Rc<Cell<usize>>,
}

// SAFETY: all blocks come from and go to `Global`; clones share only the counters.
#[expect(unsafe_code, reason = "an allocator for a test")]
unsafe impl Allocator for Short {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        let left = self.left.get().checked_sub(1).ok_or(AllocError)?;
        self.left.set(left);
        self.out.set(self.out.get() + 1);
        Global.allocate(layout)
    }

    unsafe fn deallocate(&self, start: NonNull<u8>, layout: Layout) {
        self.out.set(self.out.get() - 1);
        // SAFETY: the block came from `allocate` above, with this layout.
        unsafe { Global.deallocate(start, layout) };
    }
}

#[test]
fn when_memory_ends_the_record_comes_back_and_the_rest_stays() {
    let memory = Short::default();
    memory.left.set(4);
    let table = Table::<Entry, RawMutex, Short>::try_new_in(0, SEED, memory.clone()).unwrap();
    let entry = |value: u32| Entry { key: value.to_be_bytes().to_vec(), value };
    let mut stored = 0_u32;
    let refused = loop {
        match table.lock(&stored.to_be_bytes()).try_insert(entry(stored)) {
            Ok(_) => stored += 1,
            Err(refused) => break refused,
        }
    };
    assert_eq!(refused, entry(stored));
    assert!(stored > 0);
    for value in 0..stored {
        assert_eq!(table.lock(&value.to_be_bytes()).get(), Some(&entry(value)));
    }
    for value in 0..stored {
        assert_eq!(table.lock(&value.to_be_bytes()).remove(), Some(entry(value)));
    }
    assert_eq!(memory.out.get(), 1, "only the array of shards is left");
    drop(table);
    assert_eq!(memory.out.get(), 0);
}

#[test]
fn no_memory_for_the_shards_is_an_error() {
    assert!(Table::<Entry, RawMutex, Short>::try_new_in(4, SEED, Short::default()).is_err());
    assert!(Table::<Entry, RawMutex, Global>::try_new_in(25, SEED, Global).is_err());
}

/// Counts how often keys are read: what growth costs, without a clock.
struct Counted(u32, [u8; 4]);

static READS: AtomicUsize = AtomicUsize::new(0);

impl Keyed for Counted {
    fn key(&self) -> &[u8] {
        READS.fetch_add(1, Ordering::Relaxed);
        &self.1
    }
}

#[test]
fn an_insertion_moves_no_more_than_one_shard() {
    const RECORDS: u32 = 200_000;
    let table = Table::<Counted, RawMutex, Global>::try_new_in(9, SEED, Global).unwrap();
    let mut worst = 0;
    for n in 0..RECORDS {
        let key = n.to_be_bytes();
        let before = READS.load(Ordering::Relaxed);
        assert!(table.lock(&key).try_insert(Counted(n, key)).is_ok());
        worst = worst.max(READS.load(Ordering::Relaxed) - before);
    }
    // 391 records a shard on average; a shard of twice that would mean a bad spread.
    assert!(worst < 800, "one insertion read {worst} keys");
    let fullest = table.shards().map(|shard| shard.len()).max();
    assert!(fullest < Some(600), "{fullest:?}");
    let before = READS.load(Ordering::Relaxed);
    for n in 0..RECORDS {
        assert_eq!(table.lock(&n.to_be_bytes()).get().map(|found| found.0), Some(n));
    }
    let reads = READS.load(Ordering::Relaxed) - before;
    assert!(reads < RECORDS as usize * 11 / 10, "a lookup compares {reads} keys of {RECORDS}");
}

#[test]
fn threads_lose_no_update() {
    let table = Table::<Entry, RawMutex, Global>::try_new_in(2, SEED, Global).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for n in 0..10_000_u32 {
                    let key = vec![u8::try_from(n % 50).unwrap()];
                    let mut place = table.lock(&key);
                    let entry = Entry { key: key.clone(), value: 1 };
                    match place.get_mut() {
                        Some(entry) => entry.value += 1,
                        None => assert!(place.try_insert(entry).is_ok()),
                    }
                }
            });
        }
    });
    let total: u32 =
        table.shards().map(|shard| shard.iter().map(|entry| entry.value).sum::<u32>()).sum();
    assert_eq!(total, 40_000);
}

#[test]
fn a_record_goes_to_no_other_place_than_its_own() {
    let table = Table::<Entry, RawMutex, Global>::try_new_in(2, SEED, Global).unwrap();
    let entry = Entry { key: b"one".to_vec(), value: 1 };
    assert_eq!(table.lock(b"two").try_insert(entry.clone()), Err(entry));
    assert!(table.shards().all(|shard| shard.is_empty()));
}
