//! What the parser of the core calls the parameters of a Contact header.

use kamailio_sys::ptype as kind;

/// The number that the core's parser gives a parameter of this name in a Contact header.
pub fn param_kind(name: &[u8]) -> u32 {
    let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
    if is(b"q") {
        kind::P_Q
    } else if is(b"expires") {
        kind::P_EXPIRES
    } else if is(b"methods") {
        kind::P_METHODS
    } else if is(b"received") {
        kind::P_RECEIVED
    } else if is(b"+sip.instance") || is(b"instance") {
        kind::P_INSTANCE
    } else if is(b"reg-id") {
        kind::P_REG_ID
    } else if is(b"ob") {
        kind::P_OB
    } else {
        kind::P_OTHER
    }
}
