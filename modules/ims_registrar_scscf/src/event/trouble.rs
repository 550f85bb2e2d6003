//! Watchers that did not take their last NOTIFY: few, mostly none.

use super::{counters, facts, queue, rules};
use allocator_api2::{boxed::Box, vec::Vec};
use core::{
    hash::Hasher,
    sync::atomic::{AtomicU32, Ordering},
};
use kamailio::{
    Error,
    scscf::client::{Domain, Usrloc},
    shared::Shared,
    shm::{Shm, try_boxed_slice},
    sync::Mutex,
    timer,
};
use scscf_core::event::{Cause, Dialog, Note, Only, Watcher, delivery::Trouble};
use shm_table::TryGrow;
use std::collections::hash_map::DefaultHasher;

/// The most watchers that are remembered. One more is told as if nothing had been.
const MOST: usize = 4096;

kamailio::shm_struct! {
    /// A watcher in trouble.
    struct Entry {
        dialog: u64,
        unanswered: u32,
        not_before: i64,
        /// The process that tells it.
        key: u64,
        /// What is to be told when it may be.
        note: Box<[u8], Shm>,
    }
}

kamailio::shm_struct! {
    /// What all processes know.
    struct State {
        entries: Mutex<Vec<Entry, Shm>>,
        count: AtomicU32,
        /// Domains by their numbers in the tokens of requests.
        domains: Mutex<Vec<Domain, Shm>>,
    }
}

static STATE: Shared<State> = Shared::empty();

/// For `mod_init`.
pub(super) fn set_up() -> Result<(), Error> {
    STATE.set(State {
        entries: Mutex::new(Vec::new_in(Shm)),
        count: AtomicU32::new(0),
        domains: Mutex::new(Vec::new_in(Shm)),
    })
}

/// For `mod_destroy`.
pub(super) fn tear_down() {
    drop(STATE.take());
}

/// The number of a domain in the token of a request; 0: none.
pub(super) fn domain_token(domain: Domain) -> usize {
    let Some(state) = STATE.get() else { return 0 };
    let mut domains = state.domains.lock();
    let at = domains.iter().position(|known| *known == domain);
    let at =
        at.or_else(|| domains.try_push(domain).ok().and_then(|()| domains.len().checked_sub(1)));
    at.map_or(0, |at| at.saturating_add(1))
}

/// The domain with the number of a token.
pub(super) fn domain_of(token: usize) -> Option<Domain> {
    let state = STATE.get()?;
    let domains = state.domains.lock();
    domains.get(token.checked_sub(1)?).copied()
}

/// Whether no watcher is in trouble.
pub(super) fn is_empty() -> bool {
    STATE.get().is_none_or(|state| state.count.load(Ordering::Relaxed) == 0)
}

fn hash(dialog: &Dialog<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    for text in [dialog.call_id, dialog.local_tag, dialog.remote_tag] {
        hasher.write(text);
        hasher.write_u8(0);
    }
    hasher.finish()
}

/// Runs `work` with the entries, and notes how many there are after it.
fn with<R>(work: impl FnOnce(&mut Vec<Entry, Shm>) -> R) -> Option<R> {
    let state = STATE.get()?;
    let mut entries = state.entries.lock();
    let result = work(&mut entries);
    state.count.store(u32::try_from(entries.len()).unwrap_or(u32::MAX), Ordering::Relaxed);
    Some(result)
}

/// What is remembered of the watcher in `dialog`.
pub(super) fn of(dialog: &Dialog<'_>) -> Trouble {
    if is_empty() {
        return Trouble::default();
    }
    let wanted = hash(dialog);
    let found = with(|entries| {
        let entry = entries.iter().find(|entry| entry.dialog == wanted)?;
        Some(Trouble { unanswered: entry.unanswered, not_before: entry.not_before })
    });
    found.flatten().unwrap_or_default()
}

/// Whether the watcher in `dialog` wants to hear nothing now.
pub(super) fn wants_peace(dialog: &Dialog<'_>) -> bool {
    !is_empty() && of(dialog).not_before > timer::now()
}

/// Nothing is wrong with the watcher in `dialog`, or it is gone.
pub(super) fn forget(dialog: &Dialog<'_>) {
    if is_empty() {
        return;
    }
    let wanted = hash(dialog);
    with(|entries| entries.retain(|entry| entry.dialog != wanted));
}

/// Remembers what is wrong with `watcher`. It is told the state of its moment when it may be.
pub(super) fn remember(domain: Domain, watcher: &Watcher, trouble: Trouble) {
    let dialog = watcher.dialog();
    // It may have gone while its NOTIFY was on the way.
    let Some(key) = process(domain, watcher) else { return forget(&dialog) };
    let note = Note {
        // If the registration has ended by then, so does the subscription.
        cause: Cause::Expired,
        domain: domain.name(),
        identity: &watcher.presentity,
        identities: std::vec::Vec::new(),
        contacts: std::vec::Vec::new(),
        only: Only::Dialog(dialog),
    };
    let Ok(note) = try_boxed_slice(&note.encode()) else { return };
    let wanted = hash(&dialog);
    let entry = Entry {
        dialog: wanted,
        unanswered: trouble.unanswered,
        not_before: trouble.not_before,
        key,
        note,
    };
    with(|entries| {
        entries.retain(|entry| entry.dialog != wanted);
        if entries.len() >= MOST || entries.try_push(entry).is_err() {
            kamailio::warn!("no room to remember {}", watcher.shown());
        }
    });
}

/// The process that tells `watcher`; none if nobody watches in its dialog.
fn process(domain: Domain, watcher: &Watcher) -> Option<u64> {
    let guard = Usrloc::get()?.lock(domain, &watcher.presentity);
    let record = guard.identity()?;
    let dialog = watcher.dialog();
    let stands = record.watchers().any(|raw| raw.is_reg() && facts::dialog(&raw) == dialog);
    stands.then(|| queue::key(facts::private(&record)))
}

/// Once a second: tells the watchers whose time has come.
pub(super) fn look() {
    if is_empty() || rules::get().is_none() {
        return;
    }
    let now = timer::now();
    let due = with(|entries| {
        let mut due = std::vec::Vec::new();
        entries.retain(|entry| {
            let is_due = entry.not_before != 0 && entry.not_before <= now;
            if is_due {
                due.push((entry.key, entry.note.to_vec()));
            }
            !is_due
        });
        due
    });
    for (key, note) in due.unwrap_or_default() {
        if let Err(lost) = queue::push_bytes(key, &note) {
            kamailio::warn!("{lost}; a watcher that asked to wait is not told");
            counters::FAILED.increment();
        }
    }
}
