//! Calls of a contact end with it, if `ims_dialog` is loaded.

use crate::{
    contacts,
    engine::{self, Engine},
    state::State,
};
use kamailio::{
    Error,
    scscf::{
        ContactHandle,
        dialogs::{DialogEvent, Dialogs, Kind},
        server::Refusal,
    },
    timer,
};
use scscf_core::matching::{Mode, Wanted};
use shm_store::Id;
use std::sync::OnceLock;

static DIALOGS: OnceLock<Dialogs> = OnceLock::new();

/// The domain whose identities have calls, as in C.
const DOMAIN: &[u8] = b"location";

/// Binds to `ims_dialog`. To be called in `mod_init`.
pub(crate) fn set_up() -> Result<(), Error> {
    let Some(dialogs) = Dialogs::load()? else {
        kamailio::notice!(
            "ims_dialog is not loaded: calls of a contact that is removed go on until a party hangs up"
        );
        return Ok(());
    };
    dialogs.on_dialogs(happened)?;
    // A second mod_init does not happen.
    let _first = DIALOGS.set(dialogs);
    Ok(())
}

/// A call is answered, or has ended.
fn happened(event: &DialogEvent<'_>) {
    let Some(engine) = engine::get() else { return };
    let done = engine.with(|records, state| {
        let Some(domain) = engine.find(DOMAIN) else { return Ok(()) };
        // Both are known, or it is no call of ours.
        let find = |uri| state.find_identity(domain.index(), without_params(uri));
        let (caller, callee) = (find(event.from_uri()), event.to_uri().and_then(find));
        let (Some(caller), Some(callee)) = (caller, callee) else { return Ok(()) };
        let callee_contact = event.callee_contact().unwrap_or_default();
        for (identity, contact) in [(caller, event.caller_contact()), (callee, callee_contact)] {
            let Some(id) = contact_in_call(state, identity, contact) else { continue };
            let Some(contact) = state.contact_mut(id) else { continue };
            let (entry, number, now) = (event.entry(), event.id(), timer::now());
            if event.kind() == Kind::Confirmed {
                records.add_dialog(contact, entry, number, now)?;
            } else {
                records.remove_dialog(contact, entry, number, now);
            }
        }
        Ok::<(), Error>(())
    });
    if let Some(Err(error)) = done {
        kamailio::error!("a call will not end with its contact: {error}");
    }
}

/// An identity as it is registered: what stands before the first `;`.
fn without_params(uri: &[u8]) -> &[u8] {
    uri.split(|byte| *byte == b';').next().unwrap_or(uri)
}

/// The contact of identity `of` that is `contact` in a call: the same by the rules, or with the host and
/// port that the request came from behind a NAT (`alias`), else the only one with that place.
fn contact_in_call(state: &State, of: Id, contact: &[u8]) -> Option<Id> {
    let inner = match contact {
        [b'<', inner @ .., b'>'] => inner,
        _ => contact,
    };
    let best = |mode: Mode, uri: &[u8]| {
        let wanted = Wanted { uri, call_id: None, path: None };
        let fits = state.contacts_of(of).into_iter().filter_map(|id| {
            let known = state.contact(id)?;
            mode.fit(&wanted, known.uri(), b"", b"").map(|fit| (fit, id.generation, id))
        });
        fits.max_by_key(|(fit, generation, _)| (*fit, *generation)).map(|(.., id)| id)
    };
    let alias = aliased(inner);
    best(Mode::Uri, inner)
        .or_else(|| best(Mode::Place, inner))
        .or_else(|| alias.and_then(|uri| best(Mode::Place, &uri)))
}

/// The URI of the place in the parameter `alias` (`HOST~PORT~TRANSPORT`).
fn aliased(uri: &[u8]) -> Option<Vec<u8>> {
    let alias = uri.split(|byte| *byte == b';').find_map(|param| param.strip_prefix(b"alias="))?;
    let mut parts = alias.split(|byte| *byte == b'~');
    let (host, port) = (parts.next()?, parts.next()?);
    Some([b"sip:", host, b":", port].concat())
}

/// A client says that a contact is in a call.
pub(crate) fn add(
    engine: &Engine,
    contact: ContactHandle,
    entry: u32,
    id: u32,
) -> Result<(), Refusal> {
    let added = engine.with(|records, state| {
        let contact = state.contact_of(contact).ok_or(Refusal::Gone("contact"))?;
        let contact = state.contact_mut(contact).ok_or(Refusal::Gone("contact"))?;
        records.add_dialog(contact, entry, id, timer::now())?;
        Ok(())
    });
    added.ok_or(crate::store::BUSY)?
}

/// A client says that a call is over; whether it was known.
pub(crate) fn remove(
    engine: &Engine,
    contact: ContactHandle,
    entry: u32,
    id: u32,
) -> Result<bool, Refusal> {
    let removed = engine.with(|records, state| {
        let contact = state.contact_of(contact).ok_or(Refusal::Gone("contact"))?;
        let contact = state.contact_mut(contact).ok_or(Refusal::Gone("contact"))?;
        Ok(records.remove_dialog(contact, entry, id, timer::now()))
    });
    removed.ok_or(crate::store::BUSY)?
}

/// Ends the calls of contacts that are gone. Never under the lock.
pub(crate) fn terminate(ended: &contacts::Dialogs) {
    let Some(dialogs) = DIALOGS.get() else { return };
    for (entry, id) in ended {
        match dialogs.terminate(*entry, *id) {
            Ok(()) => kamailio::info!("dialog {entry}:{id} is ended: its contact is gone"),
            Err(error) => {
                kamailio::notice!("dialog {entry}:{id} outlives its contact: {error}");
            }
        }
    }
}
