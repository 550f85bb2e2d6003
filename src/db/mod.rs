//! Databases: the drivers of the core (`db_sqlite`, `db_mysql`, `db_postgres` and the others).
//!
//! [`Database::bind`] in `mod_init`; then each process opens a [`Connection`] of its own, at once
//! ([`Database::connect`]) or when it first needs one ([`Database::session`]). A driver connects again by
//! itself when the server was gone; what failed meanwhile is an error here.

mod advance;
mod affected;
mod connection;
mod describe;
mod driver;
mod inserted;
mod page;
mod plain;
mod rows;
mod session;
mod sqlite;
mod statement;
pub mod storage;
mod transaction;
mod value;

pub use connection::Connection;
pub use describe::Column;
pub use driver::{Database, Need};
pub use page::Page;
pub use plain::{Plain, Statement};
pub use rows::{Row, Rows};
pub use statement::{Condition, Op};
pub use transaction::Transaction;
pub use value::Value;

use crate::error::Report;

/// Why a database did not do what it was asked.
///
/// No variant holds the URL: there is a password in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DbError {
    /// No module has loaded the driver that the URL names.
    #[error("no database driver db_{driver}: load the module before this one")]
    NoDriver {
        /// The part of the URL before the colon.
        driver: String,
    },
    /// The driver cannot do what the module needs.
    #[error("database driver db_{driver} cannot {need}")]
    Lacks {
        /// The driver.
        driver: String,
        /// The missing function.
        need: Need,
    },
    /// There is no connection: the server is down, or refuses, or the URL is wrong.
    #[error("database driver db_{driver} cannot connect")]
    Connect {
        /// The driver.
        driver: String,
    },
    /// The driver said no; it has said in the log why.
    #[error("database: {operation} of table {table} failed with {code}")]
    Failed {
        /// The function of the driver.
        operation: &'static str,
        /// The table; of a raw statement, its beginning.
        table: String,
        /// What the driver returned.
        code: i32,
    },
    /// A table or a column has a name that cannot stand in a statement as it is.
    #[error("{0:?} is no name of a table or column, must be letters, digits, _ and .")]
    Name(String),
    /// A statement within the transaction failed, so nothing of it is stored.
    #[error("the transaction was rolled back because a statement in it failed")]
    RolledBack,
    /// The connection was lost within a transaction: what of it is stored is unknown.
    #[error("the connection was lost within a transaction")]
    Lost,
}

impl Report for DbError {}
