//! The end of contacts: by the user, the network or an operator.

use crate::{bindings::bound, settings::Settings};
use bstr::BString;
use kamailio::{
    scscf::client::{Domain, Identity, State},
    timer,
};
use scscf_core::register::Bound;

/// What was removed.
#[derive(Debug, Default)]
pub(crate) struct Removed {
    /// The identities of the set of the user, as keys of the store; at least the one that was asked
    /// for, if there is a record of it.
    pub(crate) identities: Vec<BString>,
    /// The URIs of the contacts.
    pub(crate) contacts: Vec<BString>,
    /// How many valid contacts the identity has left.
    pub(crate) left: usize,
    /// Whether somebody watches one of the identities.
    pub(crate) watched: bool,
    /// The private identity.
    pub(crate) private: BString,
}

impl Removed {
    /// Whether there is a record of the identity.
    pub(crate) fn is_known(&self) -> bool {
        !self.identities.is_empty()
    }
}

/// Removes the contacts of `identity` that `takes` says, from it and from all identities of its
/// set. One identity is locked at a time.
pub(crate) fn contacts(
    settings: &Settings,
    domain: Domain,
    identity: &[u8],
    takes: impl Fn(&Bound<'_>) -> bool,
) -> Removed {
    let now = timer::now();
    let mut removed = Removed::default();
    let guard = settings.usrloc.lock(domain, identity);
    let Some(record) = guard.identity() else { return removed };
    removed.private = record.private().into();
    removed.identities.push(identity.into());
    let set = record.identities().map(|(uri, _)| scscf_core::register::set::key(uri));
    for key in set.filter(|key| **key != *identity) {
        removed.identities.push(BString::from(key.into_owned()));
    }
    removed.left = mark(&guard, &record, now, &takes, &mut removed.contacts);
    removed.watched = record.watchers().next().is_some();
    knows(settings, &guard, &record, removed.left);
    drop(guard);
    for key in removed.identities.iter().skip(1) {
        let guard = settings.usrloc.lock(domain, key);
        let Some(record) = guard.identity() else { continue };
        let left = mark(&guard, &record, now, &takes, &mut removed.contacts);
        removed.watched |= record.watchers().next().is_some();
        knows(settings, &guard, &record, left);
    }
    removed
}

/// Marks the contacts of one record; how many valid ones are left.
fn mark(
    guard: &kamailio::scscf::client::Guard<'_>,
    record: &Identity<'_>,
    now: i64,
    takes: &impl Fn(&Bound<'_>) -> bool,
    marked: &mut Vec<BString>,
) -> usize {
    let mut left = 0;
    for contact in record.contacts() {
        let gone = matches!(contact.state(), State::Deleted | State::DelayedDelete);
        if !gone && takes(&bound(&contact, now)) {
            guard.set_state(&contact, State::Deleted);
            if !marked.iter().any(|known| *known == contact.uri()) {
                marked.push(contact.uri().into());
            }
        } else if contact.is_valid(now) {
            left += 1;
        }
    }
    left
}

/// Without contacts the record will go: the HSS need not be told then, it knows.
fn knows(
    settings: &Settings,
    guard: &kamailio::scscf::client::Guard<'_>,
    record: &Identity<'_>,
    left: usize,
) {
    if left == 0
        && settings.tells_expiry
        && record.tells_hss()
        && let Err(error) = guard.hss_knows(record)
    {
        kamailio::error!("{}: {error}", bstr::BStr::new(record.public()));
    }
}
