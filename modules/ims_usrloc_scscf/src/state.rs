//! Everything that is known: identities, contacts, subscriptions and watchers, how each is found, and
//! when somebody has to look at it. One lock guards all of it.

mod contacts;
mod identities;
mod notes;
mod subscribers;
mod watchers;

pub(crate) use contacts::{Flags, Turn, flags_of, has_row, set_flag, state_of};

use crate::{db, occupancy::Occupancy, settings};
use allocator_api2::vec::Vec;
use kamailio::{
    Error,
    scscf::{Contact, DOMAINS_MAX, Identity, Subscriber, Watcher},
    shm::Shm,
    timer,
};
use shm_store::{Id, shards::Shards, slab::Slab, wheel::Wheel};
use shm_table::Seed;

kamailio::shm_struct! {
    /// What the store keeps.
    #[derive(Debug)]
    pub(crate) struct State {
        identities: Slab<Identity, Shm>,
        contacts: Slab<Contact, Shm>,
        subscribers: Slab<Subscriber, Shm>,
        watchers: Slab<Watcher, Shm>,
        by_identity: Shards<Shm>,
        by_contact: Shards<Shm>,
        by_private: Shards<Shm>,
        by_dialog: Shards<Shm>,
        identity_wheel: Wheel,
        contact_wheel: Wheel,
        /// How many identities of each domain fall into one group.
        identity_groups: [Option<Occupancy>; DOMAINS_MAX],
        contact_groups: Occupancy,
        subscriber_groups: Occupancy,
        /// Subscriptions with a wildcarded identity.
        with_wildcards: Vec<Id, Shm>,
        /// A client wants to be told of the ends that the C module keeps to itself.
        pub(crate) life_events: bool,
        /// Rows that are to be written.
        pub(crate) journal: db::Journal,
    }
}

/// How many records there are of each kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) identities: usize,
    pub(crate) contacts: usize,
    pub(crate) subscribers: usize,
    pub(crate) watchers: usize,
}

/// An index has two to the power of this many tables at the most, whatever number of groups is
/// shown: a small table costs more memory than what is in it, and one of 62,500 entries, as with a
/// million users, grows in a millisecond.
const TABLES: u8 = 4;

impl State {
    /// Nothing is known yet.
    pub(crate) fn try_new(seed: Seed) -> Result<Self, Error> {
        let settings = settings::get();
        let shards = |bits: u8| Shards::try_new_in(bits.min(TABLES), seed, Shm);
        let now = timer::now();
        Ok(Self {
            identities: Slab::new_in(Shm),
            contacts: Slab::new_in(Shm),
            subscribers: Slab::new_in(Shm),
            watchers: Slab::new_in(Shm),
            by_identity: shards(settings.identity_bits)?,
            by_contact: shards(settings.contact_bits)?,
            by_private: shards(settings.subscriber_bits)?,
            by_dialog: shards(settings.dialog_bits)?,
            identity_wheel: Wheel::new(now),
            contact_wheel: Wheel::new(now),
            identity_groups: [const { None }; DOMAINS_MAX],
            contact_groups: Occupancy::try_new(settings.contact_bits)?,
            subscriber_groups: Occupancy::try_new(settings.subscriber_bits)?,
            with_wildcards: Vec::new_in(Shm),
            life_events: false,
            journal: db::journal()?,
        })
    }

    /// How many records there are of each kind.
    pub(crate) fn counts(&self) -> Counts {
        Counts {
            identities: self.identities.len(),
            contacts: self.contacts.len(),
            subscribers: self.subscribers.len(),
            watchers: self.watchers.len(),
        }
    }

    /// The most contacts that one group has ever had.
    pub(crate) fn contact_collisions(&self) -> u32 {
        self.contact_groups.most_ever()
    }

    /// The same of subscriptions.
    pub(crate) fn subscriber_collisions(&self) -> u32 {
        self.subscriber_groups.most_ever()
    }
}
