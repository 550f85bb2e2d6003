//! When subscriptions run out that the store of C keeps: it removes them and tells nobody, so they are
//! ended a moment before. Our own store tells by itself.
//!
//! It says of no subscription that it has read it from its database, but of each identity: so every
//! identity that was stored before this process served anybody is looked at once.

use super::hooks;
use allocator_api2::boxed::Box;
use core::sync::atomic::{AtomicBool, Ordering};
use kamailio::{
    Error,
    scscf::client::{Domain, Identity, Usrloc},
    shared::Shared,
    shm::{Shm, seed, try_boxed_slice},
    sync::HostLock,
    timer,
};
use shm_table::{Keyed, Table};
use std::ffi::CString;

/// Seconds that a subscription ends early, so that the store finds nothing to remove.
const EARLY: i64 = 1;

/// There are `1 << BITS` shards, each with a lock of its own.
const BITS: u8 = 6;

kamailio::shm_struct! {
    /// An identity whose first subscription to run out does so at a time, if it is not refreshed.
    struct Entry {
        /// Seconds since 1970.
        due: i64,
        domain: Domain,
        key: Box<[u8], Shm>,
    }
}

impl Keyed for Entry {
    fn key(&self) -> &[u8] {
        &self.key
    }
}

impl Entry {
    fn identity(&self) -> &[u8] {
        self.key.get(self.domain.name().len() + 1..).unwrap_or_default()
    }
}

/// The name of the domain, a zero byte, the identity.
fn key(domain: Domain, identity: &[u8]) -> std::vec::Vec<u8> {
    [domain.name(), b"\0", identity].concat()
}

static ENTRIES: Shared<Table<Entry, HostLock, Shm>> = Shared::empty();

/// For `mod_init`.
pub(super) fn set_up() -> Result<(), Error> {
    ENTRIES.set(Table::try_new_in(BITS, seed("subscriptions"), Shm)?)
}

/// Whether this process is past its start, in which one of them reads the database.
static SERVES: AtomicBool = AtomicBool::new(false);

/// This process is about to serve. For `child_init`.
pub(super) fn serves() {
    SERVES.store(true, Ordering::Relaxed);
}

/// The store of C has `identity` now, which it has locked. If it is one from the database, its watchers,
/// which follow, are looked at as soon as they are there.
pub(super) fn restored(identity: &Identity<'_>) {
    if SERVES.load(Ordering::Relaxed) {
        return;
    }
    let Some(usrloc) = Usrloc::get() else { return };
    let domain = CString::new(identity.domain()).ok().and_then(|name| usrloc.find_domain(&name));
    if let Some(domain) = domain {
        note(usrloc, domain, identity.public(), timer::now());
    }
}

/// For `mod_destroy`.
pub(super) fn tear_down() {
    drop(ENTRIES.take());
}

/// A subscription to `identity` runs out at `due`, in seconds since 1970.
pub(super) fn note(usrloc: &Usrloc, domain: Domain, identity: &[u8], due: i64) {
    let Some(entries) = ENTRIES.get().filter(|_| !usrloc.is_ours()) else { return };
    let key = key(domain, identity);
    let mut place = entries.lock(&key);
    if let Some(known) = place.get_mut() {
        known.due = known.due.min(due);
        return;
    }
    let kept = try_boxed_slice(&key).ok().map(|key| Entry { due, domain, key });
    if kept.is_none_or(|entry| place.try_insert(entry).is_err()) {
        kamailio::warn!("out of shared memory (-m): a subscription will run out in silence");
    }
}

/// Once a second: ends what would run out by itself soon.
pub(super) fn look() {
    let Some((entries, usrloc)) = ENTRIES.get().zip(Usrloc::get()) else { return };
    let until = timer::now().saturating_add(EARLY);
    for shard in entries.shards() {
        let due: std::vec::Vec<_> = shard
            .iter()
            .filter(|entry| entry.due <= until)
            .map(|entry| (entry.domain, entry.identity().to_vec()))
            .collect();
        drop(shard);
        for (domain, identity) in due {
            drop(entries.lock(&key(domain, &identity)).remove());
            if let Some(next) = hooks::end_until(usrloc, domain, &identity, until) {
                note(usrloc, domain, &identity, next);
            }
        }
    }
}
