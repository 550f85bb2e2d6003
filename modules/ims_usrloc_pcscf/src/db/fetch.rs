//! Contacts that are read when they are needed, since other servers write to the table, too.

use super::{
    absent,
    access::Access,
    contacts::{Adopted, Contacts},
    lookup,
    statement::{Named, conditions},
    stats,
};
use bstr::BStr;
use kamailio::{
    db::{Condition, DbError, Value},
    timer,
};
use pcscf_core::{
    State,
    row::{Column, Key, Row, spellings},
};

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted<'w> {
    /// The contact of this URI.
    Aor(&'w [u8]),
    /// The contacts that were received from here.
    Received {
        /// An address in any spelling.
        host: &'w [u8],
        /// A port.
        port: u16,
    },
}

/// Brings the registered contacts that are wanted into memory, and says how many there are.
///
/// None also if the database is down: then what is in memory is all there is.
pub(crate) fn fetch<C: Contacts + ?Sized>(contacts: &C, wanted: &Wanted<'_>) -> usize {
    let Some(access) = lookup::open(contacts) else { return 0 };
    match wanted {
        // All rows of this URI are asked for, not only the registered ones: who sees that there is none
        // need not ask again before he adds one.
        Wanted::Aor(aor) => {
            let condition = Condition::equal(Column::Aor.name(), Value::Text(aor));
            let rows = adopt(contacts, &access, &[condition]);
            if let Some((0, _)) = rows {
                absent::note(access.table, aor);
            }
            rows.map_or(0, |(_, taken)| taken)
        }
        Wanted::Received { host, port } => {
            let port = Condition::equal(Column::ReceivedPort.name(), Value::Int((*port).into()));
            let mut spellings = spellings(host).into_iter();
            let found = spellings.find_map(|host| {
                let host = Condition::equal(Column::Received.name(), Value::Text(&host));
                let (_, taken) = adopt(contacts, &access, &[host, port, registered()])?;
                (taken > 0).then_some(taken)
            });
            found.unwrap_or_default()
        }
    }
}

fn registered() -> Condition<'static> {
    let state = Value::Int(State::REGISTERED.0.into());
    Condition::equal(Column::RegState.name(), state)
}

/// Takes the registered contacts among the rows that fulfil `conditions` into memory. Says how many
/// rows there are, and how many were taken; nothing if they could not be read.
fn adopt<C: Contacts + ?Sized>(
    contacts: &C,
    access: &Access<'_>,
    conditions: &[Condition<'_>],
) -> Option<(usize, usize)> {
    match access.found(conditions) {
        Ok((found, rows)) => {
            let registered = |row: &&Row| u32::from(row.reg_state) == State::REGISTERED.0;
            let taken = rows.iter().filter(registered).filter(|row| take(contacts, row));
            Some((found, taken.count()))
        }
        Err(error) => {
            access.read_failed("contacts", &error);
            None
        }
    }
}

/// Takes a row into memory; false if it is not there afterwards.
pub(super) fn take<C: Contacts + ?Sized>(contacts: &C, row: &Row) -> bool {
    let adopted = contacts.adopt(row, timer::now());
    match adopted {
        Adopted::Inserted => stats::ROWS_LOADED.increment(),
        Adopted::NoMemory => kamailio::error!(
            "{} not read from {}: out of shared memory (-m)",
            Named(&row.key),
            BStr::new(contacts.table())
        ),
        Adopted::Refused => stats::ROWS_SKIPPED.increment(),
        Adopted::Updated | Adopted::Kept => {}
    }
    !matches!(adopted, Adopted::NoMemory | Adopted::Refused)
}

/// Makes the contact of this key in memory what its row says, which another server may have
/// changed or removed. Changes nothing if the database is down.
pub(crate) fn refresh<C: Contacts + ?Sized>(contacts: &C, key: &Key) {
    let Some(access) = lookup::open(contacts) else { return };
    match access.find(key) {
        Ok(Some(row)) => {
            take(contacts, &row);
        }
        Ok(None) => contacts.gone(key),
        Err(error) => access.read_failed(&Named(key).to_string(), &error),
    }
}

impl Access<'_> {
    /// The newest row of this key.
    pub(super) fn find(&self, key: &Key) -> Result<Option<Row>, DbError> {
        // Databases may compare without regard to case.
        Ok(self.rows(&conditions(key))?.into_iter().rfind(|row| row.key == *key))
    }
}
