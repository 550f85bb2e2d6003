//! The end of contacts: by the user, the network or an operator.

use crate::{bindings::bound, own::Own as _, settings::Settings};
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
    /// The URIs of those that were removed before and are still linked: a request that comes again
    /// asks for their end a second time.
    pub(crate) before: Vec<BString>,
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
/// set that have them. One identity is locked at a time.
pub(crate) fn contacts(
    settings: &Settings,
    domain: Domain,
    identity: &[u8],
    takes: impl Fn(&Bound<'_>) -> bool,
) -> Removed {
    let now = timer::now();
    let mut removed = Removed::default();
    let _together = settings.usrloc.together();
    let guard = settings.usrloc.lock(domain, identity);
    let Some(record) = guard.own(identity) else { return removed };
    removed.private = record.private().into();
    removed.identities.push(identity.into());
    let set = record.identities().map(|(uri, _)| scscf_core::register::set::key(uri));
    for key in set.filter(|key| **key != *identity) {
        removed.identities.push(BString::from(key.into_owned()));
    }
    removed.left = mark(&guard, &record, now, &takes, &mut removed);
    removed.watched = record.watchers().next().is_some();
    knows(settings, &guard, &record, removed.left);
    drop(guard);
    // Another user may share one of the others: what is registered there alone is his.
    let gone: Vec<BString> = removed.contacts.iter().chain(&removed.before).cloned().collect();
    let takes =
        |bound: &Bound<'_>| takes(bound) && gone.iter().any(|uri| uri.as_slice() == bound.uri);
    let identities = core::mem::take(&mut removed.identities);
    for key in identities.iter().skip(1) {
        let guard = settings.usrloc.lock(domain, key);
        let Some(record) = guard.own(key) else { continue };
        let left = mark(&guard, &record, now, &takes, &mut removed);
        removed.watched |= record.watchers().next().is_some();
        knows(settings, &guard, &record, left);
    }
    removed.identities = identities;
    removed
}

/// Marks the contacts of one record; how many valid ones are left.
fn mark(
    guard: &kamailio::scscf::client::Guard<'_>,
    record: &Identity<'_>,
    now: i64,
    takes: &impl Fn(&Bound<'_>) -> bool,
    removed: &mut Removed,
) -> usize {
    let mut left = 0;
    for contact in record.contacts() {
        if takes(&bound(&contact, now)) {
            let gone = matches!(contact.state(), State::Deleted | State::DelayedDelete);
            let noted = |list: &[BString]| list.iter().any(|known| *known == contact.uri());
            match gone {
                // Just removed from another identity of the set, or noted there.
                true if noted(&removed.contacts) || noted(&removed.before) => {}
                true => removed.before.push(contact.uri().into()),
                false => {
                    guard.set_state(&contact, State::Deleted);
                    if !noted(&removed.contacts) {
                        removed.contacts.push(contact.uri().into());
                    }
                }
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
