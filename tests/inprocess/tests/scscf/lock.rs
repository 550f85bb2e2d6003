//! The lock of the store.

use super::{
    client::{Client, text},
    store::{Plain, engine, with_engine, with_store},
};
use core::sync::atomic::{AtomicU32, Ordering};
use inprocess::fork::Child;
use kamailio::{
    scscf::{Call, server},
    shm,
};
use kamailio_sys as sys;
use std::{
    thread::sleep,
    time::{Duration, Instant},
};

/// Gives a process the number that the host would give it.
fn number(process: i32) {
    // SAFETY: a process of one thread, and nobody else reads it.
    unsafe { sys::process_no = process };
}

pub(super) fn nests() {
    with_store(|api| {
        let client = Client::new(api);
        let count = shm::try_box(AtomicU32::new(0)).unwrap();
        let count = &*count;
        let children = [1, 2, 3].map(|process| {
            let client = &client;
            Child::start(move || {
                number(process);
                for _ in 0..2_000 {
                    client.lock();
                    let mut uri = text(b"sip:a@h");
                    // SAFETY: as C calls it.
                    unsafe { client.api.lock_contact_slot.unwrap()(&raw mut uri) };
                    // SAFETY: as C calls it.
                    unsafe { client.api.lock_contact_slot_i.unwrap()(3) };
                    let seen = count.load(Ordering::Relaxed);
                    engine().with(|_, _| ()).unwrap();
                    // SAFETY: as C calls it.
                    unsafe { client.api.unlock_contact_slot.unwrap()(&raw mut uri) };
                    count.store(seen + 1, Ordering::Relaxed);
                    // SAFETY: as C calls it.
                    unsafe { client.api.unlock_contact_slot_i.unwrap()(3) };
                    assert!(engine().is_locked_here());
                    client.unlock();
                    assert!(!engine().is_locked_here());
                }
            })
        });
        assert!(children.map(Child::join).iter().all(|ended| *ended));
        assert_eq!(count.load(Ordering::Relaxed), 6_000);
    });
}

pub(super) fn twice() {
    with_store(|api| {
        let client = Client::new(api);
        client.lock();
        client.lock();
        for _ in 0..2 {
            // SAFETY: as C calls it.
            unsafe { api.lock_contact_slot_i.unwrap()(3) };
        }
        // SAFETY: as C calls it.
        unsafe { api.unlock_contact_slot_i.unwrap()(3) };
        client.unlock();
        assert!(engine().is_locked_here());
        client.unlock();
        assert!(!engine().is_locked_here());
        client.unlock();
        assert_eq!(engine().holder(), None);
    });
}

pub(super) fn forgotten() {
    with_store(|api| {
        let client = Client::new(api);
        client.lock();
        // SAFETY: as C calls it.
        unsafe { api.lock_contact_slot_i.unwrap()(3) };
        let holder = engine().holder().unwrap();
        assert_eq!((holder.call, holder.inside), ("lock_udomain", false));
        assert_eq!(holder.pid, std::process::id());
        engine().with(|_, _| assert!(engine().holder().unwrap().inside));
        server::heal::<Plain>();
        assert!(!engine().is_locked_here());
        let other = Child::start(|| {
            number(1);
            assert!(engine().lock(Call::Domain));
            assert!(engine().unlock(Call::Domain));
        });
        assert!(other.join());
    });
}

pub(super) fn taken_over() {
    with_engine(|engine, _| {
        let holder = Child::start(|| {
            number(1);
            engine.lock(Call::ContactSlot);
            sleep(Duration::from_millis(6_500));
            // It was taken from this process meanwhile.
            assert!(!engine.is_locked_here());
            assert!(!engine.unlock(Call::ContactSlot));
            assert_eq!(engine.with(|_, _| 7), Some(7));
        });
        sleep(Duration::from_millis(100));
        let since = Instant::now();
        number(2);
        assert!(engine.lock(Call::Domain));
        let waited = since.elapsed();
        assert!((4_500..6_000).contains(&waited.as_millis()), "{waited:?}");
        assert_eq!((engine.takeovers(), engine.waits()), (1, 1));
        assert!(engine.unlock(Call::Domain));
        number(0);
        assert!(holder.join());
        assert_eq!((engine.with(|_, _| 7), engine.takeovers()), (Some(7), 1));
    });
}

pub(super) fn died() {
    with_engine(|engine, _| {
        let holder = Child::start(|| {
            number(1);
            // SAFETY: ends the process, as a signal would, at work in the store.
            engine.with(|_, _| unsafe { libc::_exit(0) });
        });
        let pid = holder.pid();
        assert!(holder.join());
        let known = engine.holder().unwrap();
        assert_eq!((known.inside, known.process, known.pid), (true, 2, pid));
        let since = Instant::now();
        assert_eq!(engine.with(|_, _| ()), None);
        assert!(since.elapsed() < Duration::from_secs(7));
        assert!(!engine.is_locked_here());
    });
}
