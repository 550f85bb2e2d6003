//! What is known of the tables: found out once, before the host forks, or when a table is first
//! used.

use super::StartError;
use bstr::BStr;
use core::cell::RefCell;
use kamailio::db::{Connection, Page};
use pcscf_core::row::{Column, Described, Layout};
use std::rc::Rc;

thread_local! {
    /// A process has one thread; a fork gives each the tables known so far.
    static KNOWN: RefCell<Vec<(Vec<u8>, Rc<Layout>)>> = const { RefCell::new(Vec::new()) };
}

/// The layout of `table`.
pub(super) fn layout(connection: &Connection<'_>, table: &[u8]) -> Result<Rc<Layout>, StartError> {
    if let Some(layout) = known(table) {
        return Ok(layout);
    }
    let layout = Rc::new(find_out(connection, table)?);
    KNOWN.with_borrow_mut(|known| known.push((table.to_vec(), Rc::clone(&layout))));
    Ok(layout)
}

/// The layout of `table`, if this process has seen it already.
pub(super) fn known(table: &[u8]) -> Option<Rc<Layout>> {
    KNOWN.with_borrow(|known| {
        let found = known.iter().find(|(name, _)| name == table);
        found.map(|(_, layout)| Rc::clone(layout))
    })
}

fn find_out(connection: &Connection<'_>, table: &[u8]) -> Result<Layout, StartError> {
    let Some(columns) = connection.describe(table)? else {
        // Fails if the table is not there.
        drop(connection.page(&first(table))?);
        return Ok(Layout::shipped());
    };
    if columns.is_empty() {
        return Err(StartError::NoTable(table.into()));
    }
    let described = columns.into_iter().map(|column| Described {
        name: column.name,
        kind: column.kind,
        limit: column.limit,
    });
    let layout = Layout::of(&described.collect::<Vec<_>>())
        .map_err(|missing| StartError::Columns { table: table.into(), missing })?;
    if !layout.has_security() {
        kamailio::warn!(
            "table {} has not all columns of security associations, which are not stored",
            BStr::new(table)
        );
    }
    Ok(layout)
}

/// The smallest piece of `table`, to see whether it can be read.
pub(super) const fn first(table: &[u8]) -> Page<'_> {
    const COLUMNS: &[&str] = &[Column::Id.name()];
    Page { table, columns: COLUMNS, conditions: &[], key: Column::Id.name(), after: -1, limit: 1 }
}
