//! The users' side of `ims_usrloc_pcscf`: whichever module of that name is loaded, that of C or
//! ours, is spoken to through its C API.
//!
//! [`Usrloc::bind`] at start; then a [`Guard`] for every look at contacts. What a [`Contact`] shows
//! is borrowed from the guard, so nothing of it outlives the lock.

mod callback;
mod contact;
mod domain;
mod guard;
mod info;
mod look;
mod restored;
mod security;

use super::event::Event;
pub use callback::Told;
pub use contact::Contact;
pub use domain::Domain;
pub use guard::{Guard, OF_IDENTITY_MAX};
pub use info::{Info, Mode, Peer, Search};
pub use look::Look;

use crate::{
    error::{Error, Result},
    text,
};
use core::{ffi::CStr, fmt, mem, ptr};
use kamailio_sys::{self as sys, pcscf as raw};
use std::sync::OnceLock;

/// The functions of `ims_usrloc_pcscf`, bound in `mod_init` and good in every process.
pub struct Usrloc {
    api: raw::usrloc_api_t,
    /// What only our own module offers.
    replace_ids: Option<ReplaceIds>,
    supersede: Option<Supersede>,
    of_identity: Option<OfIdentity>,
    find_parsed: Option<Parsed>,
    insert_parsed: Option<Parsed>,
    look: Option<look::Calls>,
    restored: Option<restored::Call>,
}

/// The identities of a contact are those given from now on, the first is the default one.
type ReplaceIds = unsafe extern "C" fn(
    *mut raw::udomain,
    *mut raw::pcontact,
    *mut sys::str_,
    core::ffi::c_int,
) -> core::ffi::c_int;

/// The contact was registered by the device of that number: others of the device are to go.
type Supersede =
    unsafe extern "C" fn(*mut raw::udomain, *mut raw::pcontact, u64) -> core::ffi::c_int;

/// The contacts with that identity, as many as have room; how many there are, negative: refused.
type OfIdentity = unsafe extern "C" fn(
    *mut raw::udomain,
    *mut sys::str_,
    *mut *mut raw::pcontact,
    core::ffi::c_int,
) -> core::ffi::c_int;

/// The contact that is searched for, or the new one, given the parts of the contact URI, too.
type Parsed = unsafe extern "C" fn(
    *mut raw::udomain,
    *mut raw::pcontact_info,
    *const super::parts::Raw,
    *mut *mut raw::pcontact,
) -> core::ffi::c_int;

// SAFETY: addresses of functions and numbers, the same in every process; nothing writes to them.
unsafe impl Send for Usrloc {}
// SAFETY: as for `Send`.
unsafe impl Sync for Usrloc {}

impl fmt::Debug for Usrloc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Usrloc").field("db_mode", &self.api.db_mode).finish_non_exhaustive()
    }
}

static USRLOC: OnceLock<Usrloc> = OnceLock::new();

const MODULE: &str = "ims_usrloc_pcscf";

/// A function that the loaded module does not offer.
const fn lacks(export: &'static str) -> Error {
    Error::NotLoaded { module: MODULE, export }
}

impl Usrloc {
    /// Binds to the module, which must be loaded before this one. For `mod_init`.
    ///
    /// # Errors
    ///
    /// [`Error::NotLoaded`] if it is not, or not initialised.
    pub fn bind() -> Result<&'static Self> {
        const EXPORT: &CStr = c"ul_bind_ims_usrloc_pcscf";
        let missing = lacks("ul_bind_ims_usrloc_pcscf");
        // SAFETY: looks for a function of one parameter.
        let bind = unsafe { sys::find_export(EXPORT.as_ptr().cast_mut(), 1, 0) };
        let Some(bind) = bind else { return Err(missing) };
        type Bind = unsafe extern "C" fn(*mut raw::usrloc_api_t) -> core::ffi::c_int;
        // SAFETY: a function of this name has this type; the table of the core has another.
        let bind = unsafe { mem::transmute::<unsafe extern "C" fn(_, _, _) -> _, Bind>(bind) };
        // SAFETY: a struct of addresses and numbers, for which zeroes are none.
        let mut api: raw::usrloc_api_t = unsafe { mem::zeroed() };
        // SAFETY: `api` is the struct that the module fills.
        if unsafe { bind(&raw mut api) } != 0 {
            return Err(missing);
        }
        const EXTRA: &CStr = c"ul_replace_public_ids";
        // SAFETY: looks for a function of three parameters.
        let extra = unsafe { sys::find_export(EXTRA.as_ptr().cast_mut(), 3, 0) };
        let replace_ids = extra.map(|extra| {
            // SAFETY: a function of this name has this type; the table of the core has another.
            unsafe { mem::transmute::<unsafe extern "C" fn(_, _, _) -> _, ReplaceIds>(extra) }
        });
        const SUPERSEDE: &CStr = c"ul_supersede_contacts";
        // SAFETY: as above.
        let extra = unsafe { sys::find_export(SUPERSEDE.as_ptr().cast_mut(), 3, 0) };
        let supersede = extra.map(|extra| {
            // SAFETY: a function of this name has this type; the table of the core has another.
            unsafe { mem::transmute::<unsafe extern "C" fn(_, _, _) -> _, Supersede>(extra) }
        });
        const OF_IDENTITY: &CStr = c"ul_contacts_of_identity";
        // SAFETY: looks for a function of four parameters.
        let extra = unsafe { sys::find_export(OF_IDENTITY.as_ptr().cast_mut(), 4, 0) };
        let of_identity = extra.map(|extra| {
            // SAFETY: a function of this name has this type; the table of the core has another.
            unsafe { mem::transmute::<unsafe extern "C" fn(_, _, _) -> _, OfIdentity>(extra) }
        });
        let [find_parsed, insert_parsed] = [c"ul_find_parsed", c"ul_insert_parsed"].map(|name| {
            // SAFETY: as above.
            let extra = unsafe { sys::find_export(name.as_ptr().cast_mut(), 4, 0) };
            extra.map(|extra| {
                // SAFETY: functions of these names have this type; the table of the core has another.
                unsafe { mem::transmute::<unsafe extern "C" fn(_, _, _) -> _, Parsed>(extra) }
            })
        });
        Ok(USRLOC.get_or_init(|| Self {
            api,
            replace_ids,
            supersede,
            of_identity,
            find_parsed,
            insert_parsed,
            look: look::Calls::find(),
            restored: restored::find(),
        }))
    }

    /// What [`Usrloc::bind`] bound, once it has.
    pub fn get() -> Option<&'static Self> {
        USRLOC.get()
    }

    /// The parameter `db_mode` of the module; 0 also if it does not tell, as that of C before 5.7.
    pub fn db_mode(&self) -> i32 {
        self.api.db_mode
    }

    /// Whether the module is our own, and so does what that of C does not: of the contacts that a
    /// search means it finds the one with exactly that address first, then a registered one, then
    /// the newest; and [`Guard::replace_ids`], [`Guard::supersede`] and [`Guard::of_identity`] do
    /// something.
    pub fn is_ours(&self) -> bool {
        self.replace_ids.is_some()
    }

    /// The domain called `name`, made if there is none. For the time before the server forks.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] if the module refuses, which it does when memory is short.
    pub fn register_domain(&self, name: &CStr) -> Result<Domain> {
        let register = self.api.register_udomain.ok_or(lacks("register_udomain"))?;
        let mut found = ptr::null_mut();
        // SAFETY: the module copies the name and writes to `found`.
        let code = unsafe { register(name.as_ptr(), &raw mut found) };
        Domain::new(found)
            .filter(|_| code == 0)
            .ok_or(Error::Core { call: "register_udomain", code })
    }

    /// The domain called `name`, if it was made before the server forked.
    pub fn find_domain(&self, name: &CStr) -> Option<Domain> {
        let find = self.api.get_udomain?;
        let mut found = ptr::null_mut();
        // SAFETY: the module compares the name and writes to `found`.
        let code = unsafe { find(name.as_ptr(), &raw mut found) };
        Domain::new(found).filter(|_| code == 0)
    }

    /// Locks what `domain` knows of `key`: the contacts that came, or may be asked for, with that
    /// host as [`Search::via`].
    ///
    /// The lock of the module of C does not nest: one guard at a time.
    pub fn lock<'u>(&'u self, domain: Domain, key: Peer<'u>) -> Guard<'u> {
        Guard::new(self, domain, key)
    }

    /// The first contact that `search` means, with its domain locked, for who only reads it.
    pub fn look<'u>(&'u self, domain: Domain, search: &Search<'u>) -> Option<Look<'u>> {
        Look::new(self, domain, search)
    }

    /// Whether a registered contact that came from `source` has the public identity `id`.
    pub fn asserts(&self, domain: Domain, source: Peer<'_>, id: &[u8]) -> bool {
        let Some(assert) = self.api.assert_identity else { return false };
        let (mut host, mut id) = (text::lend(source.host), text::lend(id));
        // SAFETY: the texts live during the call, which only compares them.
        let code = unsafe {
            assert(domain.as_raw(), &raw mut host, source.port, source.proto, &raw mut id)
        };
        code == 1
    }
}
