//! One table through the connection of this process.

use super::{STORAGE, stats, tables};
use bstr::BStr;
use kamailio::db::{Connection, DbError};
use pcscf_core::row::Layout;
use std::rc::Rc;

/// A table that can be read and written.
pub(crate) struct Access<'t> {
    pub(crate) connection: Connection<'static>,
    pub(super) table: &'t [u8],
    pub(super) layout: Rc<Layout>,
}

impl<'t> Access<'t> {
    /// The table through the connection of this process. Nothing, and said so in the log, if the
    /// database is down or the table cannot be used.
    pub(crate) fn open(table: &'t [u8]) -> Option<Self> {
        let connection = STORAGE.connection()?;
        match tables::layout(&connection, table) {
            Ok(layout) => Some(Self { connection, table, layout }),
            Err(error) => {
                kamailio::error!("table {} cannot be used: {error}", BStr::new(table));
                None
            }
        }
    }

    /// Whether the database answers, asked after something went wrong.
    pub(crate) fn answers(&self) -> Result<(), DbError> {
        self.connection.page(&tables::first(self.table)).map(drop)
    }

    /// Notes that reading failed, and whether the database is down.
    pub(super) fn read_failed(&self, what: &str, error: &DbError) {
        stats::READ_ERRORS.increment();
        match self.answers() {
            Ok(()) => {
                kamailio::error!("{what} not read from {}: {error}", BStr::new(self.table));
            }
            Err(error) => STORAGE.trip(&error),
        }
    }
}
