//! Subscriptions that clients bring, and what becomes of older ones.

use crate::{
    db::Cause,
    engine::Engine,
    state::State,
    store::{BUSY, CLEARED},
    touched,
};
use kamailio::{
    Error,
    scscf::{
        Foreign, Records, SubscriberHandle,
        server::{Given, Refusal},
    },
    timer,
};
use scscf_core::Subscription;
use shm_store::Id;

/// A subscription as it comes in.
pub(crate) enum Brought<'g> {
    /// One of ours.
    Known(SubscriberHandle),
    /// One of a client, which is read.
    Read(&'g Foreign, Subscription),
}

/// Reads what a client gives, unless it was read before. Needs no lock, but the client's own on what it
/// gives.
pub(crate) fn bring<'g>(engine: &Engine, given: &'g Given<'g>) -> Result<Brought<'g>, Refusal> {
    let foreign = match given {
        Given::Ours(handle) => return Ok(Brought::Known(*handle)),
        Given::Foreign(foreign) => foreign,
    };
    let copy =
        engine.with(|_, state| foreign.copy().filter(|copy| state.subscriber_of(*copy).is_some()));
    match copy.flatten() {
        Some(copy) => Ok(Brought::Known(copy)),
        None => Ok(Brought::Read(foreign, foreign.read()?)),
    }
}

/// The subscription in the store, which may be new. Identities that an older one of the same private
/// identity has in common with it have it from now on.
pub(crate) fn take_in(
    records: &mut Records,
    state: &mut State,
    brought: &Brought<'_>,
    now: i64,
) -> Result<Id, Refusal> {
    let (foreign, value) = match brought {
        Brought::Known(handle) => {
            return state.subscriber_of(*handle).ok_or(Refusal::Gone("subscription"));
        }
        Brought::Read(foreign, value) => (foreign, value),
    };
    let id = known_or_new(records, state, value, foreign.wildcarded(), now)?;
    if let Some(subscriber) = state.subscriber_mut(id) {
        foreign.remember(subscriber);
    }
    Ok(id)
}

/// A client gives a subscription once for all its identities: what it shows is copied, and it holds
/// that of the store.
pub(crate) fn take_lent(engine: &Engine, lent: &Foreign) -> Result<SubscriberHandle, Refusal> {
    let (now, value) = (timer::now(), lent.read()?);
    let taken = engine.with(|records, state| {
        records.clear(now, CLEARED);
        let id = known_or_new(records, state, &value, lent.wildcarded(), now)?;
        let subscriber = state.subscriber_mut(id).ok_or(Refusal::Gone("subscription"))?;
        subscriber.add_ref();
        Ok(subscriber.handle())
    });
    taken.ok_or(BUSY)?
}

/// The subscription that says what `value` says; a new one takes the place of older ones.
fn known_or_new(
    records: &mut Records,
    state: &mut State,
    value: &Subscription,
    wildcarded: bool,
    now: i64,
) -> Result<Id, Refusal> {
    let older = state.subscribers_of(&value.private_identity);
    let same = |id: &Id| state.subscriber(*id).is_some_and(|known| known.is(value));
    if let Some(known) = older.iter().copied().find(same) {
        return Ok(known);
    }
    let id = add(records, state, value, wildcarded, now)?;
    for old in older {
        supersede(records, state, old, id, now);
    }
    Ok(id)
}

/// A new subscription.
pub(crate) fn add(
    records: &mut Records,
    state: &mut State,
    value: &Subscription,
    wildcarded: bool,
    now: i64,
) -> Result<Id, Refusal> {
    let wildcarded = wildcarded || value.identities().any(|it| !it.wildcard.is_empty());
    let subscriber = records.try_subscriber(value, wildcarded, now)?;
    state.add_subscriber(subscriber).map_err(|subscriber| {
        records.discard_subscriber(subscriber);
        Error::OutOfShm.into()
    })
}

/// The newest profile counts: identities of subscription `old` that subscription `new` has, too, get
/// the new one.
fn supersede(records: &mut Records, state: &mut State, old: Id, new: Id, now: i64) {
    let (Some(before), Some(after)) = (state.subscriber(old), state.subscriber(new)) else {
        return;
    };
    let before: Vec<&[u8]> = before.identities().map(|(uri, ..)| uri).collect();
    let shared = after.identities().map(|(uri, ..)| uri).filter(|uri| before.contains(uri));
    let shared: Vec<Vec<u8>> = shared.map(<[u8]>::to_vec).collect();
    for uri in shared {
        for domain in 0..kamailio::scscf::DOMAINS_MAX {
            if state.groups(domain).is_none() {
                continue;
            }
            let Some(identity) = state.find_identity(domain, &uri) else { continue };
            let has_old = state.identity(identity).and_then(|identity| identity.subscriber());
            if has_old.and_then(|handle| state.subscriber_of(handle)) == Some(old) {
                assign(records, state, identity, new, now);
                state.note_identity(identity, Cause::Changed);
            }
        }
    }
}

/// Gives an identity subscription `id`; whether it had another one.
pub(crate) fn assign(
    records: &mut Records,
    state: &mut State,
    identity: Id,
    id: Id,
    now: i64,
) -> bool {
    let Some((identity, subscriber)) = state.profiled_mut(identity, id) else { return false };
    let before = identity.subscriber();
    let changed = before != Some(subscriber.handle());
    let old = records.set_subscriber(identity, Some(subscriber));
    if let Some(old) = old {
        unused(records, state, old, now);
    }
    changed
}

/// Takes a subscription out if nobody counts on it any more.
pub(crate) fn unused(records: &mut Records, state: &mut State, handle: SubscriberHandle, now: i64) {
    let Some(id) = state.subscriber_of(handle) else { return };
    if state.subscriber(id).is_some_and(|subscriber| subscriber.ref_count() <= 0)
        && let Some(subscriber) = state.remove_subscriber(id)
    {
        records.bury_subscriber(subscriber, now);
    }
}

/// A client counts on a subscription.
pub(crate) fn hold(engine: &Engine, handle: SubscriberHandle) -> Result<(), Refusal> {
    let held = engine.with(|_, state| {
        let id = state.subscriber_of(handle).ok_or(Refusal::Gone("subscription"))?;
        touched::subscriber(id);
        state.subscriber_mut(id).ok_or(Refusal::Gone("subscription"))?.add_ref();
        Ok(())
    });
    held.ok_or(BUSY)?
}

/// A client does not count on a subscription any more.
pub(crate) fn give_back(engine: &Engine, handle: SubscriberHandle) -> Result<(), Refusal> {
    let now = timer::now();
    let given = engine.with(|records, state| {
        let id = state.subscriber_of(handle).ok_or(Refusal::Gone("subscription"))?;
        state.subscriber_mut(id).ok_or(Refusal::Gone("subscription"))?.drop_ref();
        unused(records, state, handle, now);
        Ok(())
    });
    given.ok_or(BUSY)?
}
