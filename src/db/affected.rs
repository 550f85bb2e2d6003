//! How many rows a statement changed.

use super::{Connection, DbError, Need};
use crate::sync;

impl Connection<'_> {
    /// How many rows the last update or removal met; nothing if the driver cannot tell.
    ///
    /// MySQL does not count rows that had the new values already.
    ///
    /// # Errors
    ///
    /// [`DbError`], where this takes a statement of its own.
    pub fn affected_rows(&self) -> Result<Option<u64>, DbError> {
        sync::assert_unlocked();
        if let Some(count) = self.database.api.affected_rows {
            // SAFETY: the handle of this driver.
            let count = unsafe { count(self.handle.as_ptr()) };
            return Ok(u64::try_from(count).ok());
        }
        if self.database.driver() != "sqlite" || !self.database.has(Need::Raw) {
            return Ok(None);
        }
        let rows = self.raw("SELECT changes()")?;
        let count = rows.iter().next().and_then(|row| row.int(0));
        Ok(count.and_then(|count| u64::try_from(count).ok()))
    }
}
