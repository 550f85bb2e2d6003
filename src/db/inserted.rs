//! The number that a table gave a new row.

use super::Connection;
use crate::sync;

impl Connection<'_> {
    /// The number that the table gave the row of the last [`Connection::insert`]; nothing if the
    /// driver cannot tell without a statement of its own, or may ask another server than the one that has
    /// the row. To be asked for before anything else is done with the connection.
    pub fn inserted_id(&self) -> Option<i64> {
        sync::assert_unlocked();
        let ask = self.database.api.last_inserted_id?;
        if self.database.driver() != "mysql" {
            return None;
        }
        // SAFETY: the handle of this driver.
        let id = unsafe { ask(self.handle.as_ptr()) };
        (id > 0).then(|| id.into())
    }
}
