//! A device that registers again, from another address: what it registered before is over.

use crate::{
    domains::{DEVICE, Domain, State},
    store,
};
use kamailio::{
    Error,
    pcscf::{Calls, Contact, Event, Handle, Records, server::Refusal},
    timer,
};
use pcscf_core::{Id, State as RegState, decide::Place, identity};

/// So many contacts of one device are looked at, the newest first. A user has one or two of them:
/// there are more only where many users claim to have the same device.
const LOOKED_AT: usize = 256;

/// States of contacts that were registered. Others may be about to be: the telephone uses their
/// security associations.
const BOUND: [RegState; 3] = [RegState::REGISTERED, RegState::PENDING_AAR, RegState::DEREG_PENDING];

/// A contact that was taken out: nobody finds it any more.
struct Superseded {
    contact: Contact,
    calls: Calls,
}

/// Says which device registered `contact`, and removes the other contacts of that device that were
/// registered for the same user: that have an identity of `contact`.
pub(crate) fn supersede(domain: &Domain, contact: Handle, device: u64) -> Result<(), Refusal> {
    let taken = store::edit(domain, contact, |records, state, id, _| {
        let known = state.directory.get(id).ok_or(Refusal::Gone)?;
        if known.device() != device {
            set_device(state, id, device)?;
            state.note(id)?;
        }
        if device == 0 {
            return Ok(Vec::new());
        }
        let older = older(state, id, device);
        Ok(older.into_iter().filter_map(|other| take_out(records, state, id, other)).collect())
    });
    let taken: Vec<Superseded> = taken?;
    for Superseded { contact, calls } in taken {
        domain.call(calls);
        domain.with(|records, _| records.bury(contact, timer::now()));
    }
    Ok(())
}

/// Says which device registered contact `id`.
pub(crate) fn set_device(state: &mut State, id: Id, device: u64) -> Result<(), Error> {
    let set = |contact: &mut Contact| {
        contact.set_flags(contact.flags() | DEVICE);
        contact.set_device(device);
    };
    Ok(state.directory.try_set_device(id, device, set)?)
}

/// The contacts that contact `id` takes the place of.
fn older(state: &State, id: Id, device: u64) -> Vec<Id> {
    let Some(newest) = state.directory.get(id) else { return Vec::new() };
    if newest.state() != RegState::REGISTERED.0 {
        return Vec::new();
    }
    let same_user = |other: &Contact| {
        other.public_ids().any(|one| newest.public_ids().any(|id| identity::same(one, id)))
    };
    let others = state.directory.of_device(device).take(LOOKED_AT);
    let others = others.filter(|(other, contact)| {
        *other != id && BOUND.contains(&RegState(contact.state())) && same_user(contact)
    });
    others.map(|(other, _)| other).collect()
}

/// Takes contact `other` out, with its row, in favour of contact `id`; it stays if memory is short.
fn take_out(records: &mut Records, state: &mut State, id: Id, other: Id) -> Option<Superseded> {
    if let Err(error) = state.note(other) {
        kamailio::error!("a contact that is superseded stays: its row cannot be removed: {error}");
        return None;
    }
    let mut contact = state.directory.remove(other)?;
    if let Some(newest) = state.directory.get(id) {
        kamailio::notice!(
            "contact {contact:?} from {} is removed: its device is registered as {newest:?} from {}",
            source(&contact),
            source(newest)
        );
    }
    let calls = store::calls(records, &mut contact, Event::Delete);
    Some(Superseded { contact, calls })
}

fn source(contact: &Contact) -> Place<'_> {
    let (host, port) = (contact.received_host(), contact.received_port());
    Place { host, port, proto: contact.received_proto() }
}
