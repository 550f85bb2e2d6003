//! The lock of an identity, and what may be done under it.

use super::{Binding, Contact, Domain, Identity, Registration, State, Usrloc, lacks};
use crate::{
    error::{Error, Result},
    sync, text,
};
use core::{
    ffi::c_int,
    fmt,
    ptr::{self, NonNull},
};
use kamailio_sys::{self as sys, scscf as raw};

/// One identity, locked until this is dropped.
///
/// Callbacks of other modules run inside: nothing that waits may be called meanwhile.
#[must_use = "the lock is released when this is dropped"]
pub struct Guard<'u> {
    pub(super) api: &'u raw::usrloc_api_t,
    pub(super) domain: Domain,
    pub(super) key: &'u [u8],
}

impl fmt::Debug for Guard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("key", &bstr::BStr::new(self.key)).finish_non_exhaustive()
    }
}

impl<'u> Guard<'u> {
    pub(super) fn new(usrloc: &'u Usrloc, domain: Domain, key: &'u [u8]) -> Self {
        let guard = Self { api: &usrloc.api, domain, key };
        if let Some(lock) = guard.api.lock_udomain {
            let mut lent = text::lend(key);
            // SAFETY: a domain of the module; the key is only read.
            unsafe { lock(domain.as_raw(), &raw mut lent) };
            sync::lock_taken();
        }
        guard
    }

    /// The record of the identity, if there is one.
    pub fn identity(&self) -> Option<Identity<'_>> {
        let get = self.api.get_impurecord?;
        let (mut key, mut found) = (text::lend(self.key), ptr::null_mut());
        // SAFETY: the identity is locked; the module writes the address of one of its records.
        let code = unsafe { get(self.domain.as_raw(), &raw mut key, &raw mut found) };
        // SAFETY: a record of the module stays while it is locked.
        NonNull::new(found).filter(|_| code == 0).map(|raw| unsafe { Identity::from_raw(raw) })
    }

    /// Removes the record of the identity; contacts stay with the other identities that have them.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] if the database refuses.
    #[expect(clippy::needless_pass_by_value, reason = "the caller must not look at it any more")]
    pub fn delete(&self, identity: Identity<'_>) -> Result<()> {
        let delete = self.api.delete_impurecord.ok_or(lacks("delete_impurecord"))?;
        if !Usrloc::get().is_some_and(Usrloc::is_ours) {
            self.unlink_all(&identity);
        }
        let mut key = text::lend(self.key);
        // SAFETY: a record of this domain, which the caller gives up.
        let code = unsafe { delete(self.domain.as_raw(), &raw mut key, identity.as_raw()) };
        done("delete_impurecord", code)
    }

    /// Takes the contacts off the record: the module of C would keep them for ever.
    fn unlink_all(&self, identity: &Identity<'_>) {
        let linked: Vec<Contact<'_>> = identity.contacts().collect();
        for contact in linked {
            // What fails it logs.
            let _said = self.unlink(identity, &contact);
        }
    }

    /// Takes a contact that is linked to the identity off it; it stays with the other identities that
    /// have it.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] if the module refuses.
    pub fn unlink(&self, identity: &Identity<'_>, contact: &Contact<'_>) -> Result<()> {
        /// The database is written as well.
        const WRITE: c_int = 1;
        let missing = lacks("unlink_contact_from_impu");
        let unlink = self.api.unlink_contact_from_impu.ok_or(missing)?;
        let code = self.with_slot(contact, || {
            // SAFETY: records of the module, both locked; each is linked once.
            unsafe { unlink(identity.as_raw(), contact.as_raw(), WRITE, 0) }
        });
        done("unlink_contact_from_impu", code)
    }

    /// Says that the HSS need not be told when the record goes: it knows.
    ///
    /// # Errors
    ///
    /// [`Error::Core`]
    pub fn hss_knows(&self, identity: &Identity<'_>) -> Result<()> {
        let update = self.api.update_impurecord.ok_or(lacks("update_impurecord"))?;
        let state = identity.state().as_raw();
        let mut out: *mut raw::impurecord = ptr::null_mut();
        // SAFETY: a record of this domain, locked; null stands for what stays as it is.
        let code = unsafe {
            update(
                self.domain.as_raw(),
                ptr::null_mut(),
                identity.as_raw(),
                state,
                0,
                -1,
                0,
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
                &raw mut out,
            )
        };
        done("update_impurecord", code)
    }

    /// Gives the identity a new state of registration and keeps all else.
    ///
    /// # Errors
    ///
    /// [`Error::Core`]
    pub fn set_registration(&self, identity: &Identity<'_>, state: Registration) -> Result<()> {
        let update = self.api.update_impurecord.ok_or(lacks("update_impurecord"))?;
        let mut out: *mut raw::impurecord = ptr::null_mut();
        let none: *mut sys::str_ = ptr::null_mut();
        // SAFETY: as in `hss_knows`.
        let code = unsafe {
            update(
                self.domain.as_raw(),
                none,
                identity.as_raw(),
                state.as_raw(),
                -1,
                -1,
                0,
                ptr::null_mut(),
                none,
                none,
                none,
                none,
                &raw mut out,
            )
        };
        done("update_impurecord", code)
    }

    /// Binds a contact to the identity: what is `known` is changed and becomes valid again, else it
    /// is stored as a new one.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] if the module refuses: its limits, memory, or the database.
    pub fn bind<'g>(
        &'g self,
        identity: &Identity<'_>,
        known: Option<&Contact<'_>>,
        binding: &Binding<'_>,
    ) -> Result<Contact<'g>> {
        let mut lent = binding.to_raw();
        if let Some(known) = known {
            let update = self.api.update_ucontact.ok_or(lacks("update_ucontact"))?;
            let code = self.with_slot(known, || {
                if known.state() != State::Valid {
                    known.write_state(State::Valid);
                }
                // SAFETY: records of the module, both locked; it copies what it keeps.
                unsafe { update(identity.as_raw(), known.as_raw(), lent.as_raw()) }
            });
            done("update_ucontact", code)?;
            // SAFETY: it is linked to a locked identity now.
            return Ok(unsafe { Contact::from_raw(known.0) });
        }
        let insert = self.api.insert_ucontact.ok_or(lacks("insert_ucontact"))?;
        let (mut uri, mut new) = (text::lend(binding.uri), ptr::null_mut());
        // SAFETY: as above.
        let code = unsafe { insert(identity.as_raw(), &raw mut uri, lent.as_raw(), &raw mut new) };
        let refused = Error::Core { call: "insert_ucontact", code };
        // SAFETY: as above.
        let new = NonNull::new(new).map(|raw| unsafe { Contact::from_raw(raw) });
        new.filter(|_| code == 0).ok_or(refused)
    }

    /// Links a contact of another identity to this one as well; nothing happens if it is linked.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] if the module refuses.
    pub fn link(&self, identity: &Identity<'_>, contact: &Contact<'_>) -> Result<()> {
        /// The database is written as well.
        const WRITE: c_int = 1;
        let link = self.api.link_contact_to_impu.ok_or(lacks("link_contact_to_impu"))?;
        let code = self.with_slot(contact, || {
            // SAFETY: records of the module, both locked.
            unsafe { link(identity.as_raw(), contact.as_raw(), WRITE) }
        });
        done("link_contact_to_impu", code)
    }

    /// Gives `contact` a new state.
    pub fn set_state(&self, contact: &Contact<'_>, state: State) {
        self.with_slot(contact, || contact.write_state(state));
    }

    /// Runs `work` while the group of contacts that `contact` is in is locked.
    fn with_slot<R>(&self, contact: &Contact<'_>, work: impl FnOnce() -> R) -> R {
        let slot = contact.slot();
        if let Some(lock) = self.api.lock_contact_slot_i {
            // SAFETY: the number came from a contact of the module.
            unsafe { lock(slot) };
        }
        let given = GiveBack { api: self.api, slot };
        let result = work();
        drop(given);
        result
    }
}

/// Unlocks the group of contacts, also when what runs inside panics.
struct GiveBack<'a> {
    api: &'a raw::usrloc_api_t,
    slot: c_int,
}

impl Drop for GiveBack<'_> {
    fn drop(&mut self) {
        if let Some(unlock) = self.api.unlock_contact_slot_i {
            // SAFETY: locked by whoever made this.
            unsafe { unlock(self.slot) };
        }
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if let Some(unlock) = self.api.unlock_udomain {
            sync::lock_given_back();
            let mut key = text::lend(self.key);
            // SAFETY: locked with the same key in `new`.
            unsafe { unlock(self.domain.as_raw(), &raw mut key) };
        }
    }
}

pub(super) fn done(call: &'static str, code: c_int) -> Result<()> {
    if code == 0 { Ok(()) } else { Err(Error::Core { call, code }) }
}
