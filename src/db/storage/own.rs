//! The rows that this process changed and that are not written yet. Another process may be writing
//! one of them at this moment, and then this one waits: what is answered must be stored.

use core::cell::RefCell;
use shm_store::journal::Ticket;

/// More than any client changes under one lock.
pub const MAX_OWN: usize = 256;

thread_local! {
    static OWN: RefCell<Vec<(usize, Ticket)>> = const { RefCell::new(Vec::new()) };
}

/// Remembers the entry `ticket` of a journal; `journal` is any number that only it has.
pub fn remember(journal: usize, ticket: Ticket) {
    OWN.with_borrow_mut(|own| {
        if own.len() < MAX_OWN && !own.contains(&(journal, ticket)) {
            own.push((journal, ticket));
        }
    });
}

/// Forgets the entries of `journal` that are not `open` any more, and says whether there are others.
pub fn review(journal: usize, open: impl Fn(Ticket) -> bool) -> bool {
    OWN.with_borrow_mut(|own| {
        own.retain(|(of, ticket)| *of != journal || open(*ticket));
        own.iter().any(|(of, _)| *of == journal)
    })
}

/// Whether anything is remembered.
pub(super) fn is_empty() -> bool {
    OWN.with_borrow(Vec::is_empty)
}

/// Forgets everything.
pub(super) fn clear() {
    OWN.with_borrow_mut(Vec::clear);
}
