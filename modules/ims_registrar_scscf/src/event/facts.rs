//! What the store knows, copied out of it: one identity at a time, and nothing kept locked.

use bstr::BString;
use kamailio::{
    scscf::client::{self, Domain, Identity, Usrloc},
    timer,
};
use scscf_core::{
    aor::Aor,
    event::{
        Watcher,
        document::{Bound, Registration},
    },
};

/// The key under which the store has an identity.
pub(super) fn key(identity: &[u8]) -> Vec<u8> {
    Aor::exact(identity).map_or_else(|_| identity.to_vec(), |aor| aor.text().to_vec())
}

/// The identities that belong together.
#[derive(Debug, Default)]
pub(super) struct Set {
    /// Those that watchers hear of: not barred, not left out by configuration.
    pub(super) told: Vec<BString>,
    /// All of them, where watchers may be.
    pub(super) all: Vec<BString>,
}

impl Set {
    /// The set of the identity with the key `identity`; nothing if it has no record.
    pub(super) fn of(usrloc: &Usrloc, domain: Domain, identity: &[u8]) -> Option<Self> {
        let guard = usrloc.lock(domain, identity);
        let record = guard.identity()?;
        let told = match guard.told_identities(&record) {
            Ok(told) => told.iter().map(|told| key(told).into()).collect(),
            Err(error) => {
                kamailio::error!("identities of {}: {error}", bstr::BStr::new(identity));
                vec![BString::from(identity)]
            }
        };
        let mut all: Vec<BString> = record.identities().map(|(id, _)| key(id).into()).collect();
        if !all.iter().any(|id| id == identity) {
            all.push(identity.into());
        }
        Some(Self { told, all })
    }
}

/// The private identity, or what stands in for it in records without one.
pub(super) fn private<'g>(record: &Identity<'g>) -> &'g [u8] {
    match record.private() {
        [] => record.public(),
        private => private,
    }
}

/// What is registered for an identity; nothing if it has no record.
pub(super) fn registration(
    usrloc: &Usrloc,
    domain: Domain,
    identity: &BString,
) -> Option<Registration> {
    let look = usrloc.look(domain, identity);
    let record = look.identity()?;
    let now = timer::now();
    let valid = record.contacts().filter(|contact| contact.is_valid(now));
    let contacts = valid.map(|contact| bound(&contact, now)).collect();
    Some(Registration { aor: identity.clone(), contacts })
}

fn bound(contact: &client::Contact<'_>, now: i64) -> Bound {
    let expires = contact.expires();
    Bound {
        uri: contact.uri().into(),
        left: (expires != 0).then(|| expires.saturating_sub(now).max(0).unsigned_abs()),
        q: contact.q(),
        call_id: contact.call_id().into(),
        cseq: u32::try_from(contact.cseq()).unwrap_or(0),
        params: contact.params().map(|(name, body)| (name.into(), body.into())).collect(),
    }
}

/// A watcher as the store has it.
pub(super) fn watcher(raw: &client::Watcher<'_>) -> Watcher {
    Watcher {
        presentity: raw.presentity().into(),
        uri: raw.uri().into(),
        contact: raw.contact().into(),
        call_id: raw.call_id().into(),
        local_tag: raw.to_tag().into(),
        remote_tag: raw.from_tag().into(),
        routes: raw.record_route().into(),
        socket: raw.socket().into(),
        expires: raw.expires(),
        cseq: raw.cseq(),
        version: raw.version(),
    }
}

/// The dialog of a watcher in the store.
pub(super) fn dialog<'g>(raw: &client::Watcher<'g>) -> scscf_core::event::Dialog<'g> {
    scscf_core::event::Dialog {
        call_id: raw.call_id(),
        local_tag: raw.to_tag(),
        remote_tag: raw.from_tag(),
    }
}
