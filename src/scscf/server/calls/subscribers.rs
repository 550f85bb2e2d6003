//! References to subscriptions: of ours, and of those that clients built.

use super::{answer, put};
use crate::scscf::{
    Call, Engine,
    foreign::Foreign,
    server::{Given, Refusal, Store},
    subscriber::{self, SubscriberHandle},
};
use core::{ffi::c_int, ptr::NonNull};
use kamailio_sys::scscf as sys;

/// The subscription that a client names, whoever built it: one of C is put into `place`.
///
/// # Safety
///
/// `raw` is null, one of ours, or built as the API says; it stays for the call.
pub(super) unsafe fn given<'a>(
    raw: *mut sys::ims_subscription,
    place: &'a mut Option<Foreign>,
) -> Option<Given<'a>> {
    let raw = NonNull::new(raw).filter(|raw| raw.is_aligned())?;
    if subscriber::slot_of(raw) == subscriber::ours() {
        return SubscriberHandle::new(raw.as_ptr()).map(Given::Ours);
    }
    // SAFETY: by the contract of this function.
    Some(Given::Foreign(place.insert(unsafe { Foreign::new(raw) })))
}

/// # Safety
///
/// For clients of the API: `raw` is null or a subscription.
pub(in super::super) unsafe extern "C" fn ref_subscription<S: Store>(
    raw: *mut sys::ims_subscription,
) {
    answer::<S>("ref_subscription", -1, |engine| {
        let mut place = None;
        // SAFETY: by the contract of this function.
        let given = unsafe { given(raw, &mut place) };
        match given.ok_or(Refusal::Null("the subscription"))? {
            Given::Ours(handle) => S::hold_subscriber(engine, handle)?,
            Given::Foreign(foreign) => locked(engine, || foreign.add_ref())?,
        }
        Ok(0)
    });
}

/// # Safety
///
/// See [`ref_subscription`]; without a reference the client uses it no more.
pub(in super::super) unsafe extern "C" fn unref_subscription<S: Store>(
    raw: *mut sys::ims_subscription,
) {
    answer::<S>("unref_subscription", -1, |engine| {
        let mut place = None;
        // SAFETY: by the contract of this function.
        let given = unsafe { given(raw, &mut place) };
        let last = match given.ok_or(Refusal::Null("the subscription"))? {
            Given::Ours(handle) => {
                S::release_subscriber(engine, handle)?;
                false
            }
            Given::Foreign(foreign) => locked(engine, || foreign.drop_ref())?,
        };
        if let Some(foreign) = place.filter(|_| last) {
            // SAFETY: that was the last reference, and clients build it as the API says.
            if let Some(copy) = unsafe { foreign.free() } {
                S::release_subscriber(engine, copy)?;
            }
        }
        Ok(0)
    });
}

/// Takes in what a subscription says that the client keeps; gives the store's own, which the client
/// holds from then on.
///
/// # Safety
///
/// See [`ref_subscription`]; the structs stay for the call.
pub(in super::super) unsafe extern "C" fn take_subscription<S: Store>(
    raw: *mut sys::ims_subscription,
    out: *mut *mut sys::ims_subscription,
) -> c_int {
    answer::<S>("ul_scscf_take_subscription", -1, |engine| {
        let lent = NonNull::new(raw).filter(|raw| raw.is_aligned() && !out.is_null());
        let lent = lent.ok_or(Refusal::Null("the subscription"))?;
        // SAFETY: by the contract of this function.
        let lent = unsafe { Foreign::new(lent) };
        put(out, S::take_subscriber(engine, &lent)?.raw())
    })
}

/// Runs `work` under the lock.
fn locked<T, R>(engine: &Engine<T>, work: impl FnOnce() -> R) -> Result<R, Refusal> {
    if !engine.lock(Call::Inside) {
        return Err(Refusal::Busy);
    }
    let result = work();
    engine.unlock(Call::Inside);
    Ok(result)
}
