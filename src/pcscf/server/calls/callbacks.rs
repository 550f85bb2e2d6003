//! The functions by which C registers callbacks.

use super::{answer, domain, handle};
use crate::{
    Error,
    log::{self, Level},
    pcscf::{
        Domains, Event,
        callbacks::Function,
        server::{Noted, Refusal, Store},
    },
};
use core::ffi::{c_int, c_void};
use kamailio_sys::pcscf as sys;

/// What the core calls an internal error, and a lack of memory.
const E_BUG: c_int = -5;
const E_OUT_OF_MEM: c_int = -2;

/// # Safety
///
/// See [`register_udomain`](super::register_udomain).
pub(in crate::pcscf::server) unsafe extern "C" fn register_ulcb<S: Store>(
    contact: *mut sys::pcontact,
    types: c_int,
    function: sys::ul_cb,
    param: *mut c_void,
) -> c_int {
    register::<S>("register_ulcb", types, function, |domains, function| {
        if types == Event::Insert.bit() {
            return Ok(domains.register(|methods| match methods.on_insert(function, param) {
                true => 1,
                false => E_OUT_OF_MEM,
            }));
        }
        let contact = handle(contact)?;
        let domain = domains.of(contact).ok_or(Refusal::Gone)?;
        // A registrar of 5.6 cannot say what it wants for contacts that come from a database. What it
        // asks for one contact it asks for all.
        let is_method = types & Event::Update.bit() != 0 && param.is_null();
        if is_method && !domains.methods().knows_registrar() {
            domains.register(|methods| {
                methods.on_load(types, function, param);
                1
            });
        }
        S::change(domain, contact, Noted::Nothing, |records, contact, _| {
            Ok(records.callbacks().add(contact, types, function, param)?)
        })?;
        Ok(1)
    })
}

/// # Safety
///
/// See [`register_udomain`](super::register_udomain).
#[cfg(kamailio_5_7)]
pub(in crate::pcscf::server) unsafe extern "C" fn register_ulcb_method<S: Store>(
    _: *mut sys::pcontact,
    types: c_int,
    function: sys::ul_cb,
    param: *mut c_void,
) -> c_int {
    register::<S>("register_ulcb_method", types, function, |domains, function| {
        Ok(domains.register(|methods| {
            methods.on_load(types, function, param);
            1
        }))
    })
}

/// # Safety
///
/// See [`register_udomain`](super::register_udomain).
#[cfg(kamailio_5_7)]
pub(in crate::pcscf::server) unsafe extern "C" fn is_ulcb_registered<S: Store>(
    contact: *mut sys::pcontact,
    function: sys::ul_cb,
) -> c_int {
    answer::<S>("is_ulcb_registered", 0, |domains| {
        let contact = handle(contact)?;
        let function = function.ok_or(Refusal::Null("the callback"))?;
        let domain = domains.of(contact).ok_or(Refusal::Gone)?;
        S::change(domain, contact, Noted::Nothing, |_, contact, _| {
            Ok(contact.has_callback(function).into())
        })
    })
}

/// # Safety
///
/// See [`register_udomain`](super::register_udomain).
pub(in crate::pcscf::server) unsafe extern "C" fn unreg_pending_contacts_cb<S: Store>(
    raw: *mut sys::udomain,
    contact: *mut sys::pcontact,
    types: c_int,
) -> c_int {
    answer::<S>("unreg_pending_contacts_cb", 1, |domains| {
        let domain = domain(domains, raw)?;
        for pending in S::pending_like(domain, handle(contact)?) {
            S::change(domain, pending, Noted::Nothing, |records, contact, _| {
                let port = contact.received_port();
                Ok(records.callbacks().remove_for_port(contact, types, port)?)
            })?;
        }
        Ok(0)
    })
}

fn register<S: Store>(
    call: &'static str,
    types: c_int,
    function: sys::ul_cb,
    body: impl FnOnce(&Domains<S::State>, Function) -> Result<c_int, Refusal>,
) -> c_int {
    /// All four events.
    const ALL: c_int = 15;
    answer::<S>(call, E_BUG, |domains| {
        if !(0..=ALL).contains(&types) {
            log::write(Level::Error, format_args!("{call}: types are {types}, must be 0 to {ALL}"));
            return Ok(E_BUG);
        }
        let function = function.ok_or(Refusal::Null("the callback"))?;
        match body(domains, function) {
            Err(Refusal::Core(Error::OutOfShm)) => {
                log::write(Level::Error, format_args!("{call}: {}", Error::OutOfShm));
                Ok(E_OUT_OF_MEM)
            }
            other => other,
        }
    })
}
