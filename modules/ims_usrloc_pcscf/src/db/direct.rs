//! Statements that are written of a contact where it lies, which saves the copies that others need.

use super::{
    Mode, STORAGE, absent, mode,
    statement::{compared, value},
    tables,
};
use kamailio::db::{Database, Plain, Statement};
use pcscf_core::row::{self, Cell, Column, Extent, Layout, RowRef, Sink};
use std::rc::Rc;

/// A table whose driver takes statements as they are, so that these can be written of a contact
/// where it lies.
pub(crate) struct Direct<'t> {
    table: &'t [u8],
    layout: Rc<Layout>,
}

impl<'t> Direct<'t> {
    /// Nothing if the driver writes the statements, or this process has not looked at the table
    /// yet.
    pub(crate) fn of(table: &'t [u8]) -> Option<Self> {
        STORAGE.database().filter(|database| Database::takes_plain(database))?;
        Some(Self { table, layout: tables::known(table)? })
    }

    /// The statement that writes `row`, which is `stored` already or not; nothing if one is not
    /// enough, or cannot say all.
    pub(crate) fn put(&self, row: &RowRef<'_>, stored: bool, extent: Extent) -> Option<Plain> {
        if stored {
            let mut said = Said(Statement::update(self.table));
            let left_out = row::update(row, extent, &self.layout, &mut said).ok()?;
            let all = compared(row.aor, row.received, row.received_port)
                .fold(said.0, |said, condition| said.only(&condition));
            return all.finish().filter(|_| left_out.is_empty());
        }
        // Another server may have written it.
        if mode() == Mode::DbOnly && !absent::is(self.table, row.aor) {
            return None;
        }
        let mut said = Said(Statement::insert(self.table));
        let left_out = row::insert(row, self.table, &self.layout, &mut said).ok()?;
        said.0.finish().filter(|_| left_out.is_empty())
    }
}

struct Said(Statement);

impl<'r> Sink<'r> for Said {
    fn put(&mut self, column: Column, cell: Cell<'r>) {
        self.0.set(column.name(), value(&cell));
    }
}
