//! The functions of the store.

mod contacts;
mod watchers;

use super::{ENGINE, Kept, LEFT, TOUCHED, UNLOCKED};
use core::sync::atomic::Ordering;
use kamailio::{
    scscf::{
        Callback, ContactHandle, ContactInfo, Domain, Engine, Event, Foreign, Identity,
        IdentityHandle, NewIdentity, NewWatcher, Records, SubscriberHandle, WatcherHandle,
        server::{InsertIdentity, Refusal, Store, Target, Touched, UpdateIdentity, Wanted},
    },
    shared::SharedRef,
};

pub(crate) struct Plain;

fn edit<R>(
    engine: &Engine<Kept>,
    work: impl FnOnce(&mut Records, &mut Kept) -> Result<R, Refusal>,
) -> Result<R, Refusal> {
    engine.with(work).unwrap()
}

impl Store for Plain {
    type State = Kept;

    fn engine() -> Option<SharedRef<'static, Engine<Kept>>> {
        ENGINE.get()
    }

    fn db_mode() -> i32 {
        1
    }

    fn nat_flag() -> u32 {
        8
    }

    fn open(engine: &Engine<Kept>, name: &[u8]) -> Result<Domain, Refusal> {
        let (domain, _) = engine.open(name, 512)?;
        edit(engine, |_, kept| {
            kept.domain = Some(domain);
            Ok(domain)
        })
    }

    fn touched(_: &Engine<Kept>, _: Touched<'_>) {
        TOUCHED.fetch_add(1, Ordering::Relaxed);
    }

    fn leaving(engine: &Engine<Kept>) {
        assert!(engine.is_locked_here());
        LEFT.fetch_add(1, Ordering::Relaxed);
    }

    fn unlocked(engine: &Engine<Kept>) {
        assert!(!engine.is_locked_here());
        UNLOCKED.fetch_add(1, Ordering::Relaxed);
    }

    fn insert_identity(
        engine: &Engine<Kept>,
        domain: Domain,
        new: &InsertIdentity<'_>,
    ) -> Result<IdentityHandle, Refusal> {
        let update = UpdateIdentity {
            state: new.state,
            send_sar: None,
            barring: Some(new.barring.max(0)),
            primary: true,
            subscriber: Some(new.subscriber),
            charging: new.charging,
        };
        let made = Self::update_identity(engine, domain, Wanted::Public(new.public), &update)?;
        made.ok_or(Refusal::Gone("identity"))
    }

    fn delete_identity(
        engine: &Engine<Kept>,
        _: Domain,
        identity: Wanted<'_>,
    ) -> Result<(), Refusal> {
        let calls = edit(engine, |records, kept| {
            let id = match identity {
                Wanted::Handle(handle) => kept.identity(handle)?,
                Wanted::Public(public) => kept.named(public).ok_or(Refusal::Gone("identity"))?,
            };
            let identity = kept.identities.get(id);
            let calls = records.calls(Event::IdentityDelete, identity, None);
            kept.remove_identity(records, id);
            Ok(calls)
        })?;
        engine.call(calls);
        Ok(())
    }

    fn find_identity(
        engine: &Engine<Kept>,
        _: Domain,
        public: &[u8],
    ) -> Result<Option<IdentityHandle>, Refusal> {
        edit(engine, |_, kept| {
            let id = kept.named(public);
            Ok(id.and_then(|id| kept.identities.get(id)).map(Identity::handle))
        })
    }

    fn look_up_identity(kept: &Kept, _: Domain, public: &[u8]) -> Option<IdentityHandle> {
        let id = kept.named(public)?;
        kept.identities.get(id).map(Identity::handle)
    }

    fn update_identity(
        engine: &Engine<Kept>,
        domain: Domain,
        identity: Wanted<'_>,
        update: &UpdateIdentity<'_>,
    ) -> Result<Option<IdentityHandle>, Refusal> {
        let (handle, calls) = edit(engine, |records, kept| {
            let known = match identity {
                Wanted::Handle(handle) => Some(kept.identity(handle)?),
                Wanted::Public(public) => kept.named(public),
            };
            let owner = match &update.subscriber {
                Some(given) => Some(kept.given(records, given)?),
                None => None,
            };
            let (id, event) = match (known, identity, owner) {
                (Some(id), _, _) => (id, Event::IdentityUpdate),
                (None, Wanted::Public(public), Some(owner)) => {
                    let private = kept.subscribers.get(owner).unwrap().private().to_vec();
                    let new = NewIdentity {
                        public,
                        private: &private,
                        hash: 7,
                        state: update.state,
                        barring: update.barring.unwrap_or(0),
                        primary: update.primary,
                        expires: 0,
                        charging: update.charging.map(Option::unwrap_or_default),
                    };
                    (kept.add_identity(records, domain, &new)?, Event::IdentityInsert)
                }
                _ => return Ok((None, Default::default())),
            };
            if let Some(owner) = owner {
                kept.belongs(records, id, owner);
            }
            let identity = kept.identities.get_mut(id).unwrap();
            identity.set_state(update.state);
            let calls = records.calls(event, Some(identity), None);
            Ok((Some(identity.handle()), calls))
        })?;
        engine.call(calls);
        Ok(handle)
    }

    fn take_subscriber(engine: &Engine<Kept>, lent: &Foreign) -> Result<SubscriberHandle, Refusal> {
        edit(engine, |records, kept| {
            let id = kept.copy_of(records, lent)?;
            let copy = kept.subscribers.get_mut(id).unwrap();
            copy.add_ref();
            Ok(copy.handle())
        })
    }

    fn hold_subscriber(engine: &Engine<Kept>, subscriber: SubscriberHandle) -> Result<(), Refusal> {
        edit(engine, |_, kept| {
            let id = kept.subscriber(subscriber)?;
            kept.subscribers.get_mut(id).unwrap().add_ref();
            Ok(())
        })
    }

    fn release_subscriber(
        engine: &Engine<Kept>,
        subscriber: SubscriberHandle,
    ) -> Result<(), Refusal> {
        edit(engine, |records, kept| {
            let id = kept.subscriber(subscriber)?;
            kept.subscribers.get_mut(id).unwrap().drop_ref();
            kept.forget_unused(records, subscriber);
            Ok(())
        })
    }

    fn find_contact(
        engine: &Engine<Kept>,
        uri: &[u8],
        _: Option<&[u8]>,
        _: Option<&[u8]>,
        _: i32,
    ) -> Result<Option<ContactHandle>, Refusal> {
        contacts::find(engine, uri)
    }

    fn insert_contact(
        engine: &Engine<Kept>,
        identity: IdentityHandle,
        uri: &[u8],
        info: &ContactInfo<'_>,
    ) -> Result<ContactHandle, Refusal> {
        contacts::insert(engine, identity, uri, info)
    }

    fn update_contact(
        engine: &Engine<Kept>,
        identity: IdentityHandle,
        contact: ContactHandle,
        info: &ContactInfo<'_>,
    ) -> Result<(), Refusal> {
        contacts::update(engine, identity, contact, info)
    }

    fn expire_contact(
        engine: &Engine<Kept>,
        _: IdentityHandle,
        contact: ContactHandle,
    ) -> Result<(), Refusal> {
        contacts::expire(engine, contact)
    }

    fn delete_contact(engine: &Engine<Kept>, contact: ContactHandle) -> Result<(), Refusal> {
        contacts::delete(engine, contact)
    }

    fn release_contact(engine: &Engine<Kept>, contact: ContactHandle) -> Result<(), Refusal> {
        contacts::release(engine, contact)
    }

    fn link_contact(
        engine: &Engine<Kept>,
        identity: IdentityHandle,
        contact: ContactHandle,
        _: bool,
    ) -> Result<(), Refusal> {
        contacts::link(engine, identity, contact)
    }

    fn unlink_contact(
        engine: &Engine<Kept>,
        identity: IdentityHandle,
        contact: ContactHandle,
        _: bool,
    ) -> Result<(), Refusal> {
        contacts::unlink(engine, identity, contact)
    }

    fn add_dialog(
        engine: &Engine<Kept>,
        contact: ContactHandle,
        entry: u32,
        id: u32,
    ) -> Result<(), Refusal> {
        contacts::add_dialog(engine, contact, entry, id)
    }

    fn remove_dialog(
        engine: &Engine<Kept>,
        contact: ContactHandle,
        entry: u32,
        id: u32,
    ) -> Result<bool, Refusal> {
        contacts::remove_dialog(engine, contact, entry, id)
    }

    fn pack_contacts(_: &Engine<Kept>, _: &mut [u8], _: u32, _: u32, _: u32) -> i32 {
        0
    }

    fn add_watcher(
        engine: &Engine<Kept>,
        identity: IdentityHandle,
        new: &NewWatcher<'_>,
        _: bool,
    ) -> Result<WatcherHandle, Refusal> {
        watchers::add(engine, identity, new)
    }

    fn update_watcher(
        engine: &Engine<Kept>,
        _: IdentityHandle,
        watcher: WatcherHandle,
        expires: Option<i64>,
        local_cseq: Option<i32>,
        version: Option<i32>,
    ) -> Result<(), Refusal> {
        watchers::update(engine, watcher, expires, local_cseq, version)
    }

    fn delete_watcher(
        engine: &Engine<Kept>,
        _: Domain,
        watcher: WatcherHandle,
    ) -> Result<(), Refusal> {
        watchers::delete(engine, watcher)
    }

    fn find_watcher(
        engine: &Engine<Kept>,
        identity: IdentityHandle,
        presentity: &[u8],
        watcher_contact: &[u8],
        event: i32,
    ) -> Result<Option<WatcherHandle>, Refusal> {
        watchers::find(engine, identity, presentity, watcher_contact, event)
    }

    fn identities_of(
        engine: &Engine<Kept>,
        identity: IdentityHandle,
        barring: Option<bool>,
    ) -> Result<Vec<Vec<u8>>, Refusal> {
        edit(engine, |_, kept| {
            let id = kept.identity(identity)?;
            let owner = kept.identities.get(id).unwrap().subscriber();
            let owner = kept.subscriber(owner.ok_or(Refusal::Gone("subscriber"))?)?;
            let all = kept.subscribers.get(owner).unwrap().identities();
            let wanted = all.filter(|(_, barred, _)| barring.is_none_or(|want| want == *barred));
            Ok(wanted.map(|(uri, _, _)| uri.to_vec()).collect())
        })
    }

    fn identities_of_private(engine: &Engine<Kept>, private: &[u8]) -> Vec<(Domain, Vec<u8>)> {
        let found = edit(engine, |_, kept| {
            let mut found = Vec::new();
            let mut next = kept.identities.at_or_after(0);
            while let Some(id) = next {
                let identity = kept.identities.get(id).unwrap();
                if identity.private() == private {
                    found.push((identity.domain().unwrap(), identity.public().to_vec()));
                }
                next = kept.identities.at_or_after(id.index + 1);
            }
            Ok(found)
        });
        found.unwrap()
    }

    fn presentity_of(
        engine: &Engine<Kept>,
        callid: &[u8],
        to_tag: &[u8],
        _: &[u8],
    ) -> Option<Vec<u8>> {
        watchers::presentity_of(engine, callid, to_tag)
    }

    fn register(engine: &Engine<Kept>, target: Target, callback: Callback) -> Result<(), Refusal> {
        edit(engine, |records, kept| match target {
            Target::Identity(handle) => {
                let id = kept.identity(handle)?;
                Ok(records.register_identity(kept.identities.get_mut(id).unwrap(), callback)?)
            }
            Target::Contact(handle) => {
                let id = kept.contact(handle)?;
                Ok(records.register_contact(kept.contacts.get_mut(id).unwrap(), callback)?)
            }
        })
    }

    fn raise_life_events(_: &Engine<Kept>) {}
}
