//! What happens when memory ends.

use super::play::record::Record;
use super::play::short::Short;
use pcscf_core::Directory;
use pcscf_core::directory::Config;

const SEED: shm_table::Seed = shm_table::Seed::new([9; 16]);

fn record(port: u16) -> Record {
    let aor = format!("sip:a@10.0.0.5:{port};rinstance=x");
    Record::new(&aor, ("192.0.2.1", 40000), "proxy.example")
}

#[test]
fn an_insertion_fails_whole_wherever_memory_ends() {
    // With one key alone, and with all keys shared, so that each way to grow is taken.
    for others in [0, 1, 2, 255, 256] {
        let memory = Short::default();
        let config = Config { bits: 0, by_user: true, now: 0 };
        let mut directory = Directory::try_new_in(config, SEED, memory.clone()).unwrap();
        for _ in 0..others {
            directory.try_insert(record(5070)).unwrap();
        }
        let (held, counts) = (memory.held(), *directory.counts());
        for blocks in 0.. {
            memory.end_after(blocks);
            let inserted = directory.try_insert(record(5070));
            memory.end_never();
            if inserted.is_ok() {
                break;
            }
            assert_eq!(inserted, Err(record(5070)), "the record comes back");
            assert_eq!(
                (memory.held().0, *directory.counts()),
                (held.0, counts),
                "{others} {blocks}"
            );
        }
        assert_eq!(directory.len(), others + 1);
        let found = directory.find_row(&record(5070).aor, b"192.0.2.1", 40000);
        assert!(found.is_some(), "the last one is whole");
    }
}

/// The two links of a new crowd lie on both sides of the end of a chunk of 256.
#[test]
fn half_of_a_crowd_leaves_no_trace() {
    let memory = Short::default();
    let config = Config { bits: 0, by_user: false, now: 0 };
    let mut directory = Directory::try_new_in(config, SEED, memory.clone()).unwrap();
    let one_key = |port: u16| Record::new(&format!("sip:a@192.0.2.1:{port}"), ("", 0), "");
    let empty = memory.held();
    let mut ids = Vec::new();
    for port in [1; 255].into_iter().chain([2]) {
        ids.push(directory.try_insert(one_key(port)).unwrap());
    }
    for blocks in 0..2 {
        memory.end_after(blocks);
        assert!(directory.try_insert(one_key(2)).is_err(), "{blocks}");
        memory.end_never();
    }
    let last = ids.pop().unwrap();
    assert_eq!(
        directory.with_aor(b"sip:a@192.0.2.1:2").map(|(id, _)| id).collect::<Vec<_>>(),
        [last]
    );
    ids.push(last);
    for id in ids {
        assert!(directory.remove(id).is_some());
    }
    assert_eq!(memory.held(), empty);
}

#[test]
fn no_memory_for_the_tables_is_an_error() {
    for blocks in 0..3 {
        let memory = Short::default();
        memory.end_after(blocks);
        let config = Config { bits: 9, by_user: false, now: 0 };
        let made = Directory::<Record, Short>::try_new_in(config, SEED, memory.clone());
        assert_eq!((made.is_ok(), made.map(drop).is_ok()), (blocks == 2, blocks == 2));
        assert_eq!(memory.held(), (0, 0));
    }
    let config = Config { bits: 25, by_user: false, now: 0 };
    assert!(Directory::<Record, Short>::try_new_in(config, SEED, Short::default()).is_err());
}
