//! Rows that a database returned.

use super::{Connection, value};
use core::{ptr::NonNull, slice};
use kamailio_sys as sys;

/// The result of a query; freed when dropped.
#[derive(Debug)]
pub struct Rows<'c> {
    connection: &'c Connection<'c>,
    result: Option<NonNull<sys::db1_res_t>>,
}

impl<'c> Rows<'c> {
    /// Takes `result` over; null is a result without rows.
    ///
    /// # Safety
    ///
    /// `result` is null or a result of `connection` that nobody else frees.
    pub(super) unsafe fn new(connection: &'c Connection<'c>, result: *mut sys::db1_res_t) -> Self {
        Self { connection, result: NonNull::new(result) }
    }

    fn raw(&self) -> &[sys::db_row] {
        let Some(result) = self.result else { return &[] };
        // SAFETY: a result that the driver made and that stays until `self` is dropped.
        let result = unsafe { result.as_ref() };
        let count = usize::try_from(result.n).unwrap_or(0);
        if result.rows.is_null() || count == 0 {
            return &[];
        }
        // SAFETY: the driver says how many rows there are.
        unsafe { slice::from_raw_parts(result.rows, count) }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.raw().len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.raw().is_empty()
    }

    /// The rows, in the order of the database.
    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        self.raw().iter().map(|raw| Row { raw })
    }
}

impl Drop for Rows<'_> {
    fn drop(&mut self) {
        let free = self.connection.database.api.free_result;
        if let (Some(result), Some(free)) = (self.result, free) {
            // SAFETY: the result came from this connection and is given back once.
            unsafe { free(self.connection.handle.as_ptr(), result.as_ptr()) };
        }
    }
}

/// One row. Columns are counted from 0 in the order they were asked for.
#[derive(Debug, Clone, Copy)]
pub struct Row<'r> {
    raw: &'r sys::db_row,
}

impl<'r> Row<'r> {
    fn value(self, column: usize) -> Option<&'r sys::db_val_t> {
        let count = usize::try_from(self.raw.n).unwrap_or(0);
        if self.raw.values.is_null() || count == 0 {
            return None;
        }
        // SAFETY: the driver says how many values there are, and they stay as long as the result.
        let values = unsafe { slice::from_raw_parts(self.raw.values, count) };
        values.get(column)
    }

    /// The text in `column`; nothing if it is null, a number, or no column.
    pub fn text(self, column: usize) -> Option<&'r [u8]> {
        // SAFETY: a value of the driver, whose text stays as long as the result.
        self.value(column).and_then(|raw| unsafe { value::text(raw) })
    }

    /// The number in `column`, also one that a text spells or the seconds of a time; nothing if it
    /// is null, no number, or no column.
    pub fn int(self, column: usize) -> Option<i64> {
        // SAFETY: as in `text`.
        self.value(column).and_then(|raw| unsafe { value::int(raw) })
    }
}
