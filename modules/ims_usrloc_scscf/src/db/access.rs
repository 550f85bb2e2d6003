//! The tables through the connection of this process.

use super::{
    STORAGE,
    known::{Known, Place},
    stats,
    tables::{self, Tables},
};
use bstr::BStr;
use kamailio::db::{Condition, Connection, DbError, Value};
use scscf_core::row::{IDENTITIES, column};
use std::rc::Rc;

/// Tables that can be read and written.
#[derive(Debug)]
pub(crate) struct Access {
    pub(crate) connection: Connection<'static>,
    pub(super) tables: Rc<Tables>,
    pub(super) known: Known,
}

impl Access {
    /// These tables through this connection.
    pub(super) fn new(connection: Connection<'static>, tables: Rc<Tables>) -> Self {
        Self { connection, tables, known: Known::default() }
    }

    /// A transaction begins: what is known of the tables may be otherwise now.
    pub(crate) fn begin(&self) {
        self.known.forget();
    }

    /// The tables through the connection of this process. Nothing, and said so in the log, if the
    /// database is down or the tables cannot be used.
    pub(crate) fn open() -> Option<Self> {
        let connection = STORAGE.connection()?;
        match tables::tables(&connection) {
            Ok(tables) => Some(Self::new(connection, tables)),
            Err(error) => {
                kamailio::error!("the tables cannot be used: {error}");
                None
            }
        }
    }

    /// Whether the database answers, asked after something went wrong.
    pub(crate) fn answers(&self) -> Result<(), DbError> {
        self.connection.page(&tables::first(IDENTITIES.name)).map(drop)
    }

    /// Notes that reading failed, and whether the database is down.
    pub(super) fn read_failed(&self, what: &str, error: &DbError) {
        stats::READ_ERRORS.increment();
        match self.answers() {
            Ok(()) => kamailio::error!("{what} not read: {error}"),
            Err(error) => STORAGE.trip(&error),
        }
    }

    /// The number of the row that fulfils `conditions`, of which the first compares a text.
    /// Databases may compare texts without regard to case; here they are equal.
    pub(super) fn id(
        &self,
        table: &str,
        conditions: &[Condition<'_>],
    ) -> Result<Option<i64>, DbError> {
        let texts = conditions.iter().filter_map(|condition| match condition.value {
            Value::Text(text) => Some((condition.column, text)),
            _ => None,
        });
        let texts: Vec<_> = texts.collect();
        let columns: Vec<&str> =
            core::iter::once(column::ID).chain(texts.iter().map(|(column, _)| *column)).collect();
        let rows = self.connection.query(table.as_bytes(), &columns, conditions, None)?;
        let equal = rows.iter().find(|row| {
            let mut texts = texts.iter().enumerate();
            texts.all(|(place, (_, text))| row.text(place + 1).unwrap_or_default() == *text)
        });
        Ok(equal.and_then(|row| row.int(0)))
    }

    /// Makes the row at `place` say `cells`: the one that is there, or a new one, which is then true.
    pub(super) fn put(
        &self,
        place: Place<'_>,
        cells: &[(&'static str, Value<'_>)],
        new: bool,
    ) -> Result<bool, DbError> {
        let (table, keys) = (self.table(place), self.conditions(place));
        let there = !new || self.row(place)?.is_some();
        if there && self.update(table, &keys, cells)? {
            return Ok(false);
        }
        match self.connection.insert(table.as_bytes(), cells) {
            Ok(()) => {
                self.known.made(place, self.connection.inserted_id());
                Ok(true)
            }
            // Another process was faster.
            Err(error) => {
                self.known.forget();
                let there = self.id(table, &keys)?.is_some();
                if there && self.update(table, &keys, cells)? { Ok(false) } else { Err(error) }
            }
        }
    }

    /// Updates the row; false if there is none.
    fn update(
        &self,
        table: &str,
        keys: &[Condition<'_>],
        cells: &[(&'static str, Value<'_>)],
    ) -> Result<bool, DbError> {
        self.connection.update(table.as_bytes(), keys, cells)?;
        Ok(match self.connection.affected_rows()? {
            Some(0) if !STORAGE.counts_unchanged() => self.id(table, keys)?.is_some(),
            Some(count) => count > 0,
            None => self.id(table, keys)?.is_some(),
        })
    }

    /// Removes the rows whose `column` has `id`.
    pub(super) fn remove(&self, table: &str, column: &str, id: i64) -> Result<(), DbError> {
        let is = Condition::equal(column, Value::Int(id));
        self.connection.delete(table.as_bytes(), &[is])
    }

    /// How the table of watchers is called.
    pub(super) fn watchers(&self) -> &str {
        &self.tables.watchers_name
    }

    /// Says that a row is not complete.
    pub(super) fn report(name: &str, table: &str, left_out: &[scscf_core::row::LeftOut]) {
        for left_out in left_out {
            kamailio::warn!("{name} is not complete in table {}: {left_out}", BStr::new(table));
        }
    }
}
