//! One lock, whatever the client names.

use super::{answer, domain, put, string};
use crate::{
    log::{self, Level},
    scscf::{
        Call, Engine,
        server::{Refusal, Store, Touched},
        subscriber::{self, SubscriberHandle},
    },
};
use core::{ffi::c_int, ptr::NonNull};
use kamailio_sys::{self as core_sys, scscf as sys};

fn lock<S: Store>(engine: &Engine<S::State>, call: Call) -> Result<(), Refusal> {
    if engine.lock(call) { Ok(()) } else { Err(Refusal::Busy) }
}

fn unlock<S: Store>(engine: &Engine<S::State>, name: &str, call: Call) -> c_int {
    if !engine.is_locked_here() {
        // Some clients unlock twice what they lock once; it does no harm.
        log::write(Level::Debug, format_args!("{name}: not locked by this process"));
        return -1;
    }
    if engine.frees(call) {
        S::leaving(engine);
    }
    engine.unlock(call);
    0
}

/// # Safety
///
/// For clients of the API, as all functions here: pointers are null, or what the API says.
pub(in super::super) unsafe extern "C" fn lock_udomain<S: Store>(
    raw: *mut sys::udomain,
    _: *mut core_sys::str_,
) {
    answer::<S>("lock_udomain", -1, |engine| {
        domain(engine, raw)?;
        lock::<S>(engine, Call::Domain)?;
        Ok(0)
    });
}

/// # Safety
///
/// See [`lock_udomain`].
pub(in super::super) unsafe extern "C" fn unlock_udomain<S: Store>(
    raw: *mut sys::udomain,
    _: *mut core_sys::str_,
) {
    answer::<S>("unlock_udomain", -1, |engine| {
        domain(engine, raw)?;
        Ok(unlock::<S>(engine, "unlock_udomain", Call::Domain))
    });
}

/// # Safety
///
/// See [`lock_udomain`].
pub(in super::super) unsafe extern "C" fn lock_contact_slot<S: Store>(raw: *mut core_sys::str_) {
    answer::<S>("lock_contact_slot", -1, |engine| {
        lock::<S>(engine, Call::Contact)?;
        // SAFETY: by the contract of this function.
        if let Ok(uri) = unsafe { string("the contact URI", raw) } {
            S::touched(engine, Touched::Uri(uri));
        }
        Ok(0)
    });
}

/// # Safety
///
/// See [`lock_udomain`].
pub(in super::super) unsafe extern "C" fn unlock_contact_slot<S: Store>(_: *mut core_sys::str_) {
    answer::<S>("unlock_contact_slot", -1, |engine| {
        Ok(unlock::<S>(engine, "unlock_contact_slot", Call::Contact))
    });
}

/// # Safety
///
/// See [`lock_udomain`].
pub(in super::super) unsafe extern "C" fn lock_contact_slot_i<S: Store>(slot: c_int) {
    answer::<S>("lock_contact_slot_i", -1, |engine| {
        lock::<S>(engine, Call::ContactSlot)?;
        if let Ok(slot) = u32::try_from(slot) {
            S::touched(engine, Touched::Slot(slot));
        }
        Ok(0)
    });
}

/// # Safety
///
/// See [`lock_udomain`].
pub(in super::super) unsafe extern "C" fn unlock_contact_slot_i<S: Store>(_: c_int) {
    answer::<S>("unlock_contact_slot_i", -1, |engine| {
        Ok(unlock::<S>(engine, "unlock_contact_slot_i", Call::ContactSlot))
    });
}

/// # Safety
///
/// See [`lock_udomain`].
pub(in super::super) unsafe extern "C" fn lock_subscription<S: Store>(
    raw: *mut sys::ims_subscription,
) {
    answer::<S>("lock_subscription", -1, |engine| {
        lock::<S>(engine, Call::Subscriber)?;
        let ours = NonNull::new(raw).filter(|raw| subscriber::slot_of(*raw) == subscriber::ours());
        if let Some(handle) = ours.and_then(|raw| SubscriberHandle::new(raw.as_ptr())) {
            S::touched(engine, Touched::Subscriber(handle));
        }
        Ok(0)
    });
}

/// # Safety
///
/// See [`lock_udomain`].
pub(in super::super) unsafe extern "C" fn unlock_subscription<S: Store>(
    _: *mut sys::ims_subscription,
) {
    answer::<S>("unlock_subscription", -1, |engine| {
        Ok(unlock::<S>(engine, "unlock_subscription", Call::Subscriber))
    });
}

/// Locks what is known of an identity for a client that only reads it, and gives its record: 0, and
/// the client ends with [`end_look`]; 1: there is none, and nothing is locked; −1: as above, after a
/// mistake.
///
/// # Safety
///
/// See [`lock_udomain`].
pub(in super::super) unsafe extern "C" fn look<S: Store>(
    raw: *mut sys::udomain,
    public: *mut core_sys::str_,
    out: *mut *mut sys::impurecord,
) -> c_int {
    answer::<S>("ul_scscf_look", -1, |engine| {
        let domain = domain(engine, raw)?;
        // SAFETY: by the contract of this function.
        let public = unsafe { string("the public identity", public) }?;
        let found =
            engine.with_kept(Call::Look, |state| S::look_up_identity(state, domain, public));
        let found = found.ok_or(Refusal::Busy)?;
        let written = found.map_or(Ok(1), |found| put(out, found.raw()));
        if !matches!(written, Ok(0)) {
            unlock::<S>(engine, "ul_scscf_look", Call::Look);
        }
        written
    })
}

/// Ends what [`look`] began.
///
/// # Safety
///
/// See [`lock_udomain`].
pub(in super::super) unsafe extern "C" fn end_look<S: Store>() -> c_int {
    answer::<S>("ul_scscf_end_look", -1, |engine| {
        Ok(unlock::<S>(engine, "ul_scscf_end_look", Call::Look))
    })
}
