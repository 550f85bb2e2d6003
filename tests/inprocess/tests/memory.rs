//! The allocator.

use crate::Case;
use allocator_api2::{alloc::Allocator, boxed::Box, vec::Vec};
use core::alloc::Layout;
use inprocess::{fork::Child, host};
use kamailio::{Error, module::Rank, private, shm, shm::Shm};
use proptest::{prelude::*, test_runner::TestRunner};
use shm_table::TryGrow;

pub(crate) const CASES: &[Case] = &[
    ("memory::every_alignment_is_kept_and_every_byte_comes_back", alignments),
    ("memory::blocks_do_not_overlap_in_any_order_of_use", blocks),
    ("memory::a_lack_of_memory_is_a_value", lack),
    ("memory::a_copy_takes_no_more_than_its_length", copies),
    ("memory::what_one_process_writes_another_reads", processes),
    ("memory::private_memory_is_prepared_once_and_for_one_manager_only", prepared),
    ("memory::a_hash_map_of_hashbrown_grows_in_shared_memory", map),
];

fn alignments() {
    let before = host::used();
    for align in (0..=12).map(|bits| 1_usize << bits) {
        for size in [0, 1, 7, 64, 5000] {
            let layout = Layout::from_size_align(size, align).unwrap();
            let start = Shm.allocate(layout).unwrap();
            assert_eq!(start.len(), size);
            let start = start.cast::<u8>();
            assert_eq!(start.addr().get() % align, 0, "{layout:?}");
            // SAFETY: the block was just given to us, with this size.
            unsafe { start.write_bytes(0xA5, size) };
            // SAFETY: allocated above with this layout.
            unsafe { Shm.deallocate(start, layout) };
        }
    }
    assert_eq!(host::used(), before);
}

fn blocks() {
    let steps =
        prop::collection::vec((any::<prop::sample::Index>(), 1..3000_usize, 0..9_u32), 1..200);
    TestRunner::new(crate::without_file(256))
        .run(&steps, |steps| {
            let mut blocks: std::vec::Vec<(Box<[u8], Shm>, u8)> = std::vec::Vec::new();
            for (number, (place, size, what)) in steps.into_iter().enumerate() {
                if what < 4 && !blocks.is_empty() {
                    drop(blocks.swap_remove(place.index(blocks.len())));
                } else {
                    let mark = u8::try_from(number % 251).unwrap();
                    blocks.push((shm::try_boxed_slice(&vec![mark; size]).unwrap(), mark));
                }
                for (block, mark) in &blocks {
                    prop_assert!(block.iter().all(|byte| byte == mark));
                }
            }
            Ok(())
        })
        .unwrap();
}

fn lack() {
    let before = host::used();
    assert_eq!(shm::try_boxed_slice(&vec![1; host::SHARED]).unwrap_err(), Error::OutOfShm);
    let mut all = Vec::<Box<[u8], Shm>, Shm>::new_in(Shm);
    let block = [7; 50_000];
    while let Ok(copy) = shm::try_boxed_slice(&block) {
        if let Err(last) = all.try_push(copy) {
            drop(last);
            break;
        }
    }
    assert!(all.len() > 200, "{} blocks", all.len());
    assert!(all.iter().all(|copy| **copy == block));
    drop(all);
    assert_eq!(host::used(), before);
}

fn copies() {
    assert_eq!(&*shm::try_boxed_slice(b"").unwrap(), b"");
    let copy = shm::try_boxed_slice(b"alice").unwrap();
    assert_eq!(&*copy, b"alice");
}

fn processes() {
    let mut shared = shm::try_box([0_u32; 4]).unwrap();
    let place = shared.as_mut_ptr();
    let writer = Child::start(|| {
        for index in 0..4 {
            // SAFETY: inside the array; the parent waits before it reads.
            let word = unsafe { place.add(index) };
            // SAFETY: as above.
            unsafe { word.write_volatile(7 + u32::try_from(index).unwrap()) };
        }
    });
    assert!(writer.join());
    assert_eq!(*shared, [7, 8, 9, 10]);
}

fn map() {
    let before = host::used();
    let mut map = hashbrown::HashTable::<u32, Shm>::new_in(Shm);
    for key in 0..10_000 {
        map.try_reserve(1, |key| u64::from(*key)).unwrap();
        map.insert_unique(key.into(), key, |key| u64::from(*key));
    }
    assert_eq!(map.find(9_999, |key| *key == 9_999), Some(&9_999));
    drop(map);
    assert_eq!(host::used(), before);
}

fn prepared() {
    let child = Child::start(|| {
        let before = host::private();
        private::prepare(Rank::MAIN);
        assert_eq!(host::private().total_frags, before.total_frags, "no messages come there");
        private::prepare(Rank::FIRST_WORKER);
        let once = host::private();
        let (holes, cost) =
            (once.total_frags - before.total_frags, once.real_used - before.real_used);
        if host::walks() {
            assert!((40..=60).contains(&holes), "{holes} holes");
            assert!(cost < 40_000, "{cost} bytes");
        } else {
            assert_eq!((holes, cost), (0, 0));
        }
        private::prepare(Rank::TIMER);
        let twice = host::private();
        assert_eq!(
            (twice.total_frags, twice.real_used),
            (once.total_frags, once.real_used),
            "once is enough"
        );
    });
    assert!(child.join());
}
