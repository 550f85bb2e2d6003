//! A look at a contact: nothing is changed.

use super::{Contact, Domain, Guard, Parsed, Search, Usrloc};
use crate::{pcscf::parts::Raw as Parts, sync};
use core::{
    ffi::{CStr, c_int},
    fmt, mem,
    ptr::{self, NonNull},
};
use kamailio_sys::{self as sys, pcscf as raw};

/// The functions of our own store for this.
#[derive(Clone, Copy)]
pub(super) struct Calls {
    look: Parsed,
    end: End,
}

type End = unsafe extern "C" fn(*mut raw::udomain) -> c_int;

impl Calls {
    /// What the loaded store offers; nothing if it is the one of C.
    pub(super) fn find() -> Option<Self> {
        const LOOK: &CStr = c"ul_look";
        const END: &CStr = c"ul_end_look";
        // SAFETY: looks for a function of four parameters.
        let look = unsafe { sys::find_export(LOOK.as_ptr().cast_mut(), 4, 0) }?;
        // SAFETY: looks for a function of one parameter.
        let end = unsafe { sys::find_export(END.as_ptr().cast_mut(), 1, 0) }?;
        // SAFETY: the function of this name has this type; the table of the core has another.
        let look = unsafe { mem::transmute::<unsafe extern "C" fn(_, _, _) -> _, Parsed>(look) };
        // SAFETY: as above.
        let end = unsafe { mem::transmute::<unsafe extern "C" fn(_, _, _) -> _, End>(end) };
        Some(Self { look, end })
    }
}

/// A contact, locked until this is dropped, to be read only.
///
/// As under a [`Guard`], nothing that waits may be called meanwhile.
#[must_use = "the lock is released when this is dropped"]
pub struct Look<'u> {
    contact: NonNull<raw::pcontact_t>,
    lock: Lock<'u>,
}

/// What is locked.
enum Lock<'u> {
    /// Our store, for this look.
    Ours(Domain, End),
    /// Any store, as for a change; it is given back when this is dropped.
    Guard { _guard: Guard<'u> },
}

impl fmt::Debug for Look<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Look").field("contact", &self.contact()).finish_non_exhaustive()
    }
}

impl<'u> Look<'u> {
    pub(super) fn new(usrloc: &'u Usrloc, domain: Domain, search: &Search<'u>) -> Option<Self> {
        let Some(Calls { look, end }) = usrloc.look else {
            let guard = usrloc.lock(domain, search.via);
            let contact = NonNull::new(guard.find(search)?.as_raw())?;
            return Some(Self { contact, lock: Lock::Guard { _guard: guard } });
        };
        let parts = search.parts.as_ref().map(Parts::lend);
        let parts = parts.as_ref().map_or(ptr::null(), ptr::from_ref);
        let (mut wanted, mut found) = (search.to_raw(), ptr::null_mut());
        // SAFETY: a domain of the module; the texts of `wanted` and `parts` live during the call, and
        // the module writes the address of one of its contacts.
        let code = unsafe { look(domain.as_raw(), wanted.as_raw(), parts, &raw mut found) };
        let contact = NonNull::new(found).filter(|_| code == 0)?;
        sync::lock_taken();
        Some(Self { contact, lock: Lock::Ours(domain, end) })
    }

    /// The contact that was found.
    pub fn contact(&self) -> Contact<'_> {
        // SAFETY: a contact of the module stays while its domain is locked.
        unsafe { Contact::from_raw(self.contact) }
    }
}

impl Drop for Look<'_> {
    fn drop(&mut self) {
        if let Lock::Ours(domain, end) = self.lock {
            sync::lock_given_back();
            // SAFETY: it was locked in `new`, by this process.
            unsafe { end(domain.as_raw()) };
        }
    }
}
