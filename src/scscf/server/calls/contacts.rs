//! Contacts, their links and their dialogs.

use super::{answer, contact, identity, optional, put, string};
use crate::scscf::{
    ContactInfo,
    server::{Refusal, Store},
};
use core::{
    ffi::{c_int, c_uint, c_void},
    ptr::NonNull,
};
use kamailio_sys::{self as core_sys, scscf as sys};

/// # Safety
///
/// `raw` is null or a struct of a client that stays for `'a`.
unsafe fn info<'a>(raw: *mut sys::ucontact_info) -> Result<ContactInfo<'a>, Refusal> {
    // SAFETY: by the contract of this function.
    let raw = unsafe { raw.as_ref() }.ok_or(Refusal::Null("the description of the contact"))?;
    // SAFETY: as above.
    Ok(unsafe { ContactInfo::new(raw) }?)
}

/// # Safety
///
/// For clients of the API, as all functions here: pointers are null, or what the API says.
pub(in super::super) unsafe extern "C" fn insert_ucontact<S: Store>(
    record: *mut sys::impurecord,
    uri: *mut core_sys::str_,
    values: *mut sys::ucontact_info,
    out: *mut *mut sys::ucontact,
) -> c_int {
    answer::<S>("insert_ucontact", -1, |engine| {
        let identity = identity(record)?;
        // SAFETY: by the contract of this function.
        let uri = unsafe { string("the contact URI", uri) }?;
        // SAFETY: as above.
        let values = unsafe { info(values) }?;
        put(out, S::insert_contact(engine, identity, uri, &values)?.raw())
    })
}

/// # Safety
///
/// See [`insert_ucontact`].
pub(in super::super) unsafe extern "C" fn delete_ucontact<S: Store>(
    raw: *mut sys::ucontact,
) -> c_int {
    answer::<S>("delete_ucontact", -1, |engine| {
        S::delete_contact(engine, contact(raw)?)?;
        Ok(0)
    })
}

/// # Safety
///
/// See [`insert_ucontact`].
pub(in super::super) unsafe extern "C" fn get_ucontact<S: Store>(
    uri: *mut core_sys::str_,
    callid: *mut core_sys::str_,
    path: *mut core_sys::str_,
    cseq: c_int,
    out: *mut *mut sys::ucontact,
) -> c_int {
    answer::<S>("get_ucontact", -1, |engine| {
        // SAFETY: by the contract of this function.
        let uri = unsafe { string("the contact URI", uri) }?;
        // SAFETY: as above.
        let callid = unsafe { optional("the Call-ID", callid) }?;
        // SAFETY: as above.
        let path = unsafe { optional("the Path", path) }?;
        match S::find_contact(engine, uri, callid, path, cseq)? {
            Some(found) => put(out, found.raw()),
            None => Ok(1),
        }
    })
}

/// # Safety
///
/// See [`insert_ucontact`].
pub(in super::super) unsafe extern "C" fn release_ucontact<S: Store>(raw: *mut sys::ucontact) {
    answer::<S>("release_ucontact", -1, |engine| {
        S::release_contact(engine, contact(raw)?)?;
        Ok(0)
    });
}

/// # Safety
///
/// See [`insert_ucontact`].
pub(in super::super) unsafe extern "C" fn get_all_ucontacts<S: Store>(
    buffer: *mut c_void,
    len: c_int,
    flags: c_uint,
    part: c_uint,
    parts: c_uint,
) -> c_int {
    answer::<S>("get_all_ucontacts", -1, |engine| {
        let len = usize::try_from(len).map_err(|_| Refusal::Null("the length of the buffer"))?;
        let out = match NonNull::new(buffer.cast::<u8>()) {
            // SAFETY: a client gives a buffer of that length.
            Some(buffer) => unsafe { core::slice::from_raw_parts_mut(buffer.as_ptr(), len) },
            None => &mut [],
        };
        Ok(S::pack_contacts(engine, out, flags, part, parts))
    })
}

/// # Safety
///
/// See [`insert_ucontact`].
pub(in super::super) unsafe extern "C" fn update_ucontact<S: Store>(
    record: *mut sys::impurecord,
    raw: *mut sys::ucontact,
    values: *mut sys::ucontact_info,
) -> c_int {
    answer::<S>("update_ucontact", -1, |engine| {
        let (identity, contact) = (identity(record)?, contact(raw)?);
        // SAFETY: by the contract of this function.
        let values = unsafe { info(values) }?;
        S::update_contact(engine, identity, contact, &values)?;
        Ok(0)
    })
}

/// # Safety
///
/// See [`insert_ucontact`].
pub(in super::super) unsafe extern "C" fn expire_ucontact<S: Store>(
    record: *mut sys::impurecord,
    raw: *mut sys::ucontact,
) -> c_int {
    answer::<S>("expire_ucontact", -1, |engine| {
        S::expire_contact(engine, identity(record)?, contact(raw)?)?;
        Ok(0)
    })
}

/// # Safety
///
/// See [`insert_ucontact`].
pub(in super::super) unsafe extern "C" fn unlink_contact_from_impu<S: Store>(
    record: *mut sys::impurecord,
    raw: *mut sys::ucontact,
    write_to_db: c_int,
    _: c_int,
) -> c_int {
    answer::<S>("unlink_contact_from_impu", -1, |engine| {
        S::unlink_contact(engine, identity(record)?, contact(raw)?, write_to_db != 0)?;
        Ok(0)
    })
}

/// # Safety
///
/// See [`insert_ucontact`].
pub(in super::super) unsafe extern "C" fn link_contact_to_impu<S: Store>(
    record: *mut sys::impurecord,
    raw: *mut sys::ucontact,
    write_to_db: c_int,
) -> c_int {
    answer::<S>("link_contact_to_impu", -1, |engine| {
        S::link_contact(engine, identity(record)?, contact(raw)?, write_to_db != 0)?;
        Ok(0)
    })
}

/// # Safety
///
/// See [`insert_ucontact`].
pub(in super::super) unsafe extern "C" fn add_dialog_data_to_contact<S: Store>(
    raw: *mut sys::ucontact,
    entry: c_uint,
    id: c_uint,
) -> c_int {
    answer::<S>("add_dialog_data_to_contact", -1, |engine| {
        S::add_dialog(engine, contact(raw)?, entry, id)?;
        Ok(0)
    })
}

/// # Safety
///
/// See [`insert_ucontact`].
pub(in super::super) unsafe extern "C" fn remove_dialog_data_from_contact<S: Store>(
    raw: *mut sys::ucontact,
    entry: c_uint,
    id: c_uint,
) -> c_int {
    answer::<S>("remove_dialog_data_from_contact", -1, |engine| {
        let removed = S::remove_dialog(engine, contact(raw)?, entry, id)?;
        Ok(c_int::from(!removed))
    })
}
