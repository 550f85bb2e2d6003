//! The blocks of the store that are buried: what they are and how they are freed.

use super::{
    contact::{self, Contact},
    criteria,
    identity::{self, Identity},
    link::{self, Link},
    subscriber::{self, Subscriber},
    watcher::{self, Watcher},
};
use crate::location::{self, block};
use core::ptr::{self, NonNull};

/// The blocks of the store that wait to be freed.
pub(super) type Graveyard = location::Graveyard<Grave>;

/// A block to bury, its kind in the lowest bits of its address; 0: nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grave(usize);

const IDENTITY: usize = 0;
const CONTACT: usize = 1;
const SUBSCRIBER: usize = 2;
const WATCHER: usize = 3;
const CRITERIA: usize = 4;
const LINK: usize = 5;
const DIALOG: usize = 6;
const PLAIN: usize = 7;
const KIND: usize = 7;

impl Grave {
    fn new<T>(block: NonNull<T>, kind: usize) -> Self {
        Self(block.as_ptr().expose_provenance() | kind)
    }

    pub(super) fn identity(identity: Identity) -> Self {
        Self::new(identity.into_record(), IDENTITY)
    }

    pub(super) fn contact(contact: Contact) -> Self {
        Self::new(contact.into_record(), CONTACT)
    }

    pub(super) fn subscriber(subscriber: Subscriber) -> Self {
        Self::new(subscriber.into_record(), SUBSCRIBER)
    }

    pub(super) fn watcher(watcher: Watcher) -> Self {
        Self::new(watcher.into_record(), WATCHER)
    }

    pub(super) fn criteria(block: NonNull<criteria::Head>) -> Self {
        Self::new(block, CRITERIA)
    }

    pub(super) fn link(link: NonNull<Link>) -> Self {
        Self::new(link, LINK)
    }

    pub(super) fn dialog(node: NonNull<contact::Dialog>) -> Self {
        Self::new(node, DIALOG)
    }

    /// A block that starts with a word for the link; nothing if there is none.
    pub(super) fn plain(block: *mut u8) -> Option<Self> {
        NonNull::new(block).map(|block| Self::new(block, PLAIN))
    }

    fn block<T>(self) -> Option<NonNull<T>> {
        NonNull::new(ptr::with_exposed_provenance_mut(self.0 & !KIND))
    }
}

// SAFETY: the kind is in bits that are zero in every address, and each kind has a place for a link
// that no client follows.
unsafe impl location::Buried for Grave {
    fn into_word(self) -> usize {
        self.0
    }

    fn from_word(word: usize) -> Self {
        Self(word)
    }

    fn link(self) -> Option<NonNull<usize>> {
        match self.0 & KIND {
            IDENTITY => self.block().map(identity::grave_link),
            CONTACT => self.block().map(contact::grave_link),
            SUBSCRIBER => self.block().map(subscriber::grave_link),
            WATCHER => self.block().map(watcher::grave_link),
            CRITERIA => self.block().map(criteria::grave_link),
            LINK => self.block().map(link::grave_link),
            DIALOG => self.block().map(contact::dialog_link),
            _ => self.block(),
        }
    }

    unsafe fn free(self) {
        match self.0 & KIND {
            IDENTITY => {
                if let Some(record) = self.block() {
                    // SAFETY: `Grave::identity` took it from an identity; `Drop` frees it.
                    drop(unsafe { Identity::from_record(record) });
                }
            }
            CONTACT => {
                if let Some(record) = self.block() {
                    // SAFETY: as above, of a contact.
                    drop(unsafe { Contact::from_record(record) });
                }
            }
            SUBSCRIBER => {
                if let Some(record) = self.block() {
                    // SAFETY: as above, of a subscriber.
                    drop(unsafe { Subscriber::from_record(record) });
                }
            }
            _ => {
                // The others are one block without parts of their own.
                if let Some(block) = self.block::<u8>() {
                    // SAFETY: by the contract of this function.
                    unsafe { block::free(block) };
                }
            }
        }
    }
}
