//! One table through the connection of this process.

use super::{DATABASE, breaker, stats, tables};
use bstr::BStr;
use core::sync::atomic::{AtomicU32, Ordering};
use kamailio::db::{Connection, DbError};
use pcscf_core::row::Layout;
use std::rc::Rc;

/// How long a statement waits for a lock on an sqlite file, in milliseconds.
const BUSY_TIMEOUT: u32 = 3000;

/// The process whose connection waits that long.
static PATIENT: AtomicU32 = AtomicU32::new(0);

/// A table that can be read and written.
pub(super) struct Access<'t> {
    pub(super) connection: Connection<'static>,
    pub(super) table: &'t [u8],
    pub(super) layout: Rc<Layout>,
}

impl<'t> Access<'t> {
    /// The table through the connection of this process. Nothing, and said so in the log, if the
    /// database is down or the table cannot be used.
    pub(super) fn open(table: &'t [u8]) -> Option<Self> {
        if breaker::is_open() {
            return None;
        }
        let connection = match connection()? {
            Ok(connection) => connection,
            Err(error) => {
                breaker::trip(&error);
                return None;
            }
        };
        match tables::layout(&connection, table) {
            Ok(layout) => Some(Self { connection, table, layout }),
            Err(error) => {
                kamailio::error!("table {} cannot be used: {error}", BStr::new(table));
                None
            }
        }
    }

    /// Whether the database answers, asked after something went wrong.
    pub(super) fn answers(&self) -> Result<(), DbError> {
        self.connection.page(&tables::first(self.table)).map(drop)
    }

    /// Notes that reading failed, and whether the database is down.
    pub(super) fn read_failed(&self, what: &str, error: &DbError) {
        stats::READ_ERRORS.increment();
        match self.answers() {
            Ok(()) => {
                kamailio::error!("{what} not read from {}: {error}", BStr::new(self.table));
            }
            Err(error) => breaker::trip(&error),
        }
    }
}

/// The connection of this process; nothing without a database.
pub(super) fn connection() -> Option<Result<Connection<'static>, DbError>> {
    let session = DATABASE.get()?.session();
    Some(session.inspect(|connection| {
        let process = std::process::id();
        if PATIENT.swap(process, Ordering::Relaxed) != process
            && let Err(error) = connection.wait_when_busy(BUSY_TIMEOUT)
        {
            kamailio::warn!("statements fail at once where another process writes: {error}");
        }
    }))
}

/// Closes the connection of this process: before a fork, and at the end.
pub(super) fn close() {
    if let Some(database) = DATABASE.get() {
        database.close_session();
        PATIENT.store(0, Ordering::Relaxed);
    }
}
