//! Contacts of a REGISTER on their way into the location store.

use crate::settings::Settings;
use kamailio::{
    Result,
    scscf::client::{Binding, Contact, Guard, Identity, State},
    socket::Socket,
};
use scscf_core::{
    expires,
    register::{self, Bound, Lifetime, Order, Plan},
};

/// What is stored, beside the plan.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source {
    pub(crate) socket: Option<Socket>,
    pub(crate) branch_flags: u32,
    pub(crate) now: i64,
}

/// A stored contact as `scscf-core` looks at it.
pub(crate) fn bound<'c>(contact: &Contact<'c>, now: i64) -> Bound<'c> {
    Bound {
        uri: contact.uri(),
        call_id: contact.call_id(),
        path: contact.path(),
        cseq: u32::try_from(contact.cseq()).unwrap_or(0),
        modified: contact.last_modified(),
        valid: contact.is_valid(now),
    }
}

/// What became of a contact of the REGISTER.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is new for the user.
    Added,
    /// It was registered before.
    Refreshed,
    /// It was removed.
    Removed,
    /// It was to be removed, and is not there.
    Absent,
}

/// Brings the contacts of `plan` to one identity, which `guard` has locked. `set` are the keys of the
/// identities that share their contacts with it.
pub(crate) fn bring(
    settings: &Settings,
    guard: &Guard<'_>,
    identity: &Identity<'_>,
    plan: &Plan<'_>,
    source: &Source,
    set: &impl Fn(&[u8]) -> bool,
) -> Result<Vec<Fate>> {
    let asked = plan.contacts();
    let mut linked: Vec<Option<Contact<'_>>> = asked.iter().map(|_| None).collect();
    let ends = plan.ends(identity.contacts().map(|contact| contact.uri()));
    for contact in identity.contacts() {
        let stored = bound(&contact, source.now);
        // An answer of the HSS may come after that to a later REGISTER: what that one stored stays.
        if plan.order(&stored, settings.matching, source.now, settings.cseq_delay)
            == Order::OutOfOrder
        {
            return Ok(asked.iter().map(|_| Fate::Refreshed).collect());
        }
        let place = plan.find_among(&stored, settings.matching, &ends);
        // The newest of several: the list begins with the oldest.
        if let Some(place) = place.and_then(|place| linked.get_mut(place))
            && contact.state() != State::DelayedDelete
        {
            *place = Some(contact);
        }
    }
    asked
        .iter()
        .zip(linked)
        .map(|(asked, linked)| one(settings, guard, identity, plan, asked, linked, source, set))
        .collect()
}

#[expect(clippy::too_many_arguments, reason = "one step of `bring`, with all that it knows")]
fn one(
    settings: &Settings,
    guard: &Guard<'_>,
    identity: &Identity<'_>,
    plan: &Plan<'_>,
    asked: &register::Contact<'_>,
    linked: Option<Contact<'_>>,
    source: &Source,
    set: &impl Fn(&[u8]) -> bool,
) -> Result<Fate> {
    let Lifetime::Seconds(seconds) = asked.lifetime else {
        let Some(contact) = linked else { return Ok(Fate::Absent) };
        if contact.state() != State::Deleted {
            guard.set_state(&contact, State::Deleted);
        }
        return Ok(Fate::Removed);
    };
    // Lists of the host have them in reverse order.
    let mut params: Vec<(&[u8], &[u8])> = asked.params.iter().collect();
    params.reverse();
    let nat = if plan.behind_nat { settings.usrloc.nat_flag() } else { 0 };
    let binding = Binding {
        uri: &asked.uri,
        call_id: &plan.call_id,
        cseq: plan.cseq,
        path: &plan.path,
        received: &asked.received,
        user_agent: &plan.user_agent,
        params: &params,
        expires: expires::after(source.now, seconds),
        q: asked.q,
        methods: asked.methods,
        branch_flags: source.branch_flags | nat,
        socket: source.socket,
        now: source.now,
    };
    if let Some(contact) = linked {
        let fate = if contact.is_valid(source.now) { Fate::Refreshed } else { Fate::Added };
        guard.bind(identity, Some(&contact), &binding)?;
        return Ok(fate);
    }
    // Another identity of the set may have it. The module of C has one contact for each URI, whose
    // ever it is.
    let found = settings.usrloc.find_contact(&asked.uri, &plan.call_id, &plan.path);
    let found = found.filter(|found| {
        let is_it = || plan.find(&bound(found, source.now), settings.matching).is_some();
        !settings.usrloc.is_ours() || set(found.aor()) && is_it()
    });
    match found {
        Some(found) => guard.bind(identity, Some(&found), &binding)?,
        None => guard.bind(identity, None, &binding)?,
    };
    Ok(Fate::Added)
}
