//! The one connection that each process keeps.

use super::{Connection, Database, DbError};
use crate::process;
use core::{
    ptr,
    sync::atomic::{AtomicI64, AtomicPtr, AtomicU32, Ordering},
};
use kamailio_sys as sys;

/// What a process has open. A fork copies this: [`Session::process`] tells whose it is.
#[derive(Debug)]
pub(super) struct Session {
    handle: AtomicPtr<sys::db1_con_t>,
    process: AtomicU32,
    /// How many values of [`Connection`] use the handle.
    users: AtomicU32,
    /// The server's number of the connection at the end of the last transaction; 0: not known.
    server: AtomicI64,
}

impl Session {
    pub(super) const fn new() -> Self {
        Self {
            handle: AtomicPtr::new(ptr::null_mut()),
            process: AtomicU32::new(0),
            users: AtomicU32::new(0),
            server: AtomicI64::new(0),
        }
    }

    /// What [`Session::remember_server`] said last, if the connection is still the same as far as this
    /// side knows.
    pub(super) fn server(&self) -> Option<i64> {
        Some(self.server.load(Ordering::Relaxed)).filter(|number| *number != 0)
    }

    /// Remembers the server's number of the connection.
    pub(super) fn remember_server(&self, number: Option<i64>) {
        self.server.store(number.unwrap_or(0), Ordering::Relaxed);
    }

    pub(super) fn leave(&self) {
        self.users.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Database {
    /// The connection that this process keeps; opened when it is first needed.
    ///
    /// A process that is forked later opens one of its own: two that share one would get each
    /// other's answers.
    ///
    /// # Errors
    ///
    /// [`DbError::Connect`]; the next call tries again.
    pub fn session(&self) -> Result<Connection<'_>, DbError> {
        let (session, process) = (&self.session, process::id());
        if session.process.swap(process, Ordering::Relaxed) != process {
            session.handle.store(ptr::null_mut(), Ordering::Relaxed);
            session.users.store(0, Ordering::Relaxed);
        }
        let handle = session.handle.load(Ordering::Relaxed);
        // SAFETY: this process opened it, and `close_session` takes it out before closing it.
        let mut open = match unsafe { Connection::new(self, handle) } {
            Some(open) => open,
            None => {
                session.remember_server(None);
                self.connect()?
            }
        };
        open.kept = true;
        session.handle.store(open.handle.as_ptr(), Ordering::Relaxed);
        session.users.fetch_add(1, Ordering::Relaxed);
        Ok(open)
    }

    /// Closes what [`Database::session`] keeps open in this process: before a fork, and at the
    /// end. Does nothing while somebody still holds the connection.
    pub fn close_session(&self) {
        let session = &self.session;
        let own = session.process.load(Ordering::Relaxed) == process::id();
        if own && session.users.load(Ordering::Relaxed) == 0 {
            let handle = session.handle.swap(ptr::null_mut(), Ordering::Relaxed);
            // SAFETY: this process opened it, and nobody uses it any more.
            drop(unsafe { Connection::new(self, handle) });
        }
    }
}
