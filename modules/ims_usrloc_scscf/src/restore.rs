//! Identities, contacts and watchers that come back from the database.

use crate::{
    contacts,
    db::Restored,
    engine::{self, Engine},
    identities::{self, Fresh},
    rows,
    state::State,
    subscribers, watchers,
};
use kamailio::scscf::{
    Calls, ContactState, Domain, Event, Identity, NewContact, NewWatcher, Param, Records, Socket,
    param_kind, server::Refusal,
};
use scscf_core::row::{Contact, Watcher, split_params};
use shm_store::Id;

/// A contact of which the table does not say what methods its telephone knows: all.
const ALL_METHODS: u32 = u32::MAX;

/// A contact of which the table does not say how much it is preferred.
const Q_UNSET: i32 = -1;

/// Brings an identity into memory, with all that belongs to it, and tells clients of it. False, and
/// said so in the log, if that cannot be done.
pub(crate) fn adopt(restored: &Restored<'_>, now: i64) -> bool {
    let identity = restored.identity;
    let Some(engine) = engine::get() else { return false };
    let Some(domain) = rows::domain_of_column(&identity.domain) else {
        kamailio::error!(
            "identity {} is not restored: this server has no domain {}",
            identity.impu,
            identity.domain
        );
        return false;
    };
    match adopt_in(&engine, domain, restored, now) {
        Ok(calls) => {
            engine.call(calls);
            true
        }
        Err(refusal) => {
            kamailio::error!("identity {} is not restored: {refusal}", identity.impu);
            false
        }
    }
}

fn adopt_in(
    engine: &Engine,
    domain: Domain,
    restored: &Restored<'_>,
    now: i64,
) -> Result<Calls, Refusal> {
    let adopted = engine.with(|records, state| {
        let id = identity(records, state, domain, restored, now)?;
        for contact in &restored.contacts {
            let contact = contact_of(records, state, domain, id, contact, now)?;
            contacts::link_here(records, state, id, contact, false, now)?;
            state.schedule_contact(contact, now);
        }
        for watcher in &restored.watchers {
            watch(records, state, id, watcher, now)?;
        }
        state.schedule_identity(id, now);
        let identity = state.identity(id).ok_or(Refusal::Gone("identity"))?;
        Ok(records.calls(Event::IdentityInsert, Some(identity), None))
    });
    adopted.ok_or(Refusal::Busy)?
}

/// The identity, which is there already if somebody was faster.
fn identity(
    records: &mut Records,
    state: &mut State,
    domain: Domain,
    restored: &Restored<'_>,
    now: i64,
) -> Result<Id, Refusal> {
    let row = restored.identity;
    let known = state.find_identity(domain.index(), &row.impu);
    let exact = |id: &Id| state.identity(*id).is_some_and(|known| known.public() == row.impu);
    if let Some(known) = known.filter(exact) {
        return Ok(known);
    }
    let value = &row.subscription;
    let mut alike = state.subscribers_of(&value.private_identity).into_iter();
    let same = |id: &Id| state.subscriber(*id).is_some_and(|known| known.is(value));
    let subscriber = match alike.find(same) {
        Some(known) => known,
        None => subscribers::add(records, state, value, false, now)?,
    };
    let charging = [&row.ccf1, &row.ccf2, &row.ecf1, &row.ecf2];
    let identity = Fresh {
        public: &row.impu,
        private: &value.private_identity,
        state: row.reg_state,
        barring: row.barring,
        primary: false,
        charging: charging.map(|text| Some(text.as_slice())),
    };
    let made = identities::make(records, state, domain, &identity, subscriber, now);
    if made.is_err() {
        let handle = state.subscriber(subscriber).map(|subscriber| subscriber.handle());
        handle.into_iter().for_each(|it| subscribers::unused(records, state, it, now));
    }
    made
}

/// The contact, which another identity of the user may have already.
fn contact_of(
    records: &mut Records,
    state: &mut State,
    domain: Domain,
    of: Id,
    row: &Contact,
    now: i64,
) -> Result<Id, Refusal> {
    if let Some(known) = contact_of_user(state, of, &row.contact) {
        return Ok(known);
    }
    let params = split_params(&row.params);
    let params =
        params.into_iter().map(|(name, body)| Param { kind: param_kind(name), name, body });
    let params: Vec<_> = params.collect();
    let new = NewContact {
        aor: state.identity(of).map(Identity::public).unwrap_or_default(),
        uri: &row.contact,
        received: &row.received,
        path: &row.path,
        callid: &row.callid,
        user_agent: &row.user_agent,
        params: &params,
        expires: row.expires,
        q: row.own.q.unwrap_or(Q_UNSET),
        cseq: row.own.cseq.unwrap_or(0),
        flags: row.own.flags.unwrap_or(0),
        cflags: row.own.cflags.unwrap_or(0),
        methods: row.own.methods.unwrap_or(ALL_METHODS),
        sock: socket(row),
        last_modified: row.own.last_modified.unwrap_or(now),
        is_3gpp: contacts::is_3gpp(&params),
    };
    let contact = records.try_contact(domain, &new, now)?;
    let id = state.add_contact(contact)?;
    if let Some(contact) = state.contact_mut(id) {
        contact.set_state(ContactState::Valid);
    }
    Ok(id)
}

/// The socket that the row names, if this server still has it.
fn socket(row: &Contact) -> Socket {
    let name = &row.own.socket;
    let socket = if name.is_empty() { Socket::NONE } else { Socket::find(name) };
    if socket.is_none() && !name.is_empty() {
        kamailio::info!(
            "contact {} came in at {name}, where this server does not listen any more",
            row.contact
        );
    }
    socket
}

/// The contact with this URI of any identity of the user whose identity `of` is: users may have the
/// same one, which are two.
fn contact_of_user(state: &State, of: Id, uri: &[u8]) -> Option<Id> {
    let user = state.identity(of)?.subscriber();
    let newest = state.contact_of_row(uri)?;
    let of_user = |id: &Id| {
        let identities = state.identities_with(*id);
        let mut users = identities.iter().filter_map(|id| state.identity(*id));
        users.any(|identity| identity.subscriber() == user)
    };
    if of_user(&newest) {
        return Some(newest);
    }
    let subscriber = user.and_then(|handle| state.subscriber_of(handle))?;
    let siblings: Vec<Vec<u8>> =
        state.subscriber(subscriber)?.identities().map(|(uri, ..)| uri.to_vec()).collect();
    let domain = state.identity(of)?.domain_index();
    let mut found = siblings.iter().filter_map(|sibling| state.find_identity(domain, sibling));
    found.find_map(|sibling| {
        let mut contacts = state.contacts_of(sibling).into_iter();
        contacts.find(|id| state.contact(*id).is_some_and(|contact| contact.uri() == uri))
    })
}

fn watch(
    records: &mut Records,
    state: &mut State,
    of: Id,
    row: &Watcher,
    now: i64,
) -> Result<(), Refusal> {
    let new = NewWatcher {
        event: row.key.event,
        expires: row.expires,
        version: row.version,
        local_cseq: row.local_cseq,
        watcher_uri: &row.watcher_uri,
        watcher_contact: &row.key.watcher_contact,
        presentity_uri: &row.key.presentity_uri,
        call_id: &row.call_id,
        from_tag: &row.from_tag,
        to_tag: &row.to_tag,
        record_route: &row.record_route,
        sockinfo: &row.sockinfo_str,
    };
    watchers::add_here(records, state, of, &new, now).map(drop)
}
