//! Functions for scripts in other languages (KEMI): `KSR.<module>.<function>(…)`.

use crate::{module::Row, script::Script, text};
use core::ffi::{CStr, c_int};
use kamailio_sys as sys;

/// A row of the table of KEMI functions.
#[repr(transparent)]
#[derive(Debug)]
pub struct Kemi(sys::sr_kemi_t);

impl Kemi {
    /// Exports `body` as `KSR.module.name`, with the arguments that `body` takes after the
    /// message; it returns the number of its verdict.
    ///
    /// KEMI knows one function by one name only: another number of arguments is another name. Of
    /// functions with six arguments the core calls only those whose arguments are all texts.
    pub const fn new<F: Script<Sig>, Sig>(
        module: &'static CStr,
        name: &'static CStr,
        _: F,
    ) -> Self {
        Self(sys::sr_kemi_t {
            mname: text::name(module),
            fname: text::name(name),
            rtype: sys::SR_KEMIP_INT as c_int,
            func: F::KEMI_CALL.cast_mut(),
            ptypes: F::KEMI_TYPES,
        })
    }
}

impl Row for Kemi {
    fn name(&self) -> &'static CStr {
        // SAFETY: every constructor takes the name as a `&'static CStr`.
        unsafe { CStr::from_ptr(self.0.fname.s) }
    }
}
