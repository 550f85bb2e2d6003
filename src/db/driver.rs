//! The driver of a database.

use super::{Connection, DbError, session::Session};
use crate::{
    module::{is_loaded, parameter},
    sync, text,
};
use core::{ffi::CStr, fmt, mem};
use kamailio_sys as sys;

/// A function that a driver may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Reading rows.
    Query,
    /// Adding rows.
    Insert,
    /// Changing rows.
    Update,
    /// Removing rows.
    Delete,
    /// Statements of our own.
    Raw,
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Query => "query",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Raw => "run raw statements",
        })
    }
}

/// The drivers that Kamailio has, with their names in URLs.
const DRIVERS: &[(&CStr, &str)] = &[
    (c"db_mysql", "mysql"),
    (c"db_postgres", "postgres"),
    (c"db_sqlite", "sqlite"),
    (c"db_unixodbc", "unixodbc"),
    (c"db_oracle", "oracle"),
    (c"db_redis", "redis"),
    (c"db_text", "text"),
    (c"db_berkeley", "berkeley"),
    (c"db_mongodb", "mongodb"),
    (c"db_cassandra", "cassandra"),
    (c"db_perlvdb", "perlvdb"),
];

/// A database and the driver for it, bound in `mod_init` and good in every process.
pub struct Database {
    pub(super) api: sys::db_func_t,
    pub(super) session: Session,
    /// Whether [`Plain`](super::Plain) statements are given to the driver as they are.
    pub(super) plain: bool,
    url: Vec<u8>,
    driver: String,
}

// SAFETY: addresses of functions that nothing writes to; the session is atomic.
unsafe impl Send for Database {}
// SAFETY: as for `Send`.
unsafe impl Sync for Database {}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL holds a password.
        f.debug_struct("Database").field("driver", &self.driver).finish_non_exhaustive()
    }
}

impl Database {
    /// Binds the driver that `url` names: `driver://user:password@host/database`.
    ///
    /// # Errors
    ///
    /// [`DbError::NoDriver`] if its module is not loaded before this one.
    pub fn bind(url: &[u8]) -> Result<Self, DbError> {
        let driver = url.split(|&byte| byte == b':').next().unwrap_or_default();
        let driver = String::from_utf8_lossy(driver).into_owned();
        // SAFETY: a struct of optional functions, for which zeroes are none.
        let mut api: sys::db_func_t = unsafe { mem::zeroed() };
        let name = text::lend(url);
        // SAFETY: the core reads the name up to its colon and fills `api`.
        let code = unsafe { sys::db_bind_mod(&raw const name, &raw mut api) };
        if code < 0 {
            return Err(DbError::NoDriver { driver });
        }
        let (session, url) = (Session::new(), url.to_vec());
        let database = Self { api, session, plain: false, url, driver };
        if database.is_cluster() && parameter(c"db_cluster", c"max_query_length") == Some(0) {
            crate::notice!(
                "after one statement that the database refuses db_cluster leaves it alone for \
                 inactive_interval, and nothing of anybody is stored meanwhile, unless \
                 max_query_length of db_cluster is set, as to 1"
            );
        }
        Ok(Self { plain: database.speaks_plain(), ..database })
    }

    /// The name of the driver, as in URLs: `sqlite`, `mysql`, `postgres`, …
    pub fn driver(&self) -> &str {
        &self.driver
    }

    /// Whether the driver is `db_cluster`, which may close a database for everybody after one statement
    /// that is refused: what cannot be stored must not be tried.
    pub fn is_cluster(&self) -> bool {
        self.driver() == "cluster"
    }

    /// The name of the driver that statements come to in the end: `db_cluster` passes them on. That may be
    /// told only if a single driver is loaded beside it; nothing if it cannot.
    pub(super) fn behind(&self) -> Option<&str> {
        if !self.is_cluster() {
            return Some(self.driver());
        }
        let mut loaded = DRIVERS.iter().filter(|(module, _)| is_loaded(module));
        let (_, name) = loaded.next()?;
        loaded.next().is_none().then_some(*name)
    }

    /// Whether the driver passes statements on to a database that is known to speak SQL.
    pub(super) fn speaks_sql(&self) -> bool {
        matches!(self.driver(), "sqlite" | "mysql" | "postgres")
    }

    /// Refuses a driver that lacks one of `needs`.
    ///
    /// # Errors
    ///
    /// [`DbError::Lacks`].
    pub fn require(&self, needs: &[Need]) -> Result<(), DbError> {
        let lacks = |need| DbError::Lacks { driver: self.driver.clone(), need };
        needs.iter().copied().find(|need| !self.has(*need)).map_or(Ok(()), |need| Err(lacks(need)))
    }

    /// Whether the driver has the function.
    pub fn has(&self, need: Need) -> bool {
        match need {
            Need::Query => self.api.query.is_some(),
            Need::Insert => self.api.insert.is_some(),
            Need::Update => self.api.update.is_some(),
            Need::Delete => self.api.delete.is_some(),
            Need::Raw => self.api.raw_query.is_some(),
        }
    }

    /// Opens a connection; it is closed when dropped. One must not be kept over a fork.
    ///
    /// # Errors
    ///
    /// [`DbError::Connect`].
    pub fn connect(&self) -> Result<Connection<'_>, DbError> {
        sync::assert_unlocked();
        let refused = || DbError::Connect { driver: self.driver.clone() };
        let open = self.api.init.ok_or_else(refused)?;
        let url = text::lend(&self.url);
        // SAFETY: the driver copies what it keeps of the URL.
        let handle = unsafe { open(&raw const url) };
        // SAFETY: the driver made it just now.
        unsafe { Connection::new(self, handle) }.ok_or_else(refused)
    }

    pub(super) fn lacks(&self, need: Need) -> DbError {
        DbError::Lacks { driver: self.driver.clone(), need }
    }
}
