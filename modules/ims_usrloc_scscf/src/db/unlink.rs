//! Removing rows, with those that name them: a number that is free again may become another row's.

use super::{Access, statement};
use kamailio::db::{Condition, DbError, Value};
use scscf_core::row::{CONTACTS, IDENTITIES, LINKS, SUBSCRIPTIONS, WatcherKey, column};

impl Access {
    /// Removes an identity, its links and its watchers.
    pub(super) fn remove_identity(&self, impu: &[u8]) -> Result<(), DbError> {
        let Some(id) = self.id(IDENTITIES.name, &statement::identity(impu))? else {
            return Ok(());
        };
        self.remove(LINKS.name, column::IMPU_ID, id)?;
        for watcher in self.watchers_of(id)? {
            self.remove(self.watchers(), column::ID, watcher)?;
        }
        self.remove(SUBSCRIPTIONS.name, column::IMPU_ID, id)?;
        self.remove(IDENTITIES.name, column::ID, id)
    }

    fn watchers_of(&self, id: i64) -> Result<Vec<i64>, DbError> {
        let is = Condition::equal(column::IMPU_ID, Value::Int(id));
        let (table, columns) = (SUBSCRIPTIONS.name.as_bytes(), [column::SUBSCRIBER_ID]);
        let rows = self.connection.query(table, &columns, &[is], None)?;
        Ok(rows.iter().filter_map(|row| row.int(0)).collect())
    }

    /// Removes a contact and its links.
    pub(super) fn remove_contact(&self, uri: &[u8]) -> Result<(), DbError> {
        let Some(id) = self.id(CONTACTS.name, &statement::contact(uri))? else { return Ok(()) };
        self.remove(LINKS.name, column::CONTACT_ID, id)?;
        self.remove(CONTACTS.name, column::ID, id)
    }

    /// Removes a watcher and its link.
    pub(super) fn remove_watcher(&self, key: &WatcherKey) -> Result<(), DbError> {
        let Some(id) = self.id(self.watchers(), &statement::watcher(key))? else { return Ok(()) };
        self.remove(SUBSCRIPTIONS.name, column::SUBSCRIBER_ID, id)?;
        self.remove(self.watchers(), column::ID, id)
    }

    /// Stores that an identity has a contact no more.
    pub(super) fn unlink(&self, impu: &[u8], uri: &[u8]) -> Result<(), DbError> {
        let impu = self.id(IDENTITIES.name, &statement::identity(impu))?;
        let contact = self.id(CONTACTS.name, &statement::contact(uri))?;
        let Some((impu, contact)) = impu.zip(contact) else { return Ok(()) };
        let is = |column, id| Condition::equal(column, Value::Int(id));
        let both = [is(column::IMPU_ID, impu), is(column::CONTACT_ID, contact)];
        self.connection.delete(LINKS.name.as_bytes(), &both)
    }
}
