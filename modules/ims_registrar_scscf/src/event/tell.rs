//! Telling the watchers of a registration what happened to it.

use super::{
    facts::{self, Set},
    hooks::{numbered, numbers},
    rules::{self, Rules},
    send, trouble,
};
use bstr::{BStr, BString};
use kamailio::{
    scscf::client::{self, Domain, Usrloc},
    timer,
};
use scscf_core::event::{
    Cause, Note, Only, Own, SubscriptionState, Verdict, Watcher, Why, document, hears,
};
use std::ffi::CString;

/// Tells what `note` is about to whoever is to hear it.
pub(super) fn tell(note: &Note<'_>) {
    let (Some(usrloc), Some(rules)) = (Usrloc::get(), rules::get()) else { return };
    let domain = CString::new(note.domain).ok().and_then(|name| usrloc.find_domain(&name));
    let Some(domain) = domain else {
        kamailio::error!("an event of unknown domain {:?} is lost", BStr::new(note.domain));
        return;
    };
    // The record may be removed by now, and somebody watch another identity of the set.
    let mut identities = [note.identity].into_iter().chain(note.identities.iter().copied());
    let set = identities.find_map(|identity| Set::of(usrloc, domain, identity));
    let watchers = match &note.only {
        Only::Gone(watchers) => watchers.clone(),
        Only::Everyone => {
            let all = set.as_ref().map(|set| set.all.as_slice()).unwrap_or_default();
            let mut watchers = Vec::new();
            for identity in all {
                watchers.extend(take(usrloc, domain, identity, note, rules));
            }
            watchers
        }
        Only::Identity | Only::Dialog(_) => take(usrloc, domain, note.identity, note, rules),
    };
    if watchers.is_empty() {
        return;
    }
    let told = match &set {
        Some(set) => set.told.clone(),
        None => note.identities.iter().map(|identity| BString::from(*identity)).collect(),
    };
    // A record may have gone with its last contact, or with its last watcher.
    let tells_gone = note.cause.ends() || matches!(note.only, Only::Gone(_));
    let registrations: Vec<_> = told
        .iter()
        .filter_map(|identity| registration(usrloc, domain, identity, tells_gone))
        .collect();
    for watcher in &watchers {
        tell_one(usrloc, domain, note, rules, &registrations, watcher);
    }
}

/// What a document tells of an identity; one that has no record is told as ended, if at all.
fn registration(
    usrloc: &Usrloc,
    domain: Domain,
    identity: &BString,
    tells_gone: bool,
) -> Option<document::Registration> {
    facts::registration(usrloc, domain, identity).or_else(|| {
        let gone =
            document::Registration { aor: identity.clone(), ..document::Registration::default() };
        tells_gone.then_some(gone)
    })
}

/// The watchers of one identity that are told, with the numbers of the NOTIFYs that they get now.
/// Those that are to end in silence are removed.
fn take(
    usrloc: &Usrloc,
    domain: Domain,
    identity: &[u8],
    note: &Note<'_>,
    rules: &Rules,
) -> Vec<Watcher> {
    let mut told = Vec::new();
    let guard = usrloc.lock(domain, identity);
    let Some(record) = guard.identity() else { return told };
    let all: Vec<_> = record.watchers().filter(client::Watcher::is_reg).collect();
    for raw in all {
        let dialog = facts::dialog(&raw);
        if matches!(&note.only, Only::Dialog(only) if *only != dialog) {
            continue;
        }
        let own = Own::any(raw.contact(), note.contacts.iter().map(|contact| contact.uri));
        match hears(note.cause, own, rules.hearing) {
            Verdict::Silent => {}
            Verdict::Dropped => {
                kamailio::info!(
                    "subscription of the phone that unregistered ends: {}",
                    facts::watcher(&raw).shown()
                );
                trouble::forget(&dialog);
                guard.drop_watcher(raw);
            }
            Verdict::Told if trouble::wants_peace(&dialog) => {}
            Verdict::Told => {
                let next = numbered(&facts::watcher(&raw));
                if let Err(error) = guard.change_watcher(&record, &raw, &numbers(&next)) {
                    kamailio::error!("numbers of {} not stored: {error}", next.shown());
                }
                told.push(next);
            }
        }
    }
    told
}

fn tell_one(
    usrloc: &Usrloc,
    domain: Domain,
    note: &Note<'_>,
    rules: &Rules,
    registrations: &[document::Registration],
    watcher: &Watcher,
) {
    let active = document::is_active(registrations);
    let left = watcher.left(timer::now());
    let state = match (&note.only, note.cause) {
        // The record that held the subscription goes, whatever else is registered.
        (Only::Gone(_), Cause::Unregistered) => SubscriptionState::Terminated(Why::NoResource),
        _ => SubscriptionState::after(note.cause, active, left, rules.ends),
    };
    if state.is_last() && !matches!(note.only, Only::Gone(_)) {
        remove(usrloc, domain, watcher);
    }
    let change =
        document::Change { cause: note.cause, identity: note.identity, contacts: &note.contacts };
    match document::write(watcher.version, registrations, &change, &rules.style) {
        Ok(body) => send::notify(domain, watcher, state, &body),
        Err(_) => kamailio::error!("out of memory for the NOTIFY to {}", watcher.shown()),
    }
}

/// Removes the subscription with the dialog of `watcher`; whether there was one.
pub(super) fn remove(usrloc: &Usrloc, domain: Domain, watcher: &Watcher) -> bool {
    let dialog = watcher.dialog();
    trouble::forget(&dialog);
    let guard = usrloc.lock(domain, &watcher.presentity);
    let Some(record) = guard.identity() else { return false };
    let found = record.watchers().find(|raw| raw.is_reg() && facts::dialog(raw) == dialog);
    let Some(raw) = found else { return false };
    guard.drop_watcher(raw);
    true
}
