//! What only our own registrar calls, beyond the API of C.

use super::{answer, domain, handle, string};
use crate::pcscf::{
    info,
    server::{Refusal, Store},
};
use core::{ffi::c_int, ptr::NonNull, slice};
use kamailio_sys::{self as core_sys, pcscf as sys};

/// # Safety
///
/// See [`register_udomain`](super::register_udomain).
pub(in crate::pcscf::server) unsafe extern "C" fn replace_ids<S: Store>(
    raw: *mut sys::udomain,
    contact: *mut sys::pcontact,
    ids: *mut core_sys::str_,
    count: c_int,
) -> c_int {
    answer::<S>("ul_replace_public_ids", -1, |domains| {
        let domain = domain(domains, raw)?;
        // SAFETY: by the contract of this function.
        let ids = unsafe { info::list("public_ids", ids, count) }?;
        S::replace_ids(domain, handle(contact)?, &ids)?;
        Ok(0)
    })
}

/// # Safety
///
/// See [`register_udomain`](super::register_udomain).
pub(in crate::pcscf::server) unsafe extern "C" fn supersede<S: Store>(
    raw: *mut sys::udomain,
    contact: *mut sys::pcontact,
    device: u64,
) -> c_int {
    answer::<S>("ul_supersede_contacts", -1, |domains| {
        S::supersede(domain(domains, raw)?, handle(contact)?, device)?;
        Ok(0)
    })
}

/// # Safety
///
/// See [`register_udomain`](super::register_udomain); at `out` there is room for `room` addresses.
pub(in crate::pcscf::server) unsafe extern "C" fn of_identity<S: Store>(
    raw: *mut sys::udomain,
    identity: *mut core_sys::str_,
    out: *mut *mut sys::pcontact,
    room: c_int,
) -> c_int {
    answer::<S>("ul_contacts_of_identity", -1, |domains| {
        let domain = domain(domains, raw)?;
        // SAFETY: by the contract of this function.
        let identity = unsafe { string("the identity", identity) }?;
        let out = NonNull::new(out).ok_or(Refusal::Null("the place of the result"))?;
        let room = usize::try_from(room).unwrap_or(0);
        // SAFETY: by the contract of this function.
        let out = unsafe { slice::from_raw_parts_mut(out.as_ptr(), room) };
        let found = S::of_identity(domain, identity, room);
        for (place, found) in out.iter_mut().zip(&found) {
            *place = found.raw().as_ptr();
        }
        Ok(c_int::try_from(found.len().min(room)).unwrap_or(0))
    })
}
