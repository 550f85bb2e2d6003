//! The statements for one row.

use super::{
    Mode, STORAGE,
    access::Access,
    contacts::{Change, Job},
    mode,
};
use bstr::BStr;
use core::fmt;
use kamailio::db::{Condition, DbError, Value, storage};
use pcscf_core::row::{Cell, Column, Key, LeftOut, Row, Writing};

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
    let equal = |column: Column, value| Condition::equal(column.name(), value);
    // Drivers cannot say "is null".
    let received = Some(Value::Text(&key.received)).filter(|_| !key.received.is_empty());
    [
        Some(equal(Column::Aor, Value::Text(&key.aor))),
        received.map(|received| equal(Column::Received, received)),
        Some(equal(Column::ReceivedPort, Value::Int(key.received_port.into()))),
    ]
    .into_iter()
    .flatten()
    .collect()
}

impl Access<'_> {
    /// Makes the table say what `job` says.
    pub(crate) fn write(&self, job: &Job) -> Result<(), RowError> {
        match &job.change {
            Change::Put(row) => self.put(job, row),
            Change::Remove(key) => Ok(self.connection.delete(self.table, &conditions(key))?),
        }
    }

    fn put(&self, job: &Job, row: &Row) -> Result<(), RowError> {
        let there = if job.stored {
            self.update(job, row)?
        } else {
            // Another server may have written it, or this one: a database that did not answer in
            // time may have taken the row all the same.
            let may_be_there = mode() == Mode::DbOnly || job.attempts > 0;
            may_be_there && self.has(&row.key)? && self.update(job, row)?
        };
        if there { Ok(()) } else { self.insert(row) }
    }

    /// Updates the row; false if there is none.
    fn update(&self, job: &Job, row: &Row) -> Result<bool, RowError> {
        let writing = Writing::update(row, job.secured, &self.layout).map_err(RowError::Unfit)?;
        self.report(&row.key, &writing.left_out);
        self.connection.update(self.table, &conditions(&row.key), &values(&writing.cells))?;
        Ok(match self.connection.affected_rows()? {
            Some(0) if !STORAGE.counts_unchanged() => self.has(&row.key)?,
            Some(count) => count > 0,
            None => self.has(&row.key)?,
        })
    }

    fn insert(&self, row: &Row) -> Result<(), RowError> {
        let writing = Writing::insert(row, self.table, &self.layout).map_err(RowError::Unfit)?;
        self.report(&row.key, &writing.left_out);
        Ok(self.connection.insert(self.table, &values(&writing.cells))?)
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
    let value = |cell: &'c Cell<'_>| match cell {
        Cell::Int(number) => Value::Int(*number),
        Cell::Text(text) => Value::Text(text),
        Cell::Time(time) => Value::Time(*time),
        Cell::Null => Value::Null,
    };
    cells.iter().map(|(column, cell)| (column.name(), value(cell))).collect()
}
