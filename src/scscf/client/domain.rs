//! Domains: tables of identities, by the name that the script gives.

use super::Usrloc;
use crate::{
    boundary,
    error::{Error, Result},
    msg::Msg,
    script::{Arg, Fixup, Verdict},
    shm::ShmSafe,
    text,
};
use core::{
    ffi::{CStr, c_char, c_int, c_void},
    ptr::NonNull,
};
use kamailio_sys::{self as sys, scscf as raw};
use std::ffi::CString;

/// A table of identities.
///
/// As an argument of a script function it is a literal name: the table is made when the server
/// starts. Scripts in other languages can name those that exist by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Domain(NonNull<raw::udomain>);

// SAFETY: the address of a struct in shared memory that stays until the server ends, and whose name
// nobody changes.
unsafe impl ShmSafe for Domain {}
// SAFETY: as for `ShmSafe`.
unsafe impl Send for Domain {}
// SAFETY: as for `ShmSafe`.
unsafe impl Sync for Domain {}

impl Domain {
    pub(super) fn new(raw: *mut raw::udomain) -> Option<Self> {
        NonNull::new(raw).map(Self)
    }

    pub(super) fn as_raw(self) -> *mut raw::udomain {
        self.0.as_ptr()
    }

    /// The name.
    pub fn name(&self) -> &[u8] {
        // SAFETY: a domain stays until the server stops.
        let name = unsafe { self.0.as_ref() }.name;
        // SAFETY: as above, and so does its name.
        let name = NonNull::new(name).map(|name| unsafe { name.read() });
        // SAFETY: as above.
        name.and_then(|name| unsafe { text::bytes(name) }).unwrap_or_default()
    }
}

/// Turns the name in the configuration into its domain.
///
/// # Safety
///
/// For the core only: `param` is an argument of an action of the script, a C string.
unsafe extern "C" fn fix(param: *mut *mut c_void, _: c_int) -> c_int {
    let done = boundary::script::<Domain, Error>(|| {
        // SAFETY: by the contract of this function.
        let name = unsafe { *param }.cast::<c_char>();
        if name.is_null() {
            return Err(Error::NoArgument(0));
        }
        // SAFETY: as above.
        let name = unsafe { CStr::from_ptr(name) };
        if name.is_empty() {
            return Err(Error::NoArgument(0));
        }
        let usrloc = Usrloc::get().ok_or(super::lacks("register_udomain"))?;
        let domain = usrloc.register_domain(name)?;
        // SAFETY: as above; the core keeps what a fixup leaves.
        unsafe { *param = domain.as_raw().cast() };
        Ok(Verdict::TRUE)
    });
    if done == Verdict::TRUE { 0 } else { sys::E_CFG }
}

// SAFETY: the fixup leaves a domain, and KEMI gives a `str *`.
unsafe impl Arg for Domain {
    const FIXUP: Fixup = fix;
    const EXPRESSION: bool = false;
    const KEMI_TYPE: c_int = sys::SR_KEMIP_STR as c_int;
    type Kemi = *mut sys::str_;

    unsafe fn from_script(raw: *mut c_char, _: &Msg<'_>, index: usize) -> Result<Self> {
        Self::new(raw.cast()).ok_or(Error::NoArgument(index))
    }

    unsafe fn from_kemi(raw: *mut sys::str_, index: usize) -> Result<Self> {
        let missing = Error::NoArgument(index);
        // SAFETY: by the contract of this function.
        let name = NonNull::new(raw).map(|raw| unsafe { raw.read() });
        // SAFETY: KEMI keeps the text until the function returns.
        let name = name.and_then(|name| unsafe { text::bytes(name) }).ok_or(missing.clone())?;
        let name = CString::new(name).map_err(|_| missing)?;
        let found = Usrloc::get().and_then(|usrloc| usrloc.find_domain(&name));
        found.ok_or_else(|| Error::NoDomain(name.to_string_lossy().into_owned()))
    }
}
