//! What the functions of the C API do: each stands in the file of the records that it is about.

use crate::{
    contacts, db, dialogs, engine, identities, pack, params, settings, settle, state::State,
    subscribers, touched, watchers,
};
use kamailio::{
    scscf::{
        Callback, ContactHandle, ContactInfo, Domain, Engine, Foreign, Identity, IdentityHandle,
        NewWatcher, SubscriberHandle, WatcherHandle,
        server::{
            InsertIdentity, Refusal, Store, Target, Touched, UpdateIdentity,
            Wanted as WantedIdentity,
        },
    },
    shared::SharedRef,
};
use scscf_core::matching::Wanted;

/// The store of this module.
#[derive(Debug)]
pub(crate) struct Locations;

/// A call came back in while the store was at work, or the lock cannot be had.
pub(crate) const BUSY: Refusal = Refusal::Busy;

/// A call frees so many blocks that have rested long enough, so that garbage is collected as fast
/// as it comes.
pub(crate) const CLEARED: u32 = 4;

impl Store for Locations {
    type State = State;

    fn engine() -> Option<SharedRef<'static, Engine<State>>> {
        engine::get()
    }

    fn db_mode() -> i32 {
        params::DB_MODE.get()
    }

    fn nat_flag() -> u32 {
        settings::get().nat_flag
    }

    fn open(engine: &Engine<State>, name: &[u8]) -> Result<Domain, Refusal> {
        let size = 1_i32 << settings::get().identity_bits;
        Ok(engine.open(name, size)?.0)
    }

    fn leaving(engine: &Engine<State>) {
        settle::all(engine);
    }

    fn unlocked(_: &Engine<State>) {
        db::flush();
    }

    fn hold_rows() {
        db::hold();
    }

    fn write_rows() {
        db::release();
    }

    fn touched(engine: &Engine<State>, what: Touched<'_>) {
        // What cannot be looked up is seen when it is due.
        engine.with(|_, state| match what {
            Touched::Slot(slot) => state.contact_at(slot).map(touched::contact),
            Touched::Uri(uri) => state.contact_of_row(uri).map(touched::contact),
            Touched::Subscriber(handle) => state.subscriber_of(handle).map(touched::subscriber),
        });
    }

    fn insert_identity(
        engine: &Engine<State>,
        domain: Domain,
        new: &InsertIdentity<'_>,
    ) -> Result<IdentityHandle, Refusal> {
        identities::insert(engine, domain, new)
    }

    fn delete_identity(
        engine: &Engine<State>,
        domain: Domain,
        wanted: WantedIdentity<'_>,
    ) -> Result<(), Refusal> {
        identities::delete(engine, domain, wanted)
    }

    fn find_identity(
        engine: &Engine<State>,
        domain: Domain,
        public: &[u8],
    ) -> Result<Option<IdentityHandle>, Refusal> {
        Ok(identities::find(engine, domain, public))
    }

    fn look_up_identity(state: &State, domain: Domain, public: &[u8]) -> Option<IdentityHandle> {
        let id = state.look_up_identity(domain, public)?;
        state.identity(id).map(Identity::handle)
    }

    fn update_identity(
        engine: &Engine<State>,
        domain: Domain,
        wanted: WantedIdentity<'_>,
        update: &UpdateIdentity<'_>,
    ) -> Result<Option<IdentityHandle>, Refusal> {
        identities::update(engine, domain, wanted, update)
    }

    fn take_subscriber(
        engine: &Engine<State>,
        lent: &Foreign,
    ) -> Result<SubscriberHandle, Refusal> {
        subscribers::take_lent(engine, lent)
    }

    fn hold_subscriber(
        engine: &Engine<State>,
        subscriber: SubscriberHandle,
    ) -> Result<(), Refusal> {
        subscribers::hold(engine, subscriber)
    }

    fn release_subscriber(
        engine: &Engine<State>,
        subscriber: SubscriberHandle,
    ) -> Result<(), Refusal> {
        subscribers::give_back(engine, subscriber)
    }

    fn find_contact(
        engine: &Engine<State>,
        uri: &[u8],
        call_id: Option<&[u8]>,
        path: Option<&[u8]>,
        _cseq: i32,
    ) -> Result<Option<ContactHandle>, Refusal> {
        Ok(contacts::find(engine, &Wanted { uri, call_id, path }))
    }

    fn insert_contact(
        engine: &Engine<State>,
        identity: IdentityHandle,
        uri: &[u8],
        info: &ContactInfo<'_>,
    ) -> Result<ContactHandle, Refusal> {
        contacts::insert(engine, identity, uri, info)
    }

    fn delete_contact(engine: &Engine<State>, contact: ContactHandle) -> Result<(), Refusal> {
        contacts::delete(engine, contact)
    }

    fn release_contact(engine: &Engine<State>, contact: ContactHandle) -> Result<(), Refusal> {
        contacts::release(engine, contact)
    }

    fn update_contact(
        engine: &Engine<State>,
        identity: IdentityHandle,
        contact: ContactHandle,
        info: &ContactInfo<'_>,
    ) -> Result<(), Refusal> {
        contacts::update(engine, identity, contact, info)
    }

    fn expire_contact(
        engine: &Engine<State>,
        identity: IdentityHandle,
        contact: ContactHandle,
    ) -> Result<(), Refusal> {
        contacts::expire(engine, identity, contact)
    }

    fn link_contact(
        engine: &Engine<State>,
        identity: IdentityHandle,
        contact: ContactHandle,
        write_db: bool,
    ) -> Result<(), Refusal> {
        contacts::link(engine, identity, contact, write_db)
    }

    fn unlink_contact(
        engine: &Engine<State>,
        identity: IdentityHandle,
        contact: ContactHandle,
        _write_db: bool,
    ) -> Result<(), Refusal> {
        contacts::unlink(engine, identity, contact)
    }

    fn add_dialog(
        engine: &Engine<State>,
        contact: ContactHandle,
        entry: u32,
        id: u32,
    ) -> Result<(), Refusal> {
        dialogs::add(engine, contact, entry, id)
    }

    fn remove_dialog(
        engine: &Engine<State>,
        contact: ContactHandle,
        entry: u32,
        id: u32,
    ) -> Result<bool, Refusal> {
        dialogs::remove(engine, contact, entry, id)
    }

    fn pack_contacts(
        engine: &Engine<State>,
        out: &mut [u8],
        flags: u32,
        part: u32,
        parts: u32,
    ) -> i32 {
        pack::pack(engine, out, flags, part, parts)
    }

    fn add_watcher(
        engine: &Engine<State>,
        identity: IdentityHandle,
        new: &NewWatcher<'_>,
        stored: bool,
    ) -> Result<WatcherHandle, Refusal> {
        watchers::add(engine, identity, new, !stored)
    }

    fn update_watcher(
        engine: &Engine<State>,
        identity: IdentityHandle,
        watcher: WatcherHandle,
        expires: Option<i64>,
        local_cseq: Option<i32>,
        version: Option<i32>,
    ) -> Result<(), Refusal> {
        watchers::update(engine, identity, watcher, expires, [local_cseq, version])
    }

    fn delete_watcher(
        engine: &Engine<State>,
        _domain: Domain,
        watcher: WatcherHandle,
    ) -> Result<(), Refusal> {
        watchers::delete(engine, watcher)
    }

    fn find_watcher(
        engine: &Engine<State>,
        identity: IdentityHandle,
        presentity: &[u8],
        watcher_contact: &[u8],
        event: i32,
    ) -> Result<Option<WatcherHandle>, Refusal> {
        Ok(watchers::find(engine, identity, presentity, watcher_contact, event))
    }

    fn identities_of(
        engine: &Engine<State>,
        identity: IdentityHandle,
        barring: Option<bool>,
    ) -> Result<Vec<Vec<u8>>, Refusal> {
        identities::implicit_set(engine, identity, barring)
    }

    fn identities_of_private(engine: &Engine<State>, private: &[u8]) -> Vec<(Domain, Vec<u8>)> {
        identities::of_private(engine, private)
    }

    fn presentity_of(
        engine: &Engine<State>,
        call_id: &[u8],
        to_tag: &[u8],
        from_tag: &[u8],
    ) -> Option<Vec<u8>> {
        let found = engine.with(|_, state| {
            let watcher = state.watcher(state.find_dialog(call_id, to_tag, from_tag)?)?;
            Some(watcher.presentity_uri().to_vec())
        });
        found.flatten()
    }

    fn raise_life_events(engine: &Engine<State>) {
        engine.with(|_, state| state.life_events = true);
    }

    fn register(engine: &Engine<State>, target: Target, callback: Callback) -> Result<(), Refusal> {
        let added = engine.with(|records, state| match target {
            Target::Identity(handle) => {
                let gone = Refusal::Gone("identity");
                let identity = state.identity_of(handle).and_then(|id| state.identity_mut(id));
                Ok(records.register_identity(identity.ok_or(gone)?, callback)?)
            }
            Target::Contact(handle) => {
                let gone = Refusal::Gone("contact");
                let contact = state.contact_of(handle).and_then(|id| state.contact_mut(id));
                Ok(records.register_contact(contact.ok_or(gone)?, callback)?)
            }
        });
        added.ok_or(BUSY)?
    }
}
