//! Rows that belong to nobody: of a server that was killed between two statements, or of a person
//! who removed some of them by hand. They are looked for when somebody asks, never at the start: an
//! empty table of identities says nothing of the others.

use super::{Access, Who, fetch::piece};
use crate::rows;
use bstr::BString;
use kamailio::{
    db::{Condition, DbError, Page, Value},
    scscf::DOMAINS_MAX,
};
use scscf_core::row::{CONTACTS, IDENTITIES, LINKS, SUBSCRIPTIONS, WatcherKey, column};
use std::collections::HashSet;

/// What was removed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Audit {
    /// Rows of `impu_contact` and `impu_subscriber` that name a row which is not there.
    pub(crate) links: u64,
    /// Contacts that no identity has, in the tables or in memory.
    pub(crate) contacts: u64,
    /// Watchers of no identity.
    pub(crate) watchers: u64,
}

/// Removes rows that belong to nobody. Nothing if the database is down, which the log says.
pub(crate) fn audit() -> Option<Audit> {
    let access = Access::open()?;
    let audit = access.audit();
    audit.inspect_err(|error| access.read_failed("rows of the audit are", error)).ok()
}

impl Access {
    fn audit(&self) -> Result<Audit, DbError> {
        let watchers = self.watchers().to_owned();
        // Parents first: whatever comes meanwhile is asked for once more before it is removed.
        let identities = self.numbers(IDENTITIES.name, column::ID)?;
        let of_contact =
            self.orphans(LINKS.name, column::CONTACT_ID, CONTACTS.name, &identities)?;
        let of_watcher =
            self.orphans(SUBSCRIPTIONS.name, column::SUBSCRIBER_ID, &watchers, &identities)?;
        Ok(Audit {
            links: of_contact + of_watcher,
            contacts: self.lonely_contacts()?,
            watchers: self.lonely_watchers(&watchers)?,
        })
    }

    /// Removes the pairs of which one or the other is not there, and says how many.
    fn orphans(
        &self,
        pairs: &str,
        with: &'static str,
        others: &str,
        identities: &HashSet<i64>,
    ) -> Result<u64, DbError> {
        let known = self.numbers(others, column::ID)?;
        let mut removed = 0;
        for row in self.all::<0>(pairs, &[column::ID, column::IMPU_ID, with], 0)? {
            let [Some(id), Some(impu), Some(other)] = row.numbers else { continue };
            let there = identities.contains(&impu) && known.contains(&other)
                || self.exists(IDENTITIES.name, impu)? && self.exists(others, other)?;
            if !there {
                self.remove(pairs, column::ID, id)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    fn lonely_contacts(&self) -> Result<u64, DbError> {
        let linked = self.numbers(LINKS.name, column::CONTACT_ID)?;
        let mut removed = 0;
        for row in self.all::<1>(CONTACTS.name, &[column::ID, column::CONTACT], 1)? {
            let [Some(id), ..] = row.numbers else { continue };
            let [contact] = row.texts;
            let lonely = !linked.contains(&id) && rows::contact(&contact).is_none();
            if lonely && !self.named(LINKS.name, column::CONTACT_ID, id)? {
                self.remove(CONTACTS.name, column::ID, id)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    fn lonely_watchers(&self, table: &str) -> Result<u64, DbError> {
        let linked = self.numbers(SUBSCRIPTIONS.name, column::SUBSCRIBER_ID)?;
        let columns = [column::ID, column::EVENT, column::WATCHER_CONTACT, column::PRESENTITY_URI];
        let mut removed = 0;
        for row in self.all::<2>(table, &columns, 2)? {
            let [Some(id), event, _] = row.numbers else { continue };
            let [watcher_contact, presentity_uri] = row.texts;
            let event = event.and_then(|event| i32::try_from(event).ok()).unwrap_or_default();
            let impu = presentity_uri.clone();
            let key = WatcherKey { event, watcher_contact, presentity_uri };
            let watches = |domain| rows::watcher(Who { domain, impu: &impu }, &key).is_some();
            let lonely = !linked.contains(&id) && !(0..DOMAINS_MAX).any(watches);
            if lonely && !self.named(SUBSCRIPTIONS.name, column::SUBSCRIBER_ID, id)? {
                self.remove(table, column::ID, id)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// The numbers in a column of all rows.
    fn numbers(&self, table: &str, column: &'static str) -> Result<HashSet<i64>, DbError> {
        let rows = self.all::<0>(table, &[column::ID, column], 0)?;
        Ok(rows.into_iter().filter_map(|row| row.numbers.get(1).copied().flatten()).collect())
    }

    /// All rows of a table: numbers, and texts from place `texts` on.
    fn all<const N: usize>(
        &self,
        table: &str,
        columns: &[&str],
        texts: usize,
    ) -> Result<Vec<Raw<N>>, DbError> {
        let (mut all, mut after) = (Vec::new(), -1);
        loop {
            let (limit, key, conditions) = (piece(), column::ID, &[][..]);
            let table = table.as_bytes();
            let page = Page { table, columns, conditions, key, after, limit };
            let rows = self.connection.page(&page)?;
            let last = rows.iter().filter_map(|row| row.int(0)).max();
            all.extend(rows.iter().map(|row| Raw {
                numbers: [0, 1, 2].map(|place| row.int(place)),
                texts: core::array::from_fn(|place| {
                    row.text(texts + place).unwrap_or_default().into()
                }),
            }));
            match last {
                Some(last) if last > after => after = last,
                _ => return Ok(all),
            }
        }
    }

    fn exists(&self, table: &str, id: i64) -> Result<bool, DbError> {
        self.named(table, column::ID, id)
    }

    /// Whether a row has `id` in `column`.
    fn named(&self, table: &str, column: &'static str, id: i64) -> Result<bool, DbError> {
        let is = Condition::equal(column, Value::Int(id));
        let rows = self.connection.query(table.as_bytes(), &[column::ID], &[is], None)?;
        Ok(!rows.is_empty())
    }
}

/// The first numbers of a row, and some texts.
struct Raw<const N: usize> {
    numbers: [Option<i64>; 3],
    texts: [BString; N],
}
