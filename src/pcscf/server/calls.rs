//! The functions that C calls: each checks what it gets, calls the store, and gives the codes of the
//! API.

mod callbacks;
mod own;
mod security;

#[cfg(kamailio_5_7)]
pub(super) use callbacks::{is_ulcb_registered, register_ulcb_method};
pub(super) use callbacks::{register_ulcb, unreg_pending_contacts_cb};
pub(super) use own::{
    end_look, find_parsed, insert_parsed, look, of_identity, replace_ids, restored, supersede,
};
pub(super) use security::{update_security, update_temp_security};

use super::{Refusal, Store, name};
use crate::{
    boundary,
    log::{self, Level},
    pcscf::{BadInfo, Domain, Domains, Handle, Info, info},
};
use core::{
    ffi::{c_char, c_int, c_uint, c_ulong, c_void},
    ptr::{self, NonNull},
};
use kamailio_sys::{self as core_sys, pcscf as sys};

/// Runs `body`; a refusal is logged under the name of the call, and the client gets `refused`.
fn answer<S: Store>(
    call: &'static str,
    refused: c_int,
    body: impl FnOnce(&Domains<S::State>) -> Result<c_int, Refusal>,
) -> c_int {
    boundary::contain::<S, _>(refused, || {
        let Some(domains) = S::domains() else { return refused };
        body(&domains).unwrap_or_else(|refusal| {
            log::write(Level::Error, format_args!("{call}: {refusal}"));
            refused
        })
    })
}

fn domain<T: crate::shm::ShmSafe>(
    domains: &Domains<T>,
    raw: *mut sys::udomain,
) -> Result<&Domain<T>, Refusal> {
    domains.by_raw(raw).ok_or(if raw.is_null() {
        Refusal::Null("the domain")
    } else {
        Refusal::NoDomain
    })
}

fn handle(raw: *mut sys::pcontact) -> Result<Handle, Refusal> {
    Handle::new(raw).ok_or(Refusal::Null("the contact"))
}

/// # Safety
///
/// `raw` is null or a struct of a client that stays for `'a`.
unsafe fn info<'a>(raw: *mut sys::pcontact_info) -> Result<Info<'a>, Refusal> {
    // SAFETY: by the contract of this function.
    let raw = unsafe { raw.as_ref() }.ok_or(Refusal::Null("the description of the contact"))?;
    // SAFETY: as above.
    Ok(unsafe { Info::new(raw) }?)
}

/// # Safety
///
/// `raw` is null or a string of a client that stays for `'a`.
unsafe fn string<'a>(what: &'static str, raw: *mut core_sys::str_) -> Result<&'a [u8], Refusal> {
    // SAFETY: by the contract of this function.
    let value = unsafe { raw.as_ref() }.ok_or(Refusal::Null(what))?;
    // SAFETY: as above.
    Ok(unsafe { info::checked(what, *value) }?)
}

/// # Safety
///
/// For clients of the API, as all functions here: pointers are null, or what the API says.
pub(super) unsafe extern "C" fn register_udomain<S: Store>(
    raw_name: *const c_char,
    out: *mut *mut sys::udomain,
) -> c_int {
    answer::<S>("register_udomain", -1, |domains| {
        // SAFETY: by the contract of this function.
        let name = unsafe { name(raw_name) }?;
        S::open(domains, name)?;
        let domain = domains.find(name).ok_or(Refusal::NoDomain)?;
        put(out, domain.raw())
    })
}

/// # Safety
///
/// See [`register_udomain`].
pub(super) unsafe extern "C" fn get_udomain<S: Store>(
    raw_name: *const c_char,
    out: *mut *mut sys::udomain,
) -> c_int {
    boundary::contain::<S, _>(-1, || {
        // SAFETY: by the contract of this function.
        let Ok(name) = (unsafe { name(raw_name) }) else { return -1 };
        let Some(domains) = S::domains() else { return -1 };
        domains.find(name).map_or(-1, |domain| put(out, domain.raw()).unwrap_or(-1))
    })
}

/// Writes a result for the client.
fn put<T>(out: *mut T, value: T) -> Result<c_int, Refusal> {
    let out = NonNull::new(out).ok_or(Refusal::Null("the place of the result"))?;
    // SAFETY: a client gives the place for what the API says.
    unsafe { out.write(value) };
    Ok(0)
}

/// # Safety
///
/// See [`register_udomain`].
pub(super) unsafe extern "C" fn lock_udomain<S: Store>(
    raw: *mut sys::udomain,
    _: *mut core_sys::str_,
    _: u16,
    _: u16,
) {
    answer::<S>("lock_udomain", -1, |domains| {
        domain(domains, raw)?.lock();
        Ok(0)
    });
}

/// # Safety
///
/// See [`register_udomain`].
pub(super) unsafe extern "C" fn unlock_udomain<S: Store>(
    raw: *mut sys::udomain,
    _: *mut core_sys::str_,
    _: u16,
    _: u16,
) {
    answer::<S>("unlock_udomain", -1, |domains| {
        let domain = domain(domains, raw)?;
        if !domain.is_locked_here() {
            log::write(
                Level::Error,
                format_args!("unlock_udomain: {domain:?} is not locked by this process"),
            );
            return Ok(-1);
        }
        S::leaving(domain);
        if domain.unlock() {
            S::unlocked(domain);
        }
        Ok(0)
    });
}

/// # Safety
///
/// See [`register_udomain`].
pub(super) unsafe extern "C" fn get_pcontact<S: Store>(
    raw: *mut sys::udomain,
    wanted: *mut sys::pcontact_info,
    out: *mut *mut sys::pcontact,
    reverse: c_int,
) -> c_int {
    answer::<S>("get_pcontact", 1, |domains| {
        put(out, ptr::null_mut())?;
        let domain = domain(domains, raw)?;
        // SAFETY: by the contract of this function.
        let wanted = unsafe { info(wanted) }?;
        show(S::find(domain, &wanted, reverse != 0)?, out)
    })
}

/// Gives a client what was found.
fn show(found: Option<Handle>, out: *mut *mut sys::pcontact) -> Result<c_int, Refusal> {
    found.map_or(Ok(1), |found| put(out, found.raw().as_ptr()))
}

/// # Safety
///
/// See [`register_udomain`].
pub(super) unsafe extern "C" fn insert_pcontact<S: Store>(
    raw: *mut sys::udomain,
    aor: *mut core_sys::str_,
    values: *mut sys::pcontact_info,
    out: *mut *mut sys::pcontact,
) -> c_int {
    answer::<S>("insert_pcontact", -1, |domains| {
        put(out, ptr::null_mut())?;
        let domain = domain(domains, raw)?;
        // SAFETY: by the contract of this function.
        let aor = unsafe { string("the contact URI", aor) }?;
        // SAFETY: as above.
        let values = unsafe { info(values) }?;
        put(out, S::insert(domain, aor, &values)?.raw().as_ptr())
    })
}

/// # Safety
///
/// See [`register_udomain`].
pub(super) unsafe extern "C" fn update_pcontact<S: Store>(
    raw: *mut sys::udomain,
    values: *mut sys::pcontact_info,
    contact: *mut sys::pcontact,
) -> c_int {
    answer::<S>("update_pcontact", -1, |domains| {
        let domain = domain(domains, raw)?;
        // SAFETY: by the contract of this function.
        let values = unsafe { info(values) }?;
        S::update(domain, handle(contact)?, &values)?;
        Ok(0)
    })
}

/// # Safety
///
/// See [`register_udomain`].
pub(super) unsafe extern "C" fn delete_pcontact<S: Store>(
    raw: *mut sys::udomain,
    contact: *mut sys::pcontact,
) -> c_int {
    answer::<S>("delete_pcontact", -1, |domains| {
        let domain = domain(domains, raw)?;
        if let Some(contact) = Handle::new(contact) {
            S::delete(domain, contact)?;
        }
        Ok(0)
    })
}

/// # Safety
///
/// See [`register_udomain`].
pub(super) unsafe extern "C" fn update_rx_regsession<S: Store>(
    raw: *mut sys::udomain,
    session: *mut core_sys::str_,
    contact: *mut sys::pcontact,
) -> c_int {
    answer::<S>("update_rx_regsession", -1, |domains| {
        let domain = domain(domains, raw)?;
        // SAFETY: by the contract of this function.
        let session = unsafe { string("the session", session) }?;
        S::set_rx_session(domain, handle(contact)?, session)?;
        Ok(0)
    })
}

/// # Safety
///
/// See [`register_udomain`].
pub(super) unsafe extern "C" fn assert_identity<S: Store>(
    raw: *mut sys::udomain,
    host: *mut core_sys::str_,
    port: u16,
    proto: u16,
    identity: *mut core_sys::str_,
) -> c_int {
    answer::<S>("assert_identity", 0, |domains| {
        let domain = domain(domains, raw)?;
        // SAFETY: by the contract of this function.
        let host = unsafe { string("the host", host) }?;
        // SAFETY: as above.
        let identity = unsafe { string("the identity", identity) }?;
        Ok(S::has_identity(domain, host, port, proto, identity).into())
    })
}

/// # Safety
///
/// See [`register_udomain`].
pub(super) unsafe extern "C" fn get_number_of_contacts<S: Store>() -> c_ulong {
    boundary::contain::<S, _>(0, S::contacts)
}

/// # Safety
///
/// See [`register_udomain`].
pub(super) unsafe extern "C" fn get_all_ucontacts<S: Store>(
    buffer: *mut c_void,
    len: c_int,
    _: c_uint,
    part: c_uint,
    parts: c_uint,
) -> c_int {
    answer::<S>("get_all_ucontacts", -1, |_| {
        let len = usize::try_from(len).map_err(|_| BadInfo::Text("the buffer"))?;
        let out = match NonNull::new(buffer.cast::<u8>()) {
            // SAFETY: a client gives a buffer of that length.
            Some(buffer) => unsafe { core::slice::from_raw_parts_mut(buffer.as_ptr(), len) },
            None => &mut [],
        };
        Ok(S::associations(out, part, parts))
    })
}
