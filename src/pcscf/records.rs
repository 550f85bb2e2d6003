//! What the contacts of a domain have in common.

use super::{
    Changes, Contact, NewContact, Security,
    callbacks::Callbacks,
    graveyard::{Grave, Graveyard},
    methods::Methods,
    routes::RouteSets,
};
use crate::{
    Error, Result,
    location::{REST, SHORT_REST},
};
use core::ptr::NonNull;
use kamailio_sys::{self as core_sys, pcscf as sys};

/// What the contacts of a domain share: blocks of routes, lists of callbacks, and the graveyard.
#[derive(Debug)]
pub struct Records {
    name: NonNull<core_sys::str_>,
    routes: RouteSets,
    callbacks: Callbacks,
    graves: Graveyard,
}

// SAFETY: blocks of shared memory only; the lock of the domain guards them.
unsafe impl Send for Records {}

impl Records {
    /// Of the domain whose name is at `name`.
    pub(super) fn try_new(name: NonNull<core_sys::str_>) -> Result<Self> {
        let (callbacks, graves) = (Callbacks::new(), Graveyard::new());
        Ok(Self { name, routes: RouteSets::try_new()?, callbacks, graves })
    }

    /// A process comes in that may read what is buried meanwhile.
    pub(super) fn visit(&mut self) -> u32 {
        self.graves.visitors().enter()
    }

    /// A process leaves that came with this number.
    pub(super) fn end_visit(&mut self, turn: u32) {
        self.graves.visitors().leave(turn);
    }

    /// A new contact, which nobody knows yet.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`], after what has rested a second was freed.
    pub fn try_contact(&mut self, new: &NewContact<'_>, now: i64) -> Result<Contact> {
        self.try_again(now, |records| Contact::try_new(records.name, &records.routes, new))
    }

    /// Changes `contact`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`]; the contact is as it was.
    pub fn change(&mut self, contact: &mut Contact, changes: &Changes<'_>, now: i64) -> Result {
        self.try_again(now, |records| {
            contact.change(changes, &mut records.routes, &mut records.graves, now)
        })
    }

    /// Gives `contact`, a new one, its security: the one in use, or the temporary one.
    pub fn secure(&mut self, contact: &mut Contact, security: Security, temporary: bool) {
        contact.take_security(security, temporary);
    }

    pub(super) fn set_security(
        &mut self,
        contact: &mut Contact,
        security: *mut sys::security,
        temporary: bool,
        now: i64,
    ) -> Result {
        self.try_again(now, |records| {
            contact.set_security(security, temporary, &mut records.graves, now)
        })
    }

    /// Buries `contact`, which clients may still read: it is freed when they have had their time.
    pub fn bury(&mut self, mut contact: Contact, now: i64) {
        let left = contact.leave_routes(&mut self.routes);
        self.graves.bury(left, now);
        self.graves.bury(Grave::contact(contact), now);
    }

    /// Frees `contact`, which nobody has seen.
    pub fn discard(&mut self, mut contact: Contact, now: i64) {
        let left = contact.leave_routes(&mut self.routes);
        self.graves.bury(left, now);
    }

    /// Frees what has rested long enough, `budget` blocks at the most; what is left of the budget.
    pub fn clear(&mut self, now: i64, budget: u32) -> u32 {
        self.graves.visitors().next_turn();
        self.graves.clear(now, REST, budget)
    }

    /// How many blocks wait to be freed.
    pub fn resting(&self) -> u32 {
        self.graves.len()
    }

    pub(super) fn callbacks(&mut self) -> &mut Callbacks {
        &mut self.callbacks
    }

    /// Adds to a contact what clients register for every contact that comes from a database.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`]
    pub fn attach(&mut self, contact: &mut Contact, methods: &Methods) -> Result {
        for (types, function, param) in methods.of(contact) {
            self.callbacks.add(contact, types, function, param)?;
        }
        Ok(())
    }

    fn try_again<R>(&mut self, now: i64, mut run: impl FnMut(&mut Self) -> Result<R>) -> Result<R> {
        let first = run(self);
        if !matches!(first, Err(Error::OutOfShm)) || self.graves.len() == 0 {
            return first;
        }
        self.graves.clear(now, SHORT_REST, u32::MAX);
        run(self)
    }
}
