//! Diameter: the module `cdp`.
//!
//! [`Cdp::bind`] at start, then requests of our own ([`Cdp::request`]) and answers to those of the
//! peers ([`Cdp::on_request`]). What stands in a message is a list of [`Avp`]s; what they mean is
//! decided elsewhere.

mod avps;
mod incoming;
mod request;

pub use avps::{Avp, Avps, Constant, Part};
pub use incoming::{Incoming, Outcome, OwnedAvp};
pub use request::{Answered, Command, NotSent};

use crate::error::{Error, Result};
use core::{ffi::c_int, fmt, mem};
use kamailio_sys::{self as sys, cdp as raw};
use std::sync::OnceLock;

/// The functions of `cdp`, bound in `mod_init` and good in every process.
#[derive(Clone)]
pub struct Cdp {
    api: raw::cdp_binds,
}

// SAFETY: addresses of functions, the same in every process; nothing writes to them.
unsafe impl Send for Cdp {}
// SAFETY: as for `Send`.
unsafe impl Sync for Cdp {}

impl fmt::Debug for Cdp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cdp").finish_non_exhaustive()
    }
}

/// A function that this version of `cdp` does not have.
const fn lacks(export: &'static str) -> Error {
    Error::NotLoaded { module: "cdp", export }
}

impl Cdp {
    /// Binds to the module `cdp`, which must be loaded before this one. For `mod_init`.
    ///
    /// # Errors
    ///
    /// [`Error::NotLoaded`] if it is not.
    pub fn bind() -> Result<Self> {
        type Load = unsafe extern "C" fn(*mut raw::cdp_binds) -> c_int;
        /// How many parameters the core notes for a function that no script may call.
        const NO_SCRIPT: c_int = -1;
        let (module, name) = (c"cdp".as_ptr().cast_mut(), c"load_cdp".as_ptr().cast_mut());
        // SAFETY: compares the names with those of the modules that are loaded.
        let load = unsafe { sys::find_mod_export(module, name, NO_SCRIPT, 0) };
        let Some(load) = load else { return Err(lacks("load_cdp")) };
        // SAFETY: the function of this name has this type; the table of the core has another.
        let load = unsafe { mem::transmute::<unsafe extern "C" fn(_, _, _) -> _, Load>(load) };
        // SAFETY: a struct of optional functions, for which zeroes are none.
        let mut api: raw::cdp_binds = unsafe { mem::zeroed() };
        // SAFETY: `api` is the struct that `cdp` fills.
        let code = unsafe { load(&raw mut api) };
        if code == -1 {
            return Err(lacks("load_cdp"));
        }
        let cdp = Self { api };
        // Answers are freed with the functions that were bound first: they are the same each time.
        let _first = BOUND.set(cdp.clone());
        Ok(cdp)
    }
}

/// For the callbacks, which get nothing but a number.
static BOUND: OnceLock<Cdp> = OnceLock::new();

fn bound() -> Option<&'static Cdp> {
    BOUND.get()
}
