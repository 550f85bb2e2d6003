//! A registration that the HSS has agreed to, brought to all identities of the user.

use crate::{
    answer,
    bindings::{self, Fate, Source},
    event::{self, Gone, Happened, Kind},
    own::Own as _,
    save::is_in,
    settings::Settings,
    sharing,
    waiting::Waiting,
};
use bstr::{BString, ByteSlice};
use kamailio::{
    Error,
    refused::shown,
    scscf::client::{
        Assigned, Charging, Contact, Domain, Guard, Identity, Registration, Subscription,
    },
    timer,
};
use scscf_core::{
    assignment,
    profile::Subscription as Profile,
    refusal::Refusal,
    register::{Plan, set},
    reply::{ContactList, Reply},
};

/// What the HSS has agreed to.
pub(crate) struct Done<'d> {
    pub(crate) settings: &'d Settings,
    pub(crate) waiting: &'d Waiting,
    pub(crate) plan: &'d Plan<'d>,
    pub(crate) charging: Charging<'d>,
}

/// Charging functions as the store takes them; what the HSS does not say stays as it was.
pub(crate) fn charging(said: Option<assignment::Charging<'_>>) -> Charging<'_> {
    let said = said.unwrap_or_default();
    let some = |name: &'_ [u8]| -> bool { !name.is_empty() };
    Charging {
        ccf1: Some(said.ccf1).filter(|name| some(name)),
        ccf2: Some(said.ccf2).filter(|name| some(name)),
        ecf1: Some(said.ecf1).filter(|name| some(name)),
        ecf2: Some(said.ecf2).filter(|name| some(name)),
    }
}

/// What a registration has changed so far.
#[derive(Default)]
struct Changed {
    /// The list for the reply.
    list: Option<ContactList>,
    /// What became of each contact of the REGISTER.
    fates: Vec<Fate>,
    watched: bool,
}

/// Stores it; the 200.
pub(crate) fn store(done: &Done<'_>, profile: Option<&Profile>) -> Result<Reply, Refusal> {
    let Done { settings, waiting, plan, .. } = done;
    let stored = of_user(settings, waiting.domain, plan, profile.is_none());
    let known = stored.as_ref().map(|stored| &stored.set[..]).unwrap_or_default();
    let entries = match profile {
        Some(profile) => {
            let before = stored.as_ref().map(|stored| stored.before(profile)).unwrap_or_default();
            set::changes(before, profile, &plan.identity).inspect_err(|_| {
                let who = shown(&plan.identity).as_bstr();
                kamailio::error!("the user data for {who} does not have this identity");
            })?
        }
        None if stored.is_none() => return Err(Refusal::RecordGet),
        None => kept(known, &plan.identity),
    };
    let subscription = profile.map(|profile| Subscription::new(settings.usrloc, profile));
    let subscription =
        subscription.transpose().map_err(|error| failed(plan, &error, Refusal::RecordNew))?;
    let now = timer::now();
    let source = Source { socket: waiting.socket, branch_flags: waiting.branch_flags, now };
    let mut changed = Changed::default();
    let together = settings.usrloc.together();
    for entry in &entries {
        match entry.fate {
            set::Fate::Registered => {
                one(done, entry, subscription.as_ref(), &source, &entries, &mut changed)?;
            }
            set::Fate::Leaves => {
                let whose = profile.map_or(&b""[..], |profile| &profile.private_identity);
                let rest = Rest { whose, identity: &plan.identity, entries: &entries };
                leave(settings, waiting.domain, &entry.key, &rest);
            }
        }
    }
    drop(together);
    let Some(list) = changed.list.take() else { return Err(Refusal::RecordGet) };
    tell(done, &entries, &changed);
    let path = plan.echoes_path.then_some(&*plan.path);
    Ok(match profile {
        Some(profile) => {
            let open = profile.identities().filter(|identity| !identity.barred);
            answer::accepted(settings, list, path, open.map(|identity| identity.uri.as_slice()))
        }
        None => {
            let open = known.iter().filter(|(_, barred)| !barred);
            answer::accepted(settings, list, path, open.map(|(uri, _)| uri.as_slice()))
        }
    })
}

/// The profile that is stored for an identity.
pub(crate) struct Stored {
    /// The private identity that it is of.
    private: Vec<u8>,
    /// Its identities, and whether they are barred.
    pub(crate) set: Vec<(Vec<u8>, bool)>,
}

impl Stored {
    /// Those that `profile`, which takes its place, may have no more. Users may share an identity
    /// (TS 23.228 4.3.3.4): what else the other one has stays.
    pub(crate) fn before(&self, profile: &Profile) -> Vec<&[u8]> {
        if *profile.private_identity != *self.private {
            return Vec::new();
        }
        self.set.iter().map(|(uri, _)| uri.as_slice()).collect()
    }
}

/// The profile that is stored for `identity`; nothing if there is no record.
pub(crate) fn stored(settings: &Settings, domain: Domain, identity: &[u8]) -> Option<Stored> {
    let look = settings.usrloc.look(domain, identity);
    let record = look.own(identity)?;
    let set = record.identities().map(|(uri, barred)| (uri.to_vec(), barred));
    Some(Stored { private: record.private_of_profile().to_vec(), set: set.collect() })
}

/// The profile that is stored for the user of `plan`. Where another user has registered the identity
/// since, it is that of another identity of this one. `alone`: the HSS has sent no other one.
fn of_user(settings: &Settings, domain: Domain, plan: &Plan<'_>, alone: bool) -> Option<Stored> {
    let found = stored(settings, domain, &plan.identity)?;
    if found.private.is_empty() || *found.private == *plan.private {
        return Some(found);
    }
    if let Some(home) = sharing::other(settings, domain, &plan.identity, &plan.private) {
        return stored(settings, domain, &home);
    }
    if !alone || !plan.names_private() {
        return Some(found);
    }
    // Of the set of another user only that is his where he is registered.
    let set = found.set.into_iter().filter(|(uri, _)| {
        let key = set::key(uri);
        *key == *plan.identity || sharing::has_contact(settings, domain, &key, plan)
    });
    Some(Stored { set: set.collect(), ..found })
}

/// The set as it was, the identity that registers first.
fn kept<'k>(known: &'k [(Vec<u8>, bool)], identity: &'k [u8]) -> Vec<set::Entry<'k>> {
    let entry =
        |key, barred| set::Entry { key, barred, primary: false, fate: set::Fate::Registered };
    let mut entries = vec![entry(identity.into(), false)];
    for (uri, barred) in known {
        let key = set::key(uri);
        if !is_in(&entries, &key) {
            entries.push(entry(key, *barred));
        }
    }
    entries
}

/// Stores it for one identity.
fn one(
    done: &Done<'_>,
    entry: &set::Entry<'_>,
    subscription: Option<&Subscription>,
    source: &Source,
    entries: &[set::Entry<'_>],
    changed: &mut Changed,
) -> Result<(), Refusal> {
    let Done { settings, waiting, plan, .. } = done;
    let is_asserted = *entry.key == *plan.identity;
    let guard = settings.usrloc.lock(waiting.domain, &entry.key);
    let record = assign(done, &guard, entry, subscription, is_asserted);
    let record = record.map_err(|error| failed(plan, &error, Refusal::RecordInsert))?;
    // An identity that is not in memory and comes without a profile is none of this registration.
    let Some(record) = record else { return Ok(()) };
    let set = |key: &[u8]| is_in(entries, key);
    let fates = bindings::bring(settings, &guard, &record, plan, source, &set)
        .map_err(|error| failed(plan, &error, Refusal::ContactInsert))?;
    changed.watched |= record.watchers().next().is_some();
    if changed.fates.is_empty() || is_asserted {
        changed.fates = fates;
    }
    if is_asserted {
        changed.list = Some(list(done, &record, source.now));
    }
    Ok(())
}

/// Makes or changes the record, unless it is as it is to be.
fn assign<'g>(
    done: &Done<'_>,
    guard: &'g Guard<'_>,
    entry: &set::Entry<'_>,
    subscription: Option<&Subscription>,
    is_asserted: bool,
) -> Result<Option<Identity<'g>>, Error> {
    if subscription.is_none() && done.charging == Charging::default() {
        let as_it_is = guard.own(&entry.key).filter(|record| {
            let barred = !is_asserted && entry.barred;
            record.state() == Registration::Registered && record.is_barred() == barred
        });
        if as_it_is.is_some() {
            return Ok(as_it_is);
        }
    }
    guard.assign(&Assigned {
        state: Registration::Registered,
        barred: Some(entry.barred),
        primary: entry.primary,
        subscription,
        charging: done.charging,
    })
}

/// The contacts for the reply.
fn list(done: &Done<'_>, record: &Identity<'_>, now: i64) -> ContactList {
    let Done { settings, waiting, plan, .. } = done;
    let of_request = |contact: &Contact<'_>| {
        plan.find(&bindings::bound(contact, now), settings.matching).is_some()
    };
    if settings.lists_request_only && waiting.again {
        answer::list(settings, record, now, of_request)
    } else {
        answer::list(settings, record, now, |_| true)
    }
}

/// The user whose profile has an identity no more.
pub(crate) struct Rest<'r> {
    /// The private identity.
    pub(crate) whose: &'r [u8],
    /// One of those that stay.
    pub(crate) identity: &'r [u8],
    /// What becomes of them all.
    pub(crate) entries: &'r [set::Entry<'r>],
}

/// Takes an identity away that the profile has no more. Another user may have it, too, or by now: it is
/// his then, and the user that `rest` is about is not reached by it any more.
pub(crate) fn leave(settings: &Settings, domain: Domain, key: &[u8], rest: &Rest<'_>) {
    let who = shown(key).as_bstr();
    let is_his = {
        let look = settings.usrloc.look(domain, key);
        let Some(record) = look.own(key) else { return };
        let whose = record.private_of_profile();
        whose.is_empty() || whose == rest.whose
    };
    let his = contacts(settings, domain, key, rest);
    if !is_his || hand_over(settings, domain, key, rest, &his) {
        kamailio::info!("{who} is that of another user");
        return unlink(settings, domain, key, rest, &his);
    }
    event::gone(&Gone { domain, identity: key, contacts: &[] });
    let guard = settings.usrloc.lock(domain, key);
    let Some(record) = guard.own(key) else { return };
    match guard.delete(record) {
        Ok(()) => kamailio::info!("{who} is not in the profile of its user any more"),
        Err(error) => kamailio::error!("{who} cannot be removed: {error}"),
    }
}

/// What tells a contact from others: its URI and its Call-ID.
type Names = (BString, BString);

fn names(contact: &Contact<'_>) -> Names {
    (contact.uri().into(), contact.call_id().into())
}

/// The contacts of the user that `rest` is about, without those that `key` alone has.
fn contacts(settings: &Settings, domain: Domain, key: &[u8], rest: &Rest<'_>) -> Vec<Names> {
    let look = settings.usrloc.look(domain, rest.identity);
    let record = look.own(rest.identity).filter(|_| *rest.identity != *key);
    let linked = record.into_iter().flat_map(|record| record.contacts());
    linked.map(|contact| names(&contact)).collect()
}

/// Gives the record of `key` the profile of another user who has registered it as well; whether there is
/// one.
fn hand_over(
    settings: &Settings,
    domain: Domain,
    key: &[u8],
    rest: &Rest<'_>,
    his: &[Names],
) -> bool {
    let now = timer::now();
    let others: Vec<BString> = {
        let look = settings.usrloc.look(domain, key);
        let linked = look.own(key).into_iter().flat_map(|record| record.contacts());
        let others = linked.filter(|one| one.is_valid(now) && !his.contains(&names(one)));
        others.map(|contact| contact.aor().into()).collect()
    };
    let found = others.iter().filter(|aor| ***aor != *key).find_map(|aor| {
        let guard = settings.usrloc.lock(domain, aor);
        let record = guard.own(aor).filter(|it| it.private_of_profile() != rest.whose)?;
        let (_, barred) = record.identities().find(|(uri, _)| *set::key(uri) == *key)?;
        Some((Subscription::of(settings.usrloc, &record)?, barred))
    });
    let Some((subscription, barred)) = found else { return false };
    let assigned = Assigned {
        state: Registration::Registered,
        barred: Some(barred),
        primary: false,
        subscription: Some(&subscription),
        charging: Charging::default(),
    };
    let given = settings.usrloc.lock(domain, key).assign(&assigned).map(|record| record.is_some());
    given.unwrap_or_else(|error| {
        kamailio::error!("{} cannot be handed over: {error}", shown(key).as_bstr());
        false
    })
}

/// Takes the contacts `his` of the user that `rest` is about off the record of `key`.
fn unlink(settings: &Settings, domain: Domain, key: &[u8], rest: &Rest<'_>, his: &[Names]) {
    let guard = settings.usrloc.lock(domain, key);
    let Some(record) = guard.own(key) else { return };
    let linked = record.contacts().filter(|contact| {
        // Both may be registered as the identity that stays.
        let of_set = contact.aor() == key || is_in(rest.entries, contact.aor());
        of_set && his.contains(&names(contact))
    });
    for contact in linked.collect::<Vec<_>>() {
        if let Err(error) = guard.unlink(&record, &contact) {
            let contact = shown(contact.uri()).as_bstr();
            kamailio::error!("{contact} stays at {}: {error}", shown(key).as_bstr());
        }
    }
}

/// Tells who watches.
fn tell(done: &Done<'_>, entries: &[set::Entry<'_>], changed: &Changed) {
    if !changed.watched {
        return;
    }
    let identities = staying(entries);
    let home = sharing::home(done.settings, done.waiting.domain, done.plan);
    for (kind, fate) in [
        (Kind::Registered, Fate::Added),
        (Kind::Refreshed, Fate::Refreshed),
        (Kind::Unregistered, Fate::Removed),
    ] {
        let contacts = done.plan.contacts().iter().zip(&changed.fates);
        let contacts = contacts.filter(|(_, found)| **found == fate);
        let contacts: Vec<BString> = contacts.map(|(contact, _)| (&*contact.uri).into()).collect();
        if contacts.is_empty() {
            continue;
        }
        event::happened(&Happened {
            kind,
            domain: done.waiting.domain,
            identity: &home,
            identities: &identities,
            contacts: &contacts,
            watched: true,
        });
    }
}

/// The keys of those that are registered, now or still.
pub(crate) fn staying(entries: &[set::Entry<'_>]) -> Vec<BString> {
    let staying = entries.iter().filter(|entry| entry.fate == set::Fate::Registered);
    staying.map(|entry| (&*entry.key).into()).collect()
}

/// Logs what failed.
fn failed(plan: &Plan<'_>, error: &Error, refusal: Refusal) -> Refusal {
    kamailio::error!("{}: {refusal}: {error}", shown(&plan.identity).as_bstr());
    refusal
}
