//! The statements for one row.

use super::{
    Access,
    job::{Job, What},
    known::{Found, Place},
    note::Who,
};
use crate::rows::{self, header_type};
use bstr::BStr;
use kamailio::db::{Condition, DbError, Value, storage};
use scscf_core::row::{
    Cell, Contact, Identity, LINKS, LeftOut, SUBSCRIPTIONS, Unfit, Watcher, Writing, column,
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

impl Access {
    /// Makes the tables say what `job` says.
    pub(crate) fn write(&self, job: &Job) -> Result<(), RowError> {
        match &job.what {
            What::Identity { of, row: Some(row) } => self.put_identity(of.who(), row, job.new),
            What::Identity { of, row: None } => Ok(self.remove_identity(of.who())?),
            What::Contact { row: Some(row), .. } => self.put_contact(row, job.new),
            What::Contact { contact, row: None } => Ok(self.remove_contact(contact)?),
            What::Link { of, contact, there: true } => self.link(of.who(), contact),
            What::Link { of, contact, there: false } => Ok(self.unlink(of.who(), contact)?),
            What::Watcher { of, row: Some(row), .. } => self.put_watcher(of.who(), row, job.new),
            What::Watcher { key, row: None, .. } => Ok(self.remove_watcher(key)?),
        }
    }

    fn put_identity(&self, who: Who<'_>, row: &Identity, new: bool) -> Result<(), RowError> {
        let limits = &self.tables.identities.limits;
        let unfit = |why| RowError::Unfit(Reason::Identity(why));
        let writing = row.write(limits, header_type).map_err(unfit)?;
        self.put_row(Place::Identity(who), &row.impu, &writing, new).map(drop)
    }

    fn put_contact(&self, row: &Contact, new: bool) -> Result<(), RowError> {
        let writing = row.write(&self.tables.contacts.limits).map_err(column)?;
        let place = Place::Contact(&row.contact);
        if self.put_row(place, &row.contact, &writing, new)?
            && let Some(contact) = self.row(place)?
        {
            // One that comes back is linked in memory still, but its links went with its old row.
            for owner in rows::owners(&row.contact) {
                if let Some(impu) = self.identity_row(owner.who())? {
                    self.pair(LINKS.name, impu, (column::CONTACT_ID, contact))?;
                }
            }
        }
        Ok(())
    }

    /// A row that was there before may lack its link: whoever wrote it may have ended meanwhile.
    fn put_watcher(&self, who: Who<'_>, row: &Watcher, new: bool) -> Result<(), RowError> {
        let writing = row.write(&self.tables.watchers.limits).map_err(column)?;
        let place = Place::Watcher(&row.key);
        self.put_row(place, &row.watcher_uri, &writing, new)?;
        let Some((watcher, impu)) = self.row(place)?.zip(self.identity_row(who)?) else {
            return Ok(());
        };
        Ok(self.pair(SUBSCRIPTIONS.name, impu, (column::SUBSCRIBER_ID, watcher))?)
    }

    fn put_row(
        &self,
        place: Place<'_>,
        name: &[u8],
        writing: &Writing<'_>,
        new: bool,
    ) -> Result<bool, RowError> {
        if !writing.left_out.is_empty() {
            Self::report(&BStr::new(name).to_string(), self.table(place), &writing.left_out);
        }
        Ok(self.put(place, &values(&writing.cells), new)?)
    }

    /// Stores that an identity has a contact. What is gone from memory needs no link.
    fn link(&self, who: Who<'_>, contact: &[u8]) -> Result<(), RowError> {
        let (impu, contact) = (self.identity_row(who)?, self.contact_row(contact)?);
        let Some((impu, contact)) = impu.zip(contact) else { return Ok(()) };
        Ok(self.pair(LINKS.name, impu, (column::CONTACT_ID, contact))?)
    }

    /// Stores that row `impu` belongs together with the row that `other` names.
    fn pair(
        &self,
        table: &'static str,
        impu: Found,
        (with, other): (&'static str, Found),
    ) -> Result<(), DbError> {
        if !self.known.paired(table, impu.id, other.id) {
            return Ok(());
        }
        let pair = [(column::IMPU_ID, Value::Int(impu.id)), (with, Value::Int(other.id))];
        let keys = pair.map(|(column, value)| Condition::equal(column, value));
        // Nothing names a row yet that was made just now.
        let made = impu.made || other.made;
        if !made && self.id(table, &keys)?.is_some() {
            return Ok(());
        }
        match self.connection.insert(table.as_bytes(), &pair) {
            // Another process was faster.
            Err(error) if self.id(table, &keys)?.is_none() => Err(error),
            _ => Ok(()),
        }
    }

    /// The row of an identity, which is written first if it is not there yet: then another process
    /// has it in hand.
    fn identity_row(&self, who: Who<'_>) -> Result<Option<Found>, RowError> {
        if let Some(found) = self.row(Place::Identity(who))? {
            return Ok(Some(found));
        }
        let Some(row) = rows::identity(who) else { return Ok(None) };
        self.put_identity(who, &row, true)?;
        Ok(self.row(Place::Identity(who))?)
    }

    /// As [`Access::identity_row`], of a contact.
    fn contact_row(&self, uri: &[u8]) -> Result<Option<Found>, RowError> {
        if let Some(found) = self.row(Place::Contact(uri))? {
            return Ok(Some(found));
        }
        let Some(row) = rows::contact(uri) else { return Ok(None) };
        self.put_contact(&row, true)?;
        Ok(self.row(Place::Contact(uri))?)
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
