//! Reading the tables at the start.

use super::{
    STORAGE, StartError,
    access::Access,
    contacts::{Adopted, Contacts},
    lookup::Selection,
    mode, stats, tables,
};
use crate::domains;
use bstr::BStr;
use kamailio::{db::DbError, shm, timer};
use std::time::Instant;

/// Shared memory that is left to the server, which could not start without, in bytes.
const RESERVE: u64 = 2 << 20;

/// Checks the tables of all domains and, unless each contact is read when it is needed, brings
/// their contacts into memory. To be called before the host forks; the connection is closed then,
/// as each process has its own.
pub(crate) fn restore() -> Result<(), StartError> {
    let mut result = Ok(());
    domains::each(|domain| {
        if result.is_ok() {
            result = check_and_read(domain);
        }
    });
    STORAGE.close();
    result
}

fn check_and_read<C: Contacts + ?Sized>(contacts: &C) -> Result<(), StartError> {
    let Some(database) = STORAGE.database() else { return Ok(()) };
    let connection = database.session()?;
    let table = contacts.table();
    let layout = tables::layout(&connection, table)?;
    if !mode().restores() {
        return Ok(());
    }
    let read = read(contacts, &Access::new(connection, table, layout));
    contacts.arrange();
    Ok(read?)
}

/// Brings all rows into memory.
fn read<C: Contacts + ?Sized>(contacts: &C, access: &Access<'_>) -> Result<(), DbError> {
    let selection = Selection::of(&access.layout);
    let (mut after, mut count) = (-1, 0_u64);
    let (table, started) = (BStr::new(access.table), Instant::now());
    loop {
        if shm::available() < RESERVE {
            out_of_memory(count, table);
            return Ok(());
        }
        let now = timer::now();
        let (rows, last) = access.piece(&selection, &[], after)?;
        for row in &rows {
            match contacts.adopt(row, u64::MAX, now) {
                Adopted::NoMemory => {
                    out_of_memory(count, table);
                    return Ok(());
                }
                Adopted::Refused => stats::ROWS_SKIPPED.increment(),
                Adopted::Inserted | Adopted::Updated | Adopted::Kept => {
                    count += 1;
                    stats::ROWS_LOADED.increment();
                }
            }
        }
        let Some(last) = last else { break };
        after = last;
    }
    let taken = started.elapsed().as_millis();
    kamailio::info!("{count} contacts restored from {table} in {taken} ms");
    Ok(())
}

fn out_of_memory(count: u64, table: &BStr) {
    kamailio::error!(
        "{count} contacts restored from {table}, the others are not: out of shared memory (-m)"
    );
}
