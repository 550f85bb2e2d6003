//! Callbacks of clients.

use super::Records;
use crate::{
    Result,
    scscf::{
        Calls, Contact, ContactHandle, Event, Identity,
        callbacks::{Callback, Callbacks},
        event::List,
    },
};
use core::ptr;

impl Records {
    /// Has `callback` called for events of all records: those of new ones.
    pub(in crate::scscf) fn register(&mut self, callback: Callback) -> Result {
        self.callbacks.add_global(callback)
    }

    /// Has `callback` called for events of `identity`.
    ///
    /// # Errors
    ///
    /// [`crate::Error::OutOfShm`]
    pub fn register_identity(&mut self, identity: &mut Identity, callback: Callback) -> Result {
        let list = self.callbacks.with(identity.callbacks(), callback)?;
        identity.set_callbacks(list);
        Ok(())
    }

    /// Has `callback` called for events of `contact`.
    ///
    /// # Errors
    ///
    /// [`crate::Error::OutOfShm`]
    pub fn register_contact(&mut self, contact: &mut Contact, callback: Callback) -> Result {
        let list = self.callbacks.with(contact.callbacks(), callback)?;
        contact.set_callbacks(list);
        Ok(())
    }

    /// What is to be called for `event`: for that of a new record what is registered for all, for
    /// the others what is registered with the identity or with the contact.
    pub fn calls(
        &self,
        event: Event,
        identity: Option<&Identity>,
        contact: Option<&Contact>,
    ) -> Calls {
        let list = match event.list() {
            List::Global => self.callbacks.global(),
            List::Identity => identity.map_or(ptr::null_mut(), Identity::callbacks),
            List::Contact => contact.map_or(ptr::null_mut(), Contact::callbacks),
        };
        if list.is_null() {
            return Calls::NONE;
        }
        let contact: Option<ContactHandle> = contact.map(Contact::handle);
        Callbacks::calls(list, event, identity.map(Identity::handle), contact)
    }
}
