//! The statements for one row.

use super::{Mode, STORAGE, absent, access::Access, contacts::Job, mode};
use bstr::BStr;
use core::fmt;
use kamailio::db::{Condition, DbError, Plain, Value, storage};
use pcscf_core::row::{self, Cell, Column, Key, LeftOut, Row};

/// Why a row is not in the table as it should be.
pub(crate) type RowError = storage::RowError<LeftOut>;

/// How a row is named in the log.
pub(crate) struct Named<'k>(pub(crate) &'k Key);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Key { aor, received, received_port } = self.0;
        write!(
            f,
            "contact {} received from {}:{received_port}",
            BStr::new(aor),
            BStr::new(received)
        )
    }
}

/// What a row of this key fulfils.
pub(super) fn conditions(key: &Key) -> Vec<Condition<'_>> {
    compared(&key.aor, &key.received, key.received_port).collect()
}

pub(super) fn compared<'k>(
    aor: &'k [u8],
    received: &'k [u8],
    received_port: u16,
) -> impl Iterator<Item = Condition<'k>> {
    let equal = |column: Column, value| Condition::equal(column.name(), value);
    // Drivers cannot say "is null".
    let text = Some(Value::Text(received)).filter(|_| !received.is_empty());
    [
        Some(equal(Column::Aor, Value::Text(aor))),
        text.map(|text| equal(Column::Received, text)),
        Some(equal(Column::ReceivedPort, Value::Int(received_port.into()))),
    ]
    .into_iter()
    .flatten()
}

impl Access<'_> {
    /// Makes the table say what `row` says, that of `job`.
    pub(crate) fn put(&self, job: &Job, row: &Row) -> Result<(), RowError> {
        let there = if job.stored {
            self.update(job, row)?
        } else {
            // Another server may have written it, or this one: a database that did not answer in
            // time may have taken the row all the same.
            let shared = mode() == Mode::DbOnly && !absent::is(self.table, &row.key.aor);
            let may_be_there = shared || job.attempts > 0;
            may_be_there && self.has(&row.key)? && self.update(job, row)?
        };
        if there { Ok(()) } else { self.insert(row) }
    }

    /// Runs the statement of a row; false if that was an update and changed none: it may be there
    /// and say the same.
    pub(crate) fn say(&self, said: &Plain) -> Result<bool, DbError> {
        if said.is_insert() {
            absent::forget();
        }
        self.connection.say(self.table, said)?;
        Ok(said.is_insert() || self.connection.affected_rows()?.is_some_and(|count| count > 0))
    }

    /// Makes sure that there is a row, after an update of it that changed none.
    pub(crate) fn make_up(&self, row: &Row) -> Result<(), RowError> {
        if self.has(&row.key)? { Ok(()) } else { self.insert(row) }
    }

    /// Removes the row of this key.
    pub(crate) fn remove(&self, key: &Key) -> Result<(), DbError> {
        self.connection.delete(self.table, &conditions(key))
    }

    /// Updates the row; false if there is none.
    fn update(&self, job: &Job, row: &Row) -> Result<bool, RowError> {
        let mut cells = Vec::with_capacity(Column::COUNT);
        let lists = row.lists();
        let row_ref = row.by_ref(&lists);
        let left_out =
            row::update(&row_ref, job.extent, &self.layout, &mut cells).map_err(RowError::Unfit)?;
        self.report(&row.key, &left_out);
        self.connection.update(self.table, &conditions(&row.key), &values(&cells))?;
        Ok(match self.connection.affected_rows()? {
            Some(0) if !STORAGE.counts_unchanged() => self.has(&row.key)?,
            Some(count) => count > 0,
            None => self.has(&row.key)?,
        })
    }

    fn insert(&self, row: &Row) -> Result<(), RowError> {
        absent::forget();
        let mut cells = Vec::with_capacity(Column::COUNT);
        let lists = row.lists();
        let row_ref = row.by_ref(&lists);
        let left_out =
            row::insert(&row_ref, self.table, &self.layout, &mut cells).map_err(RowError::Unfit)?;
        self.report(&row.key, &left_out);
        Ok(self.connection.insert(self.table, &values(&cells))?)
    }

    /// Whether there is a row of this key.
    fn has(&self, key: &Key) -> Result<bool, DbError> {
        let columns = [Column::Id.name()];
        Ok(!self.connection.query(self.table, &columns, &conditions(key), None)?.is_empty())
    }

    fn report(&self, key: &Key, left_out: &[LeftOut]) {
        for left_out in left_out {
            kamailio::warn!(
                "{} is not complete in table {}: {left_out}",
                Named(key),
                BStr::new(self.table)
            );
        }
    }
}

fn values<'c>(cells: &'c [(Column, Cell<'_>)]) -> Vec<(&'static str, Value<'c>)> {
    cells.iter().map(|(column, cell)| (column.name(), value(cell))).collect()
}

pub(super) fn value<'c>(cell: &'c Cell<'_>) -> Value<'c> {
    match cell {
        Cell::Int(number) => Value::Int(*number),
        Cell::Text(text) => Value::Text(text),
        Cell::Time(time) => Value::Time(*time),
        Cell::Null => Value::Null,
    }
}
