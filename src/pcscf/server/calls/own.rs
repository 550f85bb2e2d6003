//! What only our own registrar calls, beyond the API of C.

use super::{answer, domain, handle, put, show, string};
use crate::pcscf::{
    Contact, Domain,
    info::{self, Info},
    parts::Raw,
    server::{Refusal, Show, Store},
};
use core::{
    ffi::{c_int, c_void},
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
/// `place` is null or that of a number, and `show` may be called with `data`.
pub(in crate::pcscf::server) unsafe extern "C" fn restored<S: Store>(
    place: *mut u64,
    most: c_int,
    show: Option<Show>,
    data: *mut c_void,
) -> c_int {
    answer::<S>("ul_restored_contacts", -1, |_| {
        // SAFETY: by the contract of this function.
        let place = unsafe { place.as_mut() }.ok_or(Refusal::Null("the place of the number"))?;
        let show = show.ok_or(Refusal::Null("the function"))?;
        let most = usize::try_from(most).unwrap_or(0);
        // SAFETY: by the contract of this function; the contact stays while its domain is locked.
        let mut show = |contact: &Contact| unsafe { show(contact.handle().raw().as_ptr(), data) };
        let next = S::restored(*place, most, &mut show);
        *place = next.unwrap_or(*place);
        Ok(c_int::from(next.is_some()))
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

/// Finds a contact for a client that only reads it, and keeps the domain locked: 0, and the client ends
/// with [`end_look`]; 1: there is none, and nothing is locked.
///
/// # Safety
///
/// See [`register_udomain`](super::register_udomain).
pub(in crate::pcscf::server) unsafe extern "C" fn look<S: Store>(
    raw: *mut sys::udomain,
    wanted: *mut sys::pcontact_info,
    parts: *const Raw,
    out: *mut *mut sys::pcontact,
) -> c_int {
    answer::<S>("ul_look", 1, |domains| {
        put(out, ptr::null_mut())?;
        let domain = domain(domains, raw)?;
        // SAFETY: by the contract of this function.
        let wanted = unsafe { described(wanted, parts) }?;
        let Some(looking) = Looking::<S>::at(domain) else { return Ok(1) };
        let Some(found) = S::look_up(domain, &wanted)? else { return Ok(1) };
        looking.go_on();
        put(out, found.raw().as_ptr())
    })
}

/// Ends what [`look`] began.
///
/// # Safety
///
/// See [`register_udomain`](super::register_udomain).
pub(in crate::pcscf::server) unsafe extern "C" fn end_look<S: Store>(
    raw: *mut sys::udomain,
) -> c_int {
    answer::<S>("ul_end_look", -1, |domains| {
        give_back::<S>(domain(domains, raw)?);
        Ok(0)
    })
}

/// A domain that is locked for a look until this is dropped.
struct Looking<'d, S: Store>(Option<&'d Domain<S::State>>);

impl<'d, S: Store> Looking<'d, S> {
    fn at(domain: &'d Domain<S::State>) -> Option<Self> {
        domain.lock_to_look().then_some(Self(Some(domain)))
    }

    /// It stays locked.
    fn go_on(mut self) {
        self.0 = None;
    }
}

impl<S: Store> Drop for Looking<'_, S> {
    fn drop(&mut self) {
        if let Some(domain) = self.0 {
            give_back::<S>(domain);
        }
    }
}

fn give_back<S: Store>(domain: &Domain<S::State>) {
    if domain.unlock() {
        S::unlocked(domain);
    }
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
