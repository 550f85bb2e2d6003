//! A row that is being written.

use super::note::Row;
use bstr::BString;
use scscf_core::row::{Contact, Identity, Watcher, WatcherKey};
use shm_store::journal::Work;

/// A row to be written.
#[derive(Debug)]
pub(crate) struct Job {
    /// What the journal knows it by.
    pub(crate) ticket: Work,
    /// The row was never stored, as far as memory knows.
    pub(crate) new: bool,
    /// Which row, and what it is to say.
    pub(crate) what: What,
}

/// Which row, and what it is to say; nothing: it is to be removed.
#[derive(Debug)]
pub(crate) enum What {
    Identity { impu: BString, row: Option<Identity> },
    Contact { contact: BString, row: Option<Contact> },
    Link { impu: BString, contact: BString, there: bool },
    Watcher { impu: BString, key: WatcherKey, row: Option<Watcher> },
}

impl Job {
    /// The place in the order of writing: a row comes after those that it names, and goes before
    /// them.
    pub(crate) fn rank(&self) -> u8 {
        match &self.what {
            What::Identity { row: Some(_), .. } => 0,
            What::Contact { row: Some(_), .. } => 1,
            What::Link { there: true, .. } => 2,
            What::Watcher { row: Some(_), .. } => 3,
            What::Link { .. } => 4,
            What::Watcher { .. } => 5,
            What::Contact { .. } => 6,
            What::Identity { .. } => 7,
        }
    }

    /// Whether there is to be a row; else it is to be removed.
    pub(crate) fn stores(&self) -> bool {
        self.rank() < 4
    }

    /// How the row is named in the log.
    pub(crate) fn name(&self) -> String {
        let row = match &self.what {
            What::Identity { impu, .. } => Row::Identity(impu),
            What::Contact { contact, .. } => Row::Contact(contact),
            What::Link { impu, contact, .. } => Row::Link { impu, contact },
            What::Watcher { impu, key, .. } => Row::Watcher {
                impu,
                event: key.event,
                contact: &key.watcher_contact,
                presentity: &key.presentity_uri,
            },
        };
        row.to_string()
    }
}
