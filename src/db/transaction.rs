//! Several statements that are stored together or not at all.

use super::{Connection, DbError, Need};
use crate::sync;
use kamailio_sys as sys;

/// A running transaction; rolled back when dropped.
///
/// The statements are given to its [`Connection`].
#[derive(Debug)]
pub struct Transaction<'c> {
    connection: &'c Connection<'c>,
    kind: Kind,
    server: Option<i64>,
    open: bool,
}

/// How the driver is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// By its own functions.
    Driver,
    /// By statements: `db_sqlite` has no such functions.
    Statements,
    /// Not at all.
    None,
}

impl Connection<'_> {
    /// Has each statement outside of a transaction be stored when it is done, also where a MySQL server
    /// is told not to (`autocommit=0`): else nobody would ever store it.
    ///
    /// # Errors
    ///
    /// [`DbError`].
    pub fn commit_each(&self) -> Result<(), DbError> {
        if self.database.driver() != "mysql" || !self.database.has(Need::Raw) {
            return Ok(());
        }
        self.raw("SET autocommit=1").map(drop)
    }
}

impl<'c> Transaction<'c> {
    pub(super) fn start(connection: &'c Connection<'c>) -> Result<Self, DbError> {
        sync::assert_unlocked();
        let database = connection.database;
        let begin = database.api.start_transaction;
        let kind = match (begin, database.driver()) {
            (Some(_), _) => Kind::Driver,
            (None, "sqlite") => Kind::Statements,
            (None, _) => Kind::None,
        };
        connection.failed.set(false);
        match (kind, begin) {
            // The lock for writing at once: two transactions that both begin with reading could
            // only fail.
            (Kind::Statements, _) => connection.raw("BEGIN IMMEDIATE").map(drop)?,
            (_, Some(begin)) => {
                let none = sys::db_locking_t::DB_LOCKING_NONE;
                // SAFETY: the handle of this driver.
                let code = unsafe { begin(connection.handle.as_ptr(), none) };
                connection.check("transaction start", b"", code)?;
            }
            _ => {}
        }
        let mut transaction = Self { connection, kind, server: None, open: true };
        // At the end of the transaction before it was this one. If the driver has connected anew since,
        // the end of this one finds another: whatever was stored is written once more.
        let known = if connection.kept { connection.database.session.server() } else { None };
        transaction.server = match known {
            Some(number) => Some(number),
            None => transaction.server_process()?,
        };
        Ok(transaction)
    }

    /// Stores what was done since the start.
    ///
    /// # Errors
    ///
    /// [`DbError::RolledBack`] if one of the statements failed: then nothing is stored.
    /// [`DbError::Lost`] if the driver has connected anew meanwhile: then the server dropped the
    /// first statements, and the later ones may be stored.
    pub fn commit(mut self) -> Result<(), DbError> {
        sync::assert_unlocked();
        if self.connection.failed.get() {
            return Err(DbError::RolledBack);
        }
        match (self.kind, self.connection.database.api.end_transaction) {
            (Kind::Statements, _) => self.connection.raw("COMMIT").map(drop)?,
            (Kind::Driver, Some(end)) => {
                // SAFETY: the handle of this driver.
                let code = unsafe { end(self.connection.handle.as_ptr()) };
                self.connection.check("transaction end", b"", code)?;
            }
            _ => {}
        }
        self.open = false;
        let session = &self.connection.database.session;
        // Not known if it cannot be told now.
        session.remember_server(None);
        let server = self.server_process()?;
        if self.connection.kept {
            session.remember_server(server);
        }
        if server == self.server { Ok(()) } else { Err(DbError::Lost) }
    }

    /// The number of the server's side of the connection, where a driver that connects anew within
    /// a transaction would not tell: every new connection has another.
    fn server_process(&self) -> Result<Option<i64>, DbError> {
        let ask = match self.connection.database.driver() {
            "mysql" => "SELECT CONNECTION_ID()",
            "postgres" => "SELECT pg_backend_pid()",
            _ => return Ok(None),
        };
        let rows = self.connection.raw(ask)?;
        let number = rows.iter().next().and_then(|row| row.int(0));
        number.map(Some).ok_or(DbError::Lost)
    }

    fn roll_back(&self) {
        match (self.kind, self.connection.database.api.abort_transaction) {
            (Kind::Statements, _) => {
                // The driver has said why in the log; the transaction ends with the connection.
                drop(self.connection.raw("ROLLBACK"));
            }
            (Kind::Driver, Some(abort)) => {
                // SAFETY: the handle of this driver.
                unsafe { abort(self.connection.handle.as_ptr()) };
            }
            _ => {}
        }
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.open {
            self.roll_back();
        }
        self.connection.failed.set(false);
    }
}
