//! Domains, as clients of a location store name them.

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
    fmt,
    ptr::NonNull,
};
use kamailio_sys as sys;
use std::ffi::CString;

/// A location store that this module is a client of.
pub trait Named: Sized + 'static {
    /// What C knows of a domain.
    type Raw;

    /// The name in it, which stays as long as the domain.
    fn name(raw: &Self::Raw) -> *mut sys::str_;

    /// The domain called `name`, made if there is none. For the time before the server forks.
    ///
    /// # Errors
    ///
    /// The store is not bound, or refuses.
    fn open(name: &CStr) -> Result<Domain<Self>>;

    /// The domain called `name`, if it was made before the server forked.
    fn find(name: &CStr) -> Option<Domain<Self>>;
}

/// A table of a location store.
///
/// As an argument of a script function it is a literal name, which may be empty: the table is made
/// when the server starts. Scripts in other languages can name those that exist by then.
pub struct Domain<S: Named>(NonNull<S::Raw>);

// SAFETY: the address of a struct in shared memory that stays until the server ends, and whose name
// nobody changes.
unsafe impl<S: Named> ShmSafe for Domain<S> {}
// SAFETY: as for `ShmSafe`.
unsafe impl<S: Named> Send for Domain<S> {}
// SAFETY: as for `ShmSafe`.
unsafe impl<S: Named> Sync for Domain<S> {}

impl<S: Named> Clone for Domain<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Named> Copy for Domain<S> {}

impl<S: Named> PartialEq for Domain<S> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<S: Named> Eq for Domain<S> {}

impl<S: Named> fmt::Debug for Domain<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Domain").field(&self.0).finish()
    }
}

impl<S: Named> Domain<S> {
    pub(crate) fn new(raw: *mut S::Raw) -> Option<Self> {
        NonNull::new(raw).map(Self)
    }

    pub(crate) fn as_raw(self) -> *mut S::Raw {
        self.0.as_ptr()
    }

    /// The name; for a store with a table for each domain also that of the table.
    pub fn name(&self) -> &[u8] {
        // SAFETY: a domain stays until the server stops.
        let name = S::name(unsafe { self.0.as_ref() });
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
unsafe extern "C" fn fix<S: Named>(param: *mut *mut c_void, _: c_int) -> c_int {
    let done = boundary::script::<Domain<S>, Error>(|| {
        // SAFETY: by the contract of this function.
        let name = unsafe { *param }.cast::<c_char>();
        if name.is_null() {
            return Err(Error::NoArgument(0));
        }
        // SAFETY: as above.
        let name = unsafe { CStr::from_ptr(name) };
        let domain = S::open(name)?;
        // SAFETY: as above; the core keeps what a fixup leaves.
        unsafe { *param = domain.as_raw().cast() };
        Ok(Verdict::TRUE)
    });
    if done == Verdict::TRUE { 0 } else { sys::E_CFG }
}

// SAFETY: the fixup leaves a domain, and KEMI gives a `str *`.
unsafe impl<S: Named> Arg for Domain<S> {
    const FIXUP: Fixup = fix::<S>;
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
        S::find(&name).ok_or_else(|| Error::NoDomain(name.to_string_lossy().into_owned()))
    }
}
