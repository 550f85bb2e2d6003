//! How bindings are found.

use super::{
    Directory,
    index::Walk,
    keys::{self, Parts},
    slot::Slot,
};
use crate::search::{Binding, Search};
use crate::{Host, State, aor, identity};
use allocator_api2::alloc::Allocator;
use shm_store::shards::Key;
use shm_store::slab::Id;

const ALL: Walk = Walk { registered: true, others: true };

impl<R: Binding, A: Allocator + Clone> Directory<R, A> {
    /// The best of all bindings that `search` matches: one that matches exactly before any other
    /// ([`Search::is_exact`]), then a registered one, then the newest.
    pub fn find(&self, search: &Search<'_>) -> Option<Id> {
        self.best(search, self.kinds(search)).map(|(id, _)| id)
    }

    /// As [`Directory::find`], but for the newest of all, registered or not: one that matches exactly
    /// before any other, then the one that came or was refreshed last.
    pub fn find_newest(&self, search: &Search<'_>) -> Option<Id> {
        let Walk { registered, others } = self.kinds(search);
        let registered = self.best(search, Walk { registered, others: false });
        let other = self.best(search, Walk { registered: false, others });
        let newest = registered.into_iter().chain(other);
        newest.max_by_key(|(_, slot)| (search.is_exact(&slot.record), slot.stamp)).map(|(id, _)| id)
    }

    /// The kinds of bindings that have a state that `search` asks for.
    fn kinds(&self, search: &Search<'_>) -> Walk {
        let mask = search.states.0;
        let registered = State::REGISTERED.0;
        Walk {
            registered: mask == 0 || mask & registered != 0,
            others: mask == 0 || mask & !registered != 0 || !self.counts.all_named(),
        }
    }

    fn best(&self, search: &Search<'_>, walk: Walk) -> Option<(Id, &Slot<R>)> {
        let (exact, by_port) = keys::of_search(search, self.by_user)?;
        let mut second = None;
        for found in self.walk(self.index.key(exact), walk) {
            let (_, Slot { record, .. }) = &found;
            record.fetch();
            if !search.matches(record) {
                continue;
            }
            if search.is_exact(record) {
                return Some(found);
            }
            second = second.or(Some(found));
        }
        if second.is_some() {
            return second;
        }
        let mut others = self.walk(self.index.key(by_port?), walk);
        others.find(|(_, slot)| search.matches(&slot.record))
    }

    /// The binding of this row of the database: exactly this Contact URI from this place. A registered
    /// one before any other, then the newest.
    pub fn find_row(&self, aor: &[u8], received_host: &[u8], received_port: u16) -> Option<Id> {
        self.rows(aor, received_host, received_port).next().map(|(id, _)| id)
    }

    /// All bindings of this row of the database, since nothing keeps a caller from inserting two:
    /// registered ones first, each kind newest first.
    pub fn rows<'d>(
        &'d self,
        aor: &'d [u8],
        received_host: &'d [u8],
        received_port: u16,
    ) -> impl Iterator<Item = (Id, &'d R)> + use<'d, R, A> {
        let host = Host::of(received_host);
        let key = self.index.key(keys::of_row(aor, host, received_port, self.by_user));
        self.walk(key, ALL).map(|(id, slot)| (id, &slot.record)).filter(move |(_, record)| {
            record.aor() == aor
                && record.received_port() == received_port
                && record.received_host() == received_host
        })
    }

    /// The bindings whose Contact URI has this host and port and whose telephone asked for `spis`:
    /// registered ones first, each kind in the order in which it asked or was refreshed. None for 0.
    pub fn with_spis<'d>(
        &'d self,
        host: Host<'d>,
        port: u16,
        spis: u64,
    ) -> impl Iterator<Item = (Id, &'d R)> + use<'d, R, A> {
        self.walk(self.index.key(Parts::Spis(host, port, spis)), ALL)
            .map(|(id, slot)| (id, &slot.record))
            .filter(move |(_, record)| {
                (record.spis(), record.contact_port()) == (spis, port)
                    && spis != 0
                    && Host::of(record.contact_host()) == host
            })
    }

    /// The bindings of exactly this Contact URI: registered ones first, each kind newest first.
    pub fn with_aor<'d>(
        &'d self,
        aor: &'d [u8],
    ) -> impl Iterator<Item = (Id, &'d R)> + use<'d, R, A> {
        self.walk(self.index.key(keys::of_aor(aor)), ALL)
            .map(|(id, slot)| (id, &slot.record))
            .filter(move |(_, record)| record.aor() == aor)
    }

    /// The bindings that `device` registered: registered ones first, each kind newest first. None
    /// for 0.
    pub fn of_device(&self, device: u64) -> impl Iterator<Item = (Id, &R)> {
        self.walk(self.index.key(Parts::Device(device)), ALL)
            .map(|(id, slot)| (id, &slot.record))
            .filter(move |(_, record)| device != 0 && record.device() == device)
    }

    /// The bindings with this public identity, in any case: registered ones first, each kind newest
    /// first.
    pub fn with_id<'d>(
        &'d self,
        identity: &'d [u8],
    ) -> impl Iterator<Item = (Id, &'d R)> + use<'d, R, A> {
        self.with_ids(identity, identity::same)
    }

    /// As [`Directory::with_id`], however the identity is spelled.
    pub fn of_user<'d>(
        &'d self,
        identity: &'d [u8],
    ) -> impl Iterator<Item = (Id, &'d R)> + use<'d, R, A> {
        self.with_ids(identity, aor::same_user)
    }

    /// The bindings with an identity that is the `same`.
    fn with_ids<'d>(
        &'d self,
        identity: &'d [u8],
        same: fn(&[u8], &[u8]) -> bool,
    ) -> impl Iterator<Item = (Id, &'d R)> + use<'d, R, A> {
        self.walk(self.id_key(identity), ALL).map(|(id, slot)| (id, &slot.record)).filter(
            move |(_, record)| {
                let mut has = false;
                record.each_public_id(&mut |id| has = has || same(id, identity));
                has
            },
        )
    }

    fn walk(&self, key: Key, walk: Walk) -> impl Iterator<Item = (Id, &Slot<R>)> {
        self.index.slots(&self.slots, key, walk).filter_map(|index| self.slots.at(index))
    }
}
