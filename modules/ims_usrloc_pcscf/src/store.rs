//! What the functions of the C API do.

use crate::{
    db,
    domains::{self, ASKED, Domain, LOADED, RENEWED, RX, SECURED, STORED, State},
    find, params, restored, stats, supersede, touched,
};
use bstr::BStr;
use kamailio::{
    Error,
    pcscf::{
        Changes, Contact, Domains, Event, Handle, Info, NewContact, Records,
        server::{Noted, Refusal, Store},
    },
    shared::SharedRef,
    timer,
};
use pcscf_core::{
    Host, Id,
    directory::Cursor,
    pack::{Associations, Packer},
};

/// The store of this module.
#[derive(Debug)]
pub(crate) struct Locations;

/// A call frees so many blocks that have rested long enough, so that garbage is collected as fast
/// as it comes.
const CLEARED: u32 = 4;

/// Contacts that are looked at under one lock.
const CHUNK: usize = 256;

impl Store for Locations {
    type State = State;

    fn domains() -> Option<SharedRef<'static, Domains<State>>> {
        domains::all()
    }

    fn db_mode() -> i32 {
        params::DB_MODE.get()
    }

    fn open(domains: &Domains<State>, name: &[u8]) -> Result<(), Refusal> {
        Ok(domains::open(domains, name)?)
    }

    fn leaving(domain: &Domain) {
        if touched::is_empty() {
            return;
        }
        domain.with(|_, state| {
            if let Some(kept) = touched::kept(domain)
                && let Some(contact) = state.directory.get_mut(kept)
            {
                contact.set_flags(contact.flags() | ASKED);
            }
            while let Some(id) = touched::take_one(domain) {
                // Clients write into the security associations, too.
                state.ask(id);
                let Some(contact) = state.directory.get(id) else { continue };
                let is_pending = contact.state() == pcscf_core::State::PENDING.0;
                if domains::due(contact) == state.directory.due(id) {
                    continue;
                }
                state.schedule(id);
                // A REGISTER that nobody has authenticated causes no more than one write.
                if is_pending {
                    continue;
                }
                if let Err(error) = state.note(id) {
                    kamailio::error!("domain {domain:?}: a new expiry is not stored: {error}");
                }
            }
        });
    }

    fn unlocked(domain: &Domain) {
        db::flush(domain);
    }

    fn find(domain: &Domain, wanted: &Info<'_>, reverse: bool) -> Result<Option<Handle>, Refusal> {
        Ok(find::find(domain, wanted, reverse))
    }

    fn look_up(domain: &Domain, wanted: &Info<'_>) -> Result<Option<Handle>, Refusal> {
        Ok(find::look_up(domain, wanted))
    }

    fn insert(domain: &Domain, aor: &[u8], info: &Info<'_>) -> Result<Handle, Refusal> {
        let (ids, routes) = (info.public_ids()?, info.service_routes()?);
        let changes = Changes {
            ids: (!ids.is_empty()).then_some(&*ids),
            routes: (!routes.is_empty()).then_some(&*routes),
            rx_session_id: info.rx_session_id()?,
        };
        let plain = match info.parts() {
            Some(parts) => NewContact::of_parts(aor, &parts),
            None => NewContact::of_uri(aor).map_err(|_| Refusal::Uri(BStr::new(aor).into()))?,
        };
        let new = NewContact {
            received_host: info.received_host(),
            received_port: info.received_port(),
            received_proto: info.received_proto(),
            via_host: info.via_host(),
            via_port: info.via_port(),
            via_proto: info.via_proto(),
            path: info.path()?.unwrap_or_default(),
            state: info.state(),
            expires: info.expires(),
            ..plain
        };
        let (now, methods) = (timer::now(), domains::all().map(|all| all.methods()));
        let inserted: Option<Result<_, Refusal>> = domain.with(|records, state| {
            records.clear(now, CLEARED);
            let id = insert(records, state, &new, &changes, 0, now)?;
            let contact = state.directory.get(id).ok_or(Refusal::Gone)?;
            let calls = match methods {
                Some(methods) => methods.insert_calls(contact),
                None => contact.calls(Event::Insert),
            };
            Ok((id, contact.handle(), calls))
        });
        let (id, handle, calls) = inserted.ok_or(BUSY)??;
        touched::remember(domain, id);
        domain.call(calls);
        Ok(handle)
    }

    fn update(domain: &Domain, contact: Handle, info: &Info<'_>) -> Result<(), Refusal> {
        let (ids, routes) = (info.public_ids()?, info.service_routes()?);
        let rx_session_id = info.rx_session_id()?;
        let calls = edit(domain, contact, |records, state, id, now| {
            state.note(id)?;
            let contact = state.directory.get(id).ok_or(Refusal::Gone)?;
            let has_ids = contact.public_ids().next().is_some();
            let changes = Changes {
                ids: (!ids.is_empty() && !has_ids).then_some(&*ids),
                routes: (!routes.is_empty()).then_some(&*routes),
                rx_session_id,
            };
            change(records, state, id, &changes, now, |contact| {
                contact.set_state(info.state());
                if info.state() == pcscf_core::State::REGISTERED.0 {
                    contact.set_flags(contact.flags() | RENEWED);
                }
                if info.expires() > 0 {
                    contact.set_expires(info.expires());
                }
            })?;
            let contact = state.directory.get_mut(id).ok_or(Refusal::Gone)?;
            let calls = calls(records, contact, Event::Update);
            state.schedule(id);
            Ok(calls)
        })?;
        domain.call(calls);
        Ok(())
    }

    fn delete(domain: &Domain, contact: Handle) -> Result<(), Refusal> {
        let (contact, calls) = edit(domain, contact, |records, state, id, _| {
            state.note(id)?;
            let mut contact = state.directory.remove(id).ok_or(Refusal::Gone)?;
            let calls = calls(records, &mut contact, Event::Delete);
            Ok((contact, calls))
        })?;
        domain.call(calls);
        domain.with(|records, _| records.bury(contact, timer::now()));
        Ok(())
    }

    fn set_rx_session(domain: &Domain, contact: Handle, session: &[u8]) -> Result<(), Refusal> {
        edit(domain, contact, |records, state, id, now| {
            state.note(id)?;
            let contact = state.directory.get_mut(id).ok_or(Refusal::Gone)?;
            let changes = Changes { rx_session_id: Some(session), ..Changes::default() };
            records.change(contact, &changes, now)?;
            contact.set_flags(contact.flags() | RX);
            Ok(())
        })
    }

    fn has_identity(domain: &Domain, host: &[u8], port: u16, proto: u16, identity: &[u8]) -> bool {
        let found = domain.with(|_, state| {
            let (mut theirs, host) = (state.directory.with_id(identity), Host::of(host));
            theirs.any(|(_, contact)| {
                contact.state() == pcscf_core::State::REGISTERED.0
                    && (contact.received_port(), contact.received_proto()) == (port, proto)
                    && Host::of(contact.received_host()) == host
            })
        });
        found.unwrap_or(false)
    }

    fn change<R>(
        domain: &Domain,
        contact: Handle,
        noted: Noted,
        work: impl FnOnce(&mut Records, &mut Contact, i64) -> Result<R, Refusal>,
    ) -> Result<R, Refusal> {
        edit(domain, contact, |records, state, id, now| {
            if noted == Noted::Security {
                if let Some(contact) = state.directory.get_mut(id) {
                    contact.set_flags(contact.flags() | SECURED);
                }
                state.note(id)?;
            }
            let done = work(records, state.directory.get_mut(id).ok_or(Refusal::Gone)?, now)?;
            if noted == Noted::Security {
                state.ask(id);
            }
            Ok(done)
        })
    }

    fn pending_like(domain: &Domain, contact: Handle) -> Vec<Handle> {
        /// Where the C module looks for contacts that registered in the clear.
        const CLEAR_PORT: u16 = 5060;
        let found = edit(domain, contact, |_, state, id, _| {
            let contact = state.directory.get(id).ok_or(Refusal::Gone)?;
            let Some(own) = contact.security_temp() else { return Ok(Vec::new()) };
            let (via, host) = (Host::of(contact.via_host()), Host::of(contact.contact_host()));
            let (port, spis) = (contact.contact_port(), contact.asked_spis());
            let also = (via, CLEAR_PORT) != (host, port);
            let clear = also.then(|| state.directory.with_spis(via, CLEAR_PORT, spis));
            let same = state.directory.with_spis(host, port, spis);
            let like = clear.into_iter().flatten().chain(same).filter(|(other, contact)| {
                let agreed = contact.security_temp();
                *other != id && agreed.is_some_and(|a| a.ports == own.ports && a.spis == own.spis)
            });
            Ok(like.map(|(_, other)| other.handle()).collect())
        });
        found.unwrap_or_default()
    }

    fn replace_ids(domain: &Domain, contact: Handle, ids: &[&[u8]]) -> Result<(), Refusal> {
        edit(domain, contact, |records, state, id, now| {
            let contact = state.directory.get(id).ok_or(Refusal::Gone)?;
            if contact.public_ids().eq(ids.iter().copied()) || ids.is_empty() {
                return Ok(());
            }
            let changes = Changes { ids: Some(ids), ..Changes::default() };
            change(records, state, id, &changes, now, |_| {})?;
            Ok(state.note(id)?)
        })
    }

    fn supersede(domain: &Domain, contact: Handle, device: u64) -> Result<(), Refusal> {
        supersede::supersede(domain, contact, device)
    }

    fn of_identity(domain: &Domain, identity: &[u8], most: usize) -> Vec<Handle> {
        let found = domain.with(|_, state| {
            let all = state.directory.of_user(identity).take(most);
            all.map(|(id, contact)| (id, contact.handle())).collect::<Vec<_>>()
        });
        let found = found.unwrap_or_default();
        found.iter().for_each(|(id, _)| touched::remember(domain, *id));
        found.into_iter().map(|(_, handle)| handle).collect()
    }

    fn restored(from: u64, most: usize, show: &mut dyn FnMut(&Contact)) -> Option<u64> {
        restored::some(from, most, show)
    }

    fn contacts() -> u64 {
        u64::try_from(stats::registered_contacts()).unwrap_or(0)
    }

    fn associations(out: &mut [u8], part: u32, parts: u32) -> i32 {
        let mut packer = Packer::new(out, part, parts);
        domains::each(|domain| {
            walk(domain, |id, contact| {
                let Some(ipsec) = contact.security_temp() else { return };
                if packer.wants(id.index) && !contact.received_host().is_empty() {
                    packer.push(&Associations {
                        host: contact.received_host(),
                        spis: ipsec.spis,
                        ports: ipsec.ports,
                    });
                }
            });
        });
        packer.finish()
    }
}

const BUSY: Refusal = Refusal::Core(Error::Core { call: "lock_udomain", code: -1 });

/// Runs `work` on the contact that C names, if it is still there.
pub(crate) fn edit<R>(
    domain: &Domain,
    contact: Handle,
    work: impl FnOnce(&mut Records, &mut State, Id, i64) -> Result<R, Refusal>,
) -> Result<R, Refusal> {
    let now = timer::now();
    let mut edited = None;
    let result = domain.with(|records, state| {
        records.clear(now, CLEARED);
        let id = Id::from_u64(contact.id());
        let known = state.directory.get(id).filter(|known| known.handle() == contact);
        if known.is_none() {
            return Err(Refusal::Gone);
        }
        edited = Some(id);
        work(records, state, id, now)
    });
    if let Some(id) = edited {
        touched::remember(domain, id);
    }
    result.ok_or(BUSY)?
}

/// Changes contact `id` and, once nothing can fail any more, has `set` do the rest. It is the newest
/// of its state then, and found under its new identities.
pub(crate) fn change(
    records: &mut Records,
    state: &mut State,
    id: Id,
    changes: &Changes<'_>,
    now: i64,
    set: impl FnOnce(&mut Contact),
) -> Result<(), Error> {
    let change = |contact: &mut Contact| {
        records.change(contact, changes, now)?;
        contact.set_flags(contact.flags() | rx_flag(changes));
        set(contact);
        Ok(())
    };
    if let Some(ids) = changes.ids {
        return state.directory.try_change_ids(id, ids, change).map(drop);
    }
    let Some(contact) = state.directory.get_mut(id) else { return Ok(()) };
    change(contact)?;
    state.directory.refresh(id);
    Ok(())
}

/// [`RX`], if a session is among the changes.
fn rx_flag(changes: &Changes<'_>) -> u32 {
    if changes.rx_session_id.is_some() { RX } else { 0 }
}

/// Takes a new contact in. Nobody sees it if that fails.
pub(crate) fn insert(
    records: &mut Records,
    state: &mut State,
    new: &NewContact<'_>,
    changes: &Changes<'_>,
    flags: u32,
    now: i64,
) -> Result<Id, Error> {
    let mut contact = records.try_contact(new, now)?;
    if let Err(error) = records.change(&mut contact, changes, now) {
        records.discard(contact, now);
        return Err(error);
    }
    contact.set_flags(flags | rx_flag(changes));
    let id = match state.directory.try_insert(contact) {
        Ok(id) => id,
        Err(contact) => {
            records.discard(contact, now);
            return Err(Error::OutOfShm);
        }
    };
    if let Some(contact) = state.directory.get_mut(id) {
        contact.set_id(id.to_u64());
    }
    let noted = if flags & STORED == 0 { state.note(id) } else { Ok(()) };
    if let Err(error) = noted {
        if let Some(contact) = state.directory.remove(id) {
            records.discard(contact, now);
        }
        return Err(error);
    }
    state.schedule(id);
    Ok(id)
}

/// What clients are to be called for when `event` happens to `contact`.
pub(crate) fn calls(
    records: &mut Records,
    contact: &mut Contact,
    event: Event,
) -> kamailio::pcscf::Calls {
    // What clients have registered only since the contact was loaded.
    if contact.flags() & LOADED != 0
        && let Some(domains) = domains::all()
        && let Err(error) = records.attach(contact, &domains.methods())
    {
        kamailio::error!("contact {contact:?}: callbacks are not registered: {error}");
    }
    contact.calls(event)
}

/// Shows each contact to `look`, some under one lock.
pub(crate) fn walk(domain: &Domain, mut look: impl FnMut(Id, &Contact)) {
    let mut cursor = Some(Cursor::START);
    while let Some(from) = cursor {
        cursor = domain
            .with(|_, state| {
                let mut at = from;
                for _ in 0..CHUNK {
                    let (id, next) = state.directory.next(at)?;
                    if let Some(contact) = state.directory.get(id) {
                        look(id, contact);
                    }
                    at = next;
                }
                Some(at)
            })
            .flatten();
    }
}
