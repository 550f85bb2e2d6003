//! Rows that are to be written, by the records they are of.

use super::State;
use crate::db::{self, Cause, Row, Who};
use shm_store::Id;

impl State {
    /// Notes the row of an identity.
    pub(crate) fn note_identity(&mut self, id: Id, cause: Cause) {
        if let Some(identity) = self.identities.get(id) {
            db::changed(&mut self.journal, Row::Identity(Who::of(identity)), cause);
        }
    }

    /// Notes the row of a contact.
    pub(crate) fn note_contact(&mut self, id: Id, cause: Cause) {
        if let Some(contact) = self.contacts.get_mut(id) {
            if cause != Cause::Changed {
                // What its row said is gone.
                contact.set_mark(0);
            }
            db::changed(&mut self.journal, Row::Contact(contact.uri()), cause);
        }
    }

    /// Notes that an identity has a contact, or has it no more.
    pub(crate) fn note_link(&mut self, identity: Id, contact: Id, cause: Cause) {
        let pair = self.identities.get(identity).zip(self.contacts.get(contact));
        if let Some((identity, contact)) = pair {
            let row = Row::Link { of: Who::of(identity), contact: contact.uri() };
            db::changed(&mut self.journal, row, cause);
        }
    }

    /// Notes the row of a watcher.
    pub(crate) fn note_watcher(&mut self, identity: Id, watcher: Id, cause: Cause) {
        let pair = self.identities.get(identity).zip(self.watchers.get(watcher));
        if let Some((identity, watcher)) = pair {
            let row = Row::Watcher {
                of: Who::of(identity),
                event: watcher.event(),
                contact: watcher.watcher_contact(),
                presentity: watcher.presentity_uri(),
            };
            db::changed(&mut self.journal, row, cause);
        }
    }
}
