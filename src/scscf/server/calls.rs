//! The functions that C calls: each checks what it gets, calls the store, and gives the codes of the
//! API.

mod contacts;
mod identities;
mod locks;
mod subscribers;
mod watchers;

pub(super) use contacts::{
    add_dialog_data_to_contact, delete_ucontact, expire_ucontact, get_all_ucontacts, get_ucontact,
    insert_ucontact, link_contact_to_impu, release_ucontact, remove_dialog_data_from_contact,
    unlink_contact_from_impu, update_ucontact,
};
pub(super) use identities::{
    delete_impurecord, get_impurecord, get_impus_from_subscription, get_udomain, identities_of,
    insert_impurecord, register_udomain, register_ulcb, update_impurecord,
};
pub(super) use locks::{
    end_look, lock_contact_slot, lock_contact_slot_i, lock_subscription, lock_udomain, look,
    unlock_contact_slot, unlock_contact_slot_i, unlock_subscription, unlock_udomain,
};
pub(super) use subscribers::{ref_subscription, take_subscription, unref_subscription};
pub(super) use watchers::{
    add_subscriber, external_delete_subscriber, get_presentity, get_subscriber, update_subscriber,
};

use super::{Refusal, Store};
use crate::{
    boundary,
    log::{self, Level},
    scscf::{ContactHandle, Domain, Engine, IdentityHandle, info},
};
use core::{ffi::c_int, ptr::NonNull};
use kamailio_sys::{self as core_sys, scscf as sys};

/// Runs `body`; a refusal is logged under the name of the call, and the client gets `refused`. What
/// the call changed is stored before the client goes on, if it does not hold the lock.
fn answer<S: Store>(
    call: &'static str,
    refused: c_int,
    body: impl FnOnce(&Engine<S::State>) -> Result<c_int, Refusal>,
) -> c_int {
    boundary::contain::<S, _>(refused, || {
        let Some(engine) = S::engine() else { return refused };
        let result = body(&engine).unwrap_or_else(|refusal| {
            log::write(Level::Error, format_args!("{call}: {refusal}"));
            refused
        });
        if !engine.is_locked_here() {
            S::unlocked(&engine);
        }
        result
    })
}

fn domain<T>(engine: &Engine<T>, raw: *mut sys::udomain) -> Result<Domain, Refusal> {
    engine.by_raw(raw).ok_or(match raw.is_null() {
        true => Refusal::Null("the domain"),
        false => Refusal::NoDomain,
    })
}

fn identity(raw: *mut sys::impurecord) -> Result<IdentityHandle, Refusal> {
    IdentityHandle::new(raw).ok_or(Refusal::Null("the identity"))
}

fn contact(raw: *mut sys::ucontact) -> Result<ContactHandle, Refusal> {
    ContactHandle::new(raw).ok_or(Refusal::Null("the contact"))
}

/// # Safety
///
/// `raw` is null or a string of a client that stays for `'a`.
unsafe fn string<'a>(what: &'static str, raw: *mut core_sys::str_) -> Result<&'a [u8], Refusal> {
    // SAFETY: by the contract of this function.
    unsafe { info::behind(what, raw) }?.ok_or(Refusal::Null(what))
}

/// # Safety
///
/// `raw` is null or a string of a client that stays for `'a`.
unsafe fn optional<'a>(
    what: &'static str,
    raw: *mut core_sys::str_,
) -> Result<Option<&'a [u8]>, Refusal> {
    // SAFETY: by the contract of this function.
    Ok(unsafe { info::behind(what, raw) }?)
}

/// Writes a result for the client.
fn put<T>(out: *mut T, value: T) -> Result<c_int, Refusal> {
    let out = NonNull::new(out).ok_or(Refusal::Null("the place of the result"))?;
    // SAFETY: a client gives the place for what the API says.
    unsafe { out.write(value) };
    Ok(0)
}

/// A time that C keeps in an `int`: beyond 2038 it is negative there.
fn time(seconds: c_int) -> i64 {
    i64::from(u32::from_ne_bytes(seconds.to_ne_bytes()))
}
