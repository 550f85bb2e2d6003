//! Pseudo-variables that a module adds.

use crate::{
    boundary,
    error::Report,
    module::{Row, item},
    msg::Msg,
    text,
};
use bstr::BString;
use core::{
    ffi::{CStr, c_int},
    ptr,
};
use kamailio_sys as sys;

/// What a pseudo-variable is at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// It has no value: `$null`.
    Null,
    /// A number.
    Int(i32),
    /// A text.
    Text(BString),
}

/// A row of the table of pseudo-variables.
#[repr(transparent)]
#[derive(Debug)]
pub struct Variable(sys::pv_export_t);

impl Variable {
    /// Exports `$name`. An error of `body` is logged, and the script sees `$null`.
    ///
    /// The core knows many names already, and the first to take a name keeps it: check first.
    pub const fn new<F, E>(name: &'static CStr, _: F) -> Self
    where
        F: Fn(&Msg<'_>) -> Result<Value, E> + Copy,
        E: Report,
    {
        Self::row(name, Some(get::<F, E>), None)
    }

    /// Exports `$name(text)`: `body` gets the text in the brackets as the script wrote it. The
    /// core does not take the variable without brackets.
    pub const fn with_name<F, E>(name: &'static CStr, _: F) -> Self
    where
        F: Fn(&Msg<'_>, &[u8]) -> Result<Value, E> + Copy,
        E: Report,
    {
        Self::row(name, Some(get_named::<F, E>), Some(parse_name))
    }

    /// Exports `$name(text)` and `$(name(text)[index])`: as [`with_name`](Self::with_name), and `body`
    /// gets the index; 0 if there is none. `check` says whether the text in the brackets is one that
    /// there can be: else the server does not start.
    pub const fn with_index<F, C, E>(name: &'static CStr, _: C, _: F) -> Self
    where
        F: Fn(&Msg<'_>, &[u8], i32) -> Result<Value, E> + Copy,
        C: Fn(&[u8]) -> bool + Copy,
        E: Report,
    {
        let Self(row) = Self::row(name, Some(get_indexed::<F, E>), Some(parse_checked::<C>));
        Self(sys::pv_export_t { parse_index: Some(sys::pv_parse_index), ..row })
    }

    const fn row(
        name: &'static CStr,
        getf: sys::pv_getf_t,
        parse_name: sys::pv_parse_name_f,
    ) -> Self {
        Self(sys::pv_export_t {
            name: text::name(name),
            type_: sys::_pv_type::PVT_OTHER,
            getf,
            setf: None,
            parse_name,
            parse_index: None,
            init_param: None,
            iparam: 0,
        })
    }
}

impl Row for Variable {
    fn name(&self) -> &'static CStr {
        // SAFETY: every constructor takes the name as a `&'static CStr`.
        unsafe { CStr::from_ptr(self.0.name.s) }
    }
}

/// Keeps the text in the brackets.
///
/// # Safety
///
/// For the core only: both are valid, and the text lives as long as the variable.
unsafe extern "C" fn parse_name(spec: sys::pv_spec_p, inner: *mut sys::str_) -> c_int {
    if spec.is_null() || inner.is_null() {
        return -1;
    }
    // SAFETY: by the contract of this function.
    let inner = unsafe { *inner };
    // SAFETY: as above; the name of this kind of variable is ours to set.
    let name = unsafe { &mut (*spec).pvp.pvn };
    name.type_ = sys::PV_NAME_INTSTR as c_int;
    name.u.isname.type_ = sys::KS_AVP_NAME_STR as _;
    name.u.isname.name.s = inner;
    0
}

/// As [`parse_name`], of texts that `C` takes.
///
/// # Safety
///
/// As for `parse_name`.
unsafe extern "C" fn parse_checked<C>(spec: sys::pv_spec_p, inner: *mut sys::str_) -> c_int
where
    C: Fn(&[u8]) -> bool + Copy,
{
    if spec.is_null() || inner.is_null() {
        return -1;
    }
    // SAFETY: by the contract of this function.
    let text = unsafe { *inner };
    // SAFETY: as above.
    let text = unsafe { text::bytes(text) }.unwrap_or_default();
    if !boundary::contain::<C, _>(false, || item::<C>()(text)) {
        return -1;
    }
    // SAFETY: by the contract of this function.
    unsafe { parse_name(spec, inner) }
}

/// # Safety
///
/// For the core only: the message is the one that the script runs for, the rest is valid.
unsafe extern "C" fn get<F, E>(
    raw: *mut sys::sip_msg,
    param: *mut sys::pv_param_t,
    result: *mut sys::pv_value_t,
) -> c_int
where
    F: Fn(&Msg<'_>) -> Result<Value, E> + Copy,
    E: Report,
{
    // SAFETY: by the contract of this function.
    let msg = unsafe { Msg::from_raw(raw) };
    let value = contain::<F, E>(|| item::<F>()(&msg));
    // SAFETY: by the contract of this function.
    unsafe { give(raw, param, result, value) }
}

/// # Safety
///
/// As for `get`.
unsafe extern "C" fn get_named<F, E>(
    raw: *mut sys::sip_msg,
    param: *mut sys::pv_param_t,
    result: *mut sys::pv_value_t,
) -> c_int
where
    F: Fn(&Msg<'_>, &[u8]) -> Result<Value, E> + Copy,
    E: Report,
{
    // SAFETY: by the contract of this function.
    let msg = unsafe { Msg::from_raw(raw) };
    // SAFETY: as above.
    let name = unsafe { name_of(param) };
    let value = contain::<F, E>(|| item::<F>()(&msg, name));
    // SAFETY: by the contract of this function.
    unsafe { give(raw, param, result, value) }
}

/// # Safety
///
/// As for `get`.
unsafe extern "C" fn get_indexed<F, E>(
    raw: *mut sys::sip_msg,
    param: *mut sys::pv_param_t,
    result: *mut sys::pv_value_t,
) -> c_int
where
    F: Fn(&Msg<'_>, &[u8], i32) -> Result<Value, E> + Copy,
    E: Report,
{
    let (mut index, mut kind) = (0, 0);
    // SAFETY: by the contract of this function.
    let found = unsafe { sys::pv_get_spec_index(raw, param, &raw mut index, &raw mut kind) };
    if found != 0 {
        crate::error!("the index of a pseudo-variable is no number");
        // SAFETY: by the contract of this function.
        return unsafe { sys::pv_get_null(raw, param, result) };
    }
    // SAFETY: by the contract of this function.
    let msg = unsafe { Msg::from_raw(raw) };
    // SAFETY: as above.
    let name = unsafe { name_of(param) };
    let value = contain::<F, E>(|| item::<F>()(&msg, name, index));
    // SAFETY: by the contract of this function.
    unsafe { give(raw, param, result, value) }
}

/// The text in the brackets, which stays as long as the variable.
///
/// # Safety
///
/// `param` is one of a variable that `parse_name` took.
unsafe fn name_of<'a>(param: *mut sys::pv_param_t) -> &'a [u8] {
    // SAFETY: by the contract of this function.
    let name = unsafe { (*param).pvn };
    // SAFETY: `parse_name` set the name before the core took the variable.
    let name = unsafe { name.u.isname };
    // SAFETY: as above.
    let name = unsafe { name.name.s };
    // SAFETY: the core keeps the text as long as the variable.
    unsafe { text::bytes(name) }.unwrap_or_default()
}

fn contain<F, E: Report>(body: impl FnOnce() -> Result<Value, E>) -> Value {
    boundary::contain::<F, _>(Value::Null, || {
        body().unwrap_or_else(|error| {
            boundary::refuse::<F>(&error);
            Value::Null
        })
    })
}

/// # Safety
///
/// As for `get`.
unsafe fn give(
    raw: *mut sys::sip_msg,
    param: *mut sys::pv_param_t,
    result: *mut sys::pv_value_t,
    value: Value,
) -> c_int {
    match value {
        // SAFETY: by the contract of this function.
        Value::Null => unsafe { sys::pv_get_null(raw, param, result) },
        Value::Int(value) => {
            #[allow(clippy::useless_conversion, reason = "the number is wider from 6.0 on")]
            let value = value.into();
            // SAFETY: by the contract of this function.
            unsafe { sys::pv_get_sintval(raw, param, result, value) }
        }
        // SAFETY: by the contract of this function.
        Value::Text(text) => unsafe { give_text(raw, param, result, &text) },
    }
}

/// Copies `text` to a buffer of the core, which outlives this call; one that is too long is
/// `$null`, because half a text is worse than none.
///
/// # Safety
///
/// As for `get`.
unsafe fn give_text(
    raw: *mut sys::sip_msg,
    param: *mut sys::pv_param_t,
    result: *mut sys::pv_value_t,
    text: &[u8],
) -> c_int {
    // SAFETY: the core hands out one of a few buffers that it made at its start.
    let buffer = unsafe { sys::pv_get_buffer() };
    // SAFETY: reads a number of the core.
    let size = usize::try_from(unsafe { sys::pv_get_buffer_size() }).unwrap_or(0);
    if buffer.is_null() || text.len() >= size {
        crate::warn!("a pseudo-variable has {} bytes, at most {size} are possible", text.len());
        // SAFETY: by the contract of this function.
        return unsafe { sys::pv_get_null(raw, param, result) };
    }
    // SAFETY: the buffer is larger than the text and nobody else uses it now.
    unsafe { ptr::copy_nonoverlapping(text.as_ptr(), buffer.cast(), text.len()) };
    // SAFETY: one more byte fits.
    let end = unsafe { buffer.add(text.len()) };
    // SAFETY: as above.
    unsafe { end.write(0) };
    let mut value = sys::str_ { s: buffer, ..text::lend(text) };
    // SAFETY: by the contract of this function; the pointer to the text stays good.
    unsafe { sys::pv_get_strval(raw, param, result, &raw mut value) }
}
