//! The arguments of script functions, by type.

use crate::{Error, Result, msg::Msg, text};
use bstr::BString;
use core::{
    ffi::{c_char, c_int, c_void},
    fmt, ptr,
};
use kamailio_sys as sys;

/// A fixup of the core: prepares one argument when the server starts.
pub type Fixup = unsafe extern "C" fn(*mut *mut c_void, c_int) -> c_int;

/// A type that a script function may take as an argument: `i32` or [`BString`].
///
/// # Safety
///
/// `FIXUP` leaves what `from_script` reads, and `KEMI_TYPE` announces `Kemi`.
pub unsafe trait Arg: Sized {
    /// Prepares what the configuration says; refuses what can never be of this type.
    const FIXUP: Fixup;
    /// Whether the script may give an expression instead: what the fixup leaves is then freed as
    /// the core frees its own.
    const EXPRESSION: bool = true;
    /// The number by which KEMI knows this type.
    const KEMI_TYPE: c_int;
    /// How KEMI hands the argument over.
    type Kemi: Copy;

    /// The value of argument `index`, as the script sees it now.
    ///
    /// # Errors
    ///
    /// [`Error::NoArgument`] or [`Error::NoNumber`]
    ///
    /// # Safety
    ///
    /// `FIXUP` made `raw`, and `msg` is the message that the script runs for.
    unsafe fn from_script(raw: *mut c_char, msg: &Msg<'_>, index: usize) -> Result<Self>;

    /// The value that KEMI hands over.
    ///
    /// # Errors
    ///
    /// [`Error::NoArgument`]
    ///
    /// # Safety
    ///
    /// `raw` is what KEMI gives for `KEMI_TYPE`.
    unsafe fn from_kemi(raw: Self::Kemi, index: usize) -> Result<Self>;
}

// SAFETY: a fixup to a text with pseudo-variables leaves a `fparam_t`, and KEMI gives a `str *`.
unsafe impl Arg for BString {
    const FIXUP: Fixup = sys::fixup_var_pve_12;
    const KEMI_TYPE: c_int = sys::SR_KEMIP_STR as c_int;
    type Kemi = *mut sys::str_;

    /// A copy: the core lends one of a few buffers and soon uses it again.
    unsafe fn from_script(raw: *mut c_char, msg: &Msg<'_>, index: usize) -> Result<Self> {
        let mut value = sys::str_ { s: ptr::null_mut(), len: 0 };
        // SAFETY: by the contract of this function.
        let code = unsafe { sys::get_str_fparam(&raw mut value, msg.as_raw(), raw.cast()) };
        // SAFETY: the core just set it, and gets no chance to use the buffer before the copy.
        let bytes = unsafe { text::bytes(value) };
        bytes.filter(|_| code == 0).map(Self::from).ok_or(Error::NoArgument(index))
    }

    unsafe fn from_kemi(raw: *mut sys::str_, index: usize) -> Result<Self> {
        if raw.is_null() {
            return Err(Error::NoArgument(index));
        }
        // SAFETY: by the contract of this function.
        let value = unsafe { *raw };
        // SAFETY: KEMI keeps the text until the function returns.
        let bytes = unsafe { text::bytes(value) };
        bytes.map(Self::from).ok_or(Error::NoArgument(index))
    }
}

/// A text of at least one byte in the configuration; pseudo-variables in it may be empty or have no
/// value at run time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format(pub BString);

/// # Safety
///
/// For the core only: `param` is an argument of an action of the script, a C string.
unsafe extern "C" fn fix_format(param: *mut *mut c_void, no: c_int) -> c_int {
    // SAFETY: by the contract of this function.
    let text = unsafe { *param }.cast::<c_char>();
    // SAFETY: as above.
    if text.is_null() || unsafe { text.read() } == 0 {
        return sys::E_CFG;
    }
    // SAFETY: as above.
    unsafe { BString::FIXUP(param, no) }
}

// SAFETY: as for `BString`, whose fixup does the rest.
unsafe impl Arg for Format {
    const FIXUP: Fixup = fix_format;
    const KEMI_TYPE: c_int = BString::KEMI_TYPE;
    type Kemi = *mut sys::str_;

    unsafe fn from_script(raw: *mut c_char, msg: &Msg<'_>, index: usize) -> Result<Self> {
        // SAFETY: by the contract of this function.
        unsafe { BString::from_script(raw, msg, index) }.map(Self)
    }

    unsafe fn from_kemi(raw: *mut sys::str_, index: usize) -> Result<Self> {
        // SAFETY: by the contract of this function.
        unsafe { BString::from_kemi(raw, index) }.map(Self)
    }
}

/// As [`Format`], for functions whose module of C takes any text in its place: the text may be empty,
/// and one that is no format string stands for itself, with a line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnyText(pub BString);

/// # Safety
///
/// For the core only: `param` is an argument of an action of the script, a C string.
unsafe extern "C" fn fix_any_text(param: *mut *mut c_void, no: c_int) -> c_int {
    // SAFETY: by the contract of this function.
    let text = unsafe { *param }.cast::<c_char>();
    if text.is_null() {
        return sys::E_CFG;
    }
    // SAFETY: as above.
    let bytes = unsafe { core::ffi::CStr::from_ptr(text) }.to_bytes();
    // SAFETY: as above.
    if !bytes.is_empty() && unsafe { BString::FIXUP(param, no) } == 0 {
        return 0;
    }
    if !bytes.is_empty() {
        crate::warn!(
            "argument {no} {:?} is no format string: taken as it is",
            bstr::BStr::new(bytes)
        );
    }
    // SAFETY: as above; the core leaves the argument as it was where it cannot prepare it.
    unsafe { sys::fix_param(sys::KS_FPARAM_STR, param) }
}

// SAFETY: as for `BString`, whose fixup does the rest; the other one leaves a `fparam_t`, too.
unsafe impl Arg for AnyText {
    const FIXUP: Fixup = fix_any_text;
    const KEMI_TYPE: c_int = BString::KEMI_TYPE;
    type Kemi = *mut sys::str_;

    unsafe fn from_script(raw: *mut c_char, msg: &Msg<'_>, index: usize) -> Result<Self> {
        // SAFETY: by the contract of this function.
        unsafe { BString::from_script(raw, msg, index) }.map(Self)
    }

    unsafe fn from_kemi(raw: *mut sys::str_, index: usize) -> Result<Self> {
        // SAFETY: by the contract of this function.
        unsafe { BString::from_kemi(raw, index) }.map(Self)
    }
}

/// A set of flags as a number, decimal or with `0x` before it; or a text with pseudo-variables that is
/// one at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flags(pub u32);

impl Flags {
    fn read(text: &[u8]) -> Option<Self> {
        let text = core::str::from_utf8(text).ok()?.trim();
        let number = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => text.parse(),
        };
        number.ok().map(Self)
    }
}

/// # Safety
///
/// For the core only: `param` is an argument of an action of the script, a C string.
unsafe extern "C" fn fix_flags(param: *mut *mut c_void, no: c_int) -> c_int {
    // SAFETY: by the contract of this function.
    let text = unsafe { *param }.cast::<c_char>();
    if text.is_null() {
        return sys::E_CFG;
    }
    // SAFETY: as above.
    let bytes = unsafe { core::ffi::CStr::from_ptr(text) }.to_bytes();
    if !bytes.contains(&b'$') && Flags::read(bytes).is_none() {
        return sys::E_CFG;
    }
    // SAFETY: as above.
    unsafe { BString::FIXUP(param, no) }
}

// SAFETY: as for `BString`, whose fixup does the rest.
unsafe impl Arg for Flags {
    const FIXUP: Fixup = fix_flags;
    const KEMI_TYPE: c_int = BString::KEMI_TYPE;
    type Kemi = *mut sys::str_;

    unsafe fn from_script(raw: *mut c_char, msg: &Msg<'_>, index: usize) -> Result<Self> {
        // SAFETY: by the contract of this function.
        let text = unsafe { BString::from_script(raw, msg, index) }?;
        Self::read(&text).ok_or(Error::NoNumber(index))
    }

    unsafe fn from_kemi(raw: *mut sys::str_, index: usize) -> Result<Self> {
        // SAFETY: by the contract of this function.
        let text = unsafe { BString::from_kemi(raw, index) }?;
        Self::read(&text).ok_or(Error::NoNumber(index))
    }
}

// SAFETY: a fixup to a number or pseudo-variable leaves a `fparam_t`, and KEMI gives an `int`.
unsafe impl Arg for i32 {
    const FIXUP: Fixup = sys::fixup_var_int_12;
    const KEMI_TYPE: c_int = sys::SR_KEMIP_INT as c_int;
    type Kemi = c_int;

    unsafe fn from_script(raw: *mut c_char, msg: &Msg<'_>, index: usize) -> Result<Self> {
        let mut value = 0;
        // SAFETY: by the contract of this function.
        match unsafe { sys::get_int_fparam(&raw mut value, msg.as_raw(), raw.cast()) } {
            0 => Ok(value),
            _ => Err(Error::NoNumber(index)),
        }
    }

    unsafe fn from_kemi(raw: c_int, _: usize) -> Result<Self> {
        Ok(raw)
    }
}

/// The arguments of a function that takes any number of texts.
pub struct Args<'a> {
    pub(super) values: &'a [sys::action_u_t],
    pub(super) msg: &'a Msg<'a>,
}

impl Args<'_> {
    /// How many arguments the script gave.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether the script gave no argument.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The text of argument `index`, its pseudo-variables replaced.
    ///
    /// # Errors
    ///
    /// [`Error::NoArgument`] if the script gave none or its value is `$null`.
    pub fn text(&self, index: usize) -> Result<BString> {
        let value = self.values.get(index).ok_or(Error::NoArgument(index))?;
        // SAFETY: a fixup leaves a pointer in every argument.
        let raw = unsafe { value.u.string };
        if raw.is_null() {
            return Err(Error::NoArgument(index));
        }
        // SAFETY: the row of a variadic function has the fixup of a text.
        unsafe { BString::from_script(raw, self.msg, index) }
    }
}

impl fmt::Debug for Args<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Args").field("len", &self.len()).finish_non_exhaustive()
    }
}
