//! Shared memory that runs out.

use super::{
    profile,
    records::{ALICE, NOW, PARAMS, PHONE, WATCHER},
    store::with_engine,
};
use allocator_api2::vec::Vec;
use inprocess::host;
use kamailio::{
    Error,
    location::REST,
    scscf::{ContactChanges, Domain, IdentityChanges, NewIdentity, Records},
    shm::Shm,
};

/// A block of so many bytes.
fn block(size: usize) -> Option<Vec<u8, Shm>> {
    let mut block = Vec::new_in(Shm);
    block.try_reserve_exact(size).ok().map(|()| block)
}

/// Fills shared memory up but for `left` bytes, runs `work`, and frees it again.
fn without_memory<R>(left: usize, work: impl FnOnce() -> R) -> R {
    let reserve = block(left).unwrap();
    let mut blocks = std::vec::Vec::new();
    let mut size = 1 << 20;
    while size >= 16 {
        match block(size) {
            Some(block) => blocks.push(block),
            None => size /= 2,
        }
    }
    drop(reserve);
    let result = work();
    drop(blocks);
    result
}

fn everything(records: &mut Records, domain: Domain, now: i64) -> Result<(), Error> {
    let mut identity = records.try_identity(domain, &ALICE, now)?;
    let mut contact = records.try_contact(domain, &PHONE, now)?;
    let mut other = records.try_contact(domain, &PHONE, now)?;
    let mut watcher = records.try_watcher(&WATCHER, now)?;
    let value = profile::user(1, vec![profile::criteria("sip:a"), profile::criteria("sip:b")]);
    let mut subscriber = records.try_subscriber(&value, false, now)?;
    records.set_subscriber(&mut identity, Some(&mut subscriber));
    records.watch(&mut identity, &mut watcher);
    let private = [b'x'; 300];
    let charging = [Some(&private[..]), None, None, None];
    let mut steps = || {
        records.link(&mut identity, &mut contact, now)?;
        records.link(&mut identity, &mut other, now)?;
        records.add_dialog(&mut contact, 1, 2, now)?;
        let changes = ContactChanges {
            received: Some(b"sip:1"),
            params: Some(&PARAMS[..1]),
            ..ContactChanges::default()
        };
        records.change_contact(&mut contact, &changes, now)?;
        let change = IdentityChanges { charging, private: Some(&private) };
        records.change_identity(&mut identity, &change, now)
    };
    let result = steps();
    records.unlink(&mut identity, &mut contact, now);
    records.unlink(&mut identity, &mut other, now);
    records.unwatch(&mut watcher);
    records.set_subscriber(&mut identity, None);
    records.bury_identity(identity, now);
    records.bury_contact(contact, now);
    records.bury_contact(other, now);
    records.bury_watcher(watcher, now);
    records.bury_subscriber(subscriber, now);
    records.clear(now + REST, u32::MAX);
    result
}

pub(super) fn everywhere() {
    with_engine(|engine, domain| {
        engine.with(|records, _| {
            let before = host::used();
            let (mut failed, mut done) = (0, 0);
            let sizes = (4..100).map(|n| n * 32).chain((4..30).map(|n| n * 1024));
            for (left, now) in sizes.zip((NOW..).step_by(100)) {
                match without_memory(left, || everything(records, domain, now)) {
                    Ok(()) => done += 1,
                    Err(Error::OutOfShm) => failed += 1,
                    Err(other) => panic!("{other}"),
                }
                assert_eq!(host::used(), before, "with {left} bytes left");
                assert_eq!(records.interned(), 0);
            }
            assert!(failed > 10 && done > 3, "{failed} failed, {done} done");
            let huge = vec![b'x'; 70_000];
            let new = NewIdentity { public: &huge, ..ALICE };
            assert!(matches!(records.try_identity(domain, &new, NOW), Err(Error::OutOfShm)));
            assert_eq!(host::used(), before);
        });
    });
}
