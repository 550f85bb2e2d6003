//! Removing rows, with those that name them: a number that is free again may become another row's.

use super::{Access, known::Place, note::Who};
use kamailio::db::{Condition, DbError, Value};
use scscf_core::row::{CONTACTS, IDENTITIES, LINKS, SUBSCRIPTIONS, WatcherKey, column};

impl Access {
    /// Removes an identity, its links and its watchers.
    pub(super) fn remove_identity(&self, who: Who<'_>) -> Result<(), DbError> {
        let place = Place::Identity(who);
        let Some(row) = self.row(place)? else { return Ok(()) };
        self.remove(LINKS.name, column::IMPU_ID, row.id)?;
        let watchers = self.watchers_of(row.id)?;
        for watcher in &watchers {
            self.remove(self.watchers(), column::ID, *watcher)?;
        }
        if !watchers.is_empty() {
            self.remove(SUBSCRIPTIONS.name, column::IMPU_ID, row.id)?;
        }
        self.remove(IDENTITIES.name, column::ID, row.id)?;
        self.known.removed(place);
        Ok(())
    }

    fn watchers_of(&self, id: i64) -> Result<Vec<i64>, DbError> {
        let is = Condition::equal(column::IMPU_ID, Value::Int(id));
        let (table, columns) = (SUBSCRIPTIONS.name.as_bytes(), [column::SUBSCRIBER_ID]);
        let rows = self.connection.query(table, &columns, &[is], None)?;
        Ok(rows.iter().filter_map(|row| row.int(0)).collect())
    }

    /// Removes a contact and its links.
    pub(super) fn remove_contact(&self, uri: &[u8]) -> Result<(), DbError> {
        let place = Place::Contact(uri);
        let Some(row) = self.row(place)? else { return Ok(()) };
        self.remove(LINKS.name, column::CONTACT_ID, row.id)?;
        self.remove(CONTACTS.name, column::ID, row.id)?;
        self.known.removed(place);
        Ok(())
    }

    /// Removes a watcher and its link.
    pub(super) fn remove_watcher(&self, key: &WatcherKey) -> Result<(), DbError> {
        let place = Place::Watcher(key);
        let Some(row) = self.row(place)? else { return Ok(()) };
        self.remove(SUBSCRIPTIONS.name, column::SUBSCRIBER_ID, row.id)?;
        self.remove(self.watchers(), column::ID, row.id)?;
        self.known.removed(place);
        Ok(())
    }

    /// Stores that an identity has a contact no more. With the row of either the link has gone.
    pub(super) fn unlink(&self, who: Who<'_>, uri: &[u8]) -> Result<(), DbError> {
        let Some(contact) = self.row(Place::Contact(uri))? else { return Ok(()) };
        let Some(impu) = self.row(Place::Identity(who))? else { return Ok(()) };
        let is = |column, id| Condition::equal(column, Value::Int(id));
        let both = [is(column::IMPU_ID, impu.id), is(column::CONTACT_ID, contact.id)];
        self.connection.delete(LINKS.name.as_bytes(), &both)
    }
}
