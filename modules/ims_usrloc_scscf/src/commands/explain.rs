//! Why an identity is what it is: until when, by which contacts, who watches.

use super::{busy, domains, engine, list::Bound};
use crate::{engine::Engine, settings, state::State};
use bstr::{BStr, BString};
use kamailio::{
    rpc::{Args, Fault, Reply},
    timer,
};
use scscf_core::life::{End, Fate, Registration};
use shm_store::Id;

/// What is to be said.
struct Explained {
    known_as: BString,
    domain: BString,
    private: BString,
    state: &'static str,
    because: String,
    then: String,
    contacts: Vec<Bound>,
    watchers: Vec<(BString, BString, i64)>,
    set: Vec<String>,
}

/// `ulscscf.explain`
pub(crate) fn explain(args: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    let impu: BString = args.text()?;
    let engine = engine()?;
    let found = engine.with(|_, state| copy(state, &engine, &impu)).ok_or_else(busy)?;
    let found = found.ok_or_else(|| {
        Fault::new(404, format!("identity {impu} is neither registered nor kept as unregistered"))
    })?;
    reply.structure(|out| {
        out.text(c"Impu", &found.known_as)?;
        out.text(c"Domain", &found.domain)?;
        out.text(c"Impi", &found.private)?;
        out.text(c"State", found.state.as_bytes())?;
        out.text(c"Because", found.because.as_bytes())?;
        out.text(c"Then", found.then.as_bytes())?;
        out.array(c"Contacts", |list| {
            found.contacts.iter().try_for_each(|bound| list.structure(|out| bound.add(out)))
        })?;
        out.array(c"Watchers", |list| {
            found.watchers.iter().try_for_each(|(who, contact, left)| {
                list.structure(|out| {
                    out.text(c"Watcher", who)?;
                    out.text(c"Contact", contact)?;
                    out.int(c"Expires", *left)
                })
            })
        })?;
        out.array(c"Implicit-Set", |list| {
            found.set.iter().try_for_each(|identity| list.text(identity.as_bytes()))
        })
    })
}

fn copy(state: &State, engine: &Engine, impu: &[u8]) -> Option<Explained> {
    let now = timer::now();
    let mut all = domains(engine);
    let (domain, id) =
        all.find_map(|domain| Some((domain, state.look_up_identity(domain, impu)?)))?;
    let identity = state.identity(id)?;
    let live = state.live_contacts(id, now).all;
    let registration = Registration::of(identity.state());
    let because = match registration {
        Some(Registration::Registered) => {
            format!("{live} of {} contacts are registered", identity.contact_count())
        }
        Some(Registration::Unregistered) if identity.expires() > now => format!(
            "assigned for services of users that are not registered, for {} s more \
             (unreg_validity {})",
            identity.expires().saturating_sub(now),
            settings::get().unreg_validity
        ),
        Some(Registration::Unregistered) => "its contacts are gone, watchers are left".to_owned(),
        _ => "a client has de-registered it".to_owned(),
    };
    let watchers = state.watchers_of(id).into_iter().filter_map(|id| state.watcher(id));
    let watchers = watchers.map(|watcher| {
        let left = watcher.expires().saturating_sub(now);
        (watcher.watcher_uri().into(), watcher.watcher_contact().into(), left)
    });
    let bound = state.contacts_of(id).into_iter().filter_map(|id| Bound::copy(state, id));
    Some(Explained {
        known_as: identity.public().into(),
        domain: domain.name().into(),
        private: identity.private().into(),
        state: registration.map_or("unknown", Registration::words),
        because,
        then: then(state, id, now),
        contacts: bound.collect(),
        watchers: watchers.collect(),
        set: set(state, domain.index(), id),
    })
}

/// What happens next.
fn then(state: &State, id: Id, now: i64) -> String {
    let left = |at: i64| at.saturating_sub(now).max(0);
    match state.fate(id, now) {
        None => "it is gone".to_owned(),
        Some(Fate::Stays(None)) => "it stays until its last contact goes".to_owned(),
        Some(Fate::Stays(Some(at))) => format!("it is looked at in {} s", left(at)),
        Some(Fate::LosesContacts(at)) => {
            format!(
                "it becomes unregistered with the next tick, for its watchers, for {} s",
                left(at)
            )
        }
        Some(Fate::Goes(End::NoContacts)) => "it goes with the next tick: no contacts".to_owned(),
        Some(Fate::Goes(End::NotRegistered)) => "it goes with the next tick".to_owned(),
        Some(Fate::Goes(End::UnregisteredExpired)) => {
            "it goes with the next tick: its time as unregistered is over".to_owned()
        }
    }
}

/// The identities that are registered with it, and what they are.
fn set(state: &State, domain: usize, id: Id) -> Vec<String> {
    let subscriber = state.identity(id).and_then(|identity| identity.subscriber());
    let subscriber = subscriber.and_then(|handle| state.subscriber_of(handle));
    let Some(subscriber) = subscriber.and_then(|id| state.subscriber(id)) else {
        return Vec::new();
    };
    let line = |(uri, barred, _): (&[u8], bool, &[u8])| {
        let known = state.find_identity(domain, uri).and_then(|id| state.identity(id));
        let known = known.and_then(|identity| Registration::of(identity.state()));
        let words = known.map_or("not in memory", Registration::words);
        let barred = if barred { ", barred" } else { "" };
        format!("{}: {words}{barred}", BStr::new(uri))
    };
    subscriber.identities().map(line).collect()
}
