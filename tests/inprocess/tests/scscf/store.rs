//! A store that keeps records and does nothing else.

mod plain;

pub(crate) use plain::Plain;

use core::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use kamailio::{
    scscf::{
        Contact, ContactHandle, Domain, Engine, Foreign, Identity, IdentityHandle, NewIdentity,
        Records, Subscriber, SubscriberHandle, Watcher, WatcherHandle,
        server::{Given, Refusal, Store},
    },
    shared::{Shared, SharedRef},
    shm::Shm,
};
use kamailio_sys::scscf as sys;
use shm_store::{Id, slab::Slab};

kamailio::shm_struct! {
    /// What is kept.
    pub(crate) struct Kept {
        pub(crate) identities: Slab<Identity, Shm>,
        pub(crate) contacts: Slab<Contact, Shm>,
        pub(crate) subscribers: Slab<Subscriber, Shm>,
        pub(crate) watchers: Slab<Watcher, Shm>,
        domain: Option<Domain>,
    }
}

static ENGINE: Shared<Engine<Kept>> = Shared::empty();

/// The clock.
pub(crate) static NOW: AtomicI64 = AtomicI64::new(1_000);

/// How often a client has locked what it may change, gave the lock back, and it was free.
pub(crate) static TOUCHED: AtomicU32 = AtomicU32::new(0);
pub(crate) static LEFT: AtomicU32 = AtomicU32::new(0);
pub(crate) static UNLOCKED: AtomicU32 = AtomicU32::new(0);

pub(crate) fn now() -> i64 {
    NOW.load(Ordering::Relaxed)
}

impl Kept {
    pub(crate) fn new() -> Self {
        Self {
            identities: Slab::new_in(Shm),
            contacts: Slab::new_in(Shm),
            subscribers: Slab::new_in(Shm),
            watchers: Slab::new_in(Shm),
            domain: None,
        }
    }

    fn domain(&self) -> Domain {
        self.domain.unwrap()
    }

    fn identity(&self, handle: IdentityHandle) -> Result<Id, Refusal> {
        let id = Id::from_u64(handle.id());
        let known = self.identities.get(id).filter(|known| known.handle() == handle);
        known.map(|_| id).ok_or(Refusal::Gone("identity"))
    }

    fn contact(&self, handle: ContactHandle) -> Result<Id, Refusal> {
        let id = Id::from_u64(handle.id());
        let known = self.contacts.get(id).filter(|known| known.handle() == handle);
        known.map(|_| id).ok_or(Refusal::Gone("contact"))
    }

    fn subscriber(&self, handle: SubscriberHandle) -> Result<Id, Refusal> {
        let id = Id::from_u64(handle.id());
        let known = self.subscribers.get(id).filter(|known| known.handle() == handle);
        known.map(|_| id).ok_or(Refusal::Gone("subscriber"))
    }

    fn watcher(&self, handle: WatcherHandle) -> Result<Id, Refusal> {
        let id = Id::from_u64(handle.id());
        let known = self.watchers.get(id).filter(|known| known.handle() == handle);
        known.map(|_| id).ok_or(Refusal::Gone("watcher"))
    }

    pub(crate) fn named(&self, public: &[u8]) -> Option<Id> {
        let mut next = self.identities.at_or_after(0);
        while let Some(id) = next {
            if self.identities.get(id).unwrap().public() == public {
                return Some(id);
            }
            next = self.identities.at_or_after(id.index + 1);
        }
        None
    }

    fn at(&self, uri: &[u8]) -> Option<Id> {
        let mut next = self.contacts.at_or_after(0);
        while let Some(id) = next {
            if self.contacts.get(id).unwrap().uri() == uri {
                return Some(id);
            }
            next = self.contacts.at_or_after(id.index + 1);
        }
        None
    }

    /// The subscriber that a client means.
    fn given(&mut self, records: &mut Records, given: &Given<'_>) -> Result<Id, Refusal> {
        match given {
            Given::Ours(handle) => self.subscriber(*handle),
            Given::Foreign(foreign) => {
                if let Some(copy) = foreign.copy() {
                    return self.subscriber(copy);
                }
                let id = self.copy_of(records, foreign)?;
                foreign.remember(self.subscribers.get_mut(id).unwrap());
                Ok(id)
            }
        }
    }

    /// A new subscriber that says what a client's says.
    pub(crate) fn copy_of(
        &mut self,
        records: &mut Records,
        foreign: &Foreign,
    ) -> Result<Id, Refusal> {
        let value = foreign.read()?;
        let made = records.try_subscriber(&value, foreign.wildcarded(), now())?;
        let id = self.subscribers.try_insert(made).map_err(|_| Refusal::Full)?;
        self.subscribers.get_mut(id).unwrap().set_id(id.to_u64());
        Ok(id)
    }

    /// Takes a subscriber out that nobody holds.
    pub(crate) fn forget_unused(&mut self, records: &mut Records, handle: SubscriberHandle) {
        let Ok(id) = self.subscriber(handle) else { return };
        if self.subscribers.get(id).unwrap().ref_count() <= 0 {
            let unused = self.subscribers.remove(id).unwrap();
            records.bury_subscriber(unused, now());
        }
    }

    /// Makes an identity one of a subscriber.
    pub(crate) fn belongs(&mut self, records: &mut Records, identity: Id, subscriber: Id) {
        let Self { identities, subscribers, .. } = self;
        let owner = subscribers.get_mut(subscriber);
        let old = records.set_subscriber(identities.get_mut(identity).unwrap(), owner);
        if let Some(old) = old {
            self.forget_unused(records, old);
        }
    }

    /// Adds an identity without contacts.
    pub(crate) fn add_identity(
        &mut self,
        records: &mut Records,
        domain: Domain,
        new: &NewIdentity<'_>,
    ) -> Result<Id, Refusal> {
        let made = records.try_identity(domain, new, now())?;
        let id = self.identities.try_insert(made).map_err(|_| Refusal::Full)?;
        self.identities.get_mut(id).unwrap().set_id(id.to_u64());
        Ok(id)
    }

    /// Takes an identity out with all that hangs on it.
    pub(crate) fn remove_identity(&mut self, records: &mut Records, id: Id) {
        let mut identity = self.identities.remove(id).unwrap();
        let contacts: Vec<_> = identity.contacts().collect();
        for contact in contacts {
            let contact = self.contacts.get_mut(Id::from_u64(contact.id())).unwrap();
            assert!(records.unlink(&mut identity, contact, now()));
        }
        let watchers: Vec<_> = identity.watchers().collect();
        for watcher in watchers {
            let id = self.watcher(watcher).unwrap();
            records.bury_watcher(self.watchers.remove(id).unwrap(), now());
        }
        if let Some(old) = records.set_subscriber(&mut identity, None) {
            self.forget_unused(records, old);
        }
        records.bury_identity(identity, now());
    }
}

/// Runs `work` with the API of a store, which is gone afterwards with all it held.
pub(crate) fn with_store(work: impl FnOnce(&sys::usrloc_api)) {
    let before = inprocess::host::used();
    ENGINE.set(Engine::try_new(Kept::new()).unwrap()).unwrap();
    // SAFETY: numbers and addresses, of which zeroes are none.
    let mut api: sys::usrloc_api = unsafe { core::mem::zeroed() };
    kamailio::scscf::server::fill::<Plain>(&mut api);
    work(&api);
    drop(ENGINE.take());
    assert_eq!(inprocess::host::used(), before);
}

/// Runs `work` on a store with a domain.
pub(crate) fn with_engine(work: impl FnOnce(&Engine<Kept>, Domain)) {
    with_store(|_| {
        let engine = ENGINE.get().unwrap();
        let domain = Plain::open(&engine, b"location").unwrap();
        work(&engine, domain);
    });
}

/// The store that [`with_store`] made.
pub(crate) fn engine() -> SharedRef<'static, Engine<Kept>> {
    ENGINE.get().unwrap()
}
