//! The database servers that all cases of this run share; each case has a database of its own.

use crate::{mariadb::MariaDb, postgres::Postgres};
use parking_lot::{MappedMutexGuard, Mutex, MutexGuard};

static MARIADB: Mutex<Option<MariaDb>> = Mutex::new(None);
static POSTGRES: Mutex<Option<Postgres>> = Mutex::new(None);

/// The MariaDB server, started by the first that asks.
pub fn mariadb() -> MappedMutexGuard<'static, MariaDb> {
    MutexGuard::map(MARIADB.lock(), |server| server.get_or_insert_with(MariaDb::start))
}

/// The PostgreSQL server, started by the first that asks.
pub fn postgres() -> MappedMutexGuard<'static, Postgres> {
    MutexGuard::map(POSTGRES.lock(), |server| server.get_or_insert_with(Postgres::start))
}

/// Stops what was started: statics are not dropped at the end of a program.
pub fn stop() {
    drop(MARIADB.lock().take());
    drop(POSTGRES.lock().take());
}
