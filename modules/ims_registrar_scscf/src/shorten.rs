//! `regscscf.shorten_impu`: an operator wants a user to register, and so to prove who it is, soon
//! (network-initiated re-authentication, TS 24.229 5.4.1.6).

use crate::{
    copied::Copied,
    event::{self, Happened, Kind},
    own::Own as _,
    settings::Settings,
};
use bstr::{BString, ByteSlice};
use kamailio::{
    Error,
    refused::shown,
    scscf::client::{Contact, Domain, Guard, Identity},
    timer,
};
use scscf_core::register::set;

/// Leaves the contacts of `key` and of its whole set `seconds` at most, and tells who watches. How
/// many had longer; nothing if there is no record.
///
/// # Errors
///
/// What the store says; contacts before the one that it refuses are cut, and nobody is told yet.
pub(crate) fn identity(
    settings: &Settings,
    domain: Domain,
    key: &[u8],
    seconds: u32,
) -> Result<Option<usize>, Error> {
    let now = timer::now();
    let end = now.saturating_add(seconds.into());
    let mut cut: Vec<BString> = Vec::new();
    let mut identities: Vec<BString> = vec![key.into()];
    let mut watched;
    {
        let guard = settings.usrloc.lock(domain, key);
        let Some(record) = guard.own(key) else { return Ok(None) };
        let set = record.identities().map(|(uri, _)| set::key(uri));
        identities.extend(set.filter(|other| **other != *key).map(|other| (*other).into()));
        watched = record.watchers().next().is_some();
        contacts(&guard, &record, now, end, &mut cut)?;
    }
    // Mostly the same contacts, which are cut by now.
    for other in identities.iter().skip(1) {
        let guard = settings.usrloc.lock(domain, other);
        let Some(record) = guard.own(other) else { continue };
        watched |= record.watchers().next().is_some();
        contacts(&guard, &record, now, end, &mut cut)?;
    }
    let (who, count) = (shown(key).as_bstr(), cut.len());
    kamailio::info!("{who}: the operator leaves {count} contacts {seconds} seconds");
    if !cut.is_empty() {
        event::happened(&Happened {
            kind: Kind::Shortened,
            domain,
            identity: key,
            identities: &identities,
            contacts: &cut,
            watched,
        });
    }
    Ok(Some(count))
}

/// Those of one record.
fn contacts(
    guard: &Guard<'_>,
    record: &Identity<'_>,
    now: i64,
    end: i64,
    cut: &mut Vec<BString>,
) -> Result<(), Error> {
    let longer = |contact: &Contact<'_>| {
        contact.is_valid(now) && (contact.expires() == 0 || contact.expires() > end)
    };
    let mut all: Vec<_> = record.contacts().filter(longer).collect();
    // A store that has the newest first puts each one that is changed there: the order stays.
    all.reverse();
    for contact in all {
        Copied::of(&contact).until(end).store(guard, record, Some(&contact))?;
        if !cut.iter().any(|known| *known == contact.uri()) {
            cut.push(contact.uri().into());
        }
    }
    Ok(())
}
