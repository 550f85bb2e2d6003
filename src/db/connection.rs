//! A connection to a database.

use super::{
    Condition, Database, DbError, Need, Rows, Transaction, Value, plain,
    statement::{Columns, identifier},
};
use crate::{sync, text};
use core::{
    cell::Cell,
    ptr::{self, NonNull},
};
use kamailio_sys as sys;

/// A connection of this process; closed when dropped.
///
/// Every call may wait for the server, so no lock may be held: debug builds panic.
#[derive(Debug)]
pub struct Connection<'d> {
    pub(super) database: &'d Database,
    pub(super) handle: NonNull<sys::db1_con_t>,
    /// The session of the process keeps it open.
    pub(super) kept: bool,
    /// Since when the transaction began.
    pub(super) failed: Cell<bool>,
}

impl<'d> Connection<'d> {
    /// # Safety
    ///
    /// `handle` is null or a connection of the driver, of this process, that nobody else closes.
    pub(super) unsafe fn new(database: &'d Database, handle: *mut sys::db1_con_t) -> Option<Self> {
        let handle = NonNull::new(handle)?;
        Some(Self { database, handle, kept: false, failed: Cell::new(false) })
    }

    /// The values of `columns` in all rows of `table` that fulfil `conditions`.
    ///
    /// The driver puts all rows into private memory at once: see [`Connection::page`].
    ///
    /// # Errors
    ///
    /// [`DbError`].
    pub fn query(
        &self,
        table: &[u8],
        columns: &[&str],
        conditions: &[Condition<'_>],
        order: Option<&str>,
    ) -> Result<Rows<'_>, DbError> {
        let query = self.database.api.query.ok_or_else(|| self.database.lacks(Need::Query))?;
        let wanted = Columns::named(columns)?;
        let compared = Columns::compared(conditions)?;
        let mut order = order.map(|order| text::lend(order.as_bytes()));
        let order = order.as_mut().map_or(ptr::null_mut(), |order| &raw mut *order);
        let mut result = ptr::null_mut();
        let code = self.on_table("query", table, || {
            // SAFETY: the arrays are as long as said and live until the driver comes back.
            unsafe {
                query(
                    self.handle.as_ptr(),
                    compared.keys(),
                    compared.ops(),
                    compared.values(),
                    wanted.keys(),
                    compared.len(),
                    wanted.len(),
                    order,
                    &raw mut result,
                )
            }
        });
        // Owned before the code is looked at: a driver may fail and leave a result.
        // SAFETY: what the driver left there is its result, or null as before.
        let rows = unsafe { Rows::new(self, result) };
        code.map(|()| rows)
    }

    /// Adds `row` to `table`.
    ///
    /// # Errors
    ///
    /// [`DbError`].
    pub fn insert(&self, table: &[u8], row: &[(&str, Value<'_>)]) -> Result<(), DbError> {
        let insert = self.database.api.insert.ok_or_else(|| self.database.lacks(Need::Insert))?;
        if let Some(done) = self.plainly(table, || plain::insert(table, row)) {
            return done;
        }
        let row = Columns::set(row)?;
        self.on_table("insert", table, || {
            // SAFETY: as in `query`.
            unsafe { insert(self.handle.as_ptr(), row.keys(), row.values(), row.len()) }
        })
    }

    /// Changes all rows of `table` that fulfil `conditions`; none is no error.
    ///
    /// # Errors
    ///
    /// [`DbError`].
    pub fn update(
        &self,
        table: &[u8],
        conditions: &[Condition<'_>],
        row: &[(&str, Value<'_>)],
    ) -> Result<(), DbError> {
        let update = self.database.api.update.ok_or_else(|| self.database.lacks(Need::Update))?;
        if let Some(done) = self.plainly(table, || plain::update(table, conditions, row)) {
            return done;
        }
        let compared = Columns::compared(conditions)?;
        let row = Columns::set(row)?;
        self.on_table("update", table, || {
            // SAFETY: as in `query`.
            unsafe {
                update(
                    self.handle.as_ptr(),
                    compared.keys(),
                    compared.ops(),
                    compared.values(),
                    row.keys(),
                    row.values(),
                    compared.len(),
                    row.len(),
                )
            }
        })
    }

    /// Removes all rows of `table` that fulfil `conditions`: without any, all.
    ///
    /// # Errors
    ///
    /// [`DbError`].
    pub fn delete(&self, table: &[u8], conditions: &[Condition<'_>]) -> Result<(), DbError> {
        let delete = self.database.api.delete.ok_or_else(|| self.database.lacks(Need::Delete))?;
        if let Some(done) = self.plainly(table, || plain::delete(table, conditions)) {
            return done;
        }
        let compared = Columns::compared(conditions)?;
        self.on_table("delete", table, || {
            // SAFETY: as in `query`.
            unsafe {
                delete(
                    self.handle.as_ptr(),
                    compared.keys(),
                    compared.ops(),
                    compared.values(),
                    compared.len(),
                )
            }
        })
    }

    /// Runs one statement of SQL as it is.
    ///
    /// # Errors
    ///
    /// [`DbError`].
    pub fn raw(&self, sql: &str) -> Result<Rows<'_>, DbError> {
        sync::assert_unlocked();
        let raw = self.database.api.raw_query.ok_or_else(|| self.database.lacks(Need::Raw))?;
        let lent = text::lend(sql.as_bytes());
        let mut result = ptr::null_mut();
        // SAFETY: the driver reads the statement before it comes back. The result is asked for also
        // where there is none: `db_sqlite` runs a statement only while it collects that.
        let code = unsafe { raw(self.handle.as_ptr(), &raw const lent, &raw mut result) };
        // SAFETY: as in `query`.
        let rows = unsafe { Rows::new(self, result) };
        let start: String = sql.chars().take(40).collect();
        self.check("raw statement", start.as_bytes(), code).map(|()| rows)
    }

    /// The version that the table of versions gives for `table`; 0 if it names none.
    ///
    /// # Errors
    ///
    /// [`DbError::Failed`] if the table of versions cannot be read.
    pub fn table_version(&self, table: &[u8]) -> Result<u32, DbError> {
        sync::assert_unlocked();
        let name = text::lend(table);
        let api = &raw const self.database.api;
        // SAFETY: the driver of this connection, and a name that lives until it comes back.
        let code = unsafe { sys::db_table_version(api, self.handle.as_ptr(), &raw const name) };
        u32::try_from(code).or_else(|_| self.check("version", table, code).map(|()| 0))
    }

    /// Starts a transaction; it is rolled back when dropped without [`Transaction::commit`].
    ///
    /// With a driver that has none, each statement is stored at once.
    ///
    /// # Errors
    ///
    /// [`DbError`].
    pub fn transaction(&self) -> Result<Transaction<'_>, DbError> {
        Transaction::start(self)
    }

    /// Has `run` work on `table`.
    fn on_table(
        &self,
        operation: &'static str,
        table: &[u8],
        run: impl FnOnce() -> i32,
    ) -> Result<(), DbError> {
        sync::assert_unlocked();
        let name = text::lend(identifier(table)?);
        if let Some(select) = self.database.api.use_table {
            // SAFETY: the driver keeps the address of the name, which lives until `run` is through;
            // nothing uses it later, since every operation selects its table first.
            let code = unsafe { select(self.handle.as_ptr(), &raw const name) };
            self.check("selection", table, code)?;
        }
        self.check(operation, table, run())
    }

    pub(super) fn check(
        &self,
        operation: &'static str,
        table: &[u8],
        code: i32,
    ) -> Result<(), DbError> {
        if code >= 0 {
            return Ok(());
        }
        self.failed.set(true);
        let table = String::from_utf8_lossy(table).into_owned();
        Err(DbError::Failed { operation, table, code })
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        if self.kept {
            self.database.session.leave();
            return;
        }
        if let Some(close) = self.database.api.close {
            // SAFETY: the handle came from this driver and is given back once.
            unsafe { close(self.handle.as_ptr()) };
        }
    }
}
