//! The database: what is read when, and what is written when.
//!
//! A change leaves an entry in the journal ([`changed`]); how it is written stands in
//! [`kamailio::db::storage`]. What could not be written is tried again by a process of its own.

mod access;
mod audit;
mod fetch;
mod job;
mod known;
mod note;
mod process;
mod restore;
mod statement;
pub(crate) mod stats;
mod tables;
mod unlink;

pub(crate) use access::Access;
pub(crate) use audit::audit;
pub(crate) use job::{Job, Owner, What};
pub(crate) use note::{
    Cause, JOURNAL, Row, Who, changed, has_gone, is_new, journal, row_of, set_new,
};
pub(crate) use process::child;
pub(crate) use restore::{Restored, restore};
pub(crate) use statement::{Reason, RowError};
pub(crate) use tables::tells_domains;

use crate::{params, rows::Writer};
use bstr::BString;
use core::cell::Cell;
use kamailio::{
    Error,
    db::{
        DbError,
        storage::{OpenError, Rows, Storage},
    },
    error::Report,
    process::announce_timers,
    shm::Shm,
};

/// The rows that differ from memory.
pub(crate) type Journal = shm_store::journal::Journal<Shm>;

/// The database of this module.
pub(crate) static STORAGE: Storage = Storage::new("registrations");

/// Why the server does not start with this database.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error(transparent)]
    Core(#[from] Error),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("database of modparam db_url: {0}")]
    Db(#[from] DbError),
    #[error("modparam fetch_rows is {0}, must be 1 or more rows")]
    FetchRows(i32),
    #[error("there is no table {0}, which db/*/ims_usrloc_scscf.sql creates")]
    NoTable(BString),
    #[error(
        "there is no table of watchers, tried {0}: db/*/ims_usrloc_scscf.sql creates \
         subscriber_scscf, ims_usrloc_scscf-5.6.sql subscriber"
    )]
    NoWatchers(String),
    #[error("table {table} lacks the columns {missing}: compare it with db/*/ims_usrloc_scscf.sql")]
    Columns { table: BString, missing: String },
    #[error(
        "table version says that {table} has version {version}, must be {}: compare it with \
         db/*/ims_usrloc_scscf.sql",
        tables::VERSION
    )]
    Version { table: BString, version: u32 },
}

impl Report for StartError {}

/// What the modparam `db_mode` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// 0: nothing is stored.
    Memory,
    /// 1: a change is written before the caller goes on. 3 is the same here.
    WriteThrough,
    /// 2: changes are written in bulk, every so often.
    WriteBack,
    /// Any other number: rows are read at the start and never written.
    Preload,
}

/// The mode of this server.
pub(crate) fn mode() -> Mode {
    match params::DB_MODE.get() {
        0 => Mode::Memory,
        1 | 3 => Mode::WriteThrough,
        2 => Mode::WriteBack,
        _ => Mode::Preload,
    }
}

/// Whether changes are to be noted in the journal.
pub(crate) fn writes() -> bool {
    matches!(mode(), Mode::WriteThrough | Mode::WriteBack)
}

/// Binds the driver and tries to connect. To be called in `mod_init`.
pub(crate) fn init() -> Result<(), StartError> {
    let (mode, number) = (mode(), params::DB_MODE.get());
    if mode == Mode::Memory {
        return Ok(());
    }
    if number == 3 {
        kamailio::warn!(
            "modparam db_mode is 3, which stores as 1 does: registrations are served from memory"
        );
    }
    if mode == Mode::Preload {
        kamailio::warn!(
            "modparam db_mode is {number}, which is none of 0 to 3: registrations are read at the \
             start and never written"
        );
    }
    let rows = params::FETCH_ROWS.get();
    if rows < 1 {
        return Err(StartError::FetchRows(rows));
    }
    STORAGE.open(params::DB_URL.non_empty())?;
    if writes() {
        if params::DB_SQLITE_WAL.get() != 0 {
            STORAGE.write_ahead();
        }
        announce_timers(1)?;
    }
    Ok(())
}

thread_local! {
    /// How many clients of this process make changes that are to be written together.
    static HELD: Cell<u32> = const { Cell::new(0) };
}

/// Lets the rows of this process wait until [`release`], which follows as often.
pub(crate) fn hold() {
    HELD.set(HELD.get().saturating_add(1));
}

/// The end of what [`hold`] began: what waits is written.
pub(crate) fn release() {
    HELD.set(HELD.get().saturating_sub(1));
    flush();
}

/// Writes what this process changed, in the modes that write at once. To be called when the
/// process has given up the lock, before it goes on.
pub(crate) fn flush() {
    if mode() == Mode::WriteThrough && HELD.get() == 0 {
        Writer.flush();
    }
}

/// How many rows differ from memory.
pub(crate) fn rows_pending() -> u64 {
    crate::rows::pending()
}

/// Writes all that is not written, before the server ends, and closes the connection.
pub(crate) fn stop() {
    if writes() {
        Writer.write_last();
    }
    STORAGE.tear_down();
}
