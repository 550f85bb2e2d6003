//! The databases of a run.

use anyhow::{Context as _, Result, ensure};
use host_tests::{database::Database, mariadb::MariaDb, sqlite::Sqlite};
use std::{fs, path::Path};

/// Which database keeps what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A file.
    Sqlite,
    /// A server of our own, durable at each commit as by its default.
    MariaDb,
}

impl Kind {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Sqlite, Self::MariaDb];

    /// Its name in the report.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::MariaDb => "MariaDB",
        }
    }

    /// The driver that serves an address.
    pub(crate) fn driver(url: &str) -> &'static str {
        if url.starts_with("sqlite") { "db_sqlite" } else { "db_mysql" }
    }

    /// An SQL source of the numbers 0 to `last` in a column `seq`: what stands before SELECT, and after
    /// FROM.
    pub(crate) fn numbers(self, last: usize) -> [String; 2] {
        match self {
            Self::Sqlite => [
                format!(
                    "WITH RECURSIVE n(seq) AS \
                     (SELECT 0 UNION ALL SELECT seq + 1 FROM n WHERE seq < {last})"
                ),
                "n".to_owned(),
            ],
            Self::MariaDb => [String::new(), format!("seq_0_to_{last}")],
        }
    }
}

/// A database with the shipped tables, empty at first.
#[derive(Debug)]
pub(crate) struct Storage {
    kind: Kind,
    table: &'static str,
    database: Box<dyn Database>,
}

impl Storage {
    /// An sqlite file in `folder` with the tables that `sql` makes; the rows of `table` are counted.
    pub(crate) fn sqlite(folder: &Path, sql: &str, table: &'static str) -> Self {
        let database = Sqlite::with(&folder.join("bench.sqlite"), sql);
        Self { kind: Kind::Sqlite, table, database: Box::new(database) }
    }

    /// A database of `server`, likewise.
    pub(crate) fn mariadb(server: &MariaDb, sql: &str, table: &'static str) -> Self {
        let database = server.with(sql);
        // The test server saves on these; a server in use has the defaults.
        database.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 1");
        database.execute("SET GLOBAL innodb_buffer_pool_size = 134217728");
        Self { kind: Kind::MariaDb, table, database: Box::new(database) }
    }

    /// Which one it is.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Its address for `db_url`.
    pub(crate) fn url(&self) -> String {
        self.database.url()
    }

    /// How many rows the table holds.
    pub(crate) fn count(&self) -> Option<usize> {
        let rows = self.database.query(&format!("SELECT count(*) FROM {}", self.table));
        rows.first()?.first()?.parse().ok()
    }

    /// Makes the table hold `count` rows and nothing else, which the statement `rows` puts in.
    ///
    /// # Errors
    ///
    /// It holds another number of rows afterwards.
    pub(crate) fn fill(&self, count: usize, rows: impl FnOnce() -> String) -> Result<()> {
        self.database.execute(&format!("DELETE FROM {}", self.table));
        if count > 0 {
            self.database.execute(&rows());
        }
        let stored = self.count();
        ensure!(stored == Some(count), "the database holds {stored:?} of {count} rows");
        Ok(())
    }

    /// Rows that a statement gives.
    #[cfg(test)]
    pub(crate) fn query(&self, sql: &str) -> Vec<Vec<String>> {
        self.database.query(sql)
    }
}

/// The statements that make the tables of a file of `db/`.
///
/// # Errors
///
/// There is no such file.
pub(crate) fn schema(kind: Kind, name: &str) -> Result<String> {
    let dialect = match kind {
        Kind::Sqlite => "sqlite",
        Kind::MariaDb => "mysql",
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../db").join(dialect);
    let read = |name: &str| {
        let path = folder.join(name);
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    };
    Ok(read("version.sql")? + &read(name)?)
}
