//! What time brings: the end of contacts, and the end of what was removed before.

use crate::{
    db::{self, Settled},
    debug_file,
    domains::{self, Domain, State},
    find::row_key,
    start, store,
};
use kamailio::{
    pcscf::{Calls, Contact, Event, Records},
    timer,
};
use pcscf_core::{Id, State as RegState, row::Key};

/// Contacts, and other pieces of work of the wheel, under one lock.
const BATCH: usize = 64;
const BUDGET: u32 = 256;

/// Blocks that are freed under one lock.
const CLEARED: u32 = 128;

/// Removes what is over. Runs every `timer_interval`.
pub(crate) fn tick() {
    domains::each(|domain| match db::mode() {
        db::Mode::DbOnly => settle_all(domain),
        _ => expire_all(domain),
    });
    debug_file::write();
}

/// Frees what has rested long enough. Runs every second.
pub(crate) fn second() {
    domains::each(|domain| {
        let now = timer::now();
        let clear = |records: &mut Records, _: &mut State| records.clear(now, CLEARED);
        // One lock for some, so that nobody waits for all of them.
        while domain.with(clear) == Some(0) {
            timer::give_way();
        }
    });
}

fn expire_all(domain: &Domain) {
    loop {
        let Some((expired, more)) = domain.with(take_expired) else { return };
        let count = expired.len();
        let mut gone = Vec::with_capacity(count);
        for (contact, calls) in expired {
            domain.call(calls);
            gone.push(contact);
        }
        bury(domain, gone, count);
        db::flush(domain);
        if !more {
            return;
        }
        timer::give_way();
    }
}

/// Takes contacts out whose time is over: nobody finds them any more. The second half says whether
/// there may be others.
fn take_expired(records: &mut Records, state: &mut State) -> (Vec<(Contact, Calls)>, bool) {
    let now = timer::now();
    let mut expired = Vec::new();
    let mut budget = BUDGET;
    while expired.len() < BATCH {
        let Some(id) = state.directory.pop_due(now, &mut budget) else {
            return (expired, budget == 0);
        };
        if !is_over(state, id, now) {
            continue;
        }
        if let Err(error) = state.note(id) {
            kamailio::error!("a contact that is over stays: its row cannot be removed: {error}");
            state.directory.schedule(id, now.saturating_add(1));
            return (expired, false);
        }
        if let Some(mut contact) = state.directory.remove(id) {
            let calls = store::calls(records, &mut contact, Event::Expire);
            expired.push((contact, calls));
        }
    }
    (expired, true)
}

/// Whether the time of contact `id` is over; if not, it is handed out when it is: clients write the
/// end of a registration into the record.
fn is_over(state: &mut State, id: Id, now: i64) -> bool {
    let due = state.directory.get(id).and_then(domains::due);
    if due.is_some_and(|due| due <= now) {
        return true;
    }
    state.schedule(id);
    false
}

fn bury(domain: &Domain, gone: Vec<Contact>, expired: usize) {
    if gone.is_empty() {
        return;
    }
    domain.with(|records, state| {
        let now = timer::now();
        for contact in gone {
            records.bury(contact, now);
        }
        state.count_expired(expired);
    });
}

/// As [`expire_all`] where several servers share a table: the row decides.
fn settle_all(domain: &Domain) {
    loop {
        let due = domain.with(|_, state| {
            let now = timer::now();
            let mut due: Vec<(Id, Key)> = Vec::new();
            let mut budget = BUDGET;
            while due.len() < BATCH {
                let Some(id) = state.directory.pop_due(now, &mut budget) else {
                    return (due, budget == 0);
                };
                if is_over(state, id, now) {
                    due.extend(state.directory.get(id).map(|contact| (id, row_key(contact))));
                }
            }
            (due, true)
        });
        let Some((due, more)) = due else { return };
        for (id, key) in due {
            settle(domain, id, &key);
        }
        if !more {
            return;
        }
    }
}

fn settle(domain: &Domain, id: Id, key: &Key) {
    let settled = db::settle(domain, key, start::settings().grace);
    let taken = domain.with(|records, state| match settled {
        Settled::Alive | Settled::Later => {
            let now = timer::now();
            let over = state.directory.get(id).and_then(domains::due).is_some_and(|due| due <= now);
            if over {
                let later = now.saturating_add(start::settings().interval.get().into());
                state.directory.schedule(id, later);
            }
            None
        }
        Settled::Gone => state.directory.remove(id).map(|contact| (contact, None)),
        Settled::Ours => {
            let mut contact = state.directory.remove(id)?;
            let before = RegState(contact.state());
            contact.set_state(RegState::DEREG_PENDING.0);
            let event = match before {
                RegState::PENDING | RegState::PENDING_AAR => Event::Delete,
                _ => Event::Update,
            };
            let calls = store::calls(records, &mut contact, event);
            Some((contact, Some(calls)))
        }
    });
    if let Some((contact, calls)) = taken.flatten() {
        if let Some(calls) = calls {
            domain.call(calls);
        }
        bury(domain, vec![contact], 1);
    }
}
