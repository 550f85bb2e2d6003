//! Rows that no server takes care of any more, since the one that wrote them is gone.

use super::{Mode, contacts::Contacts, fetch::take, lookup, lookup::Selection, mode};
use crate::{domains, params, start};
use kamailio::{
    db::{Condition, Op, Value},
    timer,
};
use pcscf_core::row::Column;

/// The most rows of one run, so that memory and time are bounded; the next run goes on.
const MOST: usize = 5000;

/// Rows of contacts without end are written with the first second of 1970, which is another day
/// in some time zones.
const FIRST_DAY: i64 = 86_400;

/// Takes the rows that are over for long into memory, where they end as all others do: removed,
/// and told to whoever must know.
pub(super) fn run() {
    if mode() == Mode::DbOnly {
        domains::each(audit);
    }
}

fn audit<C: Contacts + ?Sized>(contacts: &C) {
    let Some(access) = lookup::open(contacts) else { return };
    let timeout = i64::from(params::AUDIT_EXPIRED_PCONTACTS_TIMEOUT.get().max(0));
    let slack = start::settings().grace.saturating_add(timeout);
    let before =
        |op, time| Condition { column: Column::Expires.name(), op, value: Value::Time(time) };
    let limit = timer::now().saturating_sub(slack);
    let over = [before(Op::Less, limit), before(Op::Greater, FIRST_DAY)];
    let selection = Selection::of(&access.layout);
    let (mut after, mut count) = (-1, 0);
    while count < MOST {
        let written = contacts.written();
        let piece = access.piece(&selection, &over, after);
        let (rows, last) = match piece {
            Ok(piece) => piece,
            Err(error) => return access.read_failed("contacts that are over", &error),
        };
        count += rows.iter().filter(|row| take(contacts, row, written)).count();
        match last {
            Some(last) => after = last,
            None => return,
        }
    }
}
