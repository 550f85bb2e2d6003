//! What modules share that keep their records in memory and in a database: the connection of each
//! process, a database that is down, whose turn it is, and writing what a journal names.
//!
//! A change of a record leaves an entry in a journal, which says no more than that its row differs. Whoever writes
//! copies the record while it is locked, writes after that, and takes the entry out only if
//! nothing changed meanwhile. So rows never go back in time, and what could not be written is tried
//! again.

mod breaker;
mod own;
mod turn;
mod write;

pub use own::{MAX_OWN, own, remember, review};
pub use turn::Turn;
pub use write::{IN_VAIN, RowError, Rows, Which};

use super::{Connection, Database, DbError, Need};
use crate::{Error, error::Report, process};
use breaker::Breaker;
use core::{
    fmt::Display,
    sync::atomic::{AtomicU32, Ordering},
};
use std::sync::OnceLock;
use turn::Turns;

/// How long a statement waits for a lock on an sqlite file, in milliseconds.
const BUSY_TIMEOUT: u32 = 3000;

/// Why a server does not start with its database.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Shared memory is used up.
    #[error(transparent)]
    Core(#[from] Error),
    /// The driver is not loaded or lacks a function, or the server does not answer.
    #[error("database of modparam db_url: {0}")]
    Db(#[from] DbError),
    /// There is no address.
    #[error("modparam db_url is empty, must be driver://user:password@host/database")]
    NoUrl,
}

impl Report for OpenError {}

/// The database of a module: a static, filled in `mod_init`.
#[derive(Debug)]
pub struct Storage {
    database: OnceLock<Database>,
    breaker: Breaker,
    turns: Turns,
    /// The process whose connection waits for the locks of others.
    patient: AtomicU32,
}

impl Storage {
    /// Without a database yet. `what` is in it, in the log: `contacts`.
    pub const fn new(what: &'static str) -> Self {
        Self {
            database: OnceLock::new(),
            breaker: Breaker::new(what),
            turns: Turns::new(),
            patient: AtomicU32::new(0),
        }
    }

    /// Binds the driver that `url` names and tries to connect. For `mod_init`.
    ///
    /// # Errors
    ///
    /// [`OpenError`]
    pub fn open(&self, url: Option<&[u8]>) -> Result<&Database, OpenError> {
        let database = Database::bind(url.ok_or(OpenError::NoUrl)?)?;
        database.require(&[Need::Query, Need::Insert, Need::Update, Need::Delete])?;
        let database = self.database.get_or_init(|| database);
        drop(database.session()?);
        database.close_session();
        self.breaker.set_up()?;
        if database.driver() == "sqlite" {
            self.turns.set_up()?;
        }
        Ok(database)
    }

    /// The database; nothing before [`Storage::open`].
    pub fn database(&self) -> Option<&Database> {
        self.database.get()
    }

    /// The connection of this process; nothing if the database is down, which the log says once.
    pub fn connection(&self) -> Option<Connection<'_>> {
        if self.is_down() {
            return None;
        }
        match self.session()? {
            Ok(connection) => Some(connection),
            Err(error) => {
                self.trip(&error);
                None
            }
        }
    }

    fn session(&self) -> Option<Result<Connection<'_>, DbError>> {
        let session = self.database.get()?.session();
        Some(session.inspect(|connection| {
            let own = process::id();
            if self.patient.swap(own, Ordering::Relaxed) == own {
                return;
            }
            if let Err(error) = connection.wait_when_busy(BUSY_TIMEOUT) {
                crate::warn!("statements fail at once where another process writes: {error}");
            }
            if let Err(error) = connection.commit_each() {
                crate::warn!("rows may not be stored before the connection is closed: {error}");
            }
            if let Err(error) = connection.sync_commits() {
                crate::warn!("commits may be lost when the machine loses its power: {error}");
            }
        }))
    }

    /// Puts a file of sqlite into the mode in which several processes write best, if that can be had:
    /// [`Connection::write_ahead`]. For `mod_init`.
    pub fn write_ahead(&self) {
        let Some(connection) = self.connection() else { return };
        match connection.write_ahead() {
            Ok(Some(mode)) if mode != b"wal" => {
                let mode = bstr::BStr::new(&mode);
                crate::notice!("the sqlite file stays in journal mode {mode}, wal cannot be had");
            }
            Ok(_) => {}
            Err(error) => crate::notice!("the sqlite file stays in its journal mode: {error}"),
        }
        drop(connection);
        self.close();
    }

    /// Closes the connection of this process: before a fork, and at the end.
    pub fn close(&self) {
        if let Some(database) = self.database.get() {
            database.close_session();
            self.patient.store(0, Ordering::Relaxed);
        }
    }

    /// Closes the connection, and forgets what the processes shared; for `mod_destroy`.
    pub fn tear_down(&self) {
        self.close();
        self.breaker.tear_down();
        self.turns.tear_down();
    }

    /// Whether the database is to be left alone now, since it did not answer.
    pub fn is_down(&self) -> bool {
        self.breaker.is_open()
    }

    /// The database does not answer.
    pub fn trip(&self, error: &impl Display) {
        self.breaker.trip(error);
    }

    /// The database did what it was asked.
    pub fn reset(&self) {
        self.breaker.reset();
    }

    /// The turn to write; nothing if it is another process's. Databases that take several writers
    /// give it to all.
    pub fn turn(&self) -> Option<Turn<'_>> {
        self.turns.take()
    }

    /// Whether one process writes at a time, for all.
    pub(super) fn takes_turns(&self) -> bool {
        self.turns.are_taken()
    }

    /// Whether the driver counts rows that an update met and left as they were.
    pub fn counts_unchanged(&self) -> bool {
        let driver = self.database.get().map(Database::driver);
        matches!(driver, Some("sqlite" | "postgres"))
    }
}
