//! IPsec between phones and a P-CSCF: the module `ims_ipsec_pcscf`.

use crate::{
    error::{Error, Result},
    pcscf::client::{Contact, Guard},
};
use core::{ffi::CStr, fmt, mem};
use kamailio_sys::{self as sys, pcscf as raw};

/// The functions of `ims_ipsec_pcscf`, bound in `mod_init` and good in every process.
#[derive(Clone)]
pub struct Ipsec {
    api: raw::ipsec_pcscf_api_t,
}

// SAFETY: addresses of functions, the same in every process; nothing writes to them.
unsafe impl Send for Ipsec {}
// SAFETY: as for `Send`.
unsafe impl Sync for Ipsec {}

impl fmt::Debug for Ipsec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ipsec").finish_non_exhaustive()
    }
}

impl Ipsec {
    /// Binds to the module; nothing if it is not loaded before this one.
    pub fn bind() -> Option<Self> {
        const EXPORT: &CStr = c"bind_ims_ipsec_pcscf";
        // SAFETY: looks for a function of one parameter.
        let bind = unsafe { sys::find_export(EXPORT.as_ptr().cast_mut(), 1, 0) }?;
        type Bind = unsafe extern "C" fn(*mut raw::ipsec_pcscf_api_t) -> core::ffi::c_int;
        // SAFETY: a function of this name has this type; the table of the core has another.
        let bind = unsafe { mem::transmute::<unsafe extern "C" fn(_, _, _) -> _, Bind>(bind) };
        // SAFETY: a struct of addresses of functions, for which zeroes are none.
        let mut api: raw::ipsec_pcscf_api_t = unsafe { mem::zeroed() };
        // SAFETY: `api` is the struct that the module fills.
        (unsafe { bind(&raw mut api) } == 0).then_some(Self { api })
    }

    /// Has the module take down the tunnels of `contact` when the contact goes; asking again
    /// changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] if memory is short.
    pub fn watch(&self, guard: &Guard<'_>, contact: &Contact<'_>) -> Result<()> {
        let missing = Error::NotLoaded { module: "ims_ipsec_pcscf", export: "ipsec_on_expire" };
        let function = self.api.ipsec_on_expire.ok_or(missing)?;
        // SAFETY: the module offers the function for this, and without a parameter it looks at the
        // security of the contact.
        unsafe { guard.watch_for_removal(contact, function) }
    }

    /// Has the module take all tunnels down if no contact is left.
    ///
    /// It asks the location store for their number, so it may be called with a contact locked.
    pub fn clean_up(&self) {
        if let Some(clean) = self.api.ipsec_reconfig {
            // SAFETY: the module offers the function for this; it logs what fails.
            unsafe { clean() };
        }
    }
}
