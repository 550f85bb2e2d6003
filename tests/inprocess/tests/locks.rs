//! The lock of the host, between processes.

use crate::Case;
use inprocess::fork::Child;
use kamailio::{shm, sync::Mutex};

pub(crate) const CASES: &[Case] = &[
    ("locks::four_processes_lose_no_count", counts),
    ("locks::a_lock_that_is_held_is_not_given_twice", twice),
    ("locks::a_panic_under_the_lock_leaves_it_free_for_others", panics),
    #[cfg(debug_assertions)]
    ("locks::a_call_that_may_wait_is_refused_under_a_lock", waits),
];

fn counts() {
    const EACH: u64 = 50_000;
    let count = shm::try_box(Mutex::new([0_u64; 2])).unwrap();
    let child = || {
        Child::start(|| {
            for _ in 0..EACH {
                let mut count = count.lock();
                count[0] += 1;
                assert_eq!(count[0], count[1] + 1, "somebody else is inside");
                count[1] += 1;
            }
        })
    };
    let children = [child(), child(), child(), child()];
    assert!(children.map(Child::join).iter().all(|ended| *ended));
    assert_eq!(*count.lock(), [4 * EACH; 2]);
}

fn twice() {
    let value = shm::try_box(Mutex::new(1)).unwrap();
    let guard = value.lock();
    let other = Child::start(|| assert!(value.try_lock().is_none()));
    assert!(other.join());
    drop(guard);
    let other = Child::start(|| assert_eq!(value.try_lock().map(|value| *value), Some(1)));
    assert!(other.join());
}

fn panics() {
    let value = shm::try_box(Mutex::new(1)).unwrap();
    let other = Child::start(|| {
        let mut value = value.lock();
        *value = 2;
        panic!("on purpose, with the lock");
    });
    assert!(!other.join());
    assert_eq!(value.try_lock().map(|value| *value), Some(2));
}

#[cfg(debug_assertions)]
fn waits() {
    let value = shm::try_box(Mutex::new(1)).unwrap();
    kamailio::sync::assert_unlocked();
    let guard = value.lock();
    let refused = std::panic::catch_unwind(kamailio::sync::assert_unlocked);
    drop(guard);
    assert!(refused.is_err());
    kamailio::sync::assert_unlocked();
}
