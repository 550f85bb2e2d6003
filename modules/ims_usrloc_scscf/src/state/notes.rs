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

    /// Notes the row of a contact. Where users have the same one, it stays when one of them goes, and was
    /// there before one of them came: then the links say whose it is.
    pub(crate) fn note_contact(&mut self, id: Id, cause: Cause) {
        let cause = match cause {
            Cause::New if db::writes() && self.shares_row(id) => Cause::Changed,
            cause => cause,
        };
        if let Some(contact) = self.contacts.get_mut(id) {
            if cause != Cause::Changed {
                // What its row said is gone.
                contact.set_mark(0);
            }
            db::changed(&mut self.journal, Row::Contact(contact.uri()), cause);
        }
    }

    /// As [`State::note_contact`], of a contact that a client has had go, or come back: a row that others
    /// share neither takes its links along nor brings them back.
    pub(crate) fn note_turn(&mut self, id: Id, cause: Cause) {
        self.note_contact(id, cause);
        if db::writes() && self.shares_row(id) {
            for identity in self.identities_with(id) {
                self.note_link(identity, id, cause);
            }
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
