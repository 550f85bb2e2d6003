//! What a module implements to be the location store of an S-CSCF.

use super::{InsertIdentity, Refusal, Target, Touched, UpdateIdentity, Wanted};
use crate::{
    scscf::{
        Callback, ContactHandle, ContactInfo, Domain, Engine, Foreign, IdentityHandle, NewWatcher,
        SubscriberHandle, WatcherHandle,
    },
    shared::SharedRef,
    shm::ShmSafe,
};

/// What keeps identities, contacts, subscribers and watchers. Every function but [`Store::leaving`]
/// and [`Store::unlocked`] may be called with the lock held by this process, or without.
pub trait Store: 'static {
    /// What the store keeps.
    type State: ShmSafe + Send;

    /// The store; nothing before the module is set up.
    fn engine() -> Option<SharedRef<'static, Engine<Self::State>>>;

    /// The parameter `db_mode`.
    fn db_mode() -> i32;

    /// The mask of the parameter `nat_bflag`; 0: none.
    fn nat_flag() -> u32;

    /// Makes the domain of that name, if there is none yet.
    ///
    /// # Errors
    ///
    /// [`Refusal`]; so in all functions here.
    fn open(engine: &Engine<Self::State>, name: &[u8]) -> Result<Domain, Refusal>;

    /// A client has locked what it will perhaps change: for [`Store::leaving`]. Called with the
    /// lock held.
    fn touched(engine: &Engine<Self::State>, what: Touched<'_>);

    /// A client gives the lock back, which it still has: what it wrote into records is to be read.
    fn leaving(engine: &Engine<Self::State>);

    /// The lock is free after a client had it, or after one of the functions below.
    fn unlocked(engine: &Engine<Self::State>);

    /// This process makes several changes that belong together: what [`Store::unlocked`] is to bring
    /// to the database may wait until [`Store::write_rows`], which follows as often.
    fn hold_rows() {}

    /// Those changes are made.
    fn write_rows() {}

    /// A new identity.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn insert_identity(
        engine: &Engine<Self::State>,
        domain: Domain,
        new: &InsertIdentity<'_>,
    ) -> Result<IdentityHandle, Refusal>;

    /// Removes an identity; it is no error if there is none.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn delete_identity(
        engine: &Engine<Self::State>,
        domain: Domain,
        identity: Wanted<'_>,
    ) -> Result<(), Refusal>;

    /// The identity of that name.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn find_identity(
        engine: &Engine<Self::State>,
        domain: Domain,
        public: &[u8],
    ) -> Result<Option<IdentityHandle>, Refusal>;

    /// As [`Store::find_identity`], for a client that only reads: it is not to be looked at again
    /// when the lock comes back. Called with the lock held.
    fn look_up_identity(
        state: &Self::State,
        domain: Domain,
        public: &[u8],
    ) -> Option<IdentityHandle>;

    /// Changes an identity, or makes it; nothing if there is none and what is given does not make
    /// one.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn update_identity(
        engine: &Engine<Self::State>,
        domain: Domain,
        identity: Wanted<'_>,
        update: &UpdateIdentity<'_>,
    ) -> Result<Option<IdentityHandle>, Refusal>;

    /// The subscriber in the store that says what `lent` says, new or known; a client holds it.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn take_subscriber(
        engine: &Engine<Self::State>,
        lent: &Foreign,
    ) -> Result<SubscriberHandle, Refusal>;

    /// A subscriber of ours has one reference more: a client holds it.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn hold_subscriber(
        engine: &Engine<Self::State>,
        subscriber: SubscriberHandle,
    ) -> Result<(), Refusal>;

    /// A subscriber of ours has one reference less; without one it goes.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn release_subscriber(
        engine: &Engine<Self::State>,
        subscriber: SubscriberHandle,
    ) -> Result<(), Refusal>;

    /// The contact of that URI, which the client holds from then on. Call-ID, Path and CSeq are
    /// those of the request.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn find_contact(
        engine: &Engine<Self::State>,
        uri: &[u8],
        callid: Option<&[u8]>,
        path: Option<&[u8]>,
        cseq: i32,
    ) -> Result<Option<ContactHandle>, Refusal>;

    /// A new contact of an identity.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn insert_contact(
        engine: &Engine<Self::State>,
        identity: IdentityHandle,
        uri: &[u8],
        info: &ContactInfo<'_>,
    ) -> Result<ContactHandle, Refusal>;

    /// Changes a contact, and links it to the identity.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn update_contact(
        engine: &Engine<Self::State>,
        identity: IdentityHandle,
        contact: ContactHandle,
        info: &ContactInfo<'_>,
    ) -> Result<(), Refusal>;

    /// Lets a contact expire now, and links it to the identity.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn expire_contact(
        engine: &Engine<Self::State>,
        identity: IdentityHandle,
        contact: ContactHandle,
    ) -> Result<(), Refusal>;

    /// Removes a contact at once.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn delete_contact(engine: &Engine<Self::State>, contact: ContactHandle) -> Result<(), Refusal>;

    /// A client holds a contact no more that it found.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn release_contact(engine: &Engine<Self::State>, contact: ContactHandle)
    -> Result<(), Refusal>;

    /// Links a contact to an identity; `stored`: in the database, too.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn link_contact(
        engine: &Engine<Self::State>,
        identity: IdentityHandle,
        contact: ContactHandle,
        stored: bool,
    ) -> Result<(), Refusal>;

    /// Unlinks a contact from an identity; `stored`: in the database, too.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn unlink_contact(
        engine: &Engine<Self::State>,
        identity: IdentityHandle,
        contact: ContactHandle,
        stored: bool,
    ) -> Result<(), Refusal>;

    /// A dialog belongs to a contact, as `ims_dialog` names it.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn add_dialog(
        engine: &Engine<Self::State>,
        contact: ContactHandle,
        entry: u32,
        id: u32,
    ) -> Result<(), Refusal>;

    /// A dialog belongs to a contact no more; whether it did.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn remove_dialog(
        engine: &Engine<Self::State>,
        contact: ContactHandle,
        entry: u32,
        id: u32,
    ) -> Result<bool, Refusal>;

    /// Packs the contacts with those `flags` into `out`, part `part` of `parts`; how many bytes it
    /// lacks.
    fn pack_contacts(
        engine: &Engine<Self::State>,
        out: &mut [u8],
        flags: u32,
        part: u32,
        parts: u32,
    ) -> i32;

    /// A new watcher of an identity; `stored`: it comes from the database.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn add_watcher(
        engine: &Engine<Self::State>,
        identity: IdentityHandle,
        new: &NewWatcher<'_>,
        stored: bool,
    ) -> Result<WatcherHandle, Refusal>;

    /// Changes a watcher; what is none stays. `expires` in seconds since 1970.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn update_watcher(
        engine: &Engine<Self::State>,
        identity: IdentityHandle,
        watcher: WatcherHandle,
        expires: Option<i64>,
        local_cseq: Option<i32>,
        version: Option<i32>,
    ) -> Result<(), Refusal>;

    /// Removes a watcher.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn delete_watcher(
        engine: &Engine<Self::State>,
        domain: Domain,
        watcher: WatcherHandle,
    ) -> Result<(), Refusal>;

    /// The watcher of an identity.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn find_watcher(
        engine: &Engine<Self::State>,
        identity: IdentityHandle,
        presentity: &[u8],
        watcher_contact: &[u8],
        event: i32,
    ) -> Result<Option<WatcherHandle>, Refusal>;

    /// The public identities of the subscriber of an identity; `barring` 0: those that are not
    /// barred, 1: those that are, none: all.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn identities_of(
        engine: &Engine<Self::State>,
        identity: IdentityHandle,
        barring: Option<bool>,
    ) -> Result<Vec<Vec<u8>>, Refusal>;

    /// The identities of all domains that belong to a private identity.
    fn identities_of_private(
        engine: &Engine<Self::State>,
        private: &[u8],
    ) -> Vec<(Domain, Vec<u8>)>;

    /// Who is watched in a dialog.
    fn presentity_of(
        engine: &Engine<Self::State>,
        callid: &[u8],
        to_tag: &[u8],
        from_tag: &[u8],
    ) -> Option<Vec<u8>>;

    /// Registers a callback with a record, through
    /// [`Records::register_identity`](crate::scscf::Records::register_identity) or
    /// [`Records::register_contact`](crate::scscf::Records::register_contact).
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn register(
        engine: &Engine<Self::State>,
        target: Target,
        callback: Callback,
    ) -> Result<(), Refusal>;

    /// A client wants the events that the C module never raises.
    fn raise_life_events(engine: &Engine<Self::State>);
}
