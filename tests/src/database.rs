//! Databases as tests see them, whatever serves them.

use crate::{
    install::install,
    wait::{PATIENCE, until},
};
use std::fmt::Debug;

/// The SQL that a database speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// sqlite 3.
    Sqlite,
    /// MySQL and MariaDB.
    Mysql,
    /// PostgreSQL.
    Postgres,
}

/// One database with the tables of `sca`.
pub trait Database: Debug {
    /// Runs one or more statements and gives the rows of the last, all values as text.
    fn query(&self, sql: &str) -> Vec<Vec<String>>;

    /// Its address for `db_url`.
    fn url(&self) -> String;

    /// Runs statements that give no rows.
    fn execute(&self, sql: &str) {
        self.query(sql);
    }
}

/// What tests ask of the stored subscriptions.
pub trait Tables: Database {
    /// `columns` of all rows of `sca_subscriptions`, in the order of `columns`.
    fn rows(&self, columns: &str) -> Vec<Vec<String>> {
        self.query(&format!("SELECT {columns} FROM sca_subscriptions ORDER BY {columns}"))
    }

    /// Waits until `columns` of all rows are `wanted`.
    fn wait_rows(&self, columns: &str, wanted: &[&[&str]]) {
        let mut last = Vec::new();
        let limit = std::time::Instant::now() + PATIENCE;
        until("the rows of sca_subscriptions", PATIENCE * 2, || {
            last = self.rows(columns);
            assert!(std::time::Instant::now() < limit, "{columns}: {last:?}, wanted {wanted:?}");
            (last == wanted).then_some(())
        });
    }

    /// Puts in a row as another server, or an earlier life of this one, would have left it.
    fn insert(&self, row: &Row<'_>) {
        self.execute(&format!(
            "INSERT INTO sca_subscriptions (subscriber, aor, event, expires, state, app_idx, \
             call_id, from_tag, to_tag, record_route, notify_cseq, subscribe_cseq, server_id) \
             VALUES ('{}', '{}', 1, {}, 0, 0, '{}', 'ft', 'tt', {}, {}, 1, {})",
            row.subscriber,
            row.aor,
            row.expires,
            row.call_id,
            row.record_route.map_or_else(|| "NULL".to_owned(), |route| format!("'{route}'")),
            row.notify_cseq,
            row.server_id,
        ));
    }
}

impl<T: Database + ?Sized> Tables for T {}

/// A stored subscription to call-info with From-tag `ft` and To-tag `tt`.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Contact of the member.
    pub subscriber: &'a str,
    /// The shared address.
    pub aor: &'a str,
    /// When it ends, seconds since 1970.
    pub expires: u64,
    /// Call-ID of the subscription.
    pub call_id: &'a str,
    /// Body of Record-Route.
    pub record_route: Option<&'a str>,
    /// The last CSeq that a NOTIFY had, plus one.
    pub notify_cseq: u32,
    /// Whose row it is.
    pub server_id: u32,
}

/// The statements that make the tables which Kamailio ships for `sca`.
pub fn schema(dialect: Dialect) -> String {
    let folder = match dialect {
        Dialect::Sqlite => "db_sqlite",
        Dialect::Mysql => "mysql",
        Dialect::Postgres => "postgres",
    };
    ["standard", "sca"]
        .map(|name| install().shipped(&format!("/usr/share/kamailio/{folder}/{name}-create.sql")))
        .concat()
}

/// Seconds since 1970.
#[expect(clippy::disallowed_types, reason = "rows of a database carry the time of the day")]
pub fn now() -> u64 {
    let now = std::time::SystemTime::now();
    now.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
