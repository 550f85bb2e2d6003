//! The public identities.

use super::State;
use crate::{occupancy::Occupancy, settings, wildcards};
use kamailio::{
    Error,
    scscf::{Contact, Domain, Identity, IdentityHandle, Watcher},
};
use scscf_core::{
    keys::{Key, Meaning, core_hash},
    life::{self, Fate, Registration},
};
use shm_store::{
    Id, shards,
    wheel::{Timed, Wheel},
};

/// Seconds for which a new identity may be without contacts.
const FRESH: i64 = 2;

impl State {
    fn identity_key(&self, domain: usize, public: &[u8]) -> shards::Key {
        self.by_identity.key((domain, Key::identity(public)))
    }

    /// The identity `public` of `domain`: the one of exactly these bytes, else the same one in
    /// another spelling.
    pub(crate) fn find_identity(&self, domain: usize, public: &[u8]) -> Option<Id> {
        let mut found = None;
        let key = self.identity_key(domain, public);
        self.by_identity.find(key, |index| {
            let Some((id, identity)) = self.identities.at(index) else { return false };
            if identity.domain_index() != domain {
                return false;
            }
            let exact = identity.public() == public;
            if exact || (found.is_none() && Meaning::of(identity.public()) == Meaning::of(public)) {
                found = Some(id);
            }
            exact
        });
        found
    }

    /// As [`State::find_identity`]; if there is none, the wildcarded one that stands for it.
    pub(crate) fn look_up_identity(&self, domain: Domain, public: &[u8]) -> Option<Id> {
        let domain = domain.index();
        let found = self.find_identity(domain, public);
        if found.is_some() || self.with_wildcards.is_empty() || !settings::get().wildcards {
            return found;
        }
        for id in &self.with_wildcards {
            let Some(subscriber) = self.subscribers.get(*id) else { continue };
            let stands = subscriber.identities().find(|(uri, _, wildcard)| {
                wildcards::stands_for(wildcard, public) || wildcards::stands_for(uri, public)
            });
            if let Some((uri, ..)) = stands
                && let Some(found) = self.find_identity(domain, uri)
            {
                return Some(found);
            }
        }
        None
    }

    /// Takes a new identity in.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`]; the identity is freed.
    pub(crate) fn add_identity(&mut self, identity: Identity) -> Result<Id, Error> {
        let domain = identity.domain_index();
        let (key, hash) =
            (self.identity_key(domain, identity.public()), core_hash(identity.public()));
        let groups = self.identity_groups.get_mut(domain).ok_or(Error::OutOfShm)?;
        if groups.is_none() {
            *groups = Some(Occupancy::try_new(settings::get().identity_bits)?);
        }
        let id = self.identities.try_insert(identity).map_err(|_| Error::OutOfShm)?;
        if self.by_identity.try_insert(key, id.index).is_err() {
            drop(self.identities.remove(id));
            return Err(Error::OutOfShm);
        }
        if let Some(identity) = self.identities.get_mut(id) {
            identity.set_id(id.to_u64());
        }
        if let Some(groups) = self.groups_mut(domain) {
            groups.add(hash);
        }
        Ok(id)
    }

    /// Takes an identity out: nobody finds it any more.
    pub(crate) fn remove_identity(&mut self, id: Id) -> Option<Identity> {
        let identity = self.identities.get(id)?;
        let domain = identity.domain_index();
        let (key, hash) =
            (self.identity_key(domain, identity.public()), core_hash(identity.public()));
        self.identity_wheel.cancel(&mut self.identities, id.index);
        self.by_identity.remove(key, id.index);
        if let Some(groups) = self.groups_mut(domain) {
            groups.remove(hash);
        }
        self.identities.remove(id)
    }

    /// The groups of the identities of a domain; none before the first one came.
    pub(crate) fn groups(&self, domain: usize) -> Option<&Occupancy> {
        self.identity_groups.get(domain)?.as_ref()
    }

    fn groups_mut(&mut self, domain: usize) -> Option<&mut Occupancy> {
        self.identity_groups.get_mut(domain)?.as_mut()
    }

    /// The identity that C names, if it is still there.
    pub(crate) fn identity_of(&self, handle: IdentityHandle) -> Option<Id> {
        let id = Id::from_u64(handle.id());
        self.identities.get(id).filter(|identity| identity.handle() == handle).map(|_| id)
    }

    /// Identity `id`.
    pub(crate) fn identity(&self, id: Id) -> Option<&Identity> {
        self.identities.get(id)
    }

    /// Identity `id`, to be changed.
    pub(crate) fn identity_mut(&mut self, id: Id) -> Option<&mut Identity> {
        self.identities.get_mut(id)
    }

    /// An identity with a contact.
    pub(crate) fn pair_mut(&mut self, id: Id, of: Id) -> Option<(&mut Identity, &mut Contact)> {
        Some((self.identities.get_mut(id)?, self.contacts.get_mut(of)?))
    }

    /// An identity with a watcher.
    pub(crate) fn watched_mut(&mut self, id: Id, by: Id) -> Option<(&mut Identity, &mut Watcher)> {
        Some((self.identities.get_mut(id)?, self.watchers.get_mut(by)?))
    }

    /// The first identity at or after place `index`.
    pub(crate) fn identity_from(&self, index: u32) -> Option<Id> {
        self.identities.at_or_after(index)
    }

    /// What becomes of identity `id` at `now`.
    pub(crate) fn fate(&self, id: Id, now: i64) -> Option<Fate> {
        let identity = self.identities.get(id)?;
        let ends = identity.watchers().filter_map(|watcher| self.watcher_of(watcher));
        let ends = ends.filter_map(|watcher| self.watchers.get(watcher)).map(Watcher::expires);
        let view = life::Identity {
            state: Registration::of(identity.state()),
            expires: identity.expires(),
            has_contacts: identity.contact_count() > 0,
            watched_until: ends.min(),
        };
        Some(life::identity(view, now))
    }

    /// Has identity `id` looked at when something becomes of it.
    pub(crate) fn schedule_identity(&mut self, id: Id, now: i64) {
        let (at, goes) = match self.fate(id, now) {
            Some(Fate::Stays(at)) => (at, false),
            Some(Fate::LosesContacts(_) | Fate::Goes(_)) => (Some(now.saturating_add(FRESH)), true),
            None => return,
        };
        let due = self.identities.get_mut(id).and_then(|identity| Wheel::due(identity.timer()));
        match at {
            _ if due == at => {}
            // One that is about to go is not put off by whoever looks at it.
            Some(at) if goes && due.is_some_and(|due| due < at) => {}
            Some(at) => self.identity_due(id, at),
            None => self.identity_wheel.cancel(&mut self.identities, id.index),
        }
    }

    /// Has identity `id` looked at at that time.
    pub(crate) fn identity_due(&mut self, id: Id, at: i64) {
        if self.identities.get(id).is_some() {
            self.identity_wheel.schedule(&mut self.identities, id.index, at);
        }
    }

    /// An identity that is to be looked at.
    pub(crate) fn pop_identity(&mut self, now: i64, budget: &mut u32) -> Option<Id> {
        let index = self.identity_wheel.pop(&mut self.identities, now, budget)?;
        self.identities.at(index).map(|(id, _)| id)
    }
}
