//! A user of the contacts that `ims_usrloc_scscf` keeps: ours or that of C, either is spoken to
//! through its C API.
//!
//! [`Usrloc::bind`] at start; then a [`Guard`] for every look at an identity. What an [`Identity`]
//! or a [`Contact`] shows is borrowed from the guard, so nothing of it outlives the lock.

mod assign;
mod callback;
mod contact;
mod domain;
mod found;
mod guard;
mod identity;
mod look;
mod rows;
mod shape;
mod subscription;
mod watchers;

pub use assign::{Assigned, Charging};
pub use callback::{Event, Told};
pub use contact::{Binding, Contact, State};
pub use domain::Domain;
pub use found::Found;
pub use guard::Guard;
pub use identity::{Identity, Registration};
pub use look::Look;
pub use rows::Together;
pub use subscription::Subscription;
pub use watchers::{NewWatcher, Watcher, WatcherChange};

use crate::{
    error::{Error, Result},
    module::parameter,
    sync::Mutex,
    text,
};
use core::{
    ffi::{CStr, c_int, c_void},
    fmt, mem, ptr,
};
use kamailio_sys::{self as sys, scscf as raw};
use std::sync::OnceLock;

/// The functions of `ims_usrloc_scscf`, bound in `mod_init` and good in every process.
pub struct Usrloc {
    api: raw::usrloc_api_t,
    ours: bool,
    /// The domains that were made through this, before the server forked.
    domains: Mutex<Vec<Domain>>,
    identities_of: Option<IdentitiesOf>,
    look: Option<look::Calls>,
    take: Option<subscription::Take>,
    rows: Option<rows::Calls>,
}

/// Calls the function for each identity of a private one.
type IdentitiesOf = unsafe extern "C" fn(*mut sys::str_, Each, *mut c_void) -> c_int;

/// What is called so.
type Each = unsafe extern "C" fn(*mut c_void, *mut raw::udomain, *mut sys::str_);

// SAFETY: addresses of functions and numbers, the same in every process; nothing writes to them.
unsafe impl Send for Usrloc {}
// SAFETY: as for `Send`.
unsafe impl Sync for Usrloc {}

impl fmt::Debug for Usrloc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Usrloc").field("ours", &self.ours).finish_non_exhaustive()
    }
}

static USRLOC: OnceLock<Usrloc> = OnceLock::new();

const MODULE: &str = "ims_usrloc_scscf";
const MODULE_NAME: &CStr = c"ims_usrloc_scscf";

/// A function that the loaded module does not offer.
const fn lacks(export: &'static str) -> Error {
    Error::NotLoaded { module: MODULE, export }
}

/// What the module exports to others as `name`, with that number of parameters.
fn export(name: &CStr, params: c_int) -> sys::cmd_function {
    let module = MODULE_NAME.as_ptr().cast_mut();
    // SAFETY: compares the names with those of the modules that are loaded.
    unsafe { sys::find_mod_export(module, name.as_ptr().cast_mut(), params, 0) }
}

impl Usrloc {
    /// Binds to the module, which must be loaded before this one. For `mod_init`.
    ///
    /// Other location stores export the same name with another meaning: the one of this very module
    /// is taken, in whatever order they were loaded.
    ///
    /// # Errors
    ///
    /// [`Error::NotLoaded`] if it is not, or not initialised.
    pub fn bind() -> Result<&'static Self> {
        const LIFE_EVENTS: &CStr = c"ul_scscf_life_events";
        type Bind = unsafe extern "C" fn(*mut raw::usrloc_api_t) -> c_int;
        type Ask = unsafe extern "C" fn() -> c_int;
        let missing = lacks("ul_bind_usrloc");
        let Some(bind) = export(c"ul_bind_usrloc", 1) else { return Err(missing) };
        // SAFETY: the function of this name has this type; the table of the core has another.
        let bind = unsafe { mem::transmute::<unsafe extern "C" fn(_, _, _) -> _, Bind>(bind) };
        // SAFETY: a struct of addresses and numbers, for which zeroes are none.
        let mut api: raw::usrloc_api_t = unsafe { mem::zeroed() };
        // SAFETY: `api` is the struct that the module fills.
        if unsafe { bind(&raw mut api) } != 0 {
            return Err(missing);
        }
        let ours = export(LIFE_EVENTS, 0);
        if let Some(ask) = ours {
            // SAFETY: the function of this name has this type; the table of the core has another.
            let ask = unsafe { mem::transmute::<unsafe extern "C" fn(_, _, _) -> _, Ask>(ask) };
            // SAFETY: takes a note that such events are wanted.
            let code = unsafe { ask() };
            if code < 0 {
                return Err(Error::Core { call: "ul_scscf_life_events", code });
            }
        }
        let identities_of = export(c"ul_scscf_identities_of", 3).map(|found| {
            // SAFETY: the function of this name has this type; the table of the core has another.
            unsafe { mem::transmute::<unsafe extern "C" fn(_, _, _) -> _, IdentitiesOf>(found) }
        });
        let domains = Mutex::new(Vec::new());
        let (ours, look, take) = (ours.is_some(), look::Calls::find(), subscription::take());
        let rows = rows::Calls::find();
        Ok(USRLOC.get_or_init(|| Self { api, ours, domains, identities_of, look, take, rows }))
    }

    /// What [`Usrloc::bind`] bound, once it has.
    pub fn get() -> Option<&'static Self> {
        USRLOC.get()
    }

    /// Whether the module is our own: it keeps contacts of different users apart that have the same
    /// URI, and raises the events that the module of C knows and never raises.
    pub fn is_ours(&self) -> bool {
        self.ours
    }

    /// The branch flags that mark a contact behind a NAT (`nat_bflag` of the module); 0: none.
    pub fn nat_flag(&self) -> u32 {
        self.api.nat_flag
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
        let domain = Domain::new(found).filter(|_| code == 0);
        let domain = domain.ok_or(Error::Core { call: "register_udomain", code })?;
        let mut known = self.domains.lock();
        if !known.contains(&domain) {
            known.push(domain);
        }
        Ok(domain)
    }

    /// The domains that the script and the parameters of this module name.
    pub fn domains(&self) -> Vec<Domain> {
        self.domains.lock().clone()
    }

    /// The public identities in memory that belong to the private one `private`, and where they are.
    /// Nothing if the module cannot tell: that of C.
    pub fn identities_of(&self, private: &[u8]) -> Option<Vec<(Domain, Vec<u8>)>> {
        let find = self.identities_of?;
        let mut found: Vec<(Domain, Vec<u8>)> = Vec::new();
        let mut lent = text::lend(private);
        let data: *mut c_void = ptr::from_mut(&mut found).cast();
        // SAFETY: the text lives during the call, and `each` takes what `data` is.
        let code = unsafe { find(&raw mut lent, each, data) };
        (code >= 0).then_some(found)
    }

    /// The parameter `matching_mode` of the module; 0 if it does not tell.
    pub fn matching_mode(&self) -> i32 {
        self.parameter(c"matching_mode").unwrap_or(0)
    }

    /// The parameter `cseq_delay` of the module, in seconds; nothing if it does not tell.
    pub fn cseq_delay(&self) -> Option<i32> {
        self.parameter(c"cseq_delay")
    }

    /// A number among the parameters of the module.
    fn parameter(&self, name: &CStr) -> Option<i32> {
        parameter(MODULE_NAME, name)
    }

    /// The domain called `name`, if it was made before the server forked.
    pub fn find_domain(&self, name: &CStr) -> Option<Domain> {
        let find = self.api.get_udomain?;
        let mut found = ptr::null_mut();
        // SAFETY: the module compares the name and writes to `found`.
        let code = unsafe { find(name.as_ptr(), &raw mut found) };
        Domain::new(found).filter(|_| code == 0)
    }

    /// Locks what `domain` knows of the identity `key`.
    ///
    /// One guard at a time: the module of C has a lock for each of many groups of identities, and two
    /// processes that take two of them in different order wait for ever.
    pub fn lock<'u>(&'u self, domain: Domain, key: &'u [u8]) -> Guard<'u> {
        Guard::new(self, domain, key)
    }

    /// Stores what this process changes from now on together, when the result is dropped.
    pub fn together(&self) -> Together<'_> {
        Together::new(self.rows)
    }

    /// As [`Usrloc::lock`], to read only: our own store has less to do for it.
    pub fn look<'u>(&'u self, domain: Domain, key: &'u [u8]) -> Look<'u> {
        Look::new(self, domain, key)
    }
}

/// Copies what it is told.
///
/// # Safety
///
/// For the module only: `data` is the list that the call was given.
unsafe extern "C" fn each(data: *mut c_void, domain: *mut raw::udomain, public: *mut sys::str_) {
    let list = ptr::NonNull::new(data.cast::<Vec<(Domain, Vec<u8>)>>());
    let (Some(mut list), Some(domain)) = (list, Domain::new(domain)) else { return };
    // SAFETY: by the contract of this function.
    let public = ptr::NonNull::new(public).map(|public| unsafe { public.read() });
    // SAFETY: the module shows a text that lives during the call.
    let public = public.and_then(|public| unsafe { text::bytes(public) });
    if let Some(public) = public {
        // SAFETY: by the contract of this function; nobody else has it now.
        unsafe { list.as_mut() }.push((domain, public.to_vec()));
    }
}
