//! All identities, page by page.

use super::{busy, engine};
use crate::state::{State, state_of};
use bstr::BString;
use kamailio::{
    rpc::{Args, Fault, Reply, Structure},
    scscf::Domain,
    timer,
};
use scscf_core::life::{self, Registration};
use shm_store::Id;

/// Identities of a page if nobody says how many.
const PAGE: u32 = 200;

/// Identities that are looked at under one lock.
const CHUNK: u32 = 128;

/// An identity, copied for a reply.
struct Entry {
    public: BString,
    domain: &'static [u8],
    private: BString,
    state: &'static str,
    barring: i32,
    contacts: Vec<Bound>,
    watchers: usize,
}

/// A contact, copied for a reply.
pub(super) struct Bound {
    uri: BString,
    state: &'static str,
    expires: i64,
    received: BString,
    path: BString,
    client: BString,
}

impl Bound {
    pub(super) fn copy(state: &State, id: Id) -> Option<Self> {
        let contact = state.contact(id)?;
        Some(Self {
            uri: contact.uri().into(),
            state: state_of(contact).map_or("unknown", life::State::words),
            expires: contact.expires(),
            received: contact.received().into(),
            path: contact.path().into(),
            client: contact.user_agent().into(),
        })
    }

    pub(super) fn add(&self, out: &mut Structure<'_>) -> Result<(), Fault> {
        out.text(c"Contact", &self.uri)?;
        out.text(c"State", self.state.as_bytes())?;
        match self.expires {
            0 => out.text(c"Expires", b"permanent")?,
            end => out.int(c"Expires", end.saturating_sub(timer::now()))?,
        }
        out.text(c"Received", &self.received)?;
        out.text(c"Path", &self.path)?;
        out.text(c"Client", &self.client)
    }
}

/// `ulscscf.list`
pub(crate) fn list(args: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    let from = number(args.optional_int()?, 0, "from")?;
    let most = number(args.optional_int()?, PAGE, "count")?;
    let engine = engine()?;
    let domains: Vec<Domain> = engine.domains().collect();
    let (mut entries, mut next) = (Vec::new(), Some(from));
    while let Some(at) = next {
        let left = most.saturating_sub(u32::try_from(entries.len()).unwrap_or(u32::MAX));
        if left == 0 {
            break;
        }
        let walked = engine.with(|_, state| page(state, &domains, at, left.min(CHUNK)));
        let (mut some, after) = walked.ok_or_else(busy)?;
        entries.append(&mut some);
        next = after;
    }
    reply.structure(|out| {
        match next {
            Some(next) => out.int(c"Next", next.into())?,
            None => out.int(c"Next", -1)?,
        }
        out.array(c"Identities", |list| {
            entries.iter().try_for_each(|entry| list.structure(|out| add(entry, out)))
        })
    })
}

fn number(given: Option<i32>, default: u32, name: &str) -> Result<u32, Fault> {
    let Some(given) = given else { return Ok(default) };
    u32::try_from(given)
        .map_err(|_| Fault::new(400, format!("{name} is {given}, must be 0 or more")))
}

/// Up to `most` identities from place `from` on, and the place after them.
fn page(state: &State, domains: &[Domain], from: u32, most: u32) -> (Vec<Entry>, Option<u32>) {
    let (mut entries, mut next) = (Vec::new(), from);
    for _ in 0..most {
        let Some(id) = state.identity_from(next) else { return (entries, None) };
        next = id.index.saturating_add(1);
        entries.extend(entry(state, domains, id));
    }
    let after = state.identity_from(next).map(|id| id.index);
    (entries, after)
}

fn entry(state: &State, domains: &[Domain], id: Id) -> Option<Entry> {
    let identity = state.identity(id)?;
    let domain = domains.iter().find(|domain| domain.index() == identity.domain_index());
    let bound = state.contacts_of(id).into_iter().filter_map(|id| Bound::copy(state, id));
    Some(Entry {
        public: identity.public().into(),
        domain: domain.map_or(b"", |domain| domain.name()),
        private: identity.private().into(),
        state: Registration::of(identity.state()).map_or("unknown", Registration::words),
        barring: identity.barring(),
        contacts: bound.collect(),
        watchers: identity.watchers().count(),
    })
}

fn add(entry: &Entry, out: &mut Structure<'_>) -> Result<(), Fault> {
    out.text(c"Impu", &entry.public)?;
    out.text(c"Domain", entry.domain)?;
    out.text(c"Impi", &entry.private)?;
    out.text(c"State", entry.state.as_bytes())?;
    out.int(c"Barring", entry.barring.into())?;
    out.array(c"Contacts", |list| {
        entry.contacts.iter().try_for_each(|bound| list.structure(|out| bound.add(out)))
    })?;
    out.int(c"Watchers", i64::try_from(entry.watchers).unwrap_or(i64::MAX))
}
