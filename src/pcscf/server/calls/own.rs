//! What only our own registrar calls, beyond the API of C.

use super::{answer, domain, handle, put, show, string};
use crate::pcscf::{
    info::{self, Info},
    parts::Raw,
    server::{Refusal, Store},
};
use core::{
    ffi::c_int,
    ptr::{self, NonNull},
    slice,
};
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

/// # Safety
///
/// See [`register_udomain`](super::register_udomain).
pub(in crate::pcscf::server) unsafe extern "C" fn find_parsed<S: Store>(
    raw: *mut sys::udomain,
    wanted: *mut sys::pcontact_info,
    parts: *const Raw,
    out: *mut *mut sys::pcontact,
) -> c_int {
    answer::<S>("ul_find_parsed", 1, |domains| {
        put(out, ptr::null_mut())?;
        let domain = domain(domains, raw)?;
        // SAFETY: by the contract of this function.
        let wanted = unsafe { described(wanted, parts) }?;
        show(S::find(domain, &wanted, false)?, out)
    })
}

/// # Safety
///
/// See [`register_udomain`](super::register_udomain).
pub(in crate::pcscf::server) unsafe extern "C" fn insert_parsed<S: Store>(
    raw: *mut sys::udomain,
    values: *mut sys::pcontact_info,
    parts: *const Raw,
    out: *mut *mut sys::pcontact,
) -> c_int {
    answer::<S>("ul_insert_parsed", -1, |domains| {
        put(out, ptr::null_mut())?;
        let domain = domain(domains, raw)?;
        // SAFETY: by the contract of this function.
        let values = unsafe { described(values, parts) }?;
        put(out, S::insert(domain, values.aor(), &values)?.raw().as_ptr())
    })
}

/// A description with the parts of its Contact URI, if there are any.
///
/// # Safety
///
/// Both are null or structs of a client that stay for `'a`.
unsafe fn described<'a>(
    raw: *mut sys::pcontact_info,
    parts: *const Raw,
) -> Result<Info<'a>, Refusal> {
    // SAFETY: by the contract of this function.
    let info = unsafe { super::info(raw) }?;
    // SAFETY: as above.
    Ok(info.with(unsafe { Raw::read(parts) }?))
}
