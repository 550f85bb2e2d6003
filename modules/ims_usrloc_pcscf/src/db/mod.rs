//! The database: what is read when, and what is written when.
//!
//! A change of a contact leaves an entry in the journal of its domain; how it is written stands in
//! [`kamailio::db::storage`]. What could not be written is tried again by a process of its own.

mod absent;
mod access;
mod audit;
mod contacts;
mod direct;
mod fetch;
mod lookup;
mod process;
mod restore;
mod settle;
mod statement;
pub(crate) mod stats;
mod tables;

pub(crate) use access::Access;
pub(crate) use contacts::{Adopted, Change, Contacts, Job};
pub(crate) use direct::Direct;
pub(crate) use fetch::{Wanted, fetch, refresh};
pub(crate) use process::child;
pub(crate) use restore::restore;
pub(crate) use settle::{Settled, settle};
pub(crate) use statement::{Named, RowError};

use crate::{
    domains::{self, Domain},
    params,
    rows::Writer,
};
use bstr::BString;
use kamailio::{
    Error,
    db::{
        DbError,
        storage::{OpenError, Rows, Storage},
    },
    error::Report,
    process::{announce_spare, announce_timers},
};
use pcscf_core::row::MissingColumns;

/// The database of this module.
pub(crate) static STORAGE: Storage = Storage::new("contacts");

/// Why the server does not start with this database.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error(transparent)]
    Core(#[from] Error),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("database of modparam db_url: {0}")]
    Db(#[from] DbError),
    #[error("there is no table {0}, which db/*/ims_usrloc_pcscf.sql creates")]
    NoTable(BString),
    #[error("table {table} lacks the columns {missing}: compare it with db/*/ims_usrloc_pcscf.sql")]
    Columns { table: BString, missing: MissingColumns },
}

impl Report for StartError {}

/// What the modparam `db_mode` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// 0: nothing is stored.
    Memory,
    /// 1: a change is written before the caller goes on.
    WriteThrough,
    /// 2: changes are written in bulk, every so often.
    WriteBack,
    /// 3: as 1, and what is not in memory, or is there for long, is read again: several servers
    /// share a table.
    DbOnly,
    /// Any other number: rows are read at the start and never written.
    Preload,
}

impl Mode {
    const fn of(number: i32) -> Self {
        match number {
            0 => Self::Memory,
            1 => Self::WriteThrough,
            2 => Self::WriteBack,
            3 => Self::DbOnly,
            _ => Self::Preload,
        }
    }

    /// Whether a table is read at the start.
    const fn restores(self) -> bool {
        matches!(self, Self::WriteThrough | Self::WriteBack | Self::Preload)
    }
}

/// The mode of this server.
pub(crate) fn mode() -> Mode {
    Mode::of(params::DB_MODE.get())
}

/// Whether the tables were read at the start.
pub(crate) fn restores() -> bool {
    mode().restores()
}

/// Whether changes are to be noted in the journal of their domain.
pub(crate) fn writes() -> bool {
    matches!(mode(), Mode::WriteThrough | Mode::WriteBack | Mode::DbOnly)
}

/// Binds the driver and tries to connect. To be called in `mod_init`.
pub(crate) fn init() -> Result<(), StartError> {
    let mode = mode();
    if mode == Mode::Memory {
        return Ok(());
    }
    if mode == Mode::Preload {
        kamailio::warn!(
            "modparam db_mode is {}, which is none of 0 to 3: contacts are read at the start and \
             never written",
            params::DB_MODE.get()
        );
    }
    STORAGE.open(params::DB_URL.non_empty())?;
    if writes() {
        if params::DB_SQLITE_WAL.get() != 0 {
            STORAGE.write_ahead();
        }
        announce_timers(1)?;
        announce_spare()?;
    }
    Ok(())
}

/// Writes what this process changed, in the modes that write at once. To be called when the
/// process has unlocked the domain.
pub(crate) fn flush(domain: &Domain) {
    if matches!(mode(), Mode::WriteThrough | Mode::DbOnly) {
        Writer(domain).flush();
    }
}

/// Writes all that is not written, before the server ends, and closes the connection.
pub(crate) fn stop() {
    if writes() {
        domains::each(|domain| Writer(domain).write_last());
    }
    STORAGE.tear_down();
}
