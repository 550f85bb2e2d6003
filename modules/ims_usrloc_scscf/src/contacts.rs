//! What clients do with contacts.

use crate::{
    db::{self, Cause, Row},
    dialogs,
    engine::Engine,
    settings,
    state::{Flags, State, flags_of, state_of},
    store::{BUSY, CLEARED},
    touched,
};
use bstr::BStr;
use kamailio::{
    scscf::{
        Calls, Contact, ContactChanges, ContactHandle, ContactInfo, Event, Identity,
        IdentityHandle, NewContact, Param, Records, server::Refusal,
    },
    timer,
};
use scscf_core::{life, limits::Room, matching::Wanted};
use shm_store::Id;

/// Dialogs of a contact that is gone: they end.
pub(crate) type Dialogs = Vec<(u32, u32)>;

/// The contact that is `wanted`, with a reference more.
pub(crate) fn find(engine: &Engine, wanted: &Wanted<'_>) -> Option<ContactHandle> {
    let found = engine.with(|_, state| {
        let id = state.find_contact(wanted)?;
        touched::contact(id);
        let contact = state.contact_mut(id)?;
        contact.set_ref_count(contact.ref_count().saturating_add(1));
        Some(contact.handle())
    });
    found.flatten()
}

/// A new contact of an identity.
pub(crate) fn insert(
    engine: &Engine,
    identity: IdentityHandle,
    uri: &[u8],
    info: &ContactInfo<'_>,
) -> Result<ContactHandle, Refusal> {
    let now = timer::now();
    let inserted = engine.with(|records, state| {
        records.clear(now, CLEARED);
        let of = state.identity_of(identity).ok_or(Refusal::Gone("identity"))?;
        let params = info.params();
        let is_3gpp = is_3gpp(&params);
        let limits = settings::get().limits;
        if let Err(full) = limits.admit(state.live_contacts(of, now), is_3gpp) {
            let public = state.identity(of).map(Identity::public).unwrap_or_default();
            kamailio::notice!(
                "contact {} of identity {} is refused: {full}",
                BStr::new(uri),
                BStr::new(public)
            );
            return Err(Refusal::Full);
        }
        let owner = state.identity(of).ok_or(Refusal::Gone("identity"))?;
        let domain = owner.domain().ok_or(Refusal::NoDomain)?;
        let new = NewContact {
            aor: owner.public(),
            uri,
            received: info.received(),
            path: info.path().unwrap_or_default(),
            callid: info.callid().unwrap_or_default(),
            user_agent: info.user_agent().unwrap_or_default(),
            params: &params,
            expires: info.expires(),
            q: info.q(),
            cseq: info.cseq(),
            flags: info.flags(),
            cflags: info.cflags(),
            methods: info.methods(),
            sock: info.sock(),
            last_modified: info.last_modified(),
            is_3gpp,
        };
        let contact = records.try_contact(domain, &new, now)?;
        let id = state.add_contact(contact)?;
        state.note_contact(id, Cause::New);
        if let Err(error) = link_here(records, state, of, id, true, now) {
            // Nobody has seen it.
            drop(take_out(records, state, id, now));
            return Err(error);
        }
        state.schedule_contact(id, now);
        state.schedule_identity(of, now);
        touched::contact(id);
        touched::identity(of);
        let (owner, contact) = both(state, of, id)?;
        let mut calls = records.calls(Event::ContactInsert, Some(owner), Some(contact));
        calls.append(records.calls(Event::NewContact, Some(owner), Some(contact)));
        Ok((contact.handle(), calls))
    });
    let (handle, calls) = inserted.ok_or(BUSY)??;
    engine.call(calls);
    Ok(handle)
}

/// Whether the parameters are those of a telephone with services of 3GPP.
pub(crate) fn is_3gpp(params: &[Param<'_>]) -> bool {
    params.iter().any(|param| param.name == b"+g.3gpp.icsi-ref")
}

fn both(state: &State, identity: Id, contact: Id) -> Result<(&Identity, &Contact), Refusal> {
    let pair = state.identity(identity).zip(state.contact(contact));
    pair.ok_or(Refusal::Gone("contact"))
}

/// The identity and the contact that C names.
fn named(
    state: &State,
    identity: IdentityHandle,
    contact: ContactHandle,
) -> Result<(Id, Id), Refusal> {
    let identity = state.identity_of(identity).ok_or(Refusal::Gone("identity"))?;
    Ok((identity, state.contact_of(contact).ok_or(Refusal::Gone("contact"))?))
}

/// A contact registers again.
pub(crate) fn update(
    engine: &Engine,
    identity: IdentityHandle,
    contact: ContactHandle,
    info: &ContactInfo<'_>,
) -> Result<(), Refusal> {
    let now = timer::now();
    let updated = engine.with(|records, state| {
        records.clear(now, CLEARED);
        let (of, id) = named(state, identity, contact)?;
        let params = info.params();
        let known = state.contact_mut(id).ok_or(Refusal::Gone("contact"))?;
        let changes = ContactChanges {
            received: Some(info.received()),
            path: Some(info.path().unwrap_or_default()),
            callid: info.callid(),
            user_agent: info.user_agent(),
            params: (!params.is_empty()).then_some(&params[..]),
        };
        records.change_contact(known, &changes, now)?;
        known.set_expires(info.expires());
        known.set_q(info.q());
        known.set_cseq(info.cseq());
        known.set_methods(info.methods());
        known.set_last_modified(info.last_modified());
        known.set_flags(info.flags());
        known.set_cflags(info.cflags());
        known.set_sock(info.sock());
        if !params.is_empty() {
            known.set_3gpp(is_3gpp(&params));
        }
        changed(records, state, of, id, true, now)?;
        let (owner, contact) = both(state, of, id)?;
        let mut calls = records.calls(Event::ContactUpdate, Some(owner), Some(contact));
        calls.append(records.calls(Event::UpdateContact, Some(owner), Some(contact)));
        Ok::<Calls, Refusal>(calls)
    });
    engine.call(updated.ok_or(BUSY)??);
    Ok(())
}

/// The time of a contact is over now.
pub(crate) fn expire(
    engine: &Engine,
    identity: IdentityHandle,
    contact: ContactHandle,
) -> Result<(), Refusal> {
    let now = timer::now();
    let expired = engine.with(|records, state| {
        let (of, id) = named(state, identity, contact)?;
        if let Some(contact) = state.contact_mut(id) {
            contact.set_expires(now);
        }
        changed(records, state, of, id, true, now)?;
        let (owner, contact) = both(state, of, id)?;
        let mut calls = records.calls(Event::ContactExpire, Some(owner), Some(contact));
        calls.append(records.calls(Event::ExpireContact, Some(owner), Some(contact)));
        Ok::<Calls, Refusal>(calls)
    });
    engine.call(expired.ok_or(BUSY)??);
    Ok(())
}

/// What follows from a change of a contact: its row, its link, its time.
fn changed(
    records: &mut Records,
    state: &mut State,
    of: Id,
    id: Id,
    write_db: bool,
    now: i64,
) -> Result<(), Refusal> {
    state.note_contact(id, Cause::Changed);
    link_here(records, state, of, id, write_db, now)?;
    state.schedule_contact(id, now);
    touched::contact(id);
    touched::identity(of);
    Ok(())
}

/// Links a contact to an identity; the oldest ones make room for it if the parameters say so.
pub(crate) fn link(
    engine: &Engine,
    identity: IdentityHandle,
    contact: ContactHandle,
    write_db: bool,
) -> Result<(), Refusal> {
    let now = timer::now();
    let linked = engine.with(|records, state| {
        let (of, id) = named(state, identity, contact)?;
        link_here(records, state, of, id, write_db, now)?;
        state.schedule_identity(of, now);
        touched::identity(of);
        touched::contact(id);
        Ok(())
    });
    linked.ok_or(BUSY)?
}

/// As [`link`], under the lock.
pub(crate) fn link_here(
    records: &mut Records,
    state: &mut State,
    of: Id,
    id: Id,
    write_db: bool,
    now: i64,
) -> Result<(), Refusal> {
    let newest_first = settings::get().newest_first;
    let handle = state.contact(id).map(Contact::handle).ok_or(Refusal::Gone("contact"))?;
    let known =
        state.identity(of).ok_or(Refusal::Gone("identity"))?.contacts().any(|it| it == handle);
    if !known {
        make_room(records, state, of, id, now);
        state.show_contact(id)?;
        let (owner, contact) = state.pair_mut(of, id).ok_or(Refusal::Gone("contact"))?;
        records.link(owner, contact, now)?;
        if write_db {
            state.note_link(of, id, Cause::New);
        }
    }
    if newest_first && let Some((owner, contact)) = state.pair_mut(of, id) {
        records.move_first(owner, contact);
    }
    Ok(())
}

/// The oldest contacts of identity `of` go if one more would be too many.
fn make_room(records: &mut Records, state: &mut State, of: Id, id: Id, now: i64) {
    let settings = settings::get();
    let is_3gpp = state.contact(id).is_some_and(Contact::is_3gpp);
    let Room { of_3gpp, any } = settings.limits.room(state.live_contacts(of, now), is_3gpp);
    if of_3gpp == 0 && any == 0 {
        return;
    }
    let mut oldest_first = state.contacts_of(of);
    if settings.newest_first {
        oldest_first.reverse();
    }
    let (mut of_3gpp, mut any) = (of_3gpp, any);
    let mut going = Vec::new();
    oldest_first.retain(|id| {
        let Some(contact) = state.contact(*id).filter(|it| State::is_live(it, now)) else {
            return false;
        };
        let goes = of_3gpp > 0 && contact.is_3gpp();
        if goes {
            of_3gpp -= 1;
            going.push(*id);
        }
        !goes
    });
    for id in oldest_first {
        if any == 0 {
            break;
        }
        any -= 1;
        going.push(id);
    }
    for id in going {
        if let Some((owner, contact)) = state.identity(of).zip(state.contact(id)) {
            kamailio::info!(
                "contact {} of identity {} makes room for a newer one",
                BStr::new(contact.uri()),
                BStr::new(owner.public())
            );
        }
        unlink_here(records, state, of, id, now);
    }
}

/// An identity lets go of a contact.
pub(crate) fn unlink(
    engine: &Engine,
    identity: IdentityHandle,
    contact: ContactHandle,
) -> Result<(), Refusal> {
    let now = timer::now();
    let unlinked = engine.with(|records, state| {
        let (of, id) = named(state, identity, contact)?;
        unlink_here(records, state, of, id, now);
        state.schedule_identity(of, now);
        touched::identity(of);
        Ok(())
    });
    unlinked.ok_or(BUSY)?
}

/// As [`unlink`], under the lock.
pub(crate) fn unlink_here(records: &mut Records, state: &mut State, of: Id, id: Id, now: i64) {
    let Some((owner, contact)) = state.pair_mut(of, id) else { return };
    if records.unlink(owner, contact, now) {
        state.note_link(of, id, Cause::Gone);
    }
    end_if_alone(state, id, now);
}

/// An identity that was taken out lets go of a contact.
pub(crate) fn let_go(
    records: &mut Records,
    state: &mut State,
    identity: &mut Identity,
    id: Id,
    now: i64,
) {
    let Some(contact) = state.contact_mut(id) else { return };
    // The links of an identity go with its row.
    records.unlink(identity, contact, now);
    end_if_alone(state, id, now);
}

/// A contact that no identity has is found by nobody, and ends after its delay.
fn end_if_alone(state: &mut State, id: Id, now: i64) {
    let Some(contact) = state.contact_mut(id).filter(|contact| contact.link_count() == 0) else {
        return;
    };
    contact.set_expires(now.saturating_add(settings::get().delete_delay));
    state.set_contact_state(id, life::State::DelayedDelete);
    state.hide_contact(id);
    state.note_contact(id, Cause::Gone);
    state.schedule_contact(id, now);
}

/// A client gives its reference back.
pub(crate) fn release(engine: &Engine, handle: ContactHandle) -> Result<(), Refusal> {
    let now = timer::now();
    let released = engine.with(|_, state| {
        let id = state.contact_of(handle).ok_or(Refusal::Gone("contact"))?;
        let contact = state.contact_mut(id).ok_or(Refusal::Gone("contact"))?;
        let links = i32::try_from(contact.link_count()).unwrap_or(i32::MAX);
        let kept = links.saturating_add(flags_of(contact).has(Flags::TIMED).into());
        let left = contact.ref_count().saturating_sub(1);
        if left < kept {
            kamailio::notice!(
                "contact {} is released once more than it was taken",
                BStr::new(contact.uri())
            );
        }
        contact.set_ref_count(left.max(kept));
        crate::settle::contact(state, id, now);
        let contact = state.contact(id).ok_or(Refusal::Gone("contact"))?;
        if contact.ref_count() <= 0 && state_of(contact) != Some(life::State::DelayedDelete) {
            end_if_alone(state, id, now);
        }
        Ok(())
    });
    released.ok_or(BUSY)?
}

/// Frees a contact.
pub(crate) fn delete(engine: &Engine, handle: ContactHandle) -> Result<(), Refusal> {
    let now = timer::now();
    let ended = engine.with(|records, state| {
        let id = state.contact_of(handle).ok_or(Refusal::Gone("contact"))?;
        Ok::<Dialogs, Refusal>(take_out(records, state, id, now))
    });
    let ended = ended.ok_or(BUSY)??;
    engine.released(|| dialogs::terminate(&ended));
    Ok(())
}

/// Takes contact `id` out of everything; its dialogs are to be ended without the lock.
pub(crate) fn take_out(records: &mut Records, state: &mut State, id: Id, now: i64) -> Dialogs {
    for of in state.identities_with(id) {
        let Some((owner, contact)) = state.pair_mut(of, id) else { continue };
        if records.unlink(owner, contact, now) {
            state.note_link(of, id, Cause::Gone);
        }
        state.schedule_identity(of, now);
    }
    let Some(contact) = state.remove_contact(id) else { return Vec::new() };
    let dialogs = contact.dialogs().collect();
    db::changed(&mut state.journal, Row::Contact(contact.uri()), Cause::Gone);
    records.bury_contact(contact, now);
    dialogs
}
