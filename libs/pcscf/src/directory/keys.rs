//! The keys under which a binding is found, and those that a search looks at.

use crate::search::{Binding, By, Search};
use crate::{Host, aor, uri::Uri};
use core::hash::{Hash, Hasher};
use shm_store::shards::Key;

/// What a key is made of.
///
/// Each search reads the crowds of one or two keys, and every binding in them shares with the search
/// all that can tell many bindings apart: behind one address the port, behind one address and
/// port the host named by the Via, the user or the instance.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Parts<'t> {
    /// Host and port of the Contact URI.
    Contact(Host<'t>, u16),
    /// A Contact URI without a host.
    Aor(&'t [u8]),
    /// Received address and port.
    Source(Host<'t>, u16),
    /// Received address and port with the host of the Via or the Contact, where that is another.
    SourceOf(Host<'t>, u16, Host<'t>),
    /// Received address with port of the Contact, where that is another than the received one, and
    /// the host of the Via or the Contact.
    PortOf(Host<'t>, u16, Host<'t>),
    /// Received address or host of the Contact, with the user.
    User(Host<'t>, &'t [u8]),
    /// Received address or host of the Contact, with the `rinstance`.
    Instance(Host<'t>, &'t [u8]),
    /// The device.
    Device(u64),
    /// A public identity.
    Identity(Folded<'t>),
    /// Host and port of the Contact URI, with the SPIs of the telephone.
    Spis(Host<'t>, u16, u64),
}

impl Hash for Parts<'_> {
    /// In as few pieces as possible: each costs as much as hashing it.
    fn hash<H: Hasher>(&self, state: &mut H) {
        match *self {
            Self::Contact(host, port) => head(state, 0, host, port),
            Self::Aor(aor) => {
                state.write_u8(1);
                state.write(aor);
            }
            Self::Source(host, port) => head(state, 2, host, port),
            Self::SourceOf(host, port, other) => {
                head(state, 3, host, port);
                other.hash(state);
            }
            Self::PortOf(host, port, other) => {
                head(state, 4, host, port);
                other.hash(state);
            }
            Self::User(host, user) => {
                head(state, 5, host, 0);
                state.write(user);
            }
            Self::Instance(host, instance) => {
                head(state, 6, host, 0);
                state.write(instance);
            }
            Self::Device(device) => {
                state.write_u8(7);
                state.write_u64(device);
            }
            Self::Identity(identity) => {
                state.write_u8(8);
                identity.hash(state);
            }
            Self::Spis(host, port, spis) => {
                head(state, 9, host, port);
                state.write_u64(spis);
            }
        }
    }
}

/// What most keys begin with: their kind, a host and a port.
fn head<H: Hasher>(state: &mut H, kind: u8, host: Host<'_>, port: u16) {
    let [high, low] = port.to_be_bytes();
    match host {
        Host::V4([a, b, c, d]) => {
            state.write_u64(u64::from_be_bytes([kind, 4, high, low, a, b, c, d]));
        }
        host => {
            state.write_u32(u32::from_be_bytes([kind, 0, high, low]));
            host.hash(state);
        }
    }
}

/// An identity that is the same in every spelling, as [`aor::same_user`] says; so in any case, too.
#[derive(Clone, Copy)]
pub(super) struct Folded<'t>(pub(super) &'t [u8]);

impl PartialEq for Folded<'_> {
    fn eq(&self, other: &Self) -> bool {
        aor::same_user(self.0, other.0)
    }
}

impl Eq for Folded<'_> {}

impl Hash for Folded<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(&aor::folded(self.0));
    }
}

/// Keys of a binding besides those of its identities: at most two hosts times four kinds, and four.
const MOST: usize = 12;

/// What a telephone says of itself, and may say anew: the numbers of [`Binding`].
#[derive(Clone, Copy)]
pub(super) struct Said {
    pub(super) device: u64,
    pub(super) spis: u64,
}

impl Said {
    pub(super) fn of(binding: &impl Binding) -> Self {
        Self { device: binding.device(), spis: binding.spis() }
    }
}

/// A few keys, each of them once.
#[derive(Clone, Default)]
pub(super) struct Keys {
    keys: [Key; MOST],
    /// How many of them there are.
    count: usize,
    /// Those of public identities.
    ids: Vec<Key>,
}

impl Keys {
    /// The keys of `binding` with `said`, but for those of its identities; those with a user only for
    /// `by_user`.
    pub(super) fn of(
        binding: &impl Binding,
        said: Said,
        by_user: bool,
        key: impl Fn(Parts<'_>) -> Key,
    ) -> Self {
        let mut keys = Self::default();
        let mut add = |parts| keys.add(key(parts));
        let (text, received) = (binding.received_host(), Host::of(binding.received_host()));
        let contact = Host::of_either(binding.contact_host(), text, received);
        let via = Host::of_either(binding.via_host(), text, received);
        let (port, own_port) = (binding.received_port(), binding.contact_port());
        add(by_contact(contact, own_port, binding.aor()));
        if !received.is_empty() {
            add(Parts::Source(received, port));
        }
        for host in [contact, via] {
            if received.is_empty() || host.is_empty() {
                continue;
            }
            if host != received {
                add(Parts::SourceOf(received, port, host));
            }
            if own_port != port {
                add(Parts::PortOf(received, own_port, host));
            }
        }
        for host in [contact, received].into_iter().filter(|host| !host.is_empty()) {
            if by_user && !binding.contact_user().is_empty() {
                add(Parts::User(host, binding.contact_user()));
            }
            if !binding.rinstance().is_empty() {
                add(Parts::Instance(host, binding.rinstance()));
            }
        }
        if said.device != 0 {
            add(Parts::Device(said.device));
        }
        if said.spis != 0 {
            add(Parts::Spis(contact, own_port, said.spis));
        }
        keys
    }

    /// None yet, with room for those of so many identities.
    pub(super) fn with_room(ids: usize) -> Self {
        Self { ids: Vec::with_capacity(ids), ..Self::default() }
    }

    /// Adds the key of an identity, which is [`Key::apart`] from all others.
    pub(super) fn add_id(&mut self, key: Key) {
        if !self.ids.contains(&key) {
            self.ids.push(key);
        }
    }

    fn add(&mut self, key: Key) {
        if self.iter().any(|other| other == key) {
            return;
        }
        if let Some(free) = self.keys.get_mut(self.count) {
            *free = key;
            self.count += 1;
        }
    }

    /// The keys that `others` lack.
    pub(super) fn without<'k>(&'k self, others: &'k Self) -> impl Iterator<Item = Key> + use<'k> {
        self.iter().filter(|key| others.iter().all(|other| other != *key))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Key> + use<'_> {
        self.keys.iter().take(self.count).chain(&self.ids).copied()
    }
}

/// The keys that together have all that `search` matches; those whose bindings match exactly, if at
/// all, come first. None if nothing can match.
pub(super) fn of_search<'s>(
    search: &Search<'s>,
    by_user: bool,
) -> Option<(Parts<'s>, Option<Parts<'s>>)> {
    let host = match search.by {
        By::Contact => search.via_host,
        By::Source => search.received_host,
    };
    if host.is_empty() {
        return None;
    }
    if let Some(rinstance) = search.rinstance.filter(|value| !value.is_empty()) {
        return Some((Parts::Instance(host, rinstance), None));
    }
    if let Some((_, user)) = search.user.filter(|(_, user)| by_user && !user.is_empty()) {
        return Some((Parts::User(host, user), None));
    }
    let (port, via) = (search.received_port, search.via_host);
    Some(match search.by {
        By::Contact => (Parts::Contact(host, search.via_port), None),
        By::Source => {
            let exact = match via == host {
                true => Parts::Source(host, port),
                false => Parts::SourceOf(host, port, via),
            };
            (exact, Some(Parts::PortOf(host, port, via)))
        }
    })
}

/// The key of a Contact URI with this host and port.
pub(super) fn by_contact<'t>(host: Host<'t>, port: u16, aor: &'t [u8]) -> Parts<'t> {
    if host.is_empty() { Parts::Aor(aor) } else { Parts::Contact(host, port) }
}

/// The key of a row of the database under which there are the fewest others.
pub(super) fn of_row<'t>(aor: &'t [u8], received: Host<'t>, port: u16, by_user: bool) -> Parts<'t> {
    if received.is_empty() {
        return of_aor(aor);
    }
    // Without a parameter there is no instance, and most have none.
    if !by_user && !aor.contains(&b';') {
        return Parts::Source(received, port);
    }
    match Search::new(By::Source, aor, by_user) {
        Ok(Search { rinstance: Some(value), .. }) => Parts::Instance(received, value),
        Ok(Search { user: Some((_, user)), .. }) => Parts::User(received, user),
        _ => Parts::Source(received, port),
    }
}

/// The key under which the Contact URI `aor` is found.
pub(super) fn of_aor(aor: &[u8]) -> Parts<'_> {
    match Uri::parse(aor) {
        Ok(uri) => by_contact(Host::of(uri.host), uri.port_or_default(), aor),
        Err(_) => Parts::Aor(aor),
    }
}
