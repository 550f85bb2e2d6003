//! The table of appearances, `db/*/sca_state.sql`.

use super::{BATCH, each_row, of_server};
use crate::{lines, names, params};
use bstr::BStr;
use kamailio::db::{self, Condition, Connection, DbError, Value};
use sca_core::{
    Instant, State, record,
    state_row::{self, StateRow, StateRows},
};

/// The version of the schema.
pub(super) const VERSION: u32 = 1;

/// The columns that are read, in the order of [`read`].
const COLUMNS: [&str; 14] = [
    "id",
    "aor",
    "app_idx",
    "state",
    "uri",
    "owner",
    "callee",
    "remote_target",
    "call_id",
    "from_tag",
    "to_tag",
    "callee_leg",
    "changed",
    "created",
];

/// Brings the appearances of this server into memory.
pub(super) fn restore(connection: &Connection<'_>) -> Result<(), DbError> {
    let table = params::STATE_TABLE.get();
    let restored = each_row(connection, table, &COLUMNS, &[of_server()], keep)?;
    kamailio::info!("{restored} appearances restored from {}", BStr::new(table));
    Ok(())
}

fn keep(row: db::Row<'_>) -> bool {
    let kept = read(row).map(|(aor, row)| {
        let kept = lines::with(&aor, |line, _| line.restore_appearance(&row));
        let kept = kept.map(|(kept, _)| kept).unwrap_or_else(|error| {
            kamailio::error!("an appearance of {} not restored: {error}", BStr::new(&aor));
            false
        });
        // The row does not say under which address a phone has its call. The other tag may be that
        // of a phone of another line, which has a row of its own.
        let tag = if row.callee_leg { &row.to_tag } else { &row.from_tag };
        if kept && !tag.is_empty() {
            names::note(&row.call_id, tag, &aor);
        }
        kept
    });
    kept.unwrap_or_else(|| {
        kamailio::warn!(
            "row {} of {} is no appearance and is left alone",
            row.int(0).unwrap_or_default(),
            BStr::new(params::STATE_TABLE.get())
        );
        false
    })
}

fn read(row: db::Row<'_>) -> Option<(Vec<u8>, StateRow)> {
    let text = |column| row.text(column).map(<[u8]>::to_vec).unwrap_or_default();
    let aor = Some(text(1)).filter(|aor| !aor.is_empty())?;
    let state = row.int(3).and_then(|number| u8::try_from(number).ok());
    Some((
        aor,
        StateRow {
            index: row.int(2).and_then(|index| u32::try_from(index).ok())?,
            state: state.and_then(State::from_number)?,
            uri: text(4),
            owner: text(5),
            callee: text(6),
            remote_target: text(7),
            call_id: text(8),
            from_tag: text(9),
            to_tag: text(10),
            callee_leg: row.int(11) == Some(1),
            changed_at: Instant(row.int(12)?),
            created_at: Instant(row.int(13)?),
        },
    ))
}

/// Writes the lines whose appearances changed.
pub(super) fn write(connection: &Connection<'_>) {
    let mut batch = Vec::new();
    let wanted = |bytes: &[u8]| record::flags(bytes).unwritten_states;
    lines::select(wanted, |aor| {
        batch.extend(lines::look(aor, state_row::take_unwritten).flatten());
        if batch.len() >= BATCH {
            write_batch(connection, &batch);
            batch.clear();
        }
    });
    write_batch(connection, &batch);
}

/// Writes `batch` at once; if that fails, line by line, so that one bad line holds up no other.
fn write_batch(connection: &Connection<'_>, batch: &[StateRows]) {
    if batch.is_empty() {
        return;
    }
    if super::trying_costs_others() {
        batch.iter().for_each(|rows| write_storable(connection, rows));
        return;
    }
    if together(connection, batch).is_ok() {
        batch.iter().for_each(mark);
        return;
    }
    for rows in batch {
        match alone(connection, rows) {
            Ok(()) => mark(rows),
            Err(error) => kamailio::error!(
                "appearances of {} not written, will be tried again: {error}",
                BStr::new(&rows.aor)
            ),
        }
    }
}

/// Writes one line without what the table does not take, which is not tried.
fn write_storable(connection: &Connection<'_>, rows: &StateRows) {
    let storable = state_row::storable(rows);
    if storable.is_some() {
        kamailio::notice!(
            "appearances of {} written without what the table does not take",
            BStr::new(&rows.aor)
        );
    }
    let one = storable.as_ref().unwrap_or(rows);
    match together(connection, core::slice::from_ref(one)) {
        Ok(()) => mark(rows),
        Err(error) => kamailio::error!(
            "appearances of {} not written, will be tried again: {error}",
            BStr::new(&rows.aor)
        ),
    }
}

/// Writes one line: what the far side sends must not keep its other calls out of the table.
fn alone(connection: &Connection<'_>, rows: &StateRows) -> Result<(), DbError> {
    let one = |rows| together(connection, core::slice::from_ref(rows));
    let Err(error) = one(rows) else { return Ok(()) };
    let Some(storable) = state_row::storable(rows) else { return Err(error) };
    one(&storable)?;
    kamailio::notice!(
        "appearances of {} written without what the table does not take: {error}",
        BStr::new(&rows.aor)
    );
    Ok(())
}

fn together(connection: &Connection<'_>, batch: &[StateRows]) -> Result<(), DbError> {
    let transaction = connection.transaction()?;
    for rows in batch {
        replace(connection, rows)?;
    }
    transaction.commit()
}

/// Puts the appearances of a line in place of those that the table has.
fn replace(connection: &Connection<'_>, rows: &StateRows) -> Result<(), DbError> {
    let aor = Condition::equal("aor", Value::Text(&rows.aor));
    connection.delete(params::STATE_TABLE.get(), &[aor, of_server()])?;
    for row in &rows.rows {
        connection.insert(
            params::STATE_TABLE.get(),
            &[
                ("aor", Value::Text(&rows.aor)),
                ("app_idx", Value::Int(row.index.into())),
                ("state", Value::Int(row.state.number().into())),
                ("uri", Value::Text(&row.uri)),
                ("owner", Value::Text(&row.owner)),
                ("callee", Value::Text(&row.callee)),
                ("remote_target", Value::Text(&row.remote_target)),
                ("call_id", Value::Text(&row.call_id)),
                ("from_tag", Value::Text(&row.from_tag)),
                ("to_tag", Value::Text(&row.to_tag)),
                ("callee_leg", Value::Int(row.callee_leg.into())),
                ("changed", Value::Int(row.changed_at.0)),
                ("created", Value::Int(row.created_at.0)),
                ("server_id", of_server().value),
            ],
        )?;
    }
    Ok(())
}

fn mark(rows: &StateRows) {
    if let Err(error) = lines::with(&rows.aor, |line, _| state_row::mark_written(line, rows)) {
        kamailio::error!("line {} is written again: {error}", BStr::new(&rows.aor));
    }
}
