//! The table of subscriptions, in the schema that Kamailio ships.

use super::{BATCH, each_row, of_server};
use crate::{lines, params};
use bstr::BStr;
use kamailio::db::{self, Condition, Connection, DbError, Op, Value};
use sca_core::{
    Event, Instant, record,
    row::{self, Change, Row},
};

/// The version of the schema.
pub(super) const VERSION: u32 = 2;

/// The columns that are read, in the order of [`read`].
const COLUMNS: [&str; 11] = [
    "id",
    "subscriber",
    "aor",
    "event",
    "expires",
    "call_id",
    "from_tag",
    "to_tag",
    "record_route",
    "notify_cseq",
    "subscribe_cseq",
];

/// Brings the subscriptions of this server that are not over into memory.
pub(super) fn restore(connection: &Connection<'_>) -> Result<(), DbError> {
    let table = params::SUBS_TABLE.get();
    let now = lines::context().now;
    let conditions = [
        of_server(),
        Condition { column: "expires", op: Op::GreaterOrEqual, value: Value::Int(now.0) },
    ];
    // Before anything is read, so that no CSeq is used twice however often the server is killed.
    let moved_on = connection
        .advance(table, "notify_cseq", row::CSEQ_JUMP, &[of_server()])
        .unwrap_or_else(|error| {
            kamailio::warn!("CSeq numbers are moved on with the next write: {error}");
            false
        });
    let restored = each_row(connection, table, &COLUMNS, &conditions, |row| keep(row, moved_on))?;
    kamailio::info!("{restored} subscriptions restored from {}", BStr::new(table));
    Ok(())
}

/// Brings one row into memory; says so if it cannot be used.
fn keep(row: db::Row<'_>, moved_on: bool) -> bool {
    let Some(read) = read(row) else {
        kamailio::warn!(
            "row {} of {} is no call-info subscription and is left alone",
            row.int(0).unwrap_or_default(),
            BStr::new(params::SUBS_TABLE.get())
        );
        return false;
    };
    match lines::with(&read.aor, |line, _| {
        if moved_on { line.restore_moved_on(&read) } else { line.restore(&read) }
    }) {
        Ok((kept, _)) => kept,
        Err(error) => {
            kamailio::error!("subscription to {} not restored: {error}", BStr::new(&read.aor));
            false
        }
    }
}

fn read(row: db::Row<'_>) -> Option<Row> {
    let text = |column| row.text(column).map(<[u8]>::to_vec);
    let needed = |column| text(column).filter(|text| !text.is_empty());
    let number = |column| row.int(column).and_then(|number| u32::try_from(number).ok());
    Some(Row {
        change: Change::Update,
        contact: needed(1)?,
        aor: needed(2)?,
        event: row
            .int(3)
            .and_then(|number| u8::try_from(number).ok())
            .and_then(Event::from_number)
            .filter(|event| *event == Event::CallInfo)?,
        expires: Instant(row.int(4)?),
        call_id: needed(5)?,
        from_tag: needed(6)?,
        to_tag: needed(7)?,
        record_route: text(8).unwrap_or_default(),
        notify_cseq: number(9)?,
        subscribe_cseq: number(10).unwrap_or_default(),
    })
}

/// Writes what changed and deletes what is over.
pub(super) fn write(connection: &Connection<'_>, all: bool) {
    let mut batch = Vec::new();
    let wanted = |bytes: &[u8]| all || record::flags(bytes).unwritten_rows;
    lines::select(wanted, |aor| {
        let rows = lines::look(aor, |line| row::take_unwritten(line, all));
        batch.extend(rows.into_iter().flatten());
        if batch.len() >= BATCH {
            write_batch(connection, &batch);
            batch.clear();
        }
    });
    write_batch(connection, &batch);
    let over = [
        of_server(),
        Condition { column: "expires", op: Op::Less, value: Value::Int(lines::context().now.0) },
    ];
    if let Err(error) = connection.delete(params::SUBS_TABLE.get(), &over) {
        kamailio::error!("subscriptions that are over stay in the database: {error}");
    }
}

/// Writes `batch` at once; if that fails, row by row, so that one bad row holds up no other.
fn write_batch(connection: &Connection<'_>, batch: &[Row]) {
    if super::trying_costs_others() {
        let (storable, others): (Vec<_>, Vec<_>) =
            batch.iter().cloned().partition(Row::is_storable);
        for row in &others {
            // It never was in the table.
            if row.change == Change::Delete {
                mark(row);
                continue;
            }
            kamailio::error!(
                "subscription of {} to {} not written, it is more than the table takes",
                BStr::new(&row.contact),
                BStr::new(&row.aor)
            );
        }
        return write_rows(connection, &storable);
    }
    write_rows(connection, batch);
}

fn write_rows(connection: &Connection<'_>, batch: &[Row]) {
    if batch.is_empty() {
        return;
    }
    match together(connection, batch) {
        Ok(()) => batch.iter().for_each(mark),
        Err(error) => {
            kamailio::warn!("{} subscriptions are written one by one: {error}", batch.len());
            for row in batch {
                match replace(connection, row) {
                    Ok(()) => mark(row),
                    Err(error) => kamailio::error!(
                        "subscription of {} to {} not written, will be tried again: {error}",
                        BStr::new(&row.contact),
                        BStr::new(&row.aor)
                    ),
                }
            }
        }
    }
}

fn together(connection: &Connection<'_>, batch: &[Row]) -> Result<(), DbError> {
    let transaction = connection.transaction()?;
    for row in batch {
        match row.change {
            Change::Insert => insert(connection, row)?,
            Change::Update | Change::Delete => replace(connection, row)?,
        }
    }
    transaction.commit()
}

/// Puts `row` in place of what the table has of this subscription; a row that somebody deleted
/// comes back.
fn replace(connection: &Connection<'_>, row: &Row) -> Result<(), DbError> {
    let same = [
        Condition::equal("subscriber", Value::Text(&row.contact)),
        Condition::equal("aor", Value::Text(&row.aor)),
        Condition::equal("event", Value::Int(row.event.number().into())),
        of_server(),
    ];
    connection.delete(params::SUBS_TABLE.get(), &same)?;
    match row.change {
        Change::Delete => Ok(()),
        Change::Insert | Change::Update => insert(connection, row),
    }
}

fn insert(connection: &Connection<'_>, row: &Row) -> Result<(), DbError> {
    connection.insert(
        params::SUBS_TABLE.get(),
        &[
            ("subscriber", Value::Text(&row.contact)),
            ("aor", Value::Text(&row.aor)),
            ("event", Value::Int(row.event.number().into())),
            // The column has 32 bits; a driver would refuse a longer number again and again.
            ("expires", Value::Int(row.expires.0.min(i32::MAX.into()))),
            ("state", Value::Int(0)),
            ("app_idx", Value::Int(0)),
            ("call_id", Value::Text(&row.call_id)),
            ("from_tag", Value::Text(&row.from_tag)),
            ("to_tag", Value::Text(&row.to_tag)),
            ("record_route", Value::Text(&row.record_route)),
            ("notify_cseq", Value::Int(row.notify_cseq.into())),
            ("subscribe_cseq", Value::Int(row.subscribe_cseq.into())),
            ("server_id", of_server().value),
        ],
    )
}

fn mark(row: &Row) {
    if let Err(error) = lines::with(&row.aor, |line, _| row::mark_written(line, row)) {
        kamailio::error!("line {} is written again: {error}", BStr::new(&row.aor));
    }
}
