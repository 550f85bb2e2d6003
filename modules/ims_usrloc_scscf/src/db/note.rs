//! Entries of the journal: which row each is about.

use super::{Journal, stats, writes};
use crate::rows;
use bstr::BStr;
use kamailio::{
    db::storage,
    scscf::Identity,
    shm::{self, Shm},
    timer,
};
use shm_store::journal::{Key, Ticket};

/// The journal of this module has this number; there is one.
pub(crate) const JOURNAL: usize = 0;

/// Entries are found in so many tables, as a power of two.
const BITS: u8 = 6;

/// The row was never stored, as far as memory knows.
const NEW: u8 = 1;

/// Something that the row was about is gone, so that it may say what nobody remembers.
const GONE: u8 = 2;

/// An identity of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Who<'r> {
    /// The number of the domain.
    pub(crate) domain: usize,
    /// The identity.
    pub(crate) impu: &'r [u8],
}

impl<'r> Who<'r> {
    /// Who an identity in memory is.
    pub(crate) fn of(identity: &'r Identity) -> Self {
        Self { domain: identity.domain_index(), impu: identity.public() }
    }
}

/// A row of one of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Row<'r> {
    /// An identity with its profile. Not its contacts and watchers.
    Identity(Who<'r>),
    /// All contacts with this URI.
    Contact(&'r [u8]),
    /// That an identity has a contact.
    Link {
        /// The identity.
        of: Who<'r>,
        /// The Contact URI.
        contact: &'r [u8],
    },
    /// A watcher of an identity.
    Watcher {
        /// The identity.
        of: Who<'r>,
        /// The number of the event package.
        event: i32,
        /// The Contact URI of whoever watches.
        contact: &'r [u8],
        /// What is watched.
        presentity: &'r [u8],
    },
}

impl<'r> Row<'r> {
    /// Whose row it is; nobody's, of a contact.
    fn of(self) -> Option<Who<'r>> {
        match self {
            Self::Identity(of) | Self::Link { of, .. } | Self::Watcher { of, .. } => Some(of),
            Self::Contact(_) => None,
        }
    }
}

/// Why a row differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// What it is about was not in memory before.
    New,
    /// Something in it is different.
    Changed,
    /// What it is about is not in memory any more.
    Gone,
}

/// The kinds of rows, as the journal tells them apart.
mod kind {
    pub(super) const IDENTITY: u16 = 1;
    pub(super) const CONTACT: u16 = 2;
    pub(super) const LINK: u16 = 3;
    pub(super) const WATCHER: u16 = 4;
    /// The bits of a number that have the kind; those above have the number of the domain.
    pub(super) const BITS: u32 = 3;
}

/// An empty journal.
///
/// # Errors
///
/// If shared memory is used up.
pub(crate) fn journal() -> Result<Journal, kamailio::Error> {
    Ok(Journal::try_new_in(BITS, timer::now(), shm::seed("rows to be written"), Shm)?)
}

/// Takes note that a row differs. To be called under the lock, for each row. Without a database
/// nothing happens.
pub(crate) fn changed(journal: &mut Journal, row: Row<'_>, cause: Cause) {
    if !writes() || row.of().is_some_and(|who| !rows::stores(who.domain)) {
        return;
    }
    let domain = row.of().and_then(|who| u16::try_from(who.domain).ok()).unwrap_or(0);
    let number = |kind| kind | domain << kind::BITS;
    let noted = match row {
        Row::Identity(who) => note(journal, who.impu, b"", number(kind::IDENTITY), cause),
        Row::Contact(contact) => note(journal, contact, b"", kind::CONTACT, cause),
        Row::Link { of, contact } => note(journal, of.impu, contact, number(kind::LINK), cause),
        Row::Watcher { of, event, contact, presentity } => {
            let detail = packed(event, contact, presentity);
            note(journal, of.impu, &detail, number(kind::WATCHER), cause)
        }
    };
    if noted.is_none() {
        stats::WRITE_ERRORS.increment();
        kamailio::error!("{row} is not stored: out of shared memory (-m)");
    }
}

fn note(
    journal: &mut Journal,
    name: &[u8],
    detail: &[u8],
    number: u16,
    cause: Cause,
) -> Option<()> {
    let key = Key { name, detail, number };
    let flags = match cause {
        Cause::New if journal.pending(key).is_none() => NEW,
        Cause::New | Cause::Changed => 0,
        Cause::Gone => GONE,
    };
    let ticket = journal.note(key, flags).ok()?;
    storage::remember(JOURNAL, ticket);
    Some(())
}

/// Whether the row of an entry was never stored, as far as memory knows.
pub(crate) fn is_new(journal: &Journal, ticket: Ticket) -> bool {
    journal.flags(ticket).is_some_and(|flags| flags & NEW != 0)
}

/// Whether something that the row was about is gone.
pub(crate) fn has_gone(journal: &Journal, ticket: Ticket) -> bool {
    journal.flags(ticket).is_some_and(|flags| flags & GONE != 0)
}

/// The row of an entry is stored now, or there is none.
pub(crate) fn set_new(journal: &mut Journal, ticket: Ticket, new: bool) {
    let others = journal.flags(ticket).unwrap_or(0) & !NEW;
    journal.set_flags(ticket, if new { others | NEW } else { others });
}

/// What a key of the journal is about.
pub(crate) fn row_of(key: Key<'_>) -> Option<Row<'_>> {
    let (kind, domain) = (key.number & !(u16::MAX << kind::BITS), key.number >> kind::BITS);
    let of = Who { domain: domain.into(), impu: key.name };
    Some(match kind {
        kind::IDENTITY => Row::Identity(of),
        kind::CONTACT => Row::Contact(key.name),
        kind::LINK => Row::Link { of, contact: key.detail },
        kind::WATCHER => {
            let (event, contact, presentity) = unpacked(key.detail)?;
            Row::Watcher { of, event, contact, presentity }
        }
        _ => return None,
    })
}

/// What tells a watcher from others in one text: the event, how long the Contact is, the Contact,
/// the identity.
fn packed(event: i32, contact: &[u8], presentity: &[u8]) -> Vec<u8> {
    let len = u32::try_from(contact.len()).unwrap_or(u32::MAX);
    [&event.to_le_bytes()[..], &len.to_le_bytes(), contact, presentity].concat()
}

fn unpacked(text: &[u8]) -> Option<(i32, &[u8], &[u8])> {
    let (event, text) = text.split_first_chunk()?;
    let (len, text) = text.split_first_chunk()?;
    let len = usize::try_from(u32::from_le_bytes(*len)).ok()?;
    let (contact, presentity) = text.split_at_checked(len)?;
    Some((i32::from_le_bytes(*event), contact, presentity))
}

impl core::fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Identity(of) => write!(f, "identity {}", BStr::new(of.impu)),
            Self::Contact(contact) => write!(f, "contact {}", BStr::new(contact)),
            Self::Link { of, contact } => {
                write!(f, "contact {} of identity {}", BStr::new(contact), BStr::new(of.impu))
            }
            Self::Watcher { of, contact, .. } => {
                write!(f, "watcher {} of identity {}", BStr::new(contact), BStr::new(of.impu))
            }
        }
    }
}
