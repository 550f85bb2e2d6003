//! Contacts of the store.

use super::{
    super::{Kept, now},
    edit,
};
use kamailio::scscf::{
    ContactChanges, ContactHandle, ContactInfo, Engine, Event, IdentityHandle, NewContact,
    server::Refusal,
};

pub(super) fn find(engine: &Engine<Kept>, uri: &[u8]) -> Result<Option<ContactHandle>, Refusal> {
    edit(engine, |_, kept| {
        let Some(id) = kept.at(uri) else { return Ok(None) };
        let contact = kept.contacts.get_mut(id).unwrap();
        contact.set_ref_count(contact.ref_count() + 1);
        Ok(Some(contact.handle()))
    })
}

pub(super) fn insert(
    engine: &Engine<Kept>,
    identity: IdentityHandle,
    uri: &[u8],
    info: &ContactInfo<'_>,
) -> Result<ContactHandle, Refusal> {
    let (handle, calls) = edit(engine, |records, kept| {
        let owner = kept.identity(identity)?;
        let aor = kept.identities.get(owner).unwrap().public().to_vec();
        let new = NewContact {
            aor: &aor,
            uri,
            received: info.received(),
            path: info.path().unwrap_or_default(),
            callid: info.callid().unwrap_or_default(),
            user_agent: info.user_agent().unwrap_or_default(),
            params: &info.params(),
            expires: info.expires(),
            q: info.q(),
            cseq: info.cseq(),
            flags: info.flags(),
            cflags: info.cflags(),
            methods: info.methods(),
            sock: info.sock(),
            last_modified: info.last_modified(),
            is_3gpp: false,
        };
        let made = records.try_contact(kept.domain(), &new, now())?;
        let id = kept.contacts.try_insert(made).map_err(|_| Refusal::Full)?;
        let Kept { identities, contacts, .. } = kept;
        let owner = identities.get_mut(owner).unwrap();
        let contact = contacts.get_mut(id).unwrap();
        contact.set_id(id.to_u64());
        contact.set_slot(id.index);
        records.link(owner, contact, now())?;
        Ok((contact.handle(), records.calls(Event::NewContact, Some(owner), Some(contact))))
    })?;
    engine.call(calls);
    Ok(handle)
}

pub(super) fn update(
    engine: &Engine<Kept>,
    identity: IdentityHandle,
    contact: ContactHandle,
    info: &ContactInfo<'_>,
) -> Result<(), Refusal> {
    edit(engine, |records, kept| {
        let (owner, id) = (kept.identity(identity)?, kept.contact(contact)?);
        let Kept { identities, contacts, .. } = kept;
        let contact = contacts.get_mut(id).unwrap();
        let changes = ContactChanges {
            received: Some(info.received()),
            path: info.path(),
            callid: None,
            user_agent: info.user_agent(),
            params: None,
        };
        records.change_contact(contact, &changes, now())?;
        contact.set_expires(info.expires());
        records.link(identities.get_mut(owner).unwrap(), contact, now())?;
        Ok(())
    })
}

pub(super) fn expire(engine: &Engine<Kept>, contact: ContactHandle) -> Result<(), Refusal> {
    edit(engine, |_, kept| {
        let id = kept.contact(contact)?;
        kept.contacts.get_mut(id).unwrap().set_expires(now());
        Ok(())
    })
}

pub(super) fn delete(engine: &Engine<Kept>, contact: ContactHandle) -> Result<(), Refusal> {
    edit(engine, |records, kept| {
        let id = kept.contact(contact)?;
        let mut gone = kept.contacts.remove(id).unwrap();
        let identities: Vec<_> = gone.identities().collect();
        for identity in identities {
            let id = kept.identity(identity)?;
            records.unlink(kept.identities.get_mut(id).unwrap(), &mut gone, now());
        }
        records.bury_contact(gone, now());
        Ok(())
    })
}

pub(super) fn release(engine: &Engine<Kept>, contact: ContactHandle) -> Result<(), Refusal> {
    edit(engine, |_, kept| {
        let id = kept.contact(contact)?;
        let contact = kept.contacts.get_mut(id).unwrap();
        contact.set_ref_count(contact.ref_count() - 1);
        Ok(())
    })
}

pub(super) fn link(
    engine: &Engine<Kept>,
    identity: IdentityHandle,
    contact: ContactHandle,
) -> Result<(), Refusal> {
    edit(engine, |records, kept| {
        let (owner, id) = (kept.identity(identity)?, kept.contact(contact)?);
        let Kept { identities, contacts, .. } = kept;
        let (owner, contact) = (identities.get_mut(owner), contacts.get_mut(id));
        records.link(owner.unwrap(), contact.unwrap(), now())?;
        Ok(())
    })
}

pub(super) fn unlink(
    engine: &Engine<Kept>,
    identity: IdentityHandle,
    contact: ContactHandle,
) -> Result<(), Refusal> {
    edit(engine, |records, kept| {
        let (owner, id) = (kept.identity(identity)?, kept.contact(contact)?);
        let Kept { identities, contacts, .. } = kept;
        let (owner, contact) = (identities.get_mut(owner), contacts.get_mut(id));
        records.unlink(owner.unwrap(), contact.unwrap(), now());
        Ok(())
    })
}

pub(super) fn add_dialog(
    engine: &Engine<Kept>,
    contact: ContactHandle,
    entry: u32,
    id: u32,
) -> Result<(), Refusal> {
    edit(engine, |records, kept| {
        let at = kept.contact(contact)?;
        records.add_dialog(kept.contacts.get_mut(at).unwrap(), entry, id, now())?;
        Ok(())
    })
}

pub(super) fn remove_dialog(
    engine: &Engine<Kept>,
    contact: ContactHandle,
    entry: u32,
    id: u32,
) -> Result<bool, Refusal> {
    edit(engine, |records, kept| {
        let at = kept.contact(contact)?;
        Ok(records.remove_dialog(kept.contacts.get_mut(at).unwrap(), entry, id, now()))
    })
}
