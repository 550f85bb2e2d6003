//! A look at an identity: nothing is changed.

use super::{Domain, Guard, Identity, Usrloc, export};
use crate::{sync, text};
use core::{
    ffi::c_int,
    fmt, mem,
    ptr::{self, NonNull},
};
use kamailio_sys::{self as sys, scscf as raw};

/// The functions of our own store for this.
#[derive(Clone, Copy)]
pub(super) struct Calls {
    look: Begin,
    end: End,
}

type Begin =
    unsafe extern "C" fn(*mut raw::udomain, *mut sys::str_, *mut *mut raw::impurecord) -> c_int;
type End = unsafe extern "C" fn() -> c_int;

impl Calls {
    /// What the loaded store offers; nothing if it is the one of C.
    pub(super) fn find() -> Option<Self> {
        let (look, end) = (export(c"ul_scscf_look", 3)?, export(c"ul_scscf_end_look", 0)?);
        // SAFETY: the function of this name has this type; the table of the core has another.
        let look = unsafe { mem::transmute::<unsafe extern "C" fn(_, _, _) -> _, Begin>(look) };
        // SAFETY: as above.
        let end = unsafe { mem::transmute::<unsafe extern "C" fn(_, _, _) -> _, End>(end) };
        Some(Self { look, end })
    }
}

/// One identity, locked until this is dropped, to be read only.
///
/// As under a [`Guard`], nothing that waits may be called meanwhile.
#[must_use = "the lock is released when this is dropped"]
pub struct Look<'u>(How<'u>);

/// What is locked.
enum How<'u> {
    /// Nothing: our store does not know the identity.
    None,
    /// Our store, for this record.
    Ours(NonNull<raw::impurecord>, End),
    /// Any store, as for a change.
    Guard(Guard<'u>),
}

impl fmt::Debug for Look<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Look").field("identity", &self.identity()).finish_non_exhaustive()
    }
}

impl<'u> Look<'u> {
    pub(super) fn new(usrloc: &'u Usrloc, domain: Domain, key: &'u [u8]) -> Self {
        let Some(calls) = usrloc.look else { return Self(How::Guard(usrloc.lock(domain, key))) };
        let (mut lent, mut found) = (text::lend(key), ptr::null_mut());
        // SAFETY: a domain of the module; the key is only read, and the address of a record written.
        let code = unsafe { (calls.look)(domain.as_raw(), &raw mut lent, &raw mut found) };
        match NonNull::new(found).filter(|_| code == 0) {
            Some(record) => {
                sync::lock_taken();
                Self(How::Ours(record, calls.end))
            }
            None => Self(How::None),
        }
    }

    /// The record of the identity, if there is one.
    pub fn identity(&self) -> Option<Identity<'_>> {
        match &self.0 {
            How::None => None,
            // SAFETY: a record of the module stays while it is locked.
            How::Ours(record, _) => Some(unsafe { Identity::from_raw(*record) }),
            How::Guard(guard) => guard.identity(),
        }
    }
}

impl Drop for Look<'_> {
    fn drop(&mut self) {
        if let How::Ours(_, end) = self.0 {
            sync::lock_given_back();
            // SAFETY: it was locked in `new`, by this process.
            unsafe { end() };
        }
    }
}
