//! The lock of the module, and what may be done under it.

use super::{Contact, Domain, Event, Info, Peer, Search, Usrloc, callback, lacks, security};
use crate::{
    error::{Error, Result},
    msg::Uri,
    pcscf::parts::Raw as Parts,
    sync, text,
};
use core::{
    ffi::{c_int, c_void},
    fmt,
    ptr::{self, NonNull},
};
use kamailio_sys::{self as sys, pcscf as raw};
use pcscf_core::sec_agree::Security;

/// So many contacts of one identity are looked at: more than a registrar admits.
pub const OF_IDENTITY_MAX: usize = 64;

/// Contacts of one host, locked until this is dropped.
///
/// Callbacks of other modules run inside: nothing that waits may be called meanwhile.
#[must_use = "the lock is released when this is dropped"]
pub struct Guard<'u> {
    api: &'u raw::usrloc_api_t,
    usrloc: &'u Usrloc,
    domain: Domain,
    host: sys::str_,
    key: Peer<'u>,
}

impl fmt::Debug for Guard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("key", &self.key).finish_non_exhaustive()
    }
}

impl<'u> Guard<'u> {
    pub(super) fn new(usrloc: &'u Usrloc, domain: Domain, key: Peer<'u>) -> Self {
        let api = &usrloc.api;
        let mut guard = Self { api, usrloc, domain, host: text::lend(key.host_text()), key };
        if let Some(lock) = api.lock_udomain {
            let host = &raw mut guard.host;
            // SAFETY: a domain of the module; the host is only read.
            unsafe { lock(domain.as_raw(), host, key.port, key.proto) };
            sync::lock_taken();
        }
        guard
    }

    /// The first contact that `search` means.
    pub fn find(&self, search: &Search<'_>) -> Option<Contact<'_>> {
        let mut wanted = search.to_raw();
        let (domain, mut found) = (self.domain.as_raw(), ptr::null_mut());
        let code = match (self.usrloc.find_parsed, &search.parts) {
            (Some(find), Some(parts)) => {
                let parts = Parts::lend(parts);
                if search.known {
                    wanted.set_known();
                }
                // SAFETY: the domain is locked, the texts of `wanted` and `parts` live during the
                // call, and the module writes the address of one of its contacts.
                unsafe { find(domain, wanted.as_raw(), &raw const parts, &raw mut found) }
            }
            _ => {
                let get = self.api.get_pcontact?;
                // SAFETY: as above.
                unsafe { get(domain, wanted.as_raw(), &raw mut found, 0) }
            }
        };
        // An early module says "found" of an address that it could not read, and shows nothing.
        // SAFETY: a contact of the module stays while the domain is locked.
        NonNull::new(found).filter(|_| code == 0).map(|raw| unsafe { Contact::from_raw(raw) })
    }

    /// Stores a new contact, whether or not there is one like it.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] if memory is short or the database refuses; the module of C may have stored
    /// the contact in memory nevertheless. For that module also if the core cannot read the contact
    /// URI.
    pub fn insert(&self, info: Info<'_>) -> Result<Contact<'_>> {
        let mut lent = info.to_raw();
        let (domain, aor, mut new) = (self.domain.as_raw(), lent.aor(), ptr::null_mut());
        let code = match (self.usrloc.insert_parsed, &info.parts) {
            (Some(insert), Some(parts)) => {
                let parts = Parts::lend(parts);
                // SAFETY: as in `find`; the module copies what it keeps.
                unsafe { insert(domain, lent.as_raw(), &raw const parts, &raw mut new) }
            }
            _ => {
                // The module of C takes the URI apart when its memory is filled, and is not ready
                // for one that cannot be.
                if Uri::parse(info.aor).is_none() {
                    return Err(Error::Core { call: "parse_uri", code: -1 });
                }
                let insert = self.api.insert_pcontact.ok_or(lacks("insert_pcontact"))?;
                // SAFETY: as above.
                unsafe { insert(domain, aor, lent.as_raw(), &raw mut new) }
            }
        };
        let refused = Error::Core { call: "insert_pcontact", code };
        // SAFETY: as in `find`.
        let new = NonNull::new(new).map(|raw| unsafe { Contact::from_raw(raw) });
        new.filter(|_| code == 0).ok_or(refused)
    }

    /// Changes `contact`: always its state, the rest as [`Info`] says. Callbacks for updates run.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] if memory is short or the database refuses; the module of C may have
    /// changed the contact in memory nevertheless.
    pub fn update(&self, contact: &Contact<'_>, info: Info<'_>) -> Result<()> {
        let update = self.api.update_pcontact.ok_or(lacks("update_pcontact"))?;
        let mut lent = info.to_raw();
        // SAFETY: as in `insert`, with a contact of this domain.
        let code = unsafe { update(self.domain.as_raw(), lent.as_raw(), contact.as_raw()) };
        done("update_pcontact", code)
    }

    /// Gives `contact` the public identities `ids`, the first of them as the default one, in place
    /// of those it has. The module of C cannot do that: nothing happens then.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] if memory is short; the contact has its old identities then.
    pub fn replace_ids(&self, contact: &Contact<'_>, ids: &[&[u8]]) -> Result<()> {
        let Some(replace) = self.usrloc.replace_ids else { return Ok(()) };
        let mut lent: Vec<sys::str_> = ids.iter().map(|id| text::lend(id)).collect();
        let count = c_int::try_from(lent.len()).unwrap_or(0);
        // SAFETY: as in `update`; the module copies the texts.
        let code =
            unsafe { replace(self.domain.as_raw(), contact.as_raw(), lent.as_mut_ptr(), count) };
        done("ul_replace_public_ids", code)
    }

    /// Says that the device of this number registered `contact`, so that what it registered before
    /// for the same user goes; 0: it is not known which. Callbacks for removals run, without the
    /// lock. The module of C cannot do that: nothing happens then.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] if memory is short; all contacts stay then.
    pub fn supersede(&self, contact: &Contact<'_>, device: u64) -> Result<()> {
        let Some(supersede) = self.usrloc.supersede else { return Ok(()) };
        // SAFETY: as in `update`.
        let code = unsafe { supersede(self.domain.as_raw(), contact.as_raw(), device) };
        done("ul_supersede_contacts", code)
    }

    /// The contacts with the public identity `id`, however it is spelled: registered ones first, each
    /// kind newest first; [`OF_IDENTITY_MAX`] at the most. The module of C cannot do that: there are
    /// none then.
    ///
    /// A callback that runs while one of them is changed or removed may remove others: a change of
    /// such a one is refused.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] if the module refuses.
    pub fn of_identity(&self, id: &[u8]) -> Result<Vec<Contact<'_>>> {
        let Some(find) = self.usrloc.of_identity else { return Ok(Vec::new()) };
        let mut found = [ptr::null_mut(); OF_IDENTITY_MAX];
        let (mut id, room) = (text::lend(id), c_int::try_from(found.len()).unwrap_or(0));
        // SAFETY: as in `find`; there is room for so many addresses.
        let count = unsafe { find(self.domain.as_raw(), &raw mut id, found.as_mut_ptr(), room) };
        let refused = |_| Error::Core { call: "ul_contacts_of_identity", code: count };
        let count = usize::try_from(count).map_err(refused)?;
        let found = found.into_iter().take(count).filter_map(NonNull::new);
        // SAFETY: as in `find`.
        Ok(found.map(|raw| unsafe { Contact::from_raw(raw) }).collect())
    }

    /// Removes `contact`. Callbacks for removals run.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] if the database refuses; the module of C keeps the contact then.
    #[expect(clippy::needless_pass_by_value, reason = "the caller must not look at it any more")]
    pub fn delete(&self, contact: Contact<'_>) -> Result<()> {
        let delete = self.api.delete_pcontact.ok_or(lacks("delete_pcontact"))?;
        // SAFETY: a contact of this domain, which the caller gives up.
        let code = unsafe { delete(self.domain.as_raw(), contact.as_raw()) };
        done("delete_pcontact", code)
    }

    /// Keeps `security` with `contact` as what was asked for and is not agreed yet.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`], or [`Error::Core`] if the database refuses.
    pub fn keep_security(&self, contact: &Contact<'_>, security: &Security<'_>) -> Result<()> {
        let keep = self.api.update_temp_security.ok_or(lacks("update_temp_security"))?;
        let copy = security::shared(security)?;
        let kind = raw::sec_type::SECURITY_IPSEC;
        // SAFETY: as in `update`; on success the module owns the copy.
        let code = unsafe { keep(self.domain.as_raw(), kind, copy.as_raw(), contact.as_raw()) };
        done("update_temp_security", code)?;
        copy.give_away();
        Ok(())
    }

    /// Takes the callbacks off the contacts that `contact` was before it got its security: those that
    /// asked for the same as it did.
    ///
    /// # Errors
    ///
    /// [`Error::NotLoaded`] if the module does not offer it.
    pub fn forget_pending_callbacks(&self, contact: &Contact<'_>) -> Result<()> {
        // Then there is none that either module would find.
        if !contact.has_asked() {
            return Ok(());
        }
        let forget = self.api.unreg_pending_contacts_cb;
        let forget = forget.ok_or(lacks("unreg_pending_contacts_cb"))?;
        let kind = Event::Expire.bit();
        // SAFETY: as in `update`. It says 1 if there was nothing to do.
        unsafe { forget(self.domain.as_raw(), contact.as_raw(), kind) };
        Ok(())
    }

    /// Has the module call `function` for `types` of what happens to `contact`, unless it does so
    /// already.
    ///
    /// # Safety
    ///
    /// `function` may be called so, in any process and with the domain locked.
    pub(crate) unsafe fn call_back(
        &self,
        contact: &Contact<'_>,
        types: c_int,
        function: callback::Raw,
    ) -> Result<()> {
        if contact.has_callback(function) {
            return Ok(());
        }
        let register = self.api.register_ulcb.ok_or(lacks("register_ulcb"))?;
        let none: *mut c_void = ptr::null_mut();
        // SAFETY: a contact of this domain; for the function the caller vouches.
        let code = unsafe { register(contact.as_raw(), types, Some(function), none) };
        if code == 1 { Ok(()) } else { Err(Error::Core { call: "register_ulcb", code }) }
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if let Some(unlock) = self.api.unlock_udomain {
            sync::lock_given_back();
            let host = &raw mut self.host;
            // SAFETY: locked with the same host in `new`.
            unsafe { unlock(self.domain.as_raw(), host, self.key.port, self.key.proto) };
        }
    }
}

fn done(call: &'static str, code: c_int) -> Result<()> {
    if code == 0 { Ok(()) } else { Err(Error::Core { call, code }) }
}
