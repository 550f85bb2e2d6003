//! The functions by which C replaces security associations.

use super::{answer, domain, handle};
use crate::pcscf::{
    Contact, Records,
    server::{Noted, Store},
};
use core::ffi::c_int;
use kamailio_sys::pcscf as sys;

/// # Safety
///
/// See [`register_udomain`](super::register_udomain).
pub(in crate::pcscf::server) unsafe extern "C" fn update_security<S: Store>(
    raw: *mut sys::udomain,
    kind: sys::security_type,
    security: *mut sys::security_t,
    contact: *mut sys::pcontact,
) -> c_int {
    set_security::<S>("update_security", false, raw, kind, security, contact)
}

/// # Safety
///
/// See [`register_udomain`](super::register_udomain).
pub(in crate::pcscf::server) unsafe extern "C" fn update_temp_security<S: Store>(
    raw: *mut sys::udomain,
    kind: sys::security_type,
    security: *mut sys::security_t,
    contact: *mut sys::pcontact,
) -> c_int {
    set_security::<S>("update_temp_security", true, raw, kind, security, contact)
}

fn set_security<S: Store>(
    call: &'static str,
    temporary: bool,
    raw: *mut sys::udomain,
    kind: sys::security_type,
    security: *mut sys::security_t,
    contact: *mut sys::pcontact,
) -> c_int {
    answer::<S>(call, -1, |domains| {
        let domain = domain(domains, raw)?;
        let contact = handle(contact)?;
        let set = |records: &mut Records, contact: &mut Contact, now| {
            Ok(records.set_security(contact, security, temporary, now)?)
        };
        S::change(domain, contact, Noted::Security, set)?;
        // Only IPsec has columns in the database.
        let stored = S::db_mode() == 1 || S::db_mode() == 3;
        Ok(if stored && kind != sys::sec_type::SECURITY_IPSEC { -1 } else { 0 })
    })
}
