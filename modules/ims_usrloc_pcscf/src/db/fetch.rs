//! Contacts that are read when they are needed, since other servers write to the table, too.

use super::{
    STORAGE, absent,
    access::Access,
    contacts::{Adopted, Contacts},
    lookup::{self, Selection},
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
    row::{Column, Key, Row, last_moment, spellings},
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
        Wanted::Aor(aor) => {
            let condition = Condition::equal(Column::Aor.name(), Value::Text(aor));
            // Mostly there is none, which is seen with one column sooner than with all; who has seen
            // it need not ask again before he adds one.
            let states = match access.states(&[condition]) {
                Ok(states) => states,
                Err(error) => {
                    access.read_failed("contacts", &error);
                    return 0;
                }
            };
            if states.is_empty() {
                absent::note(access.table, aor);
            }
            let is_registered = states.contains(&State::REGISTERED);
            if is_registered { adopt(contacts, &access, &[condition, registered()]) } else { 0 }
        }
        Wanted::Received { host, port } => {
            let port = Condition::equal(Column::ReceivedPort.name(), Value::Int((*port).into()));
            // One that does not answer for one of them does not for the next.
            let mut spellings = spellings(host).into_iter().take_while(|_| !STORAGE.is_down());
            let found = spellings.find_map(|host| {
                let host = Condition::equal(Column::Received.name(), Value::Text(&host));
                let taken = adopt(contacts, &access, &[host, port, registered()]);
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

/// Takes the rows that fulfil `conditions` into memory, and says how many are there then.
fn adopt<C: Contacts + ?Sized>(
    contacts: &C,
    access: &Access<'_>,
    conditions: &[Condition<'_>],
) -> usize {
    let written = contacts.written();
    match access.rows(&Selection::of(&access.layout), conditions) {
        Ok(mut rows) => {
            // The one that is registered for longest is to be the newest.
            rows.sort_by_key(|row| last_moment(row.expires));
            rows.iter().filter(|row| take(contacts, row, written)).count()
        }
        Err(error) => {
            access.read_failed("contacts", &error);
            0
        }
    }
}

/// Takes a row into memory that was read when so many were `written`; false if it is not there
/// afterwards.
pub(super) fn take<C: Contacts + ?Sized>(contacts: &C, row: &Row, written: u64) -> bool {
    report(contacts, row, contacts.adopt(row, written, timer::now()))
}

/// Makes the contact of a row what the row says, if it is in memory.
pub(super) fn renew<C: Contacts + ?Sized>(contacts: &C, row: &Row, written: u64) {
    if let Some(renewed) = contacts.renew(row, written, timer::now()) {
        report(contacts, row, renewed);
    }
}

fn report<C: Contacts + ?Sized>(contacts: &C, row: &Row, adopted: Adopted) -> bool {
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
    let written = contacts.written();
    match access.find(key) {
        Ok(Some(row)) => renew(contacts, &row, written),
        Ok(None) => contacts.gone(key, written),
        Err(error) => access.read_failed(&Named(key).to_string(), &error),
    }
}

impl Access<'_> {
    /// The newest row of this key, without its security associations.
    pub(super) fn find(&self, key: &Key) -> Result<Option<Row>, DbError> {
        let rows = self.rows(&Selection::unsecured(&self.layout), &conditions(key))?;
        // Databases may compare without regard to case.
        Ok(rows.into_iter().rfind(|row| row.key == *key))
    }
}
