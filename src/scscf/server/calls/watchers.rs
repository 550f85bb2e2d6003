//! Watchers of identities.

use super::{answer, domain, identity, optional, put, string, time};
use crate::{
    boundary,
    scscf::{
        NewWatcher, WatcherHandle,
        server::{Refusal, Store},
        texts,
    },
    shm,
};
use core::{
    ffi::c_int,
    ptr::{self, NonNull},
};
use kamailio_sys::{self as core_sys, scscf as sys};

/// # Safety
///
/// For clients of the API, as all functions here: pointers are null, or what the API says.
pub(in super::super) unsafe extern "C" fn add_subscriber<S: Store>(
    record: *mut sys::impurecord,
    data: *mut sys::subscriber_data_t,
    out: *mut *mut sys::reg_subscriber,
    db_load: c_int,
) -> c_int {
    if record.is_null() {
        // As the API has it: nothing is done, and that is no error.
        return 0;
    }
    answer::<S>("add_subscriber", -1, |engine| {
        let identity = identity(record)?;
        // SAFETY: by the contract of this function.
        let data = unsafe { data.as_ref() }.ok_or(Refusal::Null("the data of the watcher"))?;
        let new = NewWatcher {
            event: data.event,
            expires: time(data.expires),
            version: data.version,
            local_cseq: data.local_cseq,
            // SAFETY: as above.
            watcher_uri: unsafe { string("watcher_uri", data.watcher_uri) }?,
            // SAFETY: as above.
            watcher_contact: unsafe { string("watcher_contact", data.watcher_contact) }?,
            // SAFETY: as above.
            presentity_uri: unsafe { string("presentity_uri", data.presentity_uri) }?,
            // SAFETY: as above.
            call_id: unsafe { string("callid", data.callid) }?,
            // SAFETY: as above.
            from_tag: unsafe { string("ftag", data.ftag) }?,
            // SAFETY: as above.
            to_tag: unsafe { string("ttag", data.ttag) }?,
            // SAFETY: as above.
            record_route: unsafe { optional("record_route", data.record_route) }?
                .unwrap_or_default(),
            // SAFETY: as above.
            sockinfo: unsafe { optional("sockinfo_str", data.sockinfo_str) }?.unwrap_or_default(),
        };
        put(out, S::add_watcher(engine, identity, &new, db_load != 0)?.raw())
    })
}

fn watcher(raw: *mut sys::reg_subscriber) -> Result<WatcherHandle, Refusal> {
    WatcherHandle::new(raw).ok_or(Refusal::Null("the watcher"))
}

/// A number that a client may leave out.
///
/// # Safety
///
/// `place` is null or holds a number.
unsafe fn number(place: *mut c_int) -> Option<c_int> {
    // SAFETY: by the contract of this function.
    NonNull::new(place).map(|place| unsafe { place.read() })
}

/// # Safety
///
/// See [`add_subscriber`].
pub(in super::super) unsafe extern "C" fn update_subscriber<S: Store>(
    record: *mut sys::impurecord,
    raw: *mut *mut sys::reg_subscriber,
    expires: *mut c_int,
    local_cseq: *mut c_int,
    version: *mut c_int,
) -> c_int {
    answer::<S>("update_subscriber", 0, |engine| {
        let raw = NonNull::new(raw).ok_or(Refusal::Null("the watcher"))?;
        // SAFETY: by the contract of this function.
        let handle = watcher(unsafe { raw.read() })?;
        // SAFETY: as above.
        let expires = unsafe { number(expires) }.map(time);
        // SAFETY: as above.
        let local_cseq = unsafe { number(local_cseq) };
        // SAFETY: as above.
        let version = unsafe { number(version) };
        S::update_watcher(engine, identity(record)?, handle, expires, local_cseq, version)?;
        Ok(1)
    })
}

/// # Safety
///
/// See [`add_subscriber`].
pub(in super::super) unsafe extern "C" fn external_delete_subscriber<S: Store>(
    raw: *mut sys::reg_subscriber,
    raw_domain: *mut sys::udomain,
    _: c_int,
) {
    answer::<S>("external_delete_subscriber", -1, |engine| {
        S::delete_watcher(engine, domain(engine, raw_domain)?, watcher(raw)?)?;
        Ok(0)
    });
}

/// # Safety
///
/// See [`add_subscriber`]. The header names the two texts the other way round.
pub(in super::super) unsafe extern "C" fn get_subscriber<S: Store>(
    record: *mut sys::impurecord,
    presentity: *mut core_sys::str_,
    watcher_contact: *mut core_sys::str_,
    event: c_int,
    out: *mut *mut sys::reg_subscriber,
) -> c_int {
    answer::<S>("get_subscriber", 1, |engine| {
        if record.is_null() {
            return Ok(1);
        }
        // SAFETY: by the contract of this function.
        let presentity = unsafe { string("the presentity", presentity) }?;
        // SAFETY: as above.
        let contact = unsafe { string("the contact of the watcher", watcher_contact) }?;
        match S::find_watcher(engine, identity(record)?, presentity, contact, event)? {
            Some(found) => put(out, found.raw()),
            None => Ok(1),
        }
    })
}

/// # Safety
///
/// See [`add_subscriber`].
pub(in super::super) unsafe extern "C" fn get_presentity<S: Store>(
    callid: *mut core_sys::str_,
    to_tag: *mut core_sys::str_,
    from_tag: *mut core_sys::str_,
) -> core_sys::str_ {
    let mut found = None;
    answer::<S>("get_presentity_from_subscriber_dialog", -1, |engine| {
        // SAFETY: by the contract of this function.
        let callid = unsafe { string("the Call-ID", callid) }?;
        // SAFETY: as above.
        let to_tag = unsafe { string("the tag of the To", to_tag) }?;
        // SAFETY: as above.
        let from_tag = unsafe { string("the tag of the From", from_tag) }?;
        found = S::presentity_of(engine, callid, to_tag, from_tag);
        Ok(0)
    });
    boundary::contain::<S, _>(texts::NONE, || found.map_or(texts::NONE, |text| shared(&text)))
}

/// A copy for the client, who frees it.
fn shared(text: &[u8]) -> core_sys::str_ {
    let Ok(len) = c_int::try_from(text.len()) else { return texts::NONE };
    let Ok(block) = shm::malloc(text.len().max(1)) else {
        crate::error!("get_presentity_from_subscriber_dialog: out of shared memory");
        return texts::NONE;
    };
    // SAFETY: a new block of that length.
    unsafe { ptr::copy_nonoverlapping(text.as_ptr(), block.as_ptr(), text.len()) };
    core_sys::str_ { s: block.as_ptr().cast(), len }
}
