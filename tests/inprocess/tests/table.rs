//! The table of shards on shared memory and locks of the host.

use crate::Case;
use allocator_api2::boxed::Box;
use inprocess::{fork::Child, host};
use kamailio::{shm, shm::Shm, sync::HostLock};
use shm_table::{Keyed, Seed, Table};

pub(crate) const CASES: &[Case] = &[
    ("table::four_processes_fill_one_table", fill),
    ("table::a_full_memory_refuses_and_keeps_what_is_there", full),
];

struct Record(Box<[u8], Shm>);

impl Keyed for Record {
    fn key(&self) -> &[u8] {
        &self.0
    }
}

type Records = Table<Record, HostLock, Shm>;

fn table() -> Records {
    Table::try_new_in(4, Seed::new([3; 16]), Shm).unwrap()
}

fn fill() {
    const EACH: u32 = 2_000;
    let before = host::used();
    let table = shm::try_box(table()).unwrap();
    let child = |process: u32| {
        let table = &*table;
        Child::start(move || {
            for number in 0..EACH {
                // Each key is in two processes, so that they meet.
                let key = (process / 2 * EACH + number).to_be_bytes();
                let record = Record(shm::try_boxed_slice(&key).unwrap());
                assert!(table.lock(&key).try_insert(record).is_ok());
                if number % 4 == 0 {
                    drop(table.lock(&key).remove());
                }
            }
        })
    };
    let children = [0, 1, 2, 3].map(child);
    assert!(children.map(Child::join).iter().all(|ended| *ended));
    let count: usize = table.shards().map(|shard| shard.len()).sum();
    assert!(count >= usize::try_from(EACH).unwrap() * 2 * 3 / 4, "{count} records");
    for number in (0..2 * EACH).filter(|number| number % 4 != 0) {
        let key = number.to_be_bytes();
        assert!(table.lock(&key).get().is_some(), "record {number}");
    }
    drop(table);
    assert_eq!(host::used(), before);
}

fn full() {
    let before = host::used();
    let table = table();
    let mut stored = 0_u32;
    while let Ok(record) = shm::try_boxed_slice(&key(stored)) {
        if table.lock(&key(stored)).try_insert(Record(record)).is_err() {
            break;
        }
        stored += 1;
    }
    assert!(stored > 100, "{stored} records");
    for number in 0..stored {
        assert!(table.lock(&key(number)).get().is_some(), "record {number}");
    }
    assert!(table.lock(&key(stored)).get().is_none());
    drop(table);
    assert_eq!(host::used(), before);
}

/// A key that takes some room.
fn key(number: u32) -> [u8; 2_000] {
    let mut key = [b'k'; 2_000];
    key[..4].copy_from_slice(&number.to_be_bytes());
    key
}
