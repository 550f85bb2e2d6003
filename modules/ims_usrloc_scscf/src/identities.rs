//! What clients do with public identities.

use crate::{
    contacts,
    db::{self, Cause, Row, Who},
    engine::Engine,
    meant, settings,
    state::State,
    store::{BUSY, CLEARED},
    subscribers::{self, Brought},
    touched, watchers,
};
use kamailio::{
    scscf::{
        Calls, Domain, Event, Identity, IdentityChanges, IdentityHandle, NewIdentity, Records,
        server::{InsertIdentity, Refusal, UpdateIdentity, Wanted},
    },
    timer,
};
use scscf_core::{keys::core_hash, life::Registration};
use shm_store::Id;

/// The identity `public`, or the wildcarded one that is meant by it.
pub(crate) fn find(engine: &Engine, domain: Domain, public: &[u8]) -> Option<IdentityHandle> {
    engine
        .with(|_, state| {
            // Our registrar tells them apart by itself.
            let id = match meant::is_itself() && !state.life_events {
                true => state.find_identity(domain.index(), public)?,
                false => state.look_up_identity(domain, public)?,
            };
            touched::identity(id);
            state.identity(id).map(Identity::handle)
        })
        .flatten()
}

/// A new identity; one that is known is updated.
pub(crate) fn insert(
    engine: &Engine,
    domain: Domain,
    new: &InsertIdentity<'_>,
) -> Result<IdentityHandle, Refusal> {
    let (now, brought) = (timer::now(), subscribers::bring(engine, &new.subscriber)?);
    let inserted = engine.with(|records, state| {
        records.clear(now, CLEARED);
        let subscriber = subscribers::take_in(records, state, &brought, now)?;
        let known = state.find_identity(domain.index(), new.public);
        let result = match known {
            Some(id) => {
                let update = Update {
                    state: new.state,
                    send_sar: None,
                    barring: (new.barring >= 0).then_some(new.barring),
                    charging: new.charging,
                    subscriber: Some(subscriber),
                };
                change(records, state, id, &update, now).map(|_| id)
            }
            None => {
                let new = Fresh {
                    public: new.public,
                    private: new.private,
                    state: new.state,
                    barring: new.barring.max(0),
                    primary: false,
                    charging: new.charging,
                };
                add(records, state, domain, &new, subscriber, now)
            }
        };
        drop_if_unused(records, state, subscriber, now);
        let id = result?;
        state.identity(id).map(Identity::handle).ok_or(Refusal::Gone("identity"))
    });
    inserted.ok_or(BUSY)?
}

/// Changes an identity, or makes it if it is not known and all is there that it takes.
pub(crate) fn update(
    engine: &Engine,
    domain: Domain,
    wanted: Wanted<'_>,
    update: &UpdateIdentity<'_>,
) -> Result<Option<IdentityHandle>, Refusal> {
    let now = timer::now();
    let brought = match &update.subscriber {
        Some(given) => Some(subscribers::bring(engine, given)?),
        None => None,
    };
    let updated = engine.with(|records, state| {
        records.clear(now, CLEARED);
        let subscriber = match &brought {
            Some(brought) => Some(subscribers::take_in(records, state, brought, now)?),
            None => None,
        };
        let result = update_here(records, state, domain, wanted, update, subscriber, now);
        if let Some(subscriber) = subscriber {
            drop_if_unused(records, state, subscriber, now);
        }
        result
    });
    drop::<Option<Brought<'_>>>(brought);
    let Some((handle, calls)) = updated.ok_or(BUSY)?? else { return Ok(None) };
    engine.call(calls);
    Ok(Some(handle))
}

fn update_here(
    records: &mut Records,
    state: &mut State,
    domain: Domain,
    wanted: Wanted<'_>,
    update: &UpdateIdentity<'_>,
    subscriber: Option<Id>,
    now: i64,
) -> Result<Option<(IdentityHandle, Calls)>, Refusal> {
    let known = match wanted {
        Wanted::Handle(handle) => Some(state.identity_of(handle).ok_or(Refusal::Gone("identity"))?),
        Wanted::Public(public) => state.find_identity(domain.index(), public),
    };
    let (id, event) = match (known, wanted) {
        (Some(id), _) => {
            let update = Update {
                state: update.state,
                send_sar: update.send_sar,
                barring: update.barring,
                charging: update.charging,
                subscriber,
            };
            change(records, state, id, &update, now)?;
            (id, Event::IdentityUpdate)
        }
        (None, Wanted::Public(public)) => {
            let (true, Some(subscriber)) = (update.state != 0, subscriber) else { return Ok(None) };
            let private = state.subscriber(subscriber).map(|known| known.private().to_vec());
            let private = private.ok_or(Refusal::Gone("identity"))?;
            let new = Fresh {
                public,
                private: &private,
                state: update.state,
                barring: update.barring.unwrap_or(0),
                primary: update.primary,
                charging: update.charging,
            };
            (add(records, state, domain, &new, subscriber, now)?, Event::IdentityInsert)
        }
        (None, Wanted::Handle(_)) => return Err(Refusal::Gone("identity")),
    };
    touched::identity(id);
    let identity = state.identity(id).ok_or(Refusal::Gone("identity"))?;
    Ok(Some((identity.handle(), records.calls(event, Some(identity), None))))
}

/// What a new identity starts from.
pub(crate) struct Fresh<'a> {
    pub(crate) public: &'a [u8],
    pub(crate) private: &'a [u8],
    pub(crate) state: i32,
    pub(crate) barring: i32,
    pub(crate) primary: bool,
    pub(crate) charging: [Option<&'a [u8]>; 4],
}

/// A new identity with subscription `subscriber`.
fn add(
    records: &mut Records,
    state: &mut State,
    domain: Domain,
    new: &Fresh<'_>,
    subscriber: Id,
    now: i64,
) -> Result<Id, Refusal> {
    let id = make(records, state, domain, new, subscriber, now)?;
    state.note_identity(id, Cause::New);
    Ok(id)
}

/// As [`add`], without a row: for an identity that comes from one.
pub(crate) fn make(
    records: &mut Records,
    state: &mut State,
    domain: Domain,
    new: &Fresh<'_>,
    subscriber: Id,
    now: i64,
) -> Result<Id, Refusal> {
    // Most have that of their subscription, and it need not be kept twice.
    let known = state.subscriber(subscriber).is_some_and(|known| known.private() == new.private);
    let identity = NewIdentity {
        public: new.public,
        private: if known { b"" } else { new.private },
        hash: core_hash(new.public),
        state: new.state,
        barring: new.barring,
        primary: new.primary,
        expires: unregistered_until(new.state, now).unwrap_or(0),
        charging: new.charging.map(Option::unwrap_or_default),
    };
    let identity = records.try_identity(domain, &identity, now)?;
    let id = state.add_identity(identity)?;
    subscribers::assign(records, state, id, subscriber, now);
    state.schedule_identity(id, now);
    Ok(id)
}

/// Until when an identity in `state` is kept without contacts.
fn unregistered_until(state: i32, now: i64) -> Option<i64> {
    let unregistered = Registration::of(state) == Some(Registration::Unregistered);
    unregistered.then(|| now.saturating_add(settings::get().unreg_validity))
}

/// What changes of an identity.
struct Update<'a> {
    state: i32,
    send_sar: Option<bool>,
    barring: Option<i32>,
    charging: [Option<&'a [u8]>; 4],
    subscriber: Option<Id>,
}

fn change(
    records: &mut Records,
    state: &mut State,
    id: Id,
    update: &Update<'_>,
    now: i64,
) -> Result<(), Refusal> {
    let private = update.subscriber.and_then(|subscriber| state.subscriber(subscriber));
    let private = private.map(|subscriber| subscriber.private().to_vec());
    let identity = state.identity_mut(id).ok_or(Refusal::Gone("identity"))?;
    let private = private.as_deref().filter(|private| *private != identity.private());
    // A function that is not told again is the one that was told before.
    let told = update.charging.map(|address| address.filter(|address| !address.is_empty()));
    let old = identity.charging();
    let news = |(new, old): (&Option<&[u8]>, &&[u8])| new.is_some_and(|new| new != *old);
    let charging = told.iter().zip(&old).any(news);
    let barring = update.barring.unwrap_or_else(|| identity.barring());
    let mut changed = charging || barring != identity.barring() || update.state != identity.state();
    if charging || private.is_some() {
        let changes = IdentityChanges { charging: told, private };
        records.change_identity(identity, &changes, now)?;
    }
    identity.set_barring(barring);
    identity.set_state(update.state);
    // Who is registered is not kept for what was before: its watchers keep it, once it has no contact.
    identity.set_expires(unregistered_until(update.state, now).unwrap_or(0));
    if let Some(send_sar) = update.send_sar {
        identity.set_send_sar(send_sar);
    }
    if let Some(subscriber) = update.subscriber {
        changed |= subscribers::assign(records, state, id, subscriber, now);
    }
    if changed {
        state.note_identity(id, Cause::Changed);
    }
    state.schedule_identity(id, now);
    Ok(())
}

fn drop_if_unused(records: &mut Records, state: &mut State, subscriber: Id, now: i64) {
    let handle = state.subscriber(subscriber).map(|subscriber| subscriber.handle());
    if let Some(handle) = handle {
        subscribers::unused(records, state, handle, now);
    }
}

/// Removes an identity; one that is not there is no failure.
pub(crate) fn delete(engine: &Engine, domain: Domain, wanted: Wanted<'_>) -> Result<(), Refusal> {
    let taken = engine.with(|records, state| {
        let id = match wanted {
            Wanted::Handle(handle) => state.identity_of(handle)?,
            Wanted::Public(public) => state.find_identity(domain.index(), public)?,
        };
        take_out(records, state, id, &[])
    });
    if let Some((identity, calls)) = taken.ok_or(BUSY)? {
        engine.call(calls);
        bury(engine, identity);
    }
    Ok(())
}

/// Takes an identity out: nobody finds it any more. The calls are for it, those of `events` first; then
/// it is to be buried.
pub(crate) fn take_out(
    records: &mut Records,
    state: &mut State,
    id: Id,
    events: &[Event],
) -> Option<(Identity, Calls)> {
    let identity = state.remove_identity(id)?;
    db::changed(&mut state.journal, Row::Identity(Who::of(&identity)), Cause::Gone);
    let mut calls = Calls::NONE;
    for event in events.iter().copied().chain([Event::IdentityDelete]) {
        calls.append(records.calls(event, Some(&identity), None));
    }
    Some((identity, calls))
}

/// Ends an identity that was taken out, and its watchers; its contacts stay with others, or go.
pub(crate) fn bury(engine: &Engine, identity: Identity) {
    let now = timer::now();
    // What is not reached because a call came back in lies in memory until the server ends.
    engine.with(|records, state| bury_here(records, state, identity, now));
}

/// As [`bury`], under the lock.
pub(crate) fn bury_here(records: &mut Records, state: &mut State, identity: Identity, now: i64) {
    let mut identity = identity;
    let linked: Vec<Id> = identity.contacts().filter_map(|it| state.contact_of(it)).collect();
    for contact in linked {
        contacts::let_go(records, state, &mut identity, contact, now);
    }
    let watched: Vec<Id> = identity.watchers().filter_map(|it| state.watcher_of(it)).collect();
    for watcher in watched {
        watchers::let_go(records, state, &identity, watcher, now);
    }
    if let Some(subscriber) = records.set_subscriber(&mut identity, None) {
        subscribers::unused(records, state, subscriber, now);
    }
    records.bury_identity(identity, now);
}

/// The identities of the subscription of an identity, barred ones, others or all.
pub(crate) fn implicit_set(
    engine: &Engine,
    handle: IdentityHandle,
    barring: Option<bool>,
) -> Result<Vec<Vec<u8>>, Refusal> {
    let skipped = settings::get().skipped_realm;
    let is_skipped = |uri: &[u8]| {
        skipped.is_some_and(|realm| uri.windows(realm.len()).any(|part| part == realm))
    };
    let all = engine.with(|_, state| {
        let id = state.identity_of(handle).ok_or(Refusal::Gone("identity"))?;
        let subscriber = state.identity(id).and_then(|identity| identity.subscriber());
        let subscriber = subscriber.and_then(|handle| state.subscriber_of(handle));
        let Some(subscriber) = subscriber.and_then(|id| state.subscriber(id)) else {
            return Ok(Vec::new());
        };
        let wanted = |barred: bool| barring.is_none_or(|wanted| wanted == barred);
        let all = subscriber.identities();
        let all = all.filter(|(uri, barred, _)| wanted(*barred) && !is_skipped(uri));
        Ok(all.map(|(uri, ..)| uri.to_vec()).collect())
    });
    all.ok_or(BUSY)?
}

/// All identities in memory that belong to a private identity.
pub(crate) fn of_private(engine: &Engine, private: &[u8]) -> Vec<(Domain, Vec<u8>)> {
    let domains: Vec<Domain> = engine.domains().collect();
    let found = engine.with(|_, state| {
        let mut found = Vec::new();
        let subscribers = state.subscribers_of(private).into_iter();
        for (uri, ..) in
            subscribers.filter_map(|id| state.subscriber(id)).flat_map(|it| it.identities())
        {
            for domain in &domains {
                let known = state.find_identity(domain.index(), uri);
                let Some(known) = known.and_then(|id| state.identity(id)) else { continue };
                let entry = (*domain, known.public().to_vec());
                if !found.contains(&entry) {
                    found.push(entry);
                }
            }
        }
        found
    });
    found.unwrap_or_default()
}
