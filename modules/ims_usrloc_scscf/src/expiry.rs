//! What time brings: the end of contacts, of watchers and of identities.
//!
//! Each piece of work costs one turn of a wheel, and a few of them are done under one lock; clients are
//! told, and dialogs ended, without it.

use crate::{
    contacts::{self, Dialogs},
    db::{self, Cause},
    debug_file, dialogs,
    engine::{self, Engine},
    identities,
    state::{Flags, State, flags_of, set_flag},
    watchers,
};
use bstr::BStr;
use kamailio::{
    scscf::{Calls, Event, Identity, Records},
    timer,
};
use scscf_core::life::{self, End, Fate, Step};
use shm_store::Id;

/// Records, and other pieces of work of a wheel, under one lock.
const BATCH: usize = 64;
const BUDGET: u32 = 256;

/// Blocks that are freed under one lock.
const FREED: u32 = 128;

/// Does what is due. Runs every `timer_interval`.
pub(crate) fn tick() {
    if let Some(engine) = engine::get() {
        while end_contacts(&engine) {
            timer::give_way();
        }
        while end_identities(&engine) {
            timer::give_way();
        }
    }
    debug_file::write();
}

/// Frees what has rested long enough. Runs every second.
pub(crate) fn second() {
    let Some(engine) = engine::get() else { return };
    let now = timer::now();
    // One lock for some, so that nobody waits for all of them.
    while engine.with(|records, _| records.clear(now, FREED)) == Some(0) {
        timer::give_way();
    }
}

/// What a batch leaves to be done without the lock.
#[derive(Default)]
struct Left {
    calls: Calls,
    dialogs: Dialogs,
    /// Contacts whose identities are told now.
    told: Vec<Id>,
    more: bool,
}

/// Does what is due with some contacts; whether there may be others.
fn end_contacts(engine: &Engine) -> bool {
    let Some(Left { calls, dialogs, told, more }) = engine.with(due_contacts) else { return false };
    db::flush();
    engine.call(calls);
    dialogs::terminate(&dialogs);
    let late = engine.with(|records, state| {
        let mut left = Left::default();
        for id in told {
            // A client that has nothing to say about it has said so by now.
            state.turn(id);
            advance(records, state, id, false, &mut left);
        }
        left
    });
    if let Some(Left { calls, dialogs, .. }) = late {
        db::flush();
        engine.call(calls);
        dialogs::terminate(&dialogs);
    }
    more
}

fn due_contacts(records: &mut Records, state: &mut State) -> Left {
    let (now, mut budget) = (timer::now(), BUDGET);
    let mut left = Left::default();
    for _ in 0..BATCH {
        let Some(id) = state.pop_contact(now, &mut budget) else {
            left.more = budget == 0;
            return left;
        };
        crate::settle::contact(state, id, now);
        let told = state.contact(id).is_some_and(|contact| flags_of(contact).has(Flags::TOLD));
        advance(records, state, id, told, &mut left);
    }
    left.more = true;
    left
}

/// Takes contact `id` as far as it goes now.
fn advance(records: &mut Records, state: &mut State, id: Id, told: bool, left: &mut Left) {
    /// States that follow each other; a client that sets them anew all the time is none of ours.
    const STEPS: u32 = 8;
    let now = timer::now();
    for _ in 0..STEPS {
        match state.step(id, now, told) {
            Some(Step::Wait(_)) | None => break,
            Some(Step::Expire) => {
                expire(records, state, id, left);
                break;
            }
            Some(Step::Delete) => delete(state, id),
            Some(Step::Unlink) => unlink(records, state, id, now, left),
            Some(Step::Free { forgotten }) => {
                if forgotten && let Some(contact) = state.contact(id) {
                    kamailio::warn!(
                        "contact {} is freed although {} clients have not given it back",
                        BStr::new(contact.uri()),
                        contact.ref_count()
                    );
                }
                left.dialogs.append(&mut contacts::take_out(records, state, id, now));
                return;
            }
        }
    }
    state.schedule_contact(id, now);
}

/// The time of a contact is over: every identity that has it is told.
fn expire(records: &mut Records, state: &mut State, id: Id, left: &mut Left) {
    state.set_contact_state(id, life::State::ExpirePendingNotify);
    let Some(contact) = state.contact_mut(id) else { return };
    if !flags_of(contact).has(Flags::TIMED) {
        contact.set_ref_count(contact.ref_count().saturating_add(1));
    }
    set_flag(contact, Flags::TIMED, true);
    set_flag(contact, Flags::TOLD, true);
    for of in state.identities_with(id) {
        let (identity, contact) = (state.identity(of), state.contact(id));
        left.calls.append(records.calls(Event::ExpireContact, identity, contact));
    }
    left.told.push(id);
}

fn delete(state: &mut State, id: Id) {
    state.set_contact_state(id, life::State::Deleted);
    let Some(contact) = state.contact_mut(id) else { return };
    if flags_of(contact).has(Flags::TIMED) {
        contact.set_ref_count(contact.ref_count().saturating_sub(1));
    }
    set_flag(contact, Flags::TIMED, false);
    set_flag(contact, Flags::TOLD, false);
    state.note_contact(id, Cause::Gone);
}

/// All identities let go of a contact that is deleted.
fn unlink(records: &mut Records, state: &mut State, id: Id, now: i64, left: &mut Left) {
    for of in state.identities_with(id) {
        if state.life_events {
            let (identity, contact) = (state.identity(of), state.contact(id));
            left.calls.append(records.calls(Event::DeleteContact, identity, contact));
        }
        contacts::unlink_here(records, state, of, id, now);
        state.identity_due(of, now);
    }
}

/// Does what is due with some identities; whether there may be others.
fn end_identities(engine: &Engine) -> bool {
    let ended = engine.with(|records, state| {
        let (now, mut budget) = (timer::now(), BUDGET);
        let mut ended = Ended::default();
        for _ in 0..BATCH {
            let Some(id) = state.pop_identity(now, &mut budget) else {
                ended.more = budget == 0;
                return ended;
            };
            if !say_watchers_are_over(records, state, id, now, &mut ended) {
                end_identity(records, state, id, now, &mut ended);
            }
        }
        ended.more = true;
        ended
    });
    let Some(Ended { calls, gone, told, more }) = ended else { return false };
    db::flush();
    engine.call(calls);
    bury(engine, gone);
    if !told.is_empty() {
        let late = engine.with(|records, state| {
            let (now, mut late) = (timer::now(), Ended::default());
            for id in told {
                end_identity(records, state, id, now, &mut late);
            }
            late
        });
        if let Some(Ended { calls, gone, .. }) = late {
            db::flush();
            engine.call(calls);
            bury(engine, gone);
        }
    }
    more
}

/// Ends identities that were taken out.
fn bury(engine: &Engine, gone: Vec<Identity>) {
    if !gone.is_empty() {
        engine.with(|records, state| {
            let now = timer::now();
            for identity in gone {
                identities::bury_here(records, state, identity, now);
            }
        });
        db::flush();
    }
}

/// What a batch of identities leaves to be done without the lock.
#[derive(Default)]
struct Ended {
    calls: Calls,
    /// Identities that were taken out.
    gone: Vec<Identity>,
    /// Identities whose watchers are over, which a client is told now.
    told: Vec<Id>,
    more: bool,
}

/// Watchers of identity `id` whose time is over.
fn watchers_over(state: &State, id: Id, now: i64) -> Vec<Id> {
    let mut over = state.watchers_of(id);
    over.retain(|id| state.watcher(*id).is_some_and(|watcher| watcher.expires() <= now));
    over
}

/// Whether a client wants to hear of the watchers that are over before they go.
fn say_watchers_are_over(
    records: &Records,
    state: &State,
    id: Id,
    now: i64,
    ended: &mut Ended,
) -> bool {
    if !state.life_events || watchers_over(state, id, now).is_empty() {
        return false;
    }
    let calls = records.calls(Event::WatchersOver, state.identity(id), None);
    if calls.is_empty() {
        return false;
    }
    ended.calls.append(calls);
    ended.told.push(id);
    true
}

fn end_identity(records: &mut Records, state: &mut State, id: Id, now: i64, ended: &mut Ended) {
    for watcher in watchers_over(state, id, now) {
        watchers::remove(records, state, id, watcher, now);
    }
    let end = match state.fate(id, now) {
        None => return,
        Some(Fate::Stays(_)) => return state.schedule_identity(id, now),
        Some(Fate::LosesContacts(_)) => {
            ended.calls.append(records.calls(Event::UnregNc, state.identity(id), None));
            let Some(identity) = state.identity_mut(id) else { return };
            identity.set_state(life::Registration::Unregistered.number());
            state.note_identity(id, Cause::Changed);
            return state.schedule_identity(id, now);
        }
        Some(Fate::Goes(end)) => end,
    };
    let event = match end {
        End::NoContacts => Event::RegNcDelete,
        End::NotRegistered => Event::NrDelete,
        End::UnregisteredExpired => Event::UnregExpired,
    };
    let events = if state.life_events { &[event][..] } else { &[] };
    if let Some((identity, for_it)) = identities::take_out(records, state, id, events) {
        ended.calls.append(for_it);
        ended.gone.push(identity);
    }
}
