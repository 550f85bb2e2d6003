//! A row that is being written.

use super::note::{Row, Who};
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
    Identity { of: Owner, row: Option<Identity> },
    Contact { contact: BString, row: Option<Contact> },
    Link { of: Owner, contact: BString, there: bool },
    Watcher { of: Owner, key: WatcherKey, row: Option<Watcher> },
}

/// An identity of a domain: what outlives a [`Who`].
#[derive(Debug)]
pub(crate) struct Owner {
    domain: usize,
    impu: BString,
}

impl Owner {
    /// The identity.
    pub(crate) fn who(&self) -> Who<'_> {
        Who { domain: self.domain, impu: &self.impu }
    }
}

impl From<Who<'_>> for Owner {
    fn from(who: Who<'_>) -> Self {
        Self { domain: who.domain, impu: who.impu.into() }
    }
}

impl Job {
    /// The place in the order of writing: a row comes after those that it names. Those that go take
    /// what names them along, which is looked at last and costs nothing then.
    pub(crate) fn rank(&self) -> u8 {
        match &self.what {
            What::Identity { row: Some(_), .. } => 0,
            What::Contact { row: Some(_), .. } => 1,
            What::Link { there: true, .. } => 2,
            What::Watcher { row: Some(_), .. } => 3,
            What::Contact { .. } => 4,
            What::Identity { .. } => 5,
            What::Link { .. } => 6,
            What::Watcher { .. } => 7,
        }
    }

    /// Whether there is to be a row; else it is to be removed.
    pub(crate) fn stores(&self) -> bool {
        self.rank() < 4
    }

    /// How the row is named in the log.
    pub(crate) fn name(&self) -> String {
        let row = match &self.what {
            What::Identity { of, .. } => Row::Identity(of.who()),
            What::Contact { contact, .. } => Row::Contact(contact),
            What::Link { of, contact, .. } => Row::Link { of: of.who(), contact },
            What::Watcher { of, key, .. } => Row::Watcher {
                of: of.who(),
                event: key.event,
                contact: &key.watcher_contact,
                presentity: &key.presentity_uri,
            },
        };
        row.to_string()
    }
}
