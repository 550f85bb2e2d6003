//! The records that this process handed out to its clients.
//!
//! Clients write states and times into the records themselves, so each is looked at once more when
//! the lock comes back.

use core::cell::RefCell;
use shm_store::Id;

/// More than any client handles under one lock; what is beyond is seen when it is due.
const MAX: usize = 1024;

/// A record that a client has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Touched {
    /// An identity, and so its contacts.
    Identity(u64),
    /// A contact.
    Contact(u64),
    /// A subscription.
    Subscriber(u64),
}

thread_local! {
    static TOUCHED: RefCell<Vec<Touched>> = const { RefCell::new(Vec::new()) };
}

fn remember(record: Touched) {
    TOUCHED.with_borrow_mut(|all| {
        if all.last() == Some(&record) {
            return;
        }
        if all.len() >= MAX {
            all.sort_unstable();
            all.dedup();
        }
        if all.len() < MAX {
            all.push(record);
        }
    });
}

/// Remembers identity `id`.
pub(crate) fn identity(id: Id) {
    remember(Touched::Identity(id.to_u64()));
}

/// Remembers contact `id`.
pub(crate) fn contact(id: Id) {
    remember(Touched::Contact(id.to_u64()));
}

/// Remembers subscription `id`.
pub(crate) fn subscriber(id: Id) {
    remember(Touched::Subscriber(id.to_u64()));
}

/// Runs `work` on what was remembered, each once; it is forgotten. Not at all if there is nothing.
pub(crate) fn review(work: impl FnOnce(&[Touched])) {
    let mut all = TOUCHED.take();
    if all.is_empty() {
        return;
    }
    all.sort_unstable();
    all.dedup();
    work(&all);
    all.clear();
    // The memory is used again; what came meanwhile is for the next time.
    TOUCHED.with_borrow_mut(|later| {
        all.append(later);
        *later = all;
    });
}
