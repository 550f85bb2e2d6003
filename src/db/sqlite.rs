//! What a file of sqlite needs that several processes write to. Drivers of servers need none of it:
//! there all this does nothing.

use super::{Connection, DbError, Need};

impl Connection<'_> {
    fn is_sqlite(&self) -> bool {
        self.database.driver() == "sqlite" && self.database.has(Need::Raw)
    }

    /// Has statements of this process wait up to `milliseconds` for a lock that another process
    /// has on the file; else `db_sqlite` lets them fail at once.
    ///
    /// # Errors
    ///
    /// [`DbError`].
    pub fn wait_when_busy(&self, milliseconds: u32) -> Result<(), DbError> {
        if !self.is_sqlite() {
            return Ok(());
        }
        self.raw(&format!("PRAGMA busy_timeout={milliseconds}")).map(drop)
    }

    /// Has the file keep a log of changes beside it instead of a copy of each old page: a commit is
    /// one write with one `fsync` then, and readers and the writer do not wait for each other. The
    /// file remembers that. The mode that the file is in now: another than `wal` if that cannot be
    /// had, as on a file system of a network; nothing with other drivers.
    ///
    /// # Errors
    ///
    /// [`DbError`], also while another process has the file locked.
    pub fn write_ahead(&self) -> Result<Option<Vec<u8>>, DbError> {
        if !self.is_sqlite() {
            return Ok(None);
        }
        let rows = self.raw("PRAGMA journal_mode=WAL")?;
        Ok(rows.iter().next().and_then(|row| row.text(0).map(<[u8]>::to_vec)))
    }

    /// Has each commit of this process be on the disk before it is said to be.
    ///
    /// # Errors
    ///
    /// [`DbError`].
    pub fn sync_commits(&self) -> Result<(), DbError> {
        if !self.is_sqlite() {
            return Ok(());
        }
        self.raw("PRAGMA synchronous=FULL").map(drop)
    }
}
