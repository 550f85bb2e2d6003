//! Reading the tables at the start.

use super::{
    Access, Mode, STORAGE, StartError,
    fetch::{Fetched, Piece, piece},
    mode, stats, tables,
};
use crate::restore;
use kamailio::{db::DbError, shm, timer};
use scscf_core::row::{
    BadRow, CONTACTS, Contact, IDENTITIES, Identity, LINKS, SUBSCRIPTIONS, Table, Watcher,
};
use std::{collections::HashMap, time::Instant};

/// Shared memory that is left to the server, which could not start without, in bytes.
const RESERVE: u64 = 2 << 20;

/// An identity with all that belongs to it.
#[derive(Debug)]
pub(crate) struct Restored<'r> {
    pub(crate) identity: &'r Identity,
    pub(crate) contacts: Vec<&'r Contact>,
    pub(crate) watchers: Vec<&'r Watcher>,
}

/// Checks the tables and brings what they hold into memory. To be called before the host forks;
/// the connection is closed then, as each process has its own.
pub(crate) fn restore() -> Result<(), StartError> {
    if mode() == Mode::Memory {
        return Ok(());
    }
    let result = check_and_read();
    STORAGE.close();
    result
}

fn check_and_read() -> Result<(), StartError> {
    let Some(database) = STORAGE.database() else { return Ok(()) };
    let connection = database.session()?;
    let tables = tables::tables(&connection)?;
    tables.tell_what_is_lost();
    Ok(read(&Access::new(connection, tables))?)
}

/// Brings all rows into memory.
fn read(access: &Access) -> Result<(), DbError> {
    let started = Instant::now();
    let (mut after, mut count) = (-1, 0_u64);
    let columns = &access.tables.identities.columns;
    loop {
        let name = IDENTITIES.name;
        let Piece { rows, next } =
            access.piece(name, columns, &[], after, |row| Identity::read(row))?;
        if !adopt(access, &rows, &mut count)? {
            kamailio::error!(
                "{count} identities restored, the others are not: out of shared memory (-m)"
            );
            return Ok(());
        }
        match next {
            Some(next) => after = next,
            None => break,
        }
    }
    let (taken, piece) = (started.elapsed().as_millis(), piece());
    kamailio::info!("{count} identities restored in {taken} ms, {piece} rows at a time");
    Ok(())
}

/// Brings these identities into memory, with all that belongs to them; false if that is used up.
fn adopt(access: &Access, rows: &[(i64, Identity)], count: &mut u64) -> Result<bool, DbError> {
    let (Some((first, _)), Some((last, _))) = (rows.first(), rows.last()) else { return Ok(true) };
    let range = (*first, *last);
    let columns = &access.tables.contacts.columns;
    let contacts =
        access.belongings(&LINKS, range, CONTACTS.name, columns, |row| Contact::read(row))?;
    let (name, columns) = (access.watchers(), &access.tables.watchers.columns);
    let watchers =
        access.belongings(&SUBSCRIPTIONS, range, name, columns, |row| Watcher::read(row))?;
    for (id, identity) in rows {
        if shm::available() < RESERVE {
            return Ok(false);
        }
        let (contacts, watchers) = (contacts.of_identity(*id), watchers.of_identity(*id));
        if restore::adopt(&Restored { identity, contacts, watchers }, timer::now()) {
            *count += 1;
            stats::ROWS_LOADED.increment();
        } else {
            stats::ROWS_SKIPPED.increment();
        }
    }
    Ok(true)
}

impl Access {
    /// These columns of the rows of table `name` that belong to the identities with the numbers of
    /// `range`, as `pairs` says.
    fn belongings<T>(
        &self,
        pairs: &Table,
        (first, last): (i64, i64),
        name: &str,
        columns: &[&'static str],
        read: for<'r> fn(&Fetched<'r>) -> Result<(i64, T), BadRow>,
    ) -> Result<Belongings<T>, DbError> {
        let pairs = self.pairs(pairs, first, last)?;
        let mut numbers: Vec<i64> = pairs.values().flatten().copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        let rows = self.by_number(name, columns, &numbers, read)?;
        Ok(Belongings { pairs, rows })
    }
}

/// Contacts or watchers, and whose they are.
struct Belongings<T> {
    pairs: HashMap<i64, Vec<i64>>,
    rows: HashMap<i64, T>,
}

impl<T> Belongings<T> {
    /// In the order in which they were stored.
    fn of_identity(&self, id: i64) -> Vec<&T> {
        let numbers = self.pairs.get(&id).into_iter().flatten();
        numbers.filter_map(|number| self.rows.get(number)).collect()
    }
}
