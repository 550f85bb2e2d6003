//! What clients do with subscriptions to the reg event.

use crate::{
    db::{self, Cause, Row, Who},
    engine::Engine,
    settings,
    state::State,
    store::{BUSY, CLEARED},
    touched,
};
use kamailio::{
    scscf::{
        Identity, IdentityHandle, NewWatcher, Records, Watcher, WatcherHandle, server::Refusal,
    },
    timer,
};
use scscf_core::limits;
use shm_store::Id;

/// A new watcher of an identity; the oldest of the same watcher make room for it if the parameter says
/// so.
pub(crate) fn add(
    engine: &Engine,
    identity: IdentityHandle,
    new: &NewWatcher<'_>,
    from_db: bool,
) -> Result<WatcherHandle, Refusal> {
    let now = timer::now();
    let added = engine.with(|records, state| {
        records.clear(now, CLEARED);
        let of = state.identity_of(identity).ok_or(Refusal::Gone("identity"))?;
        make_room(records, state, of, new, now);
        let id = add_here(records, state, of, new, now)?;
        touched::identity(of);
        if !from_db {
            state.note_watcher(of, id, Cause::New);
        }
        state.watcher(id).map(Watcher::handle).ok_or(Refusal::Gone("watcher"))
    });
    added.ok_or(BUSY)?
}

/// A new watcher, without a row.
pub(crate) fn add_here(
    records: &mut Records,
    state: &mut State,
    of: Id,
    new: &NewWatcher<'_>,
    now: i64,
) -> Result<Id, Refusal> {
    let watcher = records.try_watcher(new, now)?;
    let id = state.add_watcher(watcher)?;
    let (identity, watcher) = state.watched_mut(of, id).ok_or(Refusal::Gone("watcher"))?;
    records.watch(identity, watcher);
    state.schedule_identity(of, now);
    Ok(id)
}

fn make_room(records: &mut Records, state: &mut State, of: Id, new: &NewWatcher<'_>, now: i64) {
    let most = settings::get().max_subscribes;
    if most == 0 {
        return;
    }
    let mut same = state.watchers_of(of);
    same.retain(|id| {
        state.watcher(*id).is_some_and(|watcher| {
            watcher.event() == new.event
                && watcher.watcher_uri().eq_ignore_ascii_case(new.watcher_uri)
                && starts_with(watcher.presentity_uri(), new.presentity_uri)
        })
    });
    let has = u32::try_from(same.len()).unwrap_or(u32::MAX);
    let going = usize::try_from(limits::watchers_too_many(has, most)).unwrap_or(0);
    for id in same.into_iter().take(going) {
        remove(records, state, of, id, now);
    }
}

/// As C compares: no more of `text` than there is of `start`, in any case.
fn starts_with(text: &[u8], start: &[u8]) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

/// The watcher with this contact of that presentity.
pub(crate) fn find(
    engine: &Engine,
    identity: IdentityHandle,
    presentity: &[u8],
    contact: &[u8],
    event: i32,
) -> Option<WatcherHandle> {
    let found = engine.with(|_, state| {
        let of = state.identity_of(identity)?;
        touched::identity(of);
        find_here(state, of, presentity, contact, event)
            .and_then(|id| state.watcher(id).map(Watcher::handle))
    });
    found.flatten()
}

/// As [`find`], under the lock.
pub(crate) fn find_here(
    state: &State,
    of: Id,
    presentity: &[u8],
    contact: &[u8],
    event: i32,
) -> Option<Id> {
    let is_it = |id: &Id| {
        state.watcher(*id).is_some_and(|watcher| {
            watcher.event() == event
                && watcher.watcher_contact().eq_ignore_ascii_case(contact)
                && starts_with(watcher.presentity_uri(), presentity)
        })
    };
    state.watchers_of(of).into_iter().find(is_it)
}

/// A watcher subscribed again, or was told something.
pub(crate) fn update(
    engine: &Engine,
    identity: IdentityHandle,
    watcher: WatcherHandle,
    expires: Option<i64>,
    [local_cseq, version]: [Option<i32>; 2],
) -> Result<(), Refusal> {
    let now = timer::now();
    let updated = engine.with(|_, state| {
        let of = state.identity_of(identity).ok_or(Refusal::Gone("identity"))?;
        let id = state.watcher_of(watcher).ok_or(Refusal::Gone("watcher"))?;
        let known = state.watcher_mut(id).ok_or(Refusal::Gone("watcher"))?;
        if let Some(expires) = expires {
            known.set_expires(expires);
        }
        if let Some(cseq) = local_cseq {
            known.set_local_cseq(cseq.cast_unsigned());
        }
        if let Some(version) = version {
            known.set_version(version);
        }
        state.note_watcher(of, id, Cause::Changed);
        state.schedule_identity(of, now);
        Ok(())
    });
    updated.ok_or(BUSY)?
}

/// Ends a watcher; one that is gone is no failure.
pub(crate) fn delete(engine: &Engine, watcher: WatcherHandle) -> Result<(), Refusal> {
    let now = timer::now();
    let deleted = engine.with(|records, state| {
        let Some(id) = state.watcher_of(watcher) else { return };
        if let Some(of) = state.watched(id) {
            remove(records, state, of, id, now);
            state.schedule_identity(of, now);
            touched::identity(of);
        }
    });
    deleted.ok_or(BUSY)
}

/// Ends watcher `id` of identity `of`.
pub(crate) fn remove(records: &mut Records, state: &mut State, of: Id, id: Id, now: i64) {
    state.note_watcher(of, id, Cause::Gone);
    if let Some(watcher) = state.watcher_mut(id) {
        records.unwatch(watcher);
    }
    if let Some(watcher) = state.remove_watcher(id) {
        records.bury_watcher(watcher, now);
    }
}

/// An identity that was taken out loses a watcher.
pub(crate) fn let_go(
    records: &mut Records,
    state: &mut State,
    identity: &Identity,
    id: Id,
    now: i64,
) {
    let Some(watcher) = state.watcher_mut(id) else { return };
    records.unwatch(watcher);
    if let Some(watcher) = state.remove_watcher(id) {
        let row = row(Who::of(identity), &watcher);
        db::changed(&mut state.journal, row, Cause::Gone);
        records.bury_watcher(watcher, now);
    }
}

fn row<'r>(of: Who<'r>, watcher: &'r Watcher) -> Row<'r> {
    Row::Watcher {
        of,
        event: watcher.event(),
        contact: watcher.watcher_contact(),
        presentity: watcher.presentity_uri(),
    }
}
