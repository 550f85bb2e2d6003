//! What time brings: the end of contacts, and the end of what was removed before.

use crate::{
    db::{self, Settled},
    debug_file,
    domains::{self, Domain, STORED, State},
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
        db::flush(domain);
        if !more {
            return;
        }
    }
}

fn settle(domain: &Domain, id: Id, key: &Key) {
    let settled = db::settle(domain, key, start::settings().grace);
    let taken = domain.with(|records, state| {
        let now = timer::now();
        let contact = state.directory.get(id)?;
        if domains::due(contact).is_none_or(|due| due > now) {
            // Its telephone has registered again while the database was asked.
            keep(state, id, settled);
            return None;
        }
        let is_stored = contact.flags() & STORED != 0;
        let is_pending =
            matches!(RegState(contact.state()), RegState::PENDING | RegState::PENDING_AAR);
        // The registrar publishes an end that it is told of as an update; others end a session for Rx
        // or security associations, which are of this server.
        let events: &[Event] = match settled {
            Settled::Gone if is_stored => &[Event::Expire],
            Settled::Moved => &[Event::Expire],
            Settled::Alive => return wait(state, id, now),
            // What nobody has authenticated and no row tells of does not wait for the database.
            Settled::Later if is_stored || !is_pending => {
                if !is_pending {
                    // Its time is over; a row that says otherwise makes it what it was.
                    end(state, id);
                }
                return wait(state, id, now);
            }
            Settled::Later | Settled::Gone | Settled::Ours if is_pending => &[Event::Delete],
            Settled::Later | Settled::Gone | Settled::Ours => &[Event::Update, Event::Expire],
        };
        let mut contact = state.directory.remove(id)?;
        state.recent.add(domains::key(&contact));
        if events != [Event::Expire] {
            contact.set_state(RegState::DEREG_PENDING.0);
        }
        let calls = |event: &Event| store::calls(records, &mut contact, *event);
        let calls: Vec<Calls> = events.iter().map(calls).collect();
        Some((contact, calls))
    });
    if let Some((contact, calls)) = taken.flatten() {
        calls.into_iter().for_each(|calls| domain.call(calls));
        bury(domain, vec![contact], 1);
    }
}

/// Asks for contact `id`, whose time is over, once more.
fn wait<T>(state: &mut State, id: Id, now: i64) -> Option<T> {
    let later = now.saturating_add(start::settings().interval.get().into());
    state.directory.schedule(id, later);
    None
}

/// Has contact `id` not count as registered any more.
fn end(state: &mut State, id: Id) {
    if let Some(contact) = state.directory.get_mut(id) {
        contact.set_state(RegState::DEREG_PENDING.0);
        state.directory.refresh(id);
    }
}

/// Leaves contact `id`, which is not over, where it is, and has its row written again that was
/// removed.
fn keep(state: &mut State, id: Id, settled: Settled) {
    state.schedule(id);
    if matches!(settled, Settled::Gone | Settled::Ours | Settled::Moved)
        && let Err(error) = state.note(id)
    {
        kamailio::error!("a contact that is registered again is not stored: {error}");
    }
}
