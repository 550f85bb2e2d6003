//! One table through the connection of this process.

use super::{STORAGE, stats, tables};
use bstr::BStr;
use core::cell::Cell;
use kamailio::db::{Connection, DbError, storage::IN_VAIN};
use pcscf_core::row::Layout;
use std::{rc::Rc, time::Instant};

/// A table that can be read and written.
pub(crate) struct Access<'t> {
    pub(crate) connection: Connection<'static>,
    pub(super) table: &'t [u8],
    pub(super) layout: Rc<Layout>,
    /// Since when the last question is asked.
    asked: Cell<Instant>,
}

impl<'t> Access<'t> {
    /// The table through the connection of this process. Nothing, and said so in the log, if the
    /// database is down or the table cannot be used.
    pub(crate) fn open(table: &'t [u8]) -> Option<Self> {
        let connection = STORAGE.connection()?;
        match tables::layout(&connection, table) {
            Ok(layout) => Some(Self::new(connection, table, layout)),
            Err(error) => {
                kamailio::error!("table {} cannot be used: {error}", BStr::new(table));
                None
            }
        }
    }

    pub(super) fn new(
        connection: Connection<'static>,
        table: &'t [u8],
        layout: Rc<Layout>,
    ) -> Self {
        Self { connection, table, layout, asked: Cell::new(Instant::now()) }
    }

    /// A question is asked now.
    pub(super) fn ask(&self) {
        self.asked.set(Instant::now());
    }

    /// Whether the database answers, asked after something went wrong.
    pub(crate) fn answers(&self) -> Result<(), DbError> {
        self.connection.page(&tables::first(self.table)).map(drop)
    }

    /// Notes that reading failed, and whether the database is down.
    pub(super) fn read_failed(&self, what: &str, error: &DbError) {
        stats::READ_ERRORS.increment();
        // Who has waited for one answer in vain does not wait for another.
        if self.asked.get().elapsed() >= IN_VAIN {
            return STORAGE.trip(error);
        }
        match self.answers() {
            Ok(()) => {
                kamailio::error!("{what} not read from {}: {error}", BStr::new(self.table));
            }
            Err(error) => STORAGE.trip(&error),
        }
    }
}
