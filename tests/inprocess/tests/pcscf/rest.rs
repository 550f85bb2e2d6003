//! The graveyard.

use super::{
    contact::ids_of,
    store::{ALICE, resting, with_domain},
};
use inprocess::host;
use kamailio::pcscf::{REST, SHORT_REST};

const ALL: u32 = u32::MAX;

pub(super) fn replaced() {
    with_domain(|domain| {
        domain.with(|records, _| {
            let mut contact = records.try_contact(&ALICE, 100).unwrap();
            records.change(&mut contact, &ids_of(&[b"sip:a@b"]), 100).unwrap();
            let full = host::used();
            records.change(&mut contact, &ids_of(&[b"sip:c@d"]), 100).unwrap();
            assert!(host::used() > full);
            records.clear(100 + REST - 1, ALL);
            assert_eq!(records.resting(), 1);
            records.clear(100 + REST, ALL);
            assert_eq!(records.resting(), 0);
            // A manager may have given a block that is somewhat larger than what was asked for.
            assert!(host::used().abs_diff(full) < 128, "{full}, then {}", host::used());
            records.bury(contact, 100);
        });
    });
}

pub(super) fn removed() {
    with_domain(|domain| {
        domain.with(|records, _| {
            let before = host::used();
            for second in 0..40 {
                let contact = records.try_contact(&ALICE, second).unwrap();
                let handle = contact.handle();
                records.bury(contact, second);
                // Still what it was, for who has its address.
                assert_eq!(handle.id(), 0);
                records.clear(second, ALL);
                assert!(i64::from(records.resting()) <= REST + 1, "{}", records.resting());
            }
            records.clear(39 + REST, 2);
            assert!(records.resting() > 0, "two at the most were freed");
            records.clear(39 + REST, ALL);
            assert_eq!((records.resting(), host::used()), (0, before));
        });
    });
}

pub(super) fn visitors() {
    with_domain(|domain| {
        let clear = |now| domain.with(|records, _| records.clear(now, ALL)).unwrap();
        let bury = || {
            domain.with(|records, _| {
                let contact = records.try_contact(&ALICE, 100).unwrap();
                records.bury(contact, 100);
            })
        };
        domain.lock();
        bury().unwrap();
        domain.released(|| {
            assert!(!domain.is_locked_here());
            for second in 0..100 {
                clear(200 + second);
            }
            assert_eq!(resting(domain), 1, "freed under the eyes of who waits");
            // What comes later does not wait for ever: others come and go.
            domain.released(|| ());
        });
        assert!(domain.is_locked_here());
        clear(400);
        clear(401);
        clear(402);
        assert_eq!(resting(domain), 0);
        assert!(domain.unlock());
    });
}

pub(super) fn clock() {
    with_domain(|domain| {
        domain.with(|records, _| {
            for second in [1_000, 10, 20, 1_001] {
                let contact = records.try_contact(&ALICE, second).unwrap();
                records.bury(contact, second);
                records.clear(second, ALL);
            }
            assert_eq!(records.resting(), 4);
            records.clear(1_001 + REST, ALL);
            assert_eq!(records.resting(), 0);
        });
    });
}

pub(super) fn short() {
    with_domain(|domain| {
        domain.with(|records, _| {
            let mut live = Vec::new();
            let mut number = 0;
            while let Ok(contact) = records.try_contact(&ALICE, 100) {
                number += 1;
                match number % 2 {
                    0 => records.bury(contact, 100),
                    _ => live.push(contact),
                }
            }
            let buried = records.resting();
            assert!(buried > 1_000, "{buried} buried");
            // A moment later there is room again.
            live.push(records.try_contact(&ALICE, 100 + SHORT_REST).unwrap());
            assert_eq!(records.resting(), 0);
            for contact in live {
                records.discard(contact, 100);
            }
        });
    });
}
