//! What the HSS asks for: the end of registrations (RTR), new profiles (PPR).

use crate::{
    copied::Copied,
    event::{self, Happened, Kind},
    hss,
    own::Own as _,
    registered::{self, Rest},
    remove,
    save::is_in,
    settings::{self, Settings},
    sharing, user_data,
};
use bstr::{BString, ByteSlice};
use kamailio::{
    cdp::{Incoming, Outcome, OwnedAvp},
    refused::shown,
    scscf::client::{Assigned, Charging, Domain, Guard, Identity, Registration, Subscription},
    timer,
};
use scscf_core::{
    assignment::{
        APPLICATION, Avp, Ppr, Rtr, ppr,
        rtr::{self, Reason, Target},
    },
    register::set,
};

/// Called by `cdp`, in a process of its own.
pub(crate) fn asked(request: &Incoming<'_>) -> Outcome<Vec<OwnedAvp>> {
    let Some(settings) = settings::get().filter(|_| request.application == APPLICATION) else {
        return Outcome::NotOurs;
    };
    let avps = request.avps.clone().map(hss::read);
    let outcome = match request.code {
        rtr::COMMAND => terminate(settings, &Rtr::read(avps)),
        ppr::COMMAND => push(settings, &Ppr::read(avps)),
        _ => return Outcome::NotOurs,
    };
    Outcome::Answer(outcome.avps().iter().map(owned).collect())
}

fn owned(avp: &Avp<'_>) -> OwnedAvp {
    OwnedAvp { code: avp.code, vendor: avp.vendor, flags: avp.flags, data: avp.data.to_vec() }
}

/// Ends registrations.
fn terminate(settings: &Settings, rtr: &Rtr<'_>) -> rtr::Outcome {
    let target = rtr.target();
    let whose: Vec<(Domain, Vec<u8>)> = match target {
        Target::Public(identities) => {
            let keys = identities.iter().map(|identity| set::key(identity));
            let named = in_all_domains(settings, keys.map(std::borrow::Cow::into_owned));
            of_named(settings, named, &rtr.privates())
        }
        Target::Private => {
            let all = rtr.privates().into_iter();
            all.flat_map(|private| of_private(settings, private)).collect()
        }
        Target::Nobody => Vec::new(),
    };
    let mut known = 0;
    for (domain, key) in &whose {
        known += usize::from(one(settings, *domain, key, rtr.reason));
    }
    let outcome = rtr::Outcome::of(&target, known);
    kamailio::notice!("the hss ends registrations: {rtr}: {known} known, {outcome:?}");
    outcome
}

/// The identities that an RTR names, where `privates` are the users that it is about. Another one may have
/// registered an identity that they share: there another identity of the named user, which has the contacts
/// that end, stands for it.
fn of_named(
    settings: &Settings,
    named: Vec<(Domain, Vec<u8>)>,
    privates: &[&[u8]],
) -> Vec<(Domain, Vec<u8>)> {
    let is_of_another = |domain, key: &[u8]| {
        let look = settings.usrloc.look(domain, key);
        let record = look.own(key);
        !privates.is_empty()
            && record.is_some_and(|record| !privates.contains(&record.private_of_profile()))
    };
    let stands_for = |domain, key: &[u8]| {
        let mut own =
            privates.iter().filter_map(|private| sharing::other(settings, domain, key, private));
        own.next().map(|own| (domain, own))
    };
    let mut whose = Vec::with_capacity(named.len());
    for (domain, key) in named {
        let other = if is_of_another(domain, &key) { stands_for(domain, &key) } else { None };
        let one = other.unwrap_or((domain, key));
        if !whose.contains(&one) {
            whose.push(one);
        }
    }
    whose
}

/// Ends those of one identity; whether it was known.
fn one(settings: &Settings, domain: Domain, key: &[u8], reason: Reason) -> bool {
    let removed = remove::contacts(settings, domain, key, |_| true);
    if !removed.is_known() {
        return false;
    }
    match reason.cause() {
        Some(cause) => event::happened(&Happened {
            kind: Kind::Deregistered(cause),
            domain,
            identity: key,
            identities: &removed.identities,
            contacts: &removed.contacts,
            watched: removed.watched,
        }),
        None => {
            for identity in &removed.identities {
                event::end_silently(domain, identity);
            }
        }
    }
    for identity in &removed.identities {
        forget(settings, domain, identity, &removed.private);
    }
    true
}

/// A user that nobody was registered for is not served here any more. Watchers hear of it first: the
/// record is not kept for its time then, but goes with the last of them.
fn forget(settings: &Settings, domain: Domain, key: &[u8], private: &[u8]) {
    let guard = settings.usrloc.lock(domain, key);
    let Some(record) = guard.own(key) else { return };
    // Another user, with whom this one shares the identity, is still served.
    if record.state() != Registration::Unregistered || record.private() != private {
        return;
    }
    let forgotten = match record.watchers().next() {
        None => guard.delete(record),
        // The store of C keeps no record for longer than its watchers.
        Some(_) if !settings.usrloc.is_ours() => Ok(()),
        Some(_) => guard.set_registration(&record, Registration::NotRegistered),
    };
    if let Err(error) = forgotten {
        kamailio::error!("{} cannot be removed: {error}", shown(key).as_bstr());
    }
}

/// Every key in every domain.
fn in_all_domains(
    settings: &Settings,
    keys: impl Iterator<Item = Vec<u8>>,
) -> Vec<(Domain, Vec<u8>)> {
    let domains = settings.usrloc.domains();
    keys.flat_map(|key| {
        domains.iter().map(move |domain| (*domain, key.clone())).collect::<Vec<_>>()
    })
    .collect()
}

/// The identities that belong to a private identity, not those that it shares with another one that has
/// registered them since. The store of C cannot tell: there the usual public identity is tried.
fn of_private(settings: &Settings, private: &[u8]) -> Vec<(Domain, Vec<u8>)> {
    let found = found_by(settings, private);
    if found.is_empty() && settings.usrloc.identities_of(private).is_none() {
        let private = shown(private).as_bstr();
        kamailio::warn!(
            "the ims_usrloc_scscf that is loaded cannot tell the identities of {private:?}"
        );
    }
    found
}

/// As [`of_private`], where it is usual that there are none.
pub(crate) fn found_by(settings: &Settings, private: &[u8]) -> Vec<(Domain, Vec<u8>)> {
    let mut found = settings.usrloc.identities_of(private).unwrap_or_else(|| {
        let usual = [b"sip:", private].concat();
        in_all_domains(settings, [usual].into_iter())
    });
    found.retain(|(domain, key)| is_of(settings, *domain, key, private));
    found
}

/// Whether there is a record of the identity, and it belongs to that private one.
fn is_of(settings: &Settings, domain: Domain, key: &[u8], private: &[u8]) -> bool {
    let look = settings.usrloc.look(domain, key);
    look.own(key).is_some_and(|record| record.private() == private)
}

/// Gives a user another profile, other charging functions, or both.
fn push(settings: &Settings, ppr: &Ppr<'_>) -> rtr::Outcome {
    let Some(private) = ppr.private else { return rtr::Outcome::Nobody };
    let mut profile = match ppr.user_data.map(user_data::read).transpose() {
        Ok(profile) => profile,
        Err(why) => {
            let private = shown(private).as_bstr();
            kamailio::error!("the user data that the hss pushes for {private:?} is refused: {why}");
            return if why.is_too_much() { rtr::Outcome::TooMuch } else { rtr::Outcome::Failed };
        }
    };
    // A document that several users share may name another one of them: by that name nobody would
    // find these records again.
    if let Some(profile) = profile.as_mut().filter(|profile| profile.private_identity != private) {
        let named = shown(&profile.private_identity).as_bstr();
        let whose = shown(private).as_bstr();
        kamailio::notice!("the user data that the hss pushes for {whose:?} is of {named:?}");
        profile.private_identity = private.into();
    }
    let mut whose = of_private(settings, private);
    if let Some(profile) = &profile {
        whose = concerned(settings, whose, profile, private);
    }
    let charging = registered::charging(ppr.charging);
    let mut known = 0;
    let mut done: Vec<(Domain, Vec<u8>)> = Vec::new();
    for (domain, key) in whose {
        if done.iter().any(|before| *before == (domain, key.clone())) {
            continue;
        }
        match changed(settings, domain, &key, profile.as_ref(), charging) {
            Ok(None) => {}
            Ok(Some(set)) => {
                known += 1;
                done.extend(set.into_iter().map(|key| (domain, key)));
            }
            Err(why) => {
                kamailio::error!("what the hss pushes for {}: {why}", shown(&key).as_bstr());
                return why.outcome();
            }
        }
    }
    let outcome = if known == 0 { rtr::Outcome::Unknown } else { rtr::Outcome::Done };
    kamailio::info!("the hss pushes for {:?}: {outcome:?}", shown(private).as_bstr());
    outcome
}

/// Of the identities `whose` of a user those that a profile is about. A user may have several sets of
/// identities, each with a profile of its own (TS 29.228 6.2.1): the others are none of it. If it is about
/// none of them, the profile itself says who it is for.
fn concerned(
    settings: &Settings,
    whose: Vec<(Domain, Vec<u8>)>,
    profile: &scscf_core::Subscription,
    private: &[u8],
) -> Vec<(Domain, Vec<u8>)> {
    let keys: Vec<_> = profile.identities().map(|identity| set::key(&identity.uri)).collect();
    let is_about = |(domain, key): &&(Domain, Vec<u8>)| {
        let stored = registered::stored(settings, *domain, key);
        let shares =
            stored.is_some_and(|it| it.set.iter().any(|(uri, _)| keys.contains(&set::key(uri))));
        shares || set::changes([], profile, key).is_ok()
    };
    let found: Vec<_> = whose.iter().filter(is_about).cloned().collect();
    if !found.is_empty() {
        return found;
    }
    let keys = keys.into_iter().map(std::borrow::Cow::into_owned);
    let mut named = in_all_domains(settings, keys);
    named.retain(|(domain, key)| is_of(settings, *domain, key, private));
    if named.is_empty() { whose } else { named }
}

/// Why nothing is changed by what was pushed.
#[derive(Debug, thiserror::Error)]
enum Unchanged {
    #[error("no room for the profile: {0}")]
    NoRoom(kamailio::Error),
    #[error(transparent)]
    Core(#[from] kamailio::Error),
}

impl Unchanged {
    /// What the HSS hears.
    const fn outcome(&self) -> rtr::Outcome {
        match self {
            Self::NoRoom(_) => rtr::Outcome::TooMuch,
            Self::Core(_) => rtr::Outcome::Failed,
        }
    }
}

/// Gives the set of `key` what was pushed; the keys of the set, or nothing if there is no record.
fn changed(
    settings: &Settings,
    domain: Domain,
    key: &[u8],
    profile: Option<&scscf_core::Subscription>,
    charging: Charging<'_>,
) -> Result<Option<Vec<Vec<u8>>>, Unchanged> {
    let Some(stored) = registered::stored(settings, domain, key) else { return Ok(None) };
    let whose = profile.map_or(&b""[..], |profile| &profile.private_identity);
    let entries = match profile {
        Some(profile) => match set::changes(stored.before(profile), profile, key) {
            Ok(entries) => entries,
            // The identity itself is what leaves.
            Err(_) => {
                let rest = Rest { whose, identity: key, entries: &[] };
                registered::leave(settings, domain, key, &rest);
                return Ok(Some(vec![key.to_vec()]));
            }
        },
        None => {
            let entry = |key| set::Entry {
                key,
                barred: false,
                primary: false,
                fate: set::Fate::Registered,
            };
            stored.set.iter().map(|(uri, _)| entry(set::key(uri))).collect()
        }
    };
    let subscription = profile.map(|profile| Subscription::new(settings.usrloc, profile));
    let subscription = subscription.transpose().map_err(Unchanged::NoRoom)?;
    let live = live(settings, domain, key);
    let together = settings.usrloc.together();
    // One that is barred by now, or not any more, is told no more, or from now on. The store of C keeps
    // the set that it has.
    let bars = profile.is_some() && settings.usrloc.is_ours();
    let mut other_set = entries.iter().any(|entry| {
        let before = stored.set.iter().find(|(uri, _)| *set::key(uri) == *entry.key);
        before.is_some_and(|(_, barred)| bars && *barred != entry.barred)
    });
    for entry in &entries {
        if entry.fate == set::Fate::Leaves {
            let rest = Rest { whose, identity: key, entries: &entries };
            registered::leave(settings, domain, &entry.key, &rest);
            other_set = true;
            continue;
        }
        let guard = settings.usrloc.lock(domain, &entry.key);
        let before = guard.own(&entry.key).map(|record| record.state());
        let state = match before {
            Some(state) => state,
            None if !live.is_empty() => Registration::Registered,
            None => Registration::Unregistered,
        };
        let record = guard.assign(&Assigned {
            state,
            barred: profile.map(|_| entry.barred),
            primary: entry.primary,
            subscription: subscription.as_ref(),
            charging,
        })?;
        // An identity that joins a set that is registered is registered as the others are.
        if let Some(record) = record.filter(|_| before.is_none()) {
            other_set = true;
            for contact in &live {
                join(settings, &guard, &record, contact, &entries)?;
            }
        }
    }
    drop(together);
    // Who watches an identity that stays hears which ones there are now (TS 24.229 5.4.2.1.2).
    if other_set && !live.is_empty() {
        event::happened(&Happened {
            kind: Kind::Registered,
            domain,
            identity: key,
            identities: &registered::staying(&entries),
            contacts: &uris(&live),
            watched: true,
        });
    }
    Ok(Some(entries.into_iter().map(|entry| entry.key.into_owned()).collect()))
}

/// Gives `record`, which joins the set of `entries`, one of the contacts of that set. Another user may
/// have registered from the same place: that contact stays with him.
fn join(
    settings: &Settings,
    guard: &Guard<'_>,
    record: &Identity<'_>,
    contact: &Copied,
    entries: &[set::Entry<'_>],
) -> Result<(), kamailio::Error> {
    let found = settings.usrloc.find_contact(&contact.uri, &contact.call_id, &contact.path);
    let found = found.filter(|found| !settings.usrloc.is_ours() || is_in(entries, found.aor()));
    match found {
        Some(found) => guard.link(record, &found),
        None => contact.store(guard, record, None),
    }
}

fn uris(contacts: &[Copied]) -> Vec<BString> {
    contacts.iter().map(|contact| contact.uri.clone()).collect()
}

/// The valid contacts of an identity.
fn live(settings: &Settings, domain: Domain, key: &[u8]) -> Vec<Copied> {
    let now = timer::now();
    let guard = settings.usrloc.lock(domain, key);
    let Some(record) = guard.own(key) else { return Vec::new() };
    let valid = record.contacts().filter(|contact| contact.is_valid(now));
    valid.map(|contact| Copied::of(&contact)).collect()
}
