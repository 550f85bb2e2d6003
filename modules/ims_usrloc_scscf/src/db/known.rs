//! What is known of single rows within one transaction, so that each is looked for once.

use super::{Access, note::Who};
use bstr::BString;
use core::cell::RefCell;
use kamailio::db::{Condition, DbError, Value};
use scscf_core::row::{CONTACTS, IDENTITIES, WatcherKey, column};
use std::collections::{HashMap, HashSet};

/// A row with a number, by what it is found by.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'p> {
    Identity(Who<'p>),
    Contact(&'p [u8]),
    Watcher(&'p WatcherKey),
}

#[derive(Debug, PartialEq, Eq, Hash)]
enum Key {
    Identity(usize, BString),
    Contact(BString),
    Watcher(WatcherKey),
}

impl Place<'_> {
    fn key(self) -> Key {
        match self {
            Self::Identity(who) => Key::Identity(who.domain, who.impu.into()),
            Self::Contact(uri) => Key::Contact(uri.into()),
            Self::Watcher(key) => Key::Watcher(key.clone()),
        }
    }
}

/// What is known of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// There is none.
    Nothing,
    /// It was there before.
    There(i64),
    /// It was made in this transaction, so that nothing names it but what came after. Its number,
    /// if that is known already.
    Made(Option<i64>),
}

/// A row that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Its number.
    pub(super) id: i64,
    /// It was made in this transaction.
    pub(super) made: bool,
}

/// What one transaction has found out, and has done.
#[derive(Debug, Default)]
pub(super) struct Known {
    rows: RefCell<HashMap<Key, Seen>>,
    /// Pairs of numbers that stand in a table, by its name.
    pairs: RefCell<HashSet<(&'static str, i64, i64)>>,
}

impl Known {
    /// Another transaction begins.
    pub(super) fn forget(&self) {
        self.rows.borrow_mut().clear();
        self.pairs.borrow_mut().clear();
    }

    /// A row was made; its number, if the driver told.
    pub(super) fn made(&self, place: Place<'_>, id: Option<i64>) {
        self.rows.borrow_mut().insert(place.key(), Seen::Made(id));
    }

    /// A row was removed.
    pub(super) fn removed(&self, place: Place<'_>) {
        self.rows.borrow_mut().insert(place.key(), Seen::Nothing);
    }

    /// Notes that a pair stands in a table; false if that was known.
    pub(super) fn paired(&self, table: &'static str, impu: i64, other: i64) -> bool {
        self.pairs.borrow_mut().insert((table, impu, other))
    }
}

impl Access {
    /// The row at `place`, asked for once in a transaction.
    pub(super) fn row(&self, place: Place<'_>) -> Result<Option<Found>, DbError> {
        let key = place.key();
        let seen = self.known.rows.borrow().get(&key).copied();
        let made = match seen {
            Some(Seen::Nothing) => return Ok(None),
            Some(Seen::There(id)) => return Ok(Some(Found { id, made: false })),
            Some(Seen::Made(Some(id))) => return Ok(Some(Found { id, made: true })),
            Some(Seen::Made(None)) => true,
            None => false,
        };
        let id = self.id(self.table(place), &self.conditions(place))?;
        let seen = match id {
            None => Seen::Nothing,
            Some(id) if made => Seen::Made(Some(id)),
            Some(id) => Seen::There(id),
        };
        self.known.rows.borrow_mut().insert(key, seen);
        Ok(id.map(|id| Found { id, made }))
    }

    /// The table of a row.
    pub(super) fn table(&self, place: Place<'_>) -> &str {
        match place {
            Place::Identity(_) => IDENTITIES.name,
            Place::Contact(_) => CONTACTS.name,
            Place::Watcher(_) => self.watchers(),
        }
    }

    /// What a row fulfils; the first compares a text.
    pub(super) fn conditions<'p>(&self, place: Place<'p>) -> Vec<Condition<'p>> {
        let text = |column, text| Condition::equal(column, Value::Text(text));
        match place {
            Place::Identity(who) => {
                let mut conditions = vec![text(column::IMPU, who.impu)];
                if self.tables.tell_domains() {
                    conditions.push(text(column::DOMAIN, crate::rows::domain_column(who.domain)));
                }
                conditions
            }
            Place::Contact(uri) => vec![text(column::CONTACT, uri)],
            Place::Watcher(key) => vec![
                text(column::WATCHER_CONTACT, &key.watcher_contact),
                text(column::PRESENTITY_URI, &key.presentity_uri),
                Condition::equal(column::EVENT, Value::Int(key.event.into())),
            ],
        }
    }
}
