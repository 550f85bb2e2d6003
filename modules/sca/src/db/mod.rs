//! The database: what is read at the start, and what is written when.
//!
//! Rows are copied while their line is locked, written after that, and marked as written only
//! where the line still says the same. What could not be written is tried again with the next turn.

mod states;
mod subscriptions;

use crate::{params, settings};
use bstr::BStr;
use kamailio::{
    db::{Condition, Connection, Database, DbError, Need, Page, Row, Value},
    process,
};
use std::sync::OnceLock;

static DATABASE: OnceLock<Database> = OnceLock::new();

/// Why the server does not start with this database.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(
        "invalid version {found} for table {table} found, expected {expected} \
         (check table structure and table \"version\")"
    )]
    Version { table: String, found: u32, expected: u32 },
}

/// Lines of one transaction, and rows of one page.
const BATCH: usize = 1000;

/// Binds the driver and checks the tables. True if the appearances are stored, too.
pub(crate) fn open() -> Result<bool, StartError> {
    let database = Database::bind(params::DB_URL.get())?;
    database.require(&[Need::Query, Need::Insert, Need::Update, Need::Delete])?;
    let database = DATABASE.get_or_init(|| database);
    let connection = database.session()?;
    let table = params::SUBS_TABLE.get();
    let found = connection.table_version(table)?;
    if found != subscriptions::VERSION {
        let table = String::from_utf8_lossy(table).into_owned();
        return Err(StartError::Version { table, found, expected: subscriptions::VERSION });
    }
    let table = BStr::new(params::STATE_TABLE.get());
    Ok(match connection.table_version(table)? {
        states::VERSION => true,
        0 => {
            kamailio::notice!(
                "appearances are not stored: the table of versions does not name {table} \
                 (modparam state_table); db/*/sca_state.sql creates it"
            );
            false
        }
        found => {
            kamailio::error!(
                "appearances are not stored: table {table} has version {found}, must be {}",
                states::VERSION
            );
            false
        }
    })
}

/// The connection of this process; says in the log why there is none.
fn connection() -> Option<Connection<'static>> {
    let session = DATABASE.get()?.session();
    session.map_err(|error| kamailio::error!("nothing is stored: {error}")).ok()
}

/// Whether a row that the table does not take keeps others out of it: see [`Database::is_cluster`].
fn trying_costs_others() -> bool {
    DATABASE.get().is_some_and(Database::is_cluster)
}

/// Reads what an earlier run has left, and closes the connection: each process has its own.
pub(crate) fn restore() {
    let Some(database) = DATABASE.get() else { return };
    if let Some(connection) = connection() {
        if let Err(error) = subscriptions::restore(&connection) {
            kamailio::error!("not all subscriptions are restored: {error}");
        }
        if settings::get().is_some_and(|settings| settings.keeps_states)
            && let Err(error) = states::restore(&connection)
        {
            kamailio::error!("not all appearances are restored: {error}");
        }
    }
    database.close_session();
}

/// Writes the subscriptions that changed, and deletes the rows whose time is over. With `all` also
/// those whose CSeq moved only a little.
pub(crate) fn write_subscriptions(all: bool) {
    let Some(connection) = connection() else { return };
    subscriptions::write(&connection, all);
}

/// Writes the appearances that changed.
pub(crate) fn write_states() {
    let Some(connection) = connection() else { return };
    states::write(&connection);
}

/// Writes all that is not written yet, before the server ends.
pub(crate) fn flush() {
    write_subscriptions(true);
    if settings::get().is_some_and(|settings| settings.keeps_states) {
        write_states();
    }
    if let Some(database) = DATABASE.get() {
        database.close_session();
    }
}

/// The rows that are this server's, by the setting `server_id` of the core.
fn of_server() -> Condition<'static> {
    Condition::equal("server_id", Value::Int(process::server_id().into()))
}

/// Gives each row of `table` that fulfils `conditions` to `keep`, in the order of the column `id`,
/// which is the first one of `columns`. Says how many were kept.
fn each_row(
    connection: &Connection<'_>,
    table: &[u8],
    columns: &[&str],
    conditions: &[Condition<'_>],
    keep: impl Fn(Row<'_>) -> bool,
) -> Result<usize, DbError> {
    let limit = u32::try_from(BATCH).unwrap_or(u32::MAX);
    let (mut kept, mut after) = (0_usize, -1);
    loop {
        let page = Page { table, columns, conditions, key: "id", after, limit };
        let rows = connection.page(&page)?;
        kept += rows.iter().filter(|row| keep(*row)).count();
        match rows.iter().filter_map(|row| row.int(0)).max() {
            Some(last) if last > after => after = last,
            _ => return Ok(kept),
        }
    }
}
