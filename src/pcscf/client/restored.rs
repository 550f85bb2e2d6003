//! The contacts that a restart has brought back.

use super::{Contact, Usrloc};
use crate::{boundary, pcscf::server::Show, sync};
use core::{
    ffi::{CStr, c_int, c_void},
    mem,
    ptr::{self, NonNull},
};
use kamailio_sys::{self as sys, pcscf as raw};

/// What [`server::restored`](crate::pcscf::server::restored) describes.
pub(super) type Call = unsafe extern "C" fn(*mut u64, c_int, Option<Show>, *mut c_void) -> c_int;

/// What the loaded store offers; nothing if it is the one of C.
pub(super) fn find() -> Option<Call> {
    const NAME: &CStr = c"ul_restored_contacts";
    // SAFETY: looks for a function of four parameters.
    let call = unsafe { sys::find_export(NAME.as_ptr().cast_mut(), 4, 0) }?;
    // SAFETY: the function of this name has this type; the table of the core has another.
    Some(unsafe { mem::transmute::<unsafe extern "C" fn(_, _, _) -> _, Call>(call) })
}

impl Usrloc {
    /// Shows contacts that the server has read from its database at its start and that nobody has
    /// registered since, `most` at the most and about as many as can be looked at in a few
    /// microseconds. `from` says where to begin, 0 first; what comes back says where to go on. Nothing
    /// comes back at the end, and at once where the store is that of C or several servers share the
    /// database.
    ///
    /// `look` may only take notes: the contact is locked.
    pub fn restored(
        &self,
        from: u64,
        most: usize,
        mut look: impl FnMut(&Contact<'_>),
    ) -> Option<u64> {
        sync::assert_unlocked();
        let call = self.restored?;
        let (mut place, most) = (from, c_int::try_from(most).unwrap_or(c_int::MAX));
        let mut look: &mut dyn FnMut(&Contact<'_>) = &mut look;
        let data = ptr::from_mut(&mut look).cast();
        // SAFETY: `shown` gets what it takes, and only during the call.
        let code = unsafe { call(&raw mut place, most, Some(shown), data) };
        (code == 1).then_some(place)
    }
}

/// # Safety
///
/// `contact` is one of the module that stays during the call, `data` what [`Usrloc::restored`] gives.
unsafe extern "C" fn shown(contact: *mut raw::pcontact, data: *mut c_void) {
    boundary::contain::<Call, _>((), || {
        let Some(contact) = NonNull::new(contact) else { return };
        // SAFETY: by the contract of this function.
        let look = unsafe { data.cast::<&mut dyn FnMut(&Contact<'_>)>().as_mut() };
        if let Some(look) = look {
            // SAFETY: by the contract of this function.
            look(&unsafe { Contact::from_raw(contact) });
        }
    });
}
