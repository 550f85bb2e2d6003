//! The contacts that this process handed out while its client had the domain locked.
//!
//! Clients write the end of a registration into the record itself, so it is looked at once more
//! when the lock comes back.

use crate::domains::Domain;
use core::cell::{Cell, RefCell};
use pcscf_core::Id;

/// More than any client handles under one lock; what is beyond is seen when it is due.
const MAX: usize = 64;

thread_local! {
    static TOUCHED: RefCell<Vec<(usize, Id)>> = const { RefCell::new(Vec::new()) };
    /// The contact that the client last found as it is remembered here, and has not looked for again.
    static KEPT: Cell<Option<(usize, Id)>> = const { Cell::new(None) };
}

/// A number of a domain, for as long as the server runs.
fn number(domain: &Domain) -> usize {
    core::ptr::from_ref(domain).addr()
}

/// Remembers contact `id`, if this process has `domain` locked.
pub(crate) fn remember(domain: &Domain, id: Id) {
    if !domain.is_locked_here() {
        return;
    }
    let entry = (number(domain), id);
    TOUCHED.with_borrow_mut(|all| {
        if all.len() < MAX && !all.contains(&entry) {
            all.push(entry);
        }
    });
}

/// Whether no contact is remembered.
pub(crate) fn is_empty() -> bool {
    TOUCHED.with_borrow(Vec::is_empty)
}

/// A contact of `domain` that was remembered; it is forgotten.
pub(crate) fn take_one(domain: &Domain) -> Option<Id> {
    let number = number(domain);
    TOUCHED.with_borrow_mut(|all| {
        let at = all.iter().position(|(of, _)| *of == number)?;
        Some(all.swap_remove(at).1)
    })
}

/// The last search of the client found this contact as it is remembered here.
pub(crate) fn keep(domain: &Domain, id: Option<Id>) {
    KEPT.set(id.map(|id| (number(domain), id)));
}

/// That contact, once, if it is of `domain`.
pub(crate) fn kept(domain: &Domain) -> Option<Id> {
    let (of, id) = KEPT.take()?;
    (of == number(domain)).then_some(id)
}
