//! The databases of a run, and rows that an earlier life of the server may have left.

use crate::phones::{CallId, Party, Purpose};
use anyhow::{Result, ensure};
use host_tests::{database::Database, mariadb::MariaDb, sqlite::Sqlite};
use std::{net::SocketAddr, path::Path};

/// The line whose texts are the pattern of all rows: six digits that occur nowhere else in them.
const SAMPLE: usize = 123_456;

/// The tag that the server gave every stored subscription.
pub const SERVER_TAG: &str = "a6a1c5f60faecf035a1ae5b6e96e979a-4b7c61d2";

/// Which database keeps the subscriptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A file.
    Sqlite,
    /// A server of our own, durable at each commit as by its default.
    MariaDb,
}

impl Kind {
    /// Its name in the report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::MariaDb => "MariaDB",
        }
    }
}

/// A database with the shipped tables, empty at first.
#[derive(Debug)]
pub struct Storage {
    kind: Kind,
    database: Box<dyn Database>,
}

impl Storage {
    /// An sqlite file in `folder`.
    pub fn sqlite(folder: &Path) -> Self {
        let database = Sqlite::create(&folder.join("bench.sqlite"));
        Self { kind: Kind::Sqlite, database: Box::new(database) }
    }

    /// A database of `server`.
    pub fn mariadb(server: &MariaDb) -> Self {
        let database = server.create();
        // The test server saves on these; a server in use has the defaults.
        database.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 1");
        database.execute("SET GLOBAL innodb_buffer_pool_size = 134217728");
        Self { kind: Kind::MariaDb, database: Box::new(database) }
    }

    /// Which one it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its address for `db_url`.
    pub fn url(&self) -> String {
        self.database.url()
    }

    /// How many subscriptions it holds.
    pub fn count(&self) -> Option<usize> {
        self.database.query("SELECT count(*) FROM sca_subscriptions").first()?.first()?.parse().ok()
    }

    /// Makes it hold the subscriptions of the first member of lines 0 to `count` - 1 of phones at
    /// `local`, and nothing else.
    ///
    /// # Errors
    ///
    /// The database holds another number of rows afterwards.
    pub fn fill(&self, count: usize, local: SocketAddr) -> Result<()> {
        self.database.execute("DELETE FROM sca_subscriptions");
        if count > 0 {
            self.database.execute(&fill(self.kind, count, local));
        }
        let stored = self.count();
        ensure!(stored == Some(count), "the database holds {stored:?} of {count} rows");
        Ok(())
    }
}

/// The statement that makes the rows as the module would have written them. Only an empty
/// Record-Route is an empty text here, where the sqlite driver would leave NULL: the C module
/// cannot read that back.
fn fill(kind: Kind, count: usize, local: SocketAddr) -> String {
    let last = count.saturating_sub(1);
    let (with, source, number, expires) = match kind {
        Kind::Sqlite => (
            format!(
                "WITH RECURSIVE n(seq) AS \
                 (SELECT 0 UNION ALL SELECT seq + 1 FROM n WHERE seq < {last})"
            ),
            "n".to_owned(),
            "printf('%06d', seq)",
            "strftime('%s', 'now') + 3600",
        ),
        Kind::MariaDb => (
            String::new(),
            format!("seq_0_to_{last}"),
            "lpad(seq, 6, '0')",
            "unix_timestamp() + 3600",
        ),
    };
    let party = Party { line: SAMPLE, member: 0 };
    let id = CallId { purpose: Purpose::CallInfo, party, serial: 0 };
    let each = |text: &str| format!("replace('{text}', '{SAMPLE}', {number})");
    format!(
        "INSERT INTO sca_subscriptions (subscriber, aor, event, expires, state, app_idx, call_id, \
         from_tag, to_tag, record_route, notify_cseq, subscribe_cseq, server_id) \
         {with} SELECT {}, {}, 1, {expires}, 0, 0, {}, '{}', '{SERVER_TAG}', '', 2, 1, 0 \
         FROM {source}",
        each(&party.contact(local)),
        each(&party.aor()),
        each(&id.to_string()),
        id.tag(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_are_those_of_the_phones() {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::sqlite(folder.path());
        let local = SocketAddr::from(([127, 0, 0, 1], 4000));
        storage.fill(3, local).unwrap();
        storage.fill(12, local).unwrap();
        let found = storage.database.query(
            "SELECT subscriber, aor, call_id, from_tag, expires > strftime('%s', 'now') \
             FROM sca_subscriptions ORDER BY id LIMIT 1 OFFSET 11",
        );
        let party = Party { line: 11, member: 0 };
        let id = CallId { purpose: Purpose::CallInfo, party, serial: 0 };
        let row = [party.contact(local), party.aor(), id.to_string(), id.tag(), "1".to_owned()];
        assert_eq!(found, [row]);
    }
}
