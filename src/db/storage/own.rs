//! The rows that this process changed and that are not written yet. Another process may be writing
//! one of them at this moment, and then this one waits: what is answered must be stored.

use core::cell::RefCell;
use shm_store::journal::Ticket;

/// More than any client changes under one lock.
pub const MAX_OWN: usize = 256;

struct Own {
    entries: Vec<(usize, Ticket)>,
    /// There are others, for which there was no room.
    more: bool,
}

thread_local! {
    static OWN: RefCell<Own> = const { RefCell::new(Own { entries: Vec::new(), more: false }) };
}

/// Remembers the entry `ticket` of a journal; `journal` is any number that only it has.
pub fn remember(journal: usize, ticket: Ticket) {
    OWN.with_borrow_mut(|Own { entries, more }| {
        if entries.contains(&(journal, ticket)) {
            return;
        }
        if entries.len() < MAX_OWN {
            entries.push((journal, ticket));
        } else {
            *more = true;
        }
    });
}

/// The entries of `journal`; nothing if there are some that were not remembered.
pub fn own(journal: usize) -> Option<Vec<Ticket>> {
    OWN.with_borrow(|Own { entries, more }| {
        let of_journal = entries.iter().filter(|(of, _)| *of == journal);
        (!more).then(|| of_journal.map(|(_, ticket)| *ticket).collect())
    })
}

/// Forgets the entries of `journal` that are not `open` any more, and says whether there are others.
pub fn review(journal: usize, open: impl Fn(Ticket) -> bool) -> bool {
    OWN.with_borrow_mut(|Own { entries, .. }| {
        entries.retain(|(of, ticket)| *of != journal || open(*ticket));
        entries.iter().any(|(of, _)| *of == journal)
    })
}

/// Whether anything is remembered.
pub(super) fn is_empty() -> bool {
    OWN.with_borrow(|own| own.entries.is_empty())
}

/// Whether one entry is remembered, and there are no others.
pub(super) fn is_one() -> bool {
    OWN.with_borrow(|own| own.entries.len() == 1 && !own.more)
}

/// Forgets everything.
pub(super) fn clear() {
    OWN.with_borrow_mut(|own| {
        own.entries.clear();
        own.more = false;
    });
}
