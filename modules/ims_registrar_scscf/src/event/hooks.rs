//! What happens to registrations, as the rest of the module and the store tell it.

use super::{ends, facts, owed, queue, rules, trouble};
use bstr::{BStr, BString};
use kamailio::{
    scscf::client::{self, Domain, Event, Identity, State, Told, Usrloc, WatcherChange},
    timer,
};
use scscf_core::event::{Cause, Contact, Note, Only, Watcher};
use std::ffi::CString;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The user registered contacts.
    Registered,
    /// The user registered them again.
    Refreshed,
    /// The operator cut the time of contacts, so that the user registers again soon.
    Shortened,
    /// The user, a proxy or the operator ended contacts.
    Unregistered,
    /// The operator ended them; the user may come back after so many seconds.
    Probation(u32),
    /// The HSS ended them, which is told as this.
    Deregistered(Cause),
}

impl Kind {
    const fn cause(self) -> Cause {
        match self {
            Self::Registered => Cause::Registered,
            Self::Refreshed => Cause::Refreshed,
            Self::Shortened => Cause::Shortened,
            Self::Unregistered => Cause::Unregistered,
            Self::Probation(seconds) => Cause::Probation(seconds),
            Self::Deregistered(cause) => cause,
        }
    }
}

/// Something that happened to a registration, after the store was changed. Contacts that ended are
/// still linked then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Happened<'h> {
    /// What.
    pub(crate) kind: Kind,
    /// Where its record is.
    pub(crate) domain: Domain,
    /// The identity that the request named, or the first one.
    pub(crate) identity: &'h [u8],
    /// The whole set, as keys of the store.
    pub(crate) identities: &'h [BString],
    /// URIs of the contacts that it happened to.
    pub(crate) contacts: &'h [BString],
    /// False if no identity of the set has a watcher; true also when that is not known.
    pub(crate) watched: bool,
}

/// Tells the watchers, soon. To be called without a lock.
pub(crate) fn happened(happened: &Happened<'_>) {
    let Some(usrloc) = Usrloc::get().filter(|_| happened.watched) else { return };
    let cause = happened.kind.cause();
    let (told, private, ended);
    {
        let guard = usrloc.lock(happened.domain, happened.identity);
        match guard.identity() {
            Some(record) => {
                told = guard.told_identities(&record).unwrap_or_default();
                private = facts::private(&record).to_vec();
                // What is registered is looked at when it is told; what ended may be gone by then.
                ended = if cause.ends() { copies(&record, happened.contacts) } else { Vec::new() };
            }
            None => (told, private, ended) = (Vec::new(), happened.identity.to_vec(), Vec::new()),
        }
    }
    let identities = match told.as_slice() {
        [] => happened.identities.iter().map(|id| id.as_slice()).collect(),
        told => told.iter().map(Vec::as_slice).collect(),
    };
    let note = Note {
        cause,
        domain: happened.domain.name(),
        identity: happened.identity,
        identities,
        contacts: contacts(happened.contacts, &ended),
        only: Only::Everyone,
    };
    push(&private, &note);
}

/// A registration whose record is about to be removed, with its watchers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gone<'g> {
    /// Where its record is.
    pub(crate) domain: Domain,
    /// The identity.
    pub(crate) identity: &'g [u8],
    /// URIs of its contacts.
    pub(crate) contacts: &'g [BString],
}

/// Tells the watchers of a record that this was the end. To be called before the record is removed,
/// without a lock.
pub(crate) fn gone(gone: &Gone<'_>) {
    let Some(usrloc) = Usrloc::get() else { return };
    let (watchers, private, ended) = {
        let guard = usrloc.lock(gone.domain, gone.identity);
        let Some(record) = guard.identity() else { return };
        let watchers = record.watchers().filter(client::Watcher::is_reg);
        let watchers: Vec<_> = watchers.map(|raw| numbered(&facts::watcher(&raw))).collect();
        if watchers.is_empty() {
            return;
        }
        for watcher in &watchers {
            trouble::forget(&watcher.dialog());
        }
        (watchers, facts::private(&record).to_vec(), copies(&record, gone.contacts))
    };
    let note = Note {
        cause: Cause::Unregistered,
        domain: gone.domain.name(),
        identity: gone.identity,
        identities: vec![gone.identity],
        contacts: contacts(gone.contacts, &ended),
        only: Only::Gone(watchers),
    };
    push(&private, &note);
}

/// Removes the watchers of an identity, and tells them nothing: another server has the user now, and
/// tells who watches there.
pub(crate) fn end_silently(domain: Domain, identity: &[u8]) {
    let Some(usrloc) = Usrloc::get() else { return };
    let guard = usrloc.lock(domain, identity);
    let Some(record) = guard.identity() else { return };
    let all: Vec<_> = record.watchers().filter(client::Watcher::is_reg).collect();
    for raw in all {
        let watcher = facts::watcher(&raw);
        kamailio::info!("subscription ends, another server has the user: {}", watcher.shown());
        trouble::forget(&watcher.dialog());
        guard.drop_watcher(raw);
    }
}

/// What the store does by itself.
pub(super) fn by_itself(told: &Told<'_>) {
    match (told.event, &told.contact) {
        (Event::Expired, Some(contact)) => expired(told, contact),
        (Event::WatchersOver, _) => run_out(&told.identity),
        (Event::Stored, _) => ends::restored(&told.identity),
        _ => {}
    }
}

/// Subscriptions were not refreshed in time.
fn run_out(identity: &Identity<'_>) {
    let Some(usrloc) = Usrloc::get() else { return };
    let domain = CString::new(identity.domain()).ok().and_then(|name| usrloc.find_domain(&name));
    let Some(domain) = domain else { return };
    end_until(usrloc, domain, identity.public(), timer::now());
}

/// Ends the subscriptions to an identity that run out until then, in seconds since 1970, and says when
/// the next one does. They are removed here, under the lock, so that nobody else gives a NOTIFY the
/// number of the last one.
pub(super) fn end_until(
    usrloc: &Usrloc,
    domain: Domain,
    identity: &[u8],
    until: i64,
) -> Option<i64> {
    let rules = rules::get()?;
    let mut ended = Vec::new();
    let (public, private, next) = {
        let guard = usrloc.lock(domain, identity);
        let record = guard.identity()?;
        let (public, private) = (record.public().to_vec(), facts::private(&record).to_vec());
        let watchers = record.watchers().filter(client::Watcher::is_reg);
        let (over, going): (Vec<_>, Vec<_>) = watchers.partition(|raw| raw.expires() <= until);
        let next = going.iter().map(client::Watcher::expires).min();
        for raw in over {
            let watcher = facts::watcher(&raw);
            kamailio::info!("subscription ran out: {}", watcher.shown());
            let quiet = !rules.last_notify || trouble::wants_peace(&watcher.dialog());
            trouble::forget(&watcher.dialog());
            guard.drop_watcher(raw);
            if !quiet {
                ended.push(numbered(&watcher));
            }
        }
        (public, private, next)
    };
    if !ended.is_empty() {
        let note = Note {
            cause: Cause::Unsubscribed,
            domain: domain.name(),
            identity: &public,
            identities: vec![&public],
            contacts: Vec::new(),
            only: Only::Gone(ended),
        };
        push(&private, &note);
    }
    next
}

/// The time of a contact is over. The store asks once for each identity that the contact is linked to.
fn expired(told: &Told<'_>, contact: &client::Contact<'_>) {
    let record = &told.identity;
    if record.watchers().any(|watcher| watcher.is_reg()) {
        let over = over(record, contact);
        let uris: Vec<BString> = over.iter().map(|copy| copy.uri.clone()).collect();
        let note = Note {
            cause: Cause::Expired,
            domain: contact.domain(),
            identity: record.public(),
            identities: vec![record.public()],
            contacts: contacts(&uris, &over),
            only: Only::Identity,
        };
        push(facts::private(record), &note);
    }
    // The store of C looks at the state once for each identity, and must not see it change meanwhile.
    let alone = record.set_size() < 2 || Usrloc::get().is_some_and(Usrloc::is_ours);
    if contact.state() == State::ExpirePendingNotify && alone {
        told.has_been_told();
    }
}

/// The contacts of `record` whose time is over, `contact` among them: when none is left, the first
/// NOTIFY is the last one, and has to tell all of them.
fn over(record: &Identity<'_>, contact: &client::Contact<'_>) -> Vec<Copied> {
    let now = timer::now();
    let removed = [State::DeletePending, State::Deleted, State::DelayedDelete];
    let is_over = |one: &client::Contact<'_>| {
        one.uri() == contact.uri() || !one.is_valid(now) && !removed.contains(&one.state())
    };
    let mut over: Vec<Copied> = Vec::new();
    for one in record.contacts().filter(is_over) {
        over.retain(|known| known.uri != one.uri());
        over.push(copied(&one));
    }
    over
}

/// Leaves a note; a note that is lost is logged, and what there is to tell then is told when there is
/// room.
pub(super) fn push(private: &[u8], note: &Note<'_>) -> bool {
    let pushed = queue::push(private, note);
    if let Err(lost) = &pushed {
        let when = if owed::keep(queue::key(private), note) { "told later" } else { "not told" };
        kamailio::warn!("{lost}; watchers of {} are {when}", BStr::new(note.identity));
    }
    pushed.is_ok()
}

/// A watcher with the numbers of its next NOTIFY.
pub(super) fn numbered(watcher: &Watcher) -> Watcher {
    Watcher {
        cseq: watcher.cseq.saturating_add(1),
        version: watcher.version.saturating_add(1),
        ..watcher.clone()
    }
}

/// The same numbers, for the store.
pub(super) fn numbers(watcher: &Watcher) -> WatcherChange {
    WatcherChange { expires: None, cseq: Some(watcher.cseq), version: Some(watcher.version) }
}

/// A contact that may be gone when it is told.
struct Copied {
    uri: BString,
    q: i32,
    call_id: BString,
    cseq: u32,
    params: Vec<(BString, BString)>,
}

fn copied(contact: &client::Contact<'_>) -> Copied {
    Copied {
        uri: contact.uri().into(),
        q: contact.q(),
        call_id: contact.call_id().into(),
        cseq: u32::try_from(contact.cseq()).unwrap_or(0),
        params: contact.params().map(|(name, body)| (name.into(), body.into())).collect(),
    }
}

/// Those of `contacts` that are linked to `record`.
fn copies(record: &client::Identity<'_>, contacts: &[BString]) -> Vec<Copied> {
    let wanted = |contact: &client::Contact<'_>| contacts.iter().any(|uri| uri == contact.uri());
    let mut copies: Vec<Copied> = Vec::new();
    for contact in record.contacts().filter(wanted) {
        // The newest record of a URI is linked last.
        copies.retain(|copy| copy.uri != contact.uri());
        copies.push(copied(&contact));
    }
    copies
}

/// `uris` with all that `known` has of them.
fn contacts<'n>(uris: &'n [BString], known: &'n [Copied]) -> Vec<Contact<'n>> {
    let full = |copy: &'n Copied| Contact {
        uri: &copy.uri,
        q: copy.q,
        call_id: &copy.call_id,
        cseq: copy.cseq,
        params: copy.params.iter().map(|(name, body)| (name.as_slice(), body.as_slice())).collect(),
    };
    let bare = |uri: &'n BString| Contact { uri, q: -1, ..Contact::default() };
    uris.iter()
        .map(|uri| known.iter().find(|copy| copy.uri == *uri).map_or_else(|| bare(uri), full))
        .collect()
}
