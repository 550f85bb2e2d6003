//! Changes that belong together and are stored together.

use super::{Usrloc, export};
use core::{ffi::c_int, fmt, marker::PhantomData, mem};

type Call = unsafe extern "C" fn() -> c_int;

/// The functions of our own store for this.
#[derive(Clone, Copy)]
pub(super) struct Calls {
    hold: Call,
    write: Call,
}

impl Calls {
    /// What the loaded store offers; nothing if it is the one of C.
    pub(super) fn find() -> Option<Self> {
        let (hold, write) = (export(c"ul_scscf_hold_rows", 0)?, export(c"ul_scscf_write_rows", 0)?);
        // SAFETY: the function of this name has this type; the table of the core has another.
        let hold = unsafe { mem::transmute::<unsafe extern "C" fn(_, _, _) -> _, Call>(hold) };
        // SAFETY: as above.
        let write = unsafe { mem::transmute::<unsafe extern "C" fn(_, _, _) -> _, Call>(write) };
        Some(Self { hold, write })
    }
}

/// While this is there the store does not write to its database what this process changes; when it
/// is dropped, all of it at once. The store of C writes each change as it comes.
///
/// Not to be dropped under a [`Guard`](super::Guard) or a [`Look`](super::Look).
#[must_use = "rows are written when this is dropped"]
pub struct Together<'u> {
    write: Option<Call>,
    usrloc: PhantomData<&'u Usrloc>,
}

impl fmt::Debug for Together<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Together").finish_non_exhaustive()
    }
}

impl Together<'_> {
    pub(super) fn new(calls: Option<Calls>) -> Self {
        if let Some(calls) = calls {
            // SAFETY: takes a note of this process.
            unsafe { (calls.hold)() };
        }
        Self { write: calls.map(|calls| calls.write), usrloc: PhantomData }
    }
}

impl Drop for Together<'_> {
    fn drop(&mut self) {
        if let Some(write) = self.write {
            // SAFETY: follows the call in `new`, of this process, which has locked nothing.
            unsafe { write() };
        }
    }
}
