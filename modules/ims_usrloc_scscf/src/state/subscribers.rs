//! The subscriptions: what the HSS says of a private identity.

use super::State;
use crate::wildcards;
use kamailio::scscf::{Subscriber, SubscriberHandle};
use scscf_core::keys::{Key, core_hash};
use shm_store::{Id, shards};

impl State {
    fn private_key(&self, private: &[u8]) -> shards::Key {
        self.by_private.key(Key::Private(private))
    }

    /// The subscriptions of that private identity, the newest first. There are several only while
    /// identities of an older one have not heard of the newer one.
    pub(crate) fn subscribers_of(&self, private: &[u8]) -> Vec<Id> {
        let mut all = Vec::new();
        self.by_private.find(self.private_key(private), |index| {
            if let Some((id, subscriber)) = self.subscribers.at(index)
                && subscriber.private() == private
            {
                all.push(id);
            }
            false
        });
        all.sort_unstable_by_key(|id| core::cmp::Reverse(id.generation));
        all
    }

    /// Takes a new subscription in.
    ///
    /// # Errors
    ///
    /// The subscription itself, for the caller to discard, if there is no memory for it.
    pub(crate) fn add_subscriber(&mut self, subscriber: Subscriber) -> Result<Id, Subscriber> {
        let (key, hash) = (self.private_key(subscriber.private()), core_hash(subscriber.private()));
        let wild = is_wild(&subscriber);
        if wild && self.with_wildcards.try_reserve(1).is_err() {
            return Err(subscriber);
        }
        let id = self.subscribers.try_insert(subscriber)?;
        if self.by_private.try_insert(key, id.index).is_err()
            && let Some(subscriber) = self.subscribers.remove(id)
        {
            return Err(subscriber);
        }
        if let Some(subscriber) = self.subscribers.get_mut(id) {
            subscriber.set_id(id.to_u64());
        }
        self.subscriber_groups.add(hash);
        if wild {
            #[expect(clippy::disallowed_methods, reason = "reserved above")]
            self.with_wildcards.push(id);
        }
        Ok(id)
    }

    /// Takes a subscription out.
    pub(crate) fn remove_subscriber(&mut self, id: Id) -> Option<Subscriber> {
        let subscriber = self.subscribers.get(id)?;
        let (key, hash) = (self.private_key(subscriber.private()), core_hash(subscriber.private()));
        let wild = is_wild(subscriber);
        self.by_private.remove(key, id.index);
        self.subscriber_groups.remove(hash);
        if wild {
            self.with_wildcards.retain(|other| *other != id);
        }
        self.subscribers.remove(id)
    }

    /// The subscription that C names, if it is still there.
    pub(crate) fn subscriber_of(&self, handle: SubscriberHandle) -> Option<Id> {
        let id = Id::from_u64(handle.id());
        self.subscribers.get(id).filter(|subscriber| subscriber.handle() == handle).map(|_| id)
    }

    /// Subscription `id`.
    pub(crate) fn subscriber(&self, id: Id) -> Option<&Subscriber> {
        self.subscribers.get(id)
    }

    /// Subscription `id`, to be changed.
    pub(crate) fn subscriber_mut(&mut self, id: Id) -> Option<&mut Subscriber> {
        self.subscribers.get_mut(id)
    }

    /// An identity with a subscription.
    pub(crate) fn profiled_mut(
        &mut self,
        id: Id,
        with: Id,
    ) -> Option<(&mut kamailio::scscf::Identity, &mut Subscriber)> {
        Some((self.identities.get_mut(id)?, self.subscribers.get_mut(with)?))
    }
}

fn is_wild(subscriber: &Subscriber) -> bool {
    subscriber
        .identities()
        .any(|(uri, _, wildcard)| wildcards::is_wildcard(wildcard) || wildcards::is_wildcard(uri))
}
