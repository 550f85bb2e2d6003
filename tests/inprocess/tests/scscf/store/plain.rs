//! The functions of the store.

use super::{ENGINE, Kept, LEFT, TOUCHED, UNLOCKED, now};
use core::sync::atomic::Ordering;
use kamailio::{
    scscf::{
        Callback, ContactChanges, ContactHandle, ContactInfo, Domain, Engine, Event, Identity,
        IdentityHandle, NewContact, NewIdentity, NewWatcher, Records, SubscriberHandle,
        WatcherHandle,
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
        edit(engine, |_, kept| {
            let Some(id) = kept.at(uri) else { return Ok(None) };
            let contact = kept.contacts.get_mut(id).unwrap();
            contact.set_ref_count(contact.ref_count() + 1);
            Ok(Some(contact.handle()))
        })
    }

    fn insert_contact(
        engine: &Engine<Kept>,
        identity: IdentityHandle,
        uri: &[u8],
        info: &ContactInfo<'_>,
    ) -> Result<ContactHandle, Refusal> {
        let (handle, calls) = edit(engine, |records, kept| {
            let owner = kept.identity(identity)?;
            let aor = kept.identities.get(owner).unwrap().public().to_vec();
            let new = NewContact {
                aor: &aor,
                uri,
                received: info.received(),
                path: info.path().unwrap_or_default(),
                callid: info.callid().unwrap_or_default(),
                user_agent: info.user_agent().unwrap_or_default(),
                params: &info.params(),
                expires: info.expires(),
                q: info.q(),
                cseq: info.cseq(),
                flags: info.flags(),
                cflags: info.cflags(),
                methods: info.methods(),
                sock: info.sock(),
                last_modified: info.last_modified(),
                is_3gpp: false,
            };
            let made = records.try_contact(kept.domain(), &new, now())?;
            let id = kept.contacts.try_insert(made).map_err(|_| Refusal::Full)?;
            let Kept { identities, contacts, .. } = kept;
            let owner = identities.get_mut(owner).unwrap();
            let contact = contacts.get_mut(id).unwrap();
            contact.set_id(id.to_u64());
            contact.set_slot(id.index);
            records.link(owner, contact, now())?;
            Ok((contact.handle(), records.calls(Event::NewContact, Some(owner), Some(contact))))
        })?;
        engine.call(calls);
        Ok(handle)
    }

    fn update_contact(
        engine: &Engine<Kept>,
        identity: IdentityHandle,
        contact: ContactHandle,
        info: &ContactInfo<'_>,
    ) -> Result<(), Refusal> {
        edit(engine, |records, kept| {
            let (owner, id) = (kept.identity(identity)?, kept.contact(contact)?);
            let Kept { identities, contacts, .. } = kept;
            let contact = contacts.get_mut(id).unwrap();
            let changes = ContactChanges {
                received: Some(info.received()),
                path: info.path(),
                callid: None,
                user_agent: info.user_agent(),
                params: None,
            };
            records.change_contact(contact, &changes, now())?;
            contact.set_expires(info.expires());
            records.link(identities.get_mut(owner).unwrap(), contact, now())?;
            Ok(())
        })
    }

    fn expire_contact(
        engine: &Engine<Kept>,
        _: IdentityHandle,
        contact: ContactHandle,
    ) -> Result<(), Refusal> {
        edit(engine, |_, kept| {
            let id = kept.contact(contact)?;
            kept.contacts.get_mut(id).unwrap().set_expires(now());
            Ok(())
        })
    }

    fn delete_contact(engine: &Engine<Kept>, contact: ContactHandle) -> Result<(), Refusal> {
        edit(engine, |records, kept| {
            let id = kept.contact(contact)?;
            let mut gone = kept.contacts.remove(id).unwrap();
            let identities: Vec<_> = gone.identities().collect();
            for identity in identities {
                let id = kept.identity(identity)?;
                records.unlink(kept.identities.get_mut(id).unwrap(), &mut gone, now());
            }
            records.bury_contact(gone, now());
            Ok(())
        })
    }

    fn release_contact(engine: &Engine<Kept>, contact: ContactHandle) -> Result<(), Refusal> {
        edit(engine, |_, kept| {
            let id = kept.contact(contact)?;
            let contact = kept.contacts.get_mut(id).unwrap();
            contact.set_ref_count(contact.ref_count() - 1);
            Ok(())
        })
    }

    fn link_contact(
        engine: &Engine<Kept>,
        identity: IdentityHandle,
        contact: ContactHandle,
        _: bool,
    ) -> Result<(), Refusal> {
        edit(engine, |records, kept| {
            let (owner, id) = (kept.identity(identity)?, kept.contact(contact)?);
            let Kept { identities, contacts, .. } = kept;
            let (owner, contact) = (identities.get_mut(owner), contacts.get_mut(id));
            records.link(owner.unwrap(), contact.unwrap(), now())?;
            Ok(())
        })
    }

    fn unlink_contact(
        engine: &Engine<Kept>,
        identity: IdentityHandle,
        contact: ContactHandle,
        _: bool,
    ) -> Result<(), Refusal> {
        edit(engine, |records, kept| {
            let (owner, id) = (kept.identity(identity)?, kept.contact(contact)?);
            let Kept { identities, contacts, .. } = kept;
            let (owner, contact) = (identities.get_mut(owner), contacts.get_mut(id));
            records.unlink(owner.unwrap(), contact.unwrap(), now());
            Ok(())
        })
    }

    fn add_dialog(
        engine: &Engine<Kept>,
        contact: ContactHandle,
        entry: u32,
        id: u32,
    ) -> Result<(), Refusal> {
        edit(engine, |records, kept| {
            let at = kept.contact(contact)?;
            records.add_dialog(kept.contacts.get_mut(at).unwrap(), entry, id, now())?;
            Ok(())
        })
    }

    fn remove_dialog(
        engine: &Engine<Kept>,
        contact: ContactHandle,
        entry: u32,
        id: u32,
    ) -> Result<bool, Refusal> {
        edit(engine, |records, kept| {
            let at = kept.contact(contact)?;
            Ok(records.remove_dialog(kept.contacts.get_mut(at).unwrap(), entry, id, now()))
        })
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
        edit(engine, |records, kept| {
            let owner = kept.identity(identity)?;
            let made = records.try_watcher(new, now())?;
            let id = kept.watchers.try_insert(made).map_err(|_| Refusal::Full)?;
            let Kept { identities, watchers, .. } = kept;
            let watcher = watchers.get_mut(id).unwrap();
            watcher.set_id(id.to_u64());
            records.watch(identities.get_mut(owner).unwrap(), watcher);
            Ok(watcher.handle())
        })
    }

    fn update_watcher(
        engine: &Engine<Kept>,
        _: IdentityHandle,
        watcher: WatcherHandle,
        expires: Option<i64>,
        local_cseq: Option<i32>,
        version: Option<i32>,
    ) -> Result<(), Refusal> {
        edit(engine, |_, kept| {
            let id = kept.watcher(watcher)?;
            let watcher = kept.watchers.get_mut(id).unwrap();
            if let Some(expires) = expires {
                watcher.set_expires(expires);
            }
            if let Some(cseq) = local_cseq {
                watcher.set_local_cseq(u32::try_from(cseq).unwrap());
            }
            if let Some(version) = version {
                watcher.set_version(version);
            }
            Ok(())
        })
    }

    fn delete_watcher(
        engine: &Engine<Kept>,
        _: Domain,
        watcher: WatcherHandle,
    ) -> Result<(), Refusal> {
        edit(engine, |records, kept| {
            let id = kept.watcher(watcher)?;
            records.bury_watcher(kept.watchers.remove(id).unwrap(), now());
            Ok(())
        })
    }

    fn find_watcher(
        engine: &Engine<Kept>,
        identity: IdentityHandle,
        presentity: &[u8],
        watcher_contact: &[u8],
        event: i32,
    ) -> Result<Option<WatcherHandle>, Refusal> {
        edit(engine, |_, kept| {
            let owner = kept.identity(identity)?;
            let mut all = kept.identities.get(owner).unwrap().watchers();
            Ok(all.find(|handle| {
                let watcher = kept.watchers.get(kept.watcher(*handle).unwrap()).unwrap();
                watcher.presentity_uri() == presentity
                    && watcher.watcher_contact() == watcher_contact
                    && watcher.event() == event
            }))
        })
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
        let found = edit(engine, |_, kept| {
            let id = kept.watchers.at_or_after(0);
            let watcher = id.and_then(|id| kept.watchers.get(id));
            let watcher = watcher.filter(|w| w.call_id() == callid && w.to_tag() == to_tag);
            Ok(watcher.map(|watcher| watcher.presentity_uri().to_vec()))
        });
        found.unwrap()
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
