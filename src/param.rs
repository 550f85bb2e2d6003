//! Module parameters: statics that the host writes while it reads the configuration.

use crate::{
    boundary,
    error::Report,
    module::{Row, item},
    script::Verdict,
    text,
};
use core::{
    cell::UnsafeCell,
    ffi::{CStr, c_char, c_int, c_void},
    fmt,
    ops::RangeInclusive,
    ptr,
    sync::atomic::{AtomicI32, Ordering},
};
use kamailio_sys as sys;

/// A number. The host stores a C `int` into it before it forks.
#[repr(transparent)]
#[derive(Debug)]
pub struct Int(AtomicI32);

impl Int {
    /// A parameter that is `default` unless the configuration sets it.
    pub const fn new(default: i32) -> Self {
        Self(AtomicI32::new(default))
    }

    /// The configured value.
    pub fn get(&self) -> i32 {
        self.0.load(Ordering::Relaxed)
    }

    /// The configured value, or the nearest one that is `allowed`, and then a line of the log says so.
    /// For `mod_init` of a module in the place of one of C that starts with any number.
    pub fn within(&self, name: &str, allowed: RangeInclusive<u32>) -> u32 {
        let (least, most) = allowed.into_inner();
        let value = self.get();
        let kept = u32::try_from(value).unwrap_or(0).clamp(least, most.max(least));
        if i64::from(value) != i64::from(kept) {
            let to = if most == u32::MAX { "or more".to_owned() } else { format!("to {most}") };
            crate::warn!("modparam {name} is {value}, must be {least} {to}: {kept} counts");
        }
        kept
    }
}

/// A text.
#[repr(transparent)]
pub struct Text(UnsafeCell<sys::str_>);

// SAFETY: the host writes while it reads the configuration, in one process and before any code of
// the module runs; from then on the value never changes.
unsafe impl Sync for Text {}

impl Text {
    /// A parameter that is `default` unless the configuration sets it.
    pub const fn new(default: &'static CStr) -> Self {
        Self(UnsafeCell::new(text::name(default)))
    }

    /// The configured value.
    pub fn get(&self) -> &'static [u8] {
        // SAFETY: no one writes any more, see `Sync` above.
        let value = unsafe { *self.0.get() };
        // SAFETY: the host sets pointer and length together and never frees them.
        unsafe { text::bytes(value) }.unwrap_or_default()
    }

    /// The configured value, unless it is empty.
    pub fn non_empty(&self) -> Option<&'static [u8]> {
        Some(self.get()).filter(|text| !text.is_empty())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Text").field(&bstr::BStr::new(self.get())).finish()
    }
}

/// A row of the table of parameters.
#[repr(transparent)]
#[derive(Debug)]
pub struct Param(sys::param_export_t);

impl Param {
    /// `modparam("…", "name", 1)`
    pub const fn int(name: &'static CStr, cell: &'static Int) -> Self {
        Self::row(name, sys::PARAM_INT, ptr::from_ref(cell).cast())
    }

    /// `modparam("…", "name", "text")`
    pub const fn text(name: &'static CStr, cell: &'static Text) -> Self {
        Self::row(name, sys::PARAM_STR, ptr::from_ref(cell).cast())
    }

    /// `modparam("…", "name", "text")`, as often as the configuration likes: each time `body` is
    /// called, in the main process and before `on_init`. An error stops the host.
    pub const fn each_text<F, E>(name: &'static CStr, _: F) -> Self
    where
        F: Fn(&[u8]) -> Result<(), E> + Copy,
        E: Report,
    {
        let call = set_text::<F, E> as *const c_void;
        Self::row(name, sys::PARAM_STRING | sys::KS_PARAM_USE_FUNC, call)
    }

    /// `modparam("…", "name", 1)`, as often as the configuration likes; see
    /// [`each_text`](Self::each_text).
    pub const fn each_int<F, E>(name: &'static CStr, _: F) -> Self
    where
        F: Fn(i32) -> Result<(), E> + Copy,
        E: Report,
    {
        let call = set_int::<F, E> as *const c_void;
        Self::row(name, sys::PARAM_INT | sys::KS_PARAM_USE_FUNC, call)
    }

    const fn row(name: &'static CStr, type_: u32, target: *const c_void) -> Self {
        Self(sys::param_export_t {
            name: name.as_ptr().cast_mut(),
            type_,
            param_pointer: target.cast_mut(),
        })
    }
}

impl Row for Param {
    fn name(&self) -> &'static CStr {
        // SAFETY: every constructor takes the name as a `&'static CStr`.
        unsafe { CStr::from_ptr(self.0.name) }
    }
}

/// # Safety
///
/// For the core only: `value` is a C string.
unsafe extern "C" fn set_text<F, E>(_: sys::modparam_t, value: *mut c_void) -> c_int
where
    F: Fn(&[u8]) -> Result<(), E> + Copy,
    E: Report,
{
    if value.is_null() {
        return -1;
    }
    // SAFETY: by the contract of this function.
    let value = unsafe { CStr::from_ptr(value.cast::<c_char>()) };
    status(boundary::script::<F, E>(|| item::<F>()(value.to_bytes()).map(|()| Verdict::TRUE)))
}

/// # Safety
///
/// For the core only: `value` is a C `int` in the place of a pointer.
unsafe extern "C" fn set_int<F, E>(_: sys::modparam_t, value: *mut c_void) -> c_int
where
    F: Fn(i32) -> Result<(), E> + Copy,
    E: Report,
{
    #[expect(clippy::cast_possible_truncation, reason = "the host widened an int")]
    let value = value.addr().cast_signed() as i32;
    status(boundary::script::<F, E>(|| item::<F>()(value).map(|()| Verdict::TRUE)))
}

fn status(verdict: Verdict) -> c_int {
    if verdict == Verdict::TRUE { 0 } else { -1 }
}
