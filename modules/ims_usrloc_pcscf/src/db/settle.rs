//! The end of a contact that several servers know.

use super::{
    access::Access,
    contacts::Contacts,
    fetch::renew,
    lookup::{self, Selection},
    statement::{Named, conditions},
};
use kamailio::{
    db::{Condition, DbError, Op, Value},
    timer,
};
use pcscf_core::{
    State,
    row::{Column, Key, Row},
};

/// What became of a contact whose time is over in the memory of this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    /// Another server has renewed it; memory is up to date now.
    Alive,
    /// Another server has removed it, and told whoever must know.
    Gone,
    /// Its row was removed now, by this server, which has to tell.
    Ours,
    /// The same, but its telephone is registered with this very contact from elsewhere: nothing ends.
    Moved,
    /// The database does not answer: ask again later.
    Later,
}

/// Finds out about the contact of this key, whose time is over since `grace` seconds, and removes
/// its row if nobody has renewed it.
///
/// Of all servers that do so at the same time one removes the row.
pub(crate) fn settle<C: Contacts + ?Sized>(contacts: &C, key: &Key, grace: i64) -> Settled {
    let Some(access) = lookup::open(contacts) else { return Settled::Later };
    settle_in(contacts, &access, key, grace).unwrap_or_else(|error| {
        access.read_failed(&Named(key).to_string(), &error);
        Settled::Later
    })
}

fn settle_in<C: Contacts + ?Sized>(
    contacts: &C,
    access: &Access<'_>,
    key: &Key,
    grace: i64,
) -> Result<Settled, DbError> {
    let limit = timer::now().saturating_sub(grace);
    let written = contacts.written();
    // Asked first, as the most are alive where another server serves the phone.
    let over_row = match access.find(key)? {
        None => return Ok(Settled::Gone),
        Some(row) if row.expires > limit || row.expires == 0 => {
            renew(contacts, &row, written);
            return Ok(Settled::Alive);
        }
        Some(row) => row,
    };
    let over = Condition {
        column: Column::Expires.name(),
        op: Op::LessOrEqual,
        value: Value::Time(limit.max(0)),
    };
    access.connection.delete(access.table, &[&conditions(key)[..], &[over]].concat())?;
    let removed = access.connection.affected_rows()?;
    Ok(match access.find(key)? {
        Some(row) => {
            renew(contacts, &row, written);
            Settled::Alive
        }
        None if removed == Some(0) => Settled::Gone,
        None if access.has_other(&over_row, limit)? => Settled::Moved,
        None => Settled::Ours,
    })
}

impl Access<'_> {
    /// Whether the user of `row` is registered with the same contact from elsewhere, as one behind a
    /// NAT or with a new connection is.
    fn has_other(&self, row: &Row, limit: i64) -> Result<bool, DbError> {
        let Some(id) = row.public_ids.first() else { return Ok(false) };
        let aor = Condition::equal(Column::Aor.name(), Value::Text(&row.key.aor));
        let state = Value::Int(State::REGISTERED.0.into());
        let registered = Condition::equal(Column::RegState.name(), state);
        let rows = self.rows(&Selection::unsecured(&self.layout), &[aor, registered])?;
        Ok(rows.iter().any(|other| {
            other.key.aor == row.key.aor
                && other.key != row.key
                && (other.expires > limit || other.expires == 0)
                && other.public_ids.contains(id)
        }))
    }
}
