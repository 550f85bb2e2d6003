//! The table of a run, and rows as a server would have left them.

use super::text;
use crate::storage::{Kind, Storage, schema};
use anyhow::{Context as _, Result};
use host_tests::mariadb::MariaDb;
use std::{net::SocketAddr, path::Path};

/// The table, which is the domain in the script too.
pub(crate) const TABLE: &str = "pcscf_location";
/// The file of the schema.
const SCHEMA: &str = "ims_usrloc_pcscf.sql";
/// The telephone whose texts are the pattern of all rows.
const SAMPLE: usize = 1_234_567;

/// An empty database: a file in `folder`, or on `server`.
pub(crate) fn storage(kind: Kind, folder: &Path, server: Option<&MariaDb>) -> Result<Storage> {
    let sql = schema(kind, SCHEMA)?;
    match kind {
        Kind::Sqlite => Ok(Storage::sqlite(folder, &sql, TABLE)),
        Kind::MariaDb => Ok(Storage::mariadb(server.context("no MariaDB runs")?, &sql, TABLE)),
    }
}

/// Makes a database hold registered telephones 0 to `count` - 1, all at the port of their home network
/// `core` and addresses of their own.
pub(crate) fn fill(storage: &Storage, count: usize, core: SocketAddr) -> Result<()> {
    storage.fill(count, || rows(storage.kind(), count, core))
}

/// The statement that makes the rows as a server would have written them.
fn rows(kind: Kind, count: usize, core: SocketAddr) -> String {
    let [with, source] = kind.numbers(count.saturating_sub(1));
    let (port, ip) = (core.port(), "'127.99.99.99'");
    let (number, octet, expires) = match kind {
        Kind::Sqlite => (
            "printf('%07d', seq)",
            "'127.' || (64 + seq / 65536) || '.' || (seq / 256 % 256) || '.' || (seq % 256)",
            "julianday('now') + 1",
        ),
        Kind::MariaDb => (
            "lpad(seq, 7, '0')",
            "concat('127.', 64 + seq div 65536, '.', seq div 256 % 256, '.', seq % 256)",
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
