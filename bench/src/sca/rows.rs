//! The tables of a run, and rows that an earlier life of the server may have left.

use crate::{
    phones::{CallId, Party, Purpose},
    storage::{Kind, Storage},
};
use anyhow::Result;
use host_tests::{
    database::{Dialect, schema},
    mariadb::MariaDb,
};
use std::{net::SocketAddr, path::Path};

/// The table of the subscriptions.
const TABLE: &str = "sca_subscriptions";
/// The line whose texts are the pattern of all rows: six digits that occur nowhere else in them.
const SAMPLE: usize = 123_456;

/// The tag that the server gave every stored subscription.
pub(crate) const SERVER_TAG: &str = "a6a1c5f60faecf035a1ae5b6e96e979a-4b7c61d2";

/// An sqlite file in `folder`, with the tables that Kamailio ships.
pub(crate) fn sqlite(folder: &Path) -> Storage {
    Storage::sqlite(folder, &schema(Dialect::Sqlite), TABLE)
}

/// A database of `server`, with the tables that Kamailio ships.
pub(crate) fn mariadb(server: &MariaDb) -> Storage {
    Storage::mariadb(server, &schema(Dialect::Mysql), TABLE)
}

/// Makes a database hold the subscriptions of the first member of lines 0 to `count` - 1 of phones at
/// `local`, and nothing else.
///
/// # Errors
///
/// The database holds another number of rows afterwards.
pub(crate) fn fill(storage: &Storage, count: usize, local: SocketAddr) -> Result<()> {
    storage.fill(count, || rows(storage.kind(), count, local))
}

/// The statement that makes the rows as the module would have written them. Only an empty
/// Record-Route is an empty text here, where the sqlite driver would leave NULL: the C module
/// cannot read that back.
fn rows(kind: Kind, count: usize, local: SocketAddr) -> String {
    let [with, source] = kind.numbers(count.saturating_sub(1));
    let (number, expires) = match kind {
        Kind::Sqlite => ("printf('%06d', seq)", "strftime('%s', 'now') + 3600"),
        Kind::MariaDb => ("lpad(seq, 6, '0')", "unix_timestamp() + 3600"),
    };
    let party = Party { line: SAMPLE, member: 0 };
    let id = CallId { purpose: Purpose::CallInfo, party, serial: 0 };
    let each = |text: &str| format!("replace('{text}', '{SAMPLE}', {number})");
    format!(
        "INSERT INTO {TABLE} (subscriber, aor, event, expires, state, app_idx, call_id, \
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
        let storage = sqlite(folder.path());
        let local = SocketAddr::from(([127, 0, 0, 1], 4000));
        fill(&storage, 3, local).unwrap();
        fill(&storage, 12, local).unwrap();
        let found = storage.query(
            "SELECT subscriber, aor, call_id, from_tag, expires > strftime('%s', 'now') \
             FROM sca_subscriptions ORDER BY id LIMIT 1 OFFSET 11",
        );
        let party = Party { line: 11, member: 0 };
        let id = CallId { purpose: Purpose::CallInfo, party, serial: 0 };
        let row = [party.contact(local), party.aor(), id.to_string(), id.tag(), "1".to_owned()];
        assert_eq!(found, [row]);
    }
}
