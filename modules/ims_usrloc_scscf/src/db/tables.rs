//! What is known of the tables: found out once, before the host forks, or when they are first
//! used.

use super::StartError;
use crate::{params, rows};
use core::{
    cell::RefCell,
    sync::atomic::{AtomicBool, Ordering},
};
use kamailio::db::{Connection, Page};
use scscf_core::row::{
    CONTACTS, IDENTITIES, LINKS, Limits, SUBSCRIPTIONS, Table, WATCHERS, column,
};
use std::rc::Rc;

/// The version of all tables.
pub(super) const VERSION: u32 = 6;

/// The names that versions of Kamailio have for the table of watchers. The older one is also that of
/// a table for authentication.
const OLDER: &str = "subscriber";
const NEWER: &str = WATCHERS.name;

/// The tables of this server.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(super) identities: Shape,
    pub(super) contacts: Shape,
    pub(super) watchers: Shape,
    /// The name of the table of watchers.
    pub(super) watchers_name: String,
}

/// What is known of one table.
#[derive(Debug)]
pub(super) struct Shape {
    /// What fits into its columns.
    pub(super) limits: Limits,
    /// The columns that are read.
    pub(super) columns: Vec<&'static str>,
}

impl Shape {
    fn new(table: &Table, limits: Limits) -> Self {
        Self { columns: table.present(&limits), limits }
    }
}

impl Tables {
    /// Whether the identities of several domains can be told apart.
    pub(super) fn tell_domains(&self) -> bool {
        self.identities.limits.has(column::DOMAIN)
    }

    /// Says what is not restored after a restart, since columns of our own are missing.
    pub(super) fn tell_what_is_lost(&self) {
        let lacking = CONTACTS.lacking(&self.contacts.limits);
        if !lacking.is_empty() {
            kamailio::notice!(
                "table {} lacks the columns {lacking}, what they would say of a contact is unknown \
                 after a restart: db/*/ims_usrloc_scscf-more.sql adds them",
                CONTACTS.name
            );
        }
        rows::warn_of_domains();
    }
}

/// Whether the tables tell domains apart, for who notes what changed: found out before the host
/// forks.
static TELLS_DOMAINS: AtomicBool = AtomicBool::new(false);

/// Whether identities of other domains than the first one are stored.
pub(crate) fn tells_domains() -> bool {
    TELLS_DOMAINS.load(Ordering::Relaxed)
}

thread_local! {
    /// A process has one thread; a fork gives each what is known so far.
    static KNOWN: RefCell<Option<Rc<Tables>>> = const { RefCell::new(None) };
}

/// The tables.
pub(super) fn tables(connection: &Connection<'_>) -> Result<Rc<Tables>, StartError> {
    if let Some(known) = KNOWN.with_borrow(Clone::clone) {
        return Ok(known);
    }
    let tables = Rc::new(find_out(connection)?);
    KNOWN.with_borrow_mut(|known| *known = Some(Rc::clone(&tables)));
    Ok(tables)
}

fn find_out(connection: &Connection<'_>) -> Result<Tables, StartError> {
    let identities = checked(connection, &IDENTITIES)?;
    let contacts = checked(connection, &CONTACTS)?;
    checked(connection, &LINKS)?;
    checked(connection, &SUBSCRIPTIONS)?;
    let (watchers_name, watchers) = watchers(connection)?;
    let tables = Tables { identities, contacts, watchers, watchers_name };
    TELLS_DOMAINS.store(tables.tell_domains(), Ordering::Relaxed);
    Ok(tables)
}

/// What is known of the table, which must have all columns and be of the right version.
fn checked(connection: &Connection<'_>, table: &Table) -> Result<Shape, StartError> {
    let name = table.name;
    let limits = limits(connection, name)?.ok_or_else(|| StartError::NoTable(name.into()))?;
    let missing = missing(&limits, table);
    if !missing.is_empty() {
        return Err(StartError::Columns { table: name.into(), missing });
    }
    // A database without a table of versions is as good.
    if let Ok(version) = connection.table_version(name.as_bytes())
        && version != 0
        && version != VERSION
    {
        return Err(StartError::Version { table: name.into(), version });
    }
    Ok(Shape::new(table, limits))
}

/// What fits into the columns of a table; nothing if there is no such table. All is taken to fit
/// where the driver cannot tell.
fn limits(connection: &Connection<'_>, table: &str) -> Result<Option<Limits>, StartError> {
    let Some(columns) = connection.describe(table.as_bytes())? else {
        // Fails if the table is not there.
        drop(connection.page(&first(table))?);
        return Ok(Some(Limits::default()));
    };
    let known = !columns.is_empty();
    Ok(known.then(|| Limits::of(columns.into_iter().map(|column| (column.name, column.limit)))))
}

/// The columns that the table lacks, for the log.
fn missing(limits: &Limits, table: &Table) -> String {
    if *limits == Limits::default() {
        return String::new();
    }
    let missing = table.columns.iter().copied().filter(|column| !limits.has(column));
    missing.collect::<Vec<_>>().join(", ")
}

/// The table of watchers: the one that is asked for; if that is one of the two that versions of
/// Kamailio have and it is not there or is another, the other one.
fn watchers(connection: &Connection<'_>) -> Result<(String, Shape), StartError> {
    let wanted = params::SUBSCRIBER_TABLE.non_empty().unwrap_or(WATCHERS.name.as_bytes());
    let wanted = String::from_utf8_lossy(wanted).into_owned();
    let names = match wanted.as_str() {
        NEWER => [NEWER, OLDER],
        OLDER => [OLDER, NEWER],
        other => [other, other],
    };
    for name in names {
        if let Ok(Some(limits)) = limits(connection, name)
            && missing(&limits, &WATCHERS).is_empty()
        {
            if name != wanted {
                kamailio::notice!(
                    "watchers are stored in table {name}, as table {wanted} is not there or is \
                     another"
                );
            }
            return Ok((name.to_owned(), Shape::new(&WATCHERS, limits)));
        }
    }
    Err(StartError::NoWatchers(names.join(" and ")))
}

/// The smallest piece of `table`, to see whether it can be read.
pub(super) const fn first(table: &str) -> Page<'_> {
    const COLUMNS: &[&str] = &[column::ID];
    Page {
        table: table.as_bytes(),
        columns: COLUMNS,
        conditions: &[],
        key: column::ID,
        after: -1,
        limit: 1,
    }
}
