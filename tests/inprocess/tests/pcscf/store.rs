//! A store that keeps contacts and does nothing else.

use core::sync::atomic::{AtomicI64, Ordering};
use kamailio::{
    Error,
    pcscf::{
        Changes, Contact, Domain, Domains, Event, Handle, Info, NewContact, Records,
        server::{Noted, Refusal, Store},
    },
    shared::{Shared, SharedRef},
    shm::Shm,
};
use kamailio_sys::pcscf as sys;
use pcscf_core::{Directory, Id, State, directory::Config, uri::Uri};
use shm_table::Seed;

pub(crate) type Contacts = Directory<Contact, Shm>;

static DOMAINS: Shared<Domains<Contacts>> = Shared::empty();

/// The clock.
pub(crate) static NOW: AtomicI64 = AtomicI64::new(1_000);

pub(crate) fn now() -> i64 {
    NOW.load(Ordering::Relaxed)
}

pub(crate) fn contacts() -> Result<Contacts, Error> {
    let config = Config { bits: 4, by_user: false, now: 0 };
    Ok(Directory::try_new_in(config, Seed::new([7; 16]), Shm)?)
}

/// Runs `work` with the API of a store, which is gone afterwards with all it held.
pub(crate) fn with_store(work: impl FnOnce(&sys::usrloc_api)) {
    let before = inprocess::host::used();
    DOMAINS.set(Domains::new()).unwrap();
    // SAFETY: numbers and addresses, of which zeroes are none.
    let mut api: sys::usrloc_api = unsafe { core::mem::zeroed() };
    kamailio::pcscf::server::fill::<Plain>(&mut api);
    work(&api);
    drop(DOMAINS.take());
    assert_eq!(inprocess::host::used(), before);
}

/// Runs `work` on a domain.
pub(crate) fn with_domain(work: impl FnOnce(&Domain<Contacts>)) {
    with_store(|_| {
        let domains = DOMAINS.get().unwrap();
        let (domain, made) = domains.open(b"location", 16, contacts).unwrap();
        assert!(made);
        work(domain);
    });
}

/// The size of what waits in the graveyard of `domain`.
pub(crate) fn resting(domain: &Domain<Contacts>) -> u32 {
    domain.with(|records, _| records.resting()).unwrap()
}

pub(crate) struct Plain;

fn edit<R>(
    domain: &Domain<Contacts>,
    contact: Handle,
    work: impl FnOnce(&mut Records, &mut Contacts, Id) -> Result<R, Refusal>,
) -> Result<R, Refusal> {
    let edited = domain.with(|records, all| {
        let id = Id::from_u64(contact.id());
        all.get(id).filter(|known| known.handle() == contact).ok_or(Refusal::Gone)?;
        work(records, all, id)
    });
    edited.unwrap()
}

impl Store for Plain {
    type State = Contacts;

    fn domains() -> Option<SharedRef<'static, Domains<Contacts>>> {
        DOMAINS.get()
    }

    fn db_mode() -> i32 {
        0
    }

    fn open(domains: &Domains<Contacts>, name: &[u8]) -> Result<(), Refusal> {
        domains.open(name, 16, contacts)?;
        Ok(())
    }

    fn leaving(_: &Domain<Contacts>) {}

    fn unlocked(_: &Domain<Contacts>) {}

    fn find(
        domain: &Domain<Contacts>,
        wanted: &Info<'_>,
        _: bool,
    ) -> Result<Option<Handle>, Refusal> {
        let found = domain.with(|_, all| {
            let mut there = all.with_aor(wanted.aor());
            there.next().map(|(_, contact)| contact.handle())
        });
        Ok(found.flatten())
    }

    fn look_up(domain: &Domain<Contacts>, wanted: &Info<'_>) -> Result<Option<Handle>, Refusal> {
        Self::find(domain, wanted, false)
    }

    fn insert(domain: &Domain<Contacts>, aor: &[u8], info: &Info<'_>) -> Result<Handle, Refusal> {
        let uri = Uri::parse(aor).map_err(|_| Refusal::Uri(aor.into()))?;
        let new = NewContact {
            aor,
            contact_user: uri.user,
            contact_host: uri.host,
            contact_port: uri.port_or_default(),
            rinstance: b"",
            received_host: info.received_host(),
            received_port: info.received_port(),
            received_proto: info.received_proto(),
            via_host: info.via_host(),
            via_port: info.via_port(),
            via_proto: info.via_proto(),
            path: b"",
            state: info.state(),
            expires: info.expires(),
        };
        let inserted = domain.with(|records, all| {
            let contact = records.try_contact(&new, now())?;
            let id = all.try_insert(contact).map_err(|_| Error::OutOfShm)?;
            let contact = all.get_mut(id).ok_or(Refusal::Gone)?;
            contact.set_id(id.to_u64());
            Ok::<_, Refusal>((contact.handle(), contact.calls(Event::Insert)))
        });
        let (handle, calls) = inserted.unwrap()?;
        domain.call(calls);
        Ok(handle)
    }

    fn update(domain: &Domain<Contacts>, contact: Handle, info: &Info<'_>) -> Result<(), Refusal> {
        let (ids, routes) = (info.public_ids()?, info.service_routes()?);
        let calls = edit(domain, contact, |records, all, id| {
            let contact = all.get_mut(id).ok_or(Refusal::Gone)?;
            let changes = Changes {
                ids: (!ids.is_empty()).then_some(&ids),
                routes: (!routes.is_empty()).then_some(&routes),
                rx_session_id: info.rx_session_id()?,
            };
            records.change(contact, &changes, now())?;
            contact.set_state(info.state());
            let calls = contact.calls(Event::Update);
            all.refresh(id);
            Ok(calls)
        })?;
        domain.call(calls);
        Ok(())
    }

    fn delete(domain: &Domain<Contacts>, contact: Handle) -> Result<(), Refusal> {
        let contact = edit(domain, contact, |_, all, id| all.remove(id).ok_or(Refusal::Gone))?;
        domain.call(contact.calls(Event::Delete));
        domain.with(|records, _| records.bury(contact, now()));
        Ok(())
    }

    fn set_rx_session(
        domain: &Domain<Contacts>,
        contact: Handle,
        session: &[u8],
    ) -> Result<(), Refusal> {
        edit(domain, contact, |records, all, id| {
            let contact = all.get_mut(id).ok_or(Refusal::Gone)?;
            let changes = Changes { rx_session_id: Some(session), ..Changes::default() };
            Ok(records.change(contact, &changes, now())?)
        })
    }

    fn has_identity(_: &Domain<Contacts>, _: &[u8], _: u16, _: u16, _: &[u8]) -> bool {
        false
    }

    fn change<R>(
        domain: &Domain<Contacts>,
        contact: Handle,
        _: Noted,
        work: impl FnOnce(&mut Records, &mut Contact, i64) -> Result<R, Refusal>,
    ) -> Result<R, Refusal> {
        edit(domain, contact, |records, all, id| {
            work(records, all.get_mut(id).ok_or(Refusal::Gone)?, now())
        })
    }

    /// All of them.
    fn pending_like(domain: &Domain<Contacts>, _: Handle) -> Vec<Handle> {
        let mut all = Vec::new();
        let mut cursor = pcscf_core::directory::Cursor::START;
        domain.with(|_, contacts| {
            while let Some((id, next)) = contacts.next(cursor) {
                all.push(contacts.get(id).unwrap().handle());
                cursor = next;
            }
        });
        all
    }

    fn replace_ids(_: &Domain<Contacts>, _: Handle, _: &[&[u8]]) -> Result<(), Refusal> {
        Ok(())
    }

    fn of_identity(_: &Domain<Contacts>, _: &[u8], _: usize) -> Vec<Handle> {
        Vec::new()
    }

    fn supersede(_: &Domain<Contacts>, _: Handle, _: u64) -> Result<(), Refusal> {
        Ok(())
    }

    fn restored(_: u64, _: usize, _: &mut dyn FnMut(&Contact)) -> Option<u64> {
        None
    }

    fn contacts() -> u64 {
        let domains = DOMAINS.get().unwrap();
        let len = |domain: &Domain<Contacts>| domain.with(|_, all| all.len()).unwrap();
        domains.iter().map(|domain| u64::try_from(len(domain)).unwrap()).sum()
    }

    fn associations(_: &mut [u8], _: u32, _: u32) -> i32 {
        0
    }
}

/// A contact that is registered from its own address.
pub(crate) const ALICE: NewContact<'_> = NewContact {
    aor: b"sip:alice@192.0.2.7:5070;rinstance=abc;ob",
    contact_user: b"alice",
    contact_host: b"192.0.2.7",
    contact_port: 5070,
    rinstance: b"abc",
    received_host: b"192.0.2.7",
    received_port: 5070,
    received_proto: 1,
    via_host: b"192.0.2.7",
    via_port: 5070,
    via_proto: 1,
    path: b"",
    state: State::PENDING.0,
    expires: 2_000,
};
