//! The statements for one row.

use super::{
    Access,
    job::{Job, What},
};
use crate::rows::{self, header_type};
use bstr::BStr;
use kamailio::db::{Condition, DbError, Value, storage};
use scscf_core::row::{
    CONTACTS, Cell, Contact, IDENTITIES, Identity, LINKS, LeftOut, SUBSCRIPTIONS, Unfit, Watcher,
    WatcherKey, Writing, column,
};

/// Why a row is not in the table as it should be.
pub(crate) type RowError = storage::RowError<Reason>;

/// Why a row can never be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Reason {
    #[error("{0}")]
    Column(LeftOut),
    #[error(transparent)]
    Identity(Unfit),
}

/// What the row of an identity fulfils.
pub(super) fn identity(impu: &[u8]) -> [Condition<'_>; 1] {
    [Condition::equal(column::IMPU, Value::Text(impu))]
}

/// What the row of a contact fulfils.
pub(super) fn contact(contact: &[u8]) -> [Condition<'_>; 1] {
    [Condition::equal(column::CONTACT, Value::Text(contact))]
}

/// What the row of a watcher fulfils.
pub(super) fn watcher(key: &WatcherKey) -> [Condition<'_>; 3] {
    [
        Condition::equal(column::WATCHER_CONTACT, Value::Text(&key.watcher_contact)),
        Condition::equal(column::PRESENTITY_URI, Value::Text(&key.presentity_uri)),
        Condition::equal(column::EVENT, Value::Int(key.event.into())),
    ]
}

impl Access {
    /// Makes the tables say what `job` says.
    pub(crate) fn write(&self, job: &Job) -> Result<(), RowError> {
        match &job.what {
            What::Identity { row: Some(row), .. } => self.put_identity(row, job.new),
            What::Identity { impu, row: None } => Ok(self.remove_identity(impu)?),
            What::Contact { row: Some(row), .. } => self.put_contact(row, job.new),
            What::Contact { contact, row: None } => Ok(self.remove_contact(contact)?),
            What::Link { impu, contact, there: true } => self.link(impu, contact),
            What::Link { impu, contact, there: false } => Ok(self.unlink(impu, contact)?),
            What::Watcher { impu, row: Some(row), .. } => self.put_watcher(impu, row, job.new),
            What::Watcher { key, row: None, .. } => Ok(self.remove_watcher(key)?),
        }
    }

    fn put_identity(&self, row: &Identity, new: bool) -> Result<(), RowError> {
        let limits = &self.tables.identities;
        let unfit = |why| RowError::Unfit(Reason::Identity(why));
        let writing = row.write(limits, header_type).map_err(unfit)?;
        self.put_row(IDENTITIES.name, &row.impu, &identity(&row.impu), &writing, new).map(drop)
    }

    fn put_contact(&self, row: &Contact, new: bool) -> Result<(), RowError> {
        let writing = row.write(&self.tables.contacts).map_err(column)?;
        let keys = contact(&row.contact);
        if self.put_row(CONTACTS.name, &row.contact, &keys, &writing, new)?
            && let Some(id) = self.id(CONTACTS.name, &keys)?
        {
            // One that comes back is linked in memory still, but its links went with its old row.
            for impu in rows::owners(&row.contact) {
                if let Some(impu) = self.identity_id(&impu)? {
                    self.pair(LINKS.name, impu, (column::CONTACT_ID, id))?;
                }
            }
        }
        Ok(())
    }

    fn put_watcher(&self, impu: &[u8], row: &Watcher, new: bool) -> Result<(), RowError> {
        let writing = row.write(&self.tables.watchers).map_err(column)?;
        let keys = watcher(&row.key);
        self.put_row(self.watchers(), &row.watcher_uri, &keys, &writing, new)?;
        let watcher = self.id(self.watchers(), &keys)?;
        let Some((watcher, impu)) = watcher.zip(self.identity_id(impu)?) else { return Ok(()) };
        Ok(self.pair(SUBSCRIPTIONS.name, impu, (column::SUBSCRIBER_ID, watcher))?)
    }

    fn put_row(
        &self,
        table: &str,
        name: &[u8],
        keys: &[Condition<'_>],
        writing: &Writing<'_>,
        new: bool,
    ) -> Result<bool, RowError> {
        if !writing.left_out.is_empty() {
            Self::report(&BStr::new(name).to_string(), table, &writing.left_out);
        }
        Ok(self.put(table, keys, &values(&writing.cells), new)?)
    }

    /// Stores that an identity has a contact. What is gone from memory needs no link.
    fn link(&self, impu: &[u8], contact: &[u8]) -> Result<(), RowError> {
        let (impu, contact) = (self.identity_id(impu)?, self.contact_id(contact)?);
        let Some((impu, contact)) = impu.zip(contact) else { return Ok(()) };
        Ok(self.pair(LINKS.name, impu, (column::CONTACT_ID, contact))?)
    }

    /// Stores that row `impu` belongs together with the row that `other` names.
    fn pair(
        &self,
        table: &str,
        impu: i64,
        (with, other): (&'static str, i64),
    ) -> Result<(), DbError> {
        let pair = [(column::IMPU_ID, Value::Int(impu)), (with, Value::Int(other))];
        let keys = pair.map(|(column, value)| Condition::equal(column, value));
        if self.id(table, &keys)?.is_some() {
            return Ok(());
        }
        match self.connection.insert(table.as_bytes(), &pair) {
            // Another process was faster.
            Err(error) if self.id(table, &keys)?.is_none() => Err(error),
            _ => Ok(()),
        }
    }

    /// The number of the row of an identity, which is written first if it is not there yet: then
    /// another process has it in hand.
    fn identity_id(&self, impu: &[u8]) -> Result<Option<i64>, RowError> {
        let keys = identity(impu);
        if let Some(id) = self.id(IDENTITIES.name, &keys)? {
            return Ok(Some(id));
        }
        let Some(row) = rows::identity(impu) else { return Ok(None) };
        self.put_identity(&row, true)?;
        Ok(self.id(IDENTITIES.name, &keys)?)
    }

    /// As [`Access::identity_id`], of a contact.
    fn contact_id(&self, uri: &[u8]) -> Result<Option<i64>, RowError> {
        let keys = contact(uri);
        if let Some(id) = self.id(CONTACTS.name, &keys)? {
            return Ok(Some(id));
        }
        let Some(row) = rows::contact(uri) else { return Ok(None) };
        self.put_contact(&row, true)?;
        Ok(self.id(CONTACTS.name, &keys)?)
    }
}

fn column(left_out: LeftOut) -> RowError {
    RowError::Unfit(Reason::Column(left_out))
}

fn values<'c>(cells: &'c [(&'static str, Cell<'_>)]) -> Vec<(&'static str, Value<'c>)> {
    let value = |cell: &'c Cell<'_>| match cell {
        Cell::Int(number) => Value::Int(*number),
        Cell::Text(text) => Value::Text(text),
        Cell::Blob(bytes) => Value::Blob(bytes),
        Cell::Time(time) => Value::Time(*time),
        Cell::Null => Value::Null,
    };
    cells.iter().map(|(column, cell)| (*column, value(cell))).collect()
}
