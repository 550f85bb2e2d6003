//! The databases of a run, and rows as a server would have left them.

use super::text;
use crate::storage::Kind;
use anyhow::{Context as _, Result, ensure};
use host_tests::{database::Database, mariadb::MariaDb, sqlite::Sqlite};
use std::{fs, net::SocketAddr, path::Path};

/// The table, which is the domain in the script too.
pub(crate) const TABLE: &str = "pcscf_location";
/// The telephone whose texts are the pattern of all rows.
const SAMPLE: usize = 1_234_567;

/// A database with the table, empty at first.
#[derive(Debug)]
pub(crate) struct Storage {
    kind: Kind,
    database: Box<dyn Database>,
}

impl Storage {
    /// An sqlite file in `folder`.
    pub(crate) fn sqlite(folder: &Path) -> Result<Self> {
        let database = Sqlite::with(&folder.join("pcscf.sqlite"), &schema("sqlite")?);
        Ok(Self { kind: Kind::Sqlite, database: Box::new(database) })
    }

    /// A database of `server`.
    pub(crate) fn mariadb(server: &MariaDb) -> Result<Self> {
        let database = server.with(&schema("mysql")?);
        // The test server saves on these; a server in use has the defaults.
        database.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 1");
        database.execute("SET GLOBAL innodb_buffer_pool_size = 134217728");
        Ok(Self { kind: Kind::MariaDb, database: Box::new(database) })
    }

    /// Its address for `db_url`.
    pub(crate) fn url(&self) -> String {
        self.database.url()
    }

    /// How many contacts it holds.
    pub(crate) fn count(&self) -> Option<usize> {
        self.database.query(&format!("SELECT count(*) FROM {TABLE}")).first()?.first()?.parse().ok()
    }

    /// Makes it hold registered telephones 0 to `count` - 1, all at `port` of their addresses, whose
    /// home network is at `core`.
    pub(crate) fn fill(&self, count: usize, port: u16, core: SocketAddr) -> Result<()> {
        self.database.execute(&format!("DELETE FROM {TABLE}"));
        self.database.execute(&fill(self.kind, count, port, core));
        let stored = self.count();
        ensure!(stored == Some(count), "the database holds {stored:?} of {count} rows");
        Ok(())
    }
}

/// The statements that make the tables in `dialect`.
fn schema(dialect: &str) -> Result<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../db").join(dialect);
    let read = |name: &str| {
        let path = folder.join(name);
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    };
    Ok(read("version.sql")? + &read("ims_usrloc_pcscf.sql")?)
}

/// The statement that makes the rows as a server would have written them.
fn fill(kind: Kind, count: usize, port: u16, core: SocketAddr) -> String {
    let last = count.saturating_sub(1);
    let (with, source, number, octet, ip, expires) = match kind {
        Kind::Sqlite => (
            format!(
                "WITH RECURSIVE n(seq) AS \
                 (SELECT 0 UNION ALL SELECT seq + 1 FROM n WHERE seq < {last})"
            ),
            "n".to_owned(),
            "printf('%07d', seq)",
            "'127.' || (64 + seq / 65536) || '.' || (seq / 256 % 256) || '.' || (seq % 256)",
            "'127.99.99.99'",
            "julianday('now') + 1",
        ),
        Kind::MariaDb => (
            String::new(),
            format!("seq_0_to_{last}"),
            "lpad(seq, 7, '0')",
            "concat('127.', 64 + seq div 65536, '.', seq div 256 % 256, '.', seq % 256)",
            "'127.99.99.99'",
            "now() + interval 1 day",
        ),
    };
    let sample = format!("127.99.99.99:{port}")
        .parse()
        .map_or(String::new(), |address| text::contact(SAMPLE, address));
    let ids: String = text::identities(SAMPLE).iter().map(|id| format!("<{id}>")).collect();
    let each = |pattern: &str| {
        format!("replace(replace('{pattern}', '{SAMPLE}', {number}), {ip}, {octet})")
    };
    format!(
        "INSERT INTO {TABLE} (domain, aor, host, port, protocol, received, received_port, \
         received_proto, reg_state, expires, service_routes, public_ids) \
         {with} SELECT '{TABLE}', {aor}, {octet}, {port}, '1', {octet}, {port}, 1, 2, {expires}, \
         '{route}', {ids} FROM {source}",
        aor = each(&sample),
        route = text::service_route(core),
        ids = each(&ids),
    )
}
