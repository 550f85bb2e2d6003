//! The one connection of each process.

use super::{Connection, Database, DbError};
use core::{
    ptr,
    sync::atomic::{AtomicPtr, AtomicU32, Ordering},
};
use kamailio_sys as sys;

/// Opens a connection when the process first needs one, and keeps it. For a `static`.
///
/// A process that was forked later opens one of its own: a server would get the words of both
/// mixed up.
#[derive(Debug)]
pub struct Session {
    handle: AtomicPtr<sys::db1_con_t>,
    process: AtomicU32,
}

impl Session {
    /// One without a connection.
    pub const fn new() -> Self {
        Self { handle: AtomicPtr::new(ptr::null_mut()), process: AtomicU32::new(0) }
    }

    /// The connection of this process to `database`, which is the same in every call.
    ///
    /// # Errors
    ///
    /// [`DbError::Connect`]; the next call tries again.
    pub fn connection<'d>(&self, database: &'d Database) -> Result<Connection<'d>, DbError> {
        let process = std::process::id();
        if self.process.load(Ordering::Relaxed) == process {
            let open = Connection::new(database, self.handle.load(Ordering::Relaxed));
            if let Some(open) = open {
                return Ok(Connection { kept: true, ..keep(open) });
            }
        }
        let open = keep(database.connect()?);
        self.handle.store(open.handle.as_ptr(), Ordering::Relaxed);
        self.process.store(process, Ordering::Relaxed);
        Ok(open)
    }

    /// Closes the connection of this process, if it has one: before the fork, and at the end.
    pub fn close(&self, database: &Database) {
        let handle = self.handle.swap(ptr::null_mut(), Ordering::Relaxed);
        if self.process.load(Ordering::Relaxed) == std::process::id() {
            drop(Connection::new(database, handle));
        }
    }
}
