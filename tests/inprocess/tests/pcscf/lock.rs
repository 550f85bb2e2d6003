//! The lock of a domain.

use super::store::with_domain;
use core::sync::atomic::{AtomicU32, Ordering};
use inprocess::fork::Child;
use kamailio::shm;
use kamailio_sys as sys;

/// Gives a child the number that the host would give it.
fn number(process: i32) {
    // SAFETY: a process of one thread, and nobody else reads it.
    unsafe { sys::process_no = process };
}

pub(super) fn nests() {
    with_domain(|domain| {
        let count = shm::try_box(AtomicU32::new(0)).unwrap();
        let count = &*count;
        let children = [1, 2, 3].map(|process| {
            Child::start(move || {
                number(process);
                for _ in 0..2_000 {
                    domain.lock();
                    domain.lock();
                    assert!(domain.is_locked_here());
                    let seen = count.load(Ordering::Relaxed);
                    domain.with(|_, _| ()).unwrap();
                    count.store(seen + 1, Ordering::Relaxed);
                    assert!(!domain.unlock());
                    assert!(domain.is_locked_here());
                    assert!(domain.unlock());
                    assert!(!domain.unlock(), "given back already");
                }
            })
        });
        assert!(children.map(Child::join).iter().all(|ended| *ended));
        assert_eq!(count.load(Ordering::Relaxed), 6_000);
    });
}

pub(super) fn forgotten() {
    with_domain(|domain| {
        domain.lock();
        domain.lock();
        assert_eq!(domain.unlock_all(), 2);
        assert_eq!(domain.unlock_all(), 0);
        let other = Child::start(|| {
            number(1);
            domain.lock();
            assert!(domain.unlock());
        });
        assert!(other.join());
    });
}

pub(super) fn comes_back() {
    with_domain(|domain| {
        let inner = domain.with(|_, _| domain.with(|_, _| ()));
        assert_eq!(inner, Some(None));
        assert!(!domain.is_locked_here());
        // Also after a panic, the domain is as free as before.
        let panicked = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| {
            domain.with(|_, _| panic!("on purpose"));
        }));
        assert!(panicked.is_err());
        assert_eq!(domain.with(|_, _| 7), Some(7));
    });
}
