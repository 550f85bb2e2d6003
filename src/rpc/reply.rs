//! The answer of a command.

use super::{Call, Fault};
use crate::text;
use core::{
    ffi::{CStr, c_char, c_int, c_longlong, c_void},
    fmt,
    marker::PhantomData,
    ptr,
};
use kamailio_sys as sys;
use std::ffi::CString;

/// The answer under construction: what is added comes in that order.
///
/// Every call that adds can fail with a [`Fault`] of code 500, when the transport has no room: the
/// one of `kamcmd` takes 8 kB in a structure and 32 kB in all, unless its parameters say more.
#[derive(Debug)]
pub struct Reply<'a> {
    call: Call,
    _command: PhantomData<&'a mut ()>,
}

impl Reply<'_> {
    pub(super) fn new(call: Call) -> Self {
        Self { call, _command: PhantomData }
    }

    /// Adds a line of text. A zero byte in it is left out.
    pub fn line(&mut self, line: fmt::Arguments<'_>) -> Result<(), Fault> {
        self.line_of(line.to_string().as_bytes())
    }

    /// Adds a line of text as it is, in whatever encoding. A zero byte in it is left out.
    pub fn line_of(&mut self, line: &[u8]) -> Result<(), Fault> {
        let line: Vec<u8> = line.iter().copied().filter(|byte| *byte != 0).collect();
        let line = CString::new(line).unwrap_or_default();
        let print = self.call.api().rpl_printf.ok_or_else(no_room)?;
        // SAFETY: the context is that of the running command, the line is no format and copied.
        room(unsafe { print(self.call.ctx, c"%s".as_ptr().cast_mut(), line.as_ptr()) })
    }

    /// Adds a number.
    pub fn int(&mut self, value: i64) -> Result<(), Fault> {
        let add = self.call.api().add.ok_or_else(no_room)?;
        room(match c_int::try_from(value) {
            // SAFETY: the context is that of the running command, the format says an `int`.
            Ok(value) => unsafe { add(self.call.ctx, INT.as_ptr().cast_mut(), value) },
            // SAFETY: as above, a `long long`.
            Err(_) => unsafe { add(self.call.ctx, LONG.as_ptr().cast_mut(), value as c_longlong) },
        })
    }

    /// Adds a text.
    pub fn text(&mut self, value: &[u8]) -> Result<(), Fault> {
        let mut value = text::lend(value);
        let add = self.call.api().add.ok_or_else(no_room)?;
        // SAFETY: the context is that of the running command, the text is copied.
        room(unsafe { add(self.call.ctx, TEXT.as_ptr().cast_mut(), &raw mut value) })
    }

    /// Adds a structure, which `fill` fills.
    pub fn structure(
        &mut self,
        fill: impl FnOnce(&mut Structure<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        fill(&mut Structure::new(self.call, self.part(STRUCTURE)?))
    }

    /// Adds a list, which `fill` fills.
    pub fn array(
        &mut self,
        fill: impl FnOnce(&mut Array<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        fill(&mut Array::new(self.call, self.part(ARRAY)?))
    }

    fn part(&mut self, kind: &CStr) -> Result<*mut c_void, Fault> {
        let mut part: *mut c_void = ptr::null_mut();
        let add = self.call.api().add.ok_or_else(no_room)?;
        // SAFETY: the context is that of the running command, the format says a `void **`.
        room(unsafe { add(self.call.ctx, kind.as_ptr().cast_mut(), &raw mut part) })?;
        if part.is_null() { Err(no_room()) } else { Ok(part) }
    }
}

const INT: &CStr = c"d";
const LONG: &CStr = c"L";
const TEXT: &CStr = c"S";
const STRUCTURE: &CStr = c"{";
const ARRAY: &CStr = c"[";

fn room(code: c_int) -> Result<(), Fault> {
    if code < 0 { Err(no_room()) } else { Ok(()) }
}

fn no_room() -> Fault {
    Fault::new(500, "the reply is too long for this transport")
}

/// A part of an answer whose values have names.
#[derive(Debug)]
pub struct Structure<'a> {
    call: Call,
    part: *mut c_void,
    _command: PhantomData<&'a mut ()>,
}

impl Structure<'_> {
    fn new(call: Call, part: *mut c_void) -> Self {
        Self { call, part, _command: PhantomData }
    }

    /// Adds a number.
    pub fn int(&mut self, name: &CStr, value: i64) -> Result<(), Fault> {
        match c_int::try_from(value) {
            Ok(value) => self.add(INT, name, value),
            Err(_) => self.add(LONG, name, value as c_longlong),
        }
    }

    /// Adds a text.
    pub fn text(&mut self, name: &CStr, value: &[u8]) -> Result<(), Fault> {
        let mut value = text::lend(value);
        self.add(TEXT, name, &raw mut value)
    }

    /// Adds a text that is not there: `null` in JSON.
    pub fn null(&mut self, name: &CStr) -> Result<(), Fault> {
        let mut value = sys::str_ { s: ptr::null_mut(), len: 0 };
        self.add(TEXT, name, &raw mut value)
    }

    /// Adds a structure inside this one.
    pub fn structure(
        &mut self,
        name: &CStr,
        fill: impl FnOnce(&mut Structure<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        fill(&mut Structure::new(self.call, self.part(STRUCTURE, name)?))
    }

    /// Adds a list.
    pub fn array(
        &mut self,
        name: &CStr,
        fill: impl FnOnce(&mut Array<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        fill(&mut Array::new(self.call, self.part(ARRAY, name)?))
    }

    fn part(&mut self, kind: &CStr, name: &CStr) -> Result<*mut c_void, Fault> {
        let mut part: *mut c_void = ptr::null_mut();
        self.add(kind, name, &raw mut part)?;
        if part.is_null() { Err(no_room()) } else { Ok(part) }
    }

    /// `value` is of the type that `format` says.
    fn add(&mut self, format: &CStr, name: &CStr, value: impl Variable) -> Result<(), Fault> {
        let add = self.call.api().struct_add.ok_or_else(no_room)?;
        room(value.pass(add, self.part, format, Some(name)))
    }
}

/// A part of an answer whose values have no names.
#[derive(Debug)]
pub struct Array<'a> {
    call: Call,
    part: *mut c_void,
    _command: PhantomData<&'a mut ()>,
}

impl Array<'_> {
    fn new(call: Call, part: *mut c_void) -> Self {
        Self { call, part, _command: PhantomData }
    }

    /// Adds a number.
    pub fn int(&mut self, value: i64) -> Result<(), Fault> {
        match c_int::try_from(value) {
            Ok(value) => self.add(INT, value),
            Err(_) => self.add(LONG, value as c_longlong),
        }
    }

    /// Adds a text.
    pub fn text(&mut self, value: &[u8]) -> Result<(), Fault> {
        let mut value = text::lend(value);
        self.add(TEXT, &raw mut value)
    }

    /// Adds a structure.
    pub fn structure(
        &mut self,
        fill: impl FnOnce(&mut Structure<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut part: *mut c_void = ptr::null_mut();
        self.add(STRUCTURE, &raw mut part)?;
        if part.is_null() {
            return Err(no_room());
        }
        fill(&mut Structure::new(self.call, part))
    }

    /// `value` is of the type that `format` says.
    fn add(&mut self, format: &CStr, value: impl Variable) -> Result<(), Fault> {
        let add = self.call.api().array_add.ok_or_else(no_room)?;
        room(value.pass(add, self.part, format, None))
    }
}

/// What may be passed to a function of C that takes a variable number of arguments.
trait Variable {
    fn pass(self, add: Add, part: *mut c_void, format: &CStr, name: Option<&CStr>) -> c_int;
}

type Add = unsafe extern "C" fn(*mut c_void, *mut c_char, ...) -> c_int;

macro_rules! variable {
    ($($Type:ty),*) => { $(
        impl Variable for $Type {
            fn pass(
                self,
                add: Add,
                part: *mut c_void,
                format: &CStr,
                name: Option<&CStr>,
            ) -> c_int {
                let format = format.as_ptr().cast_mut();
                match name {
                    // SAFETY: the part belongs to the running command, the callers give a format
                    // that says the type of the value, and a structure takes the name first.
                    Some(name) => unsafe { add(part, format, name.as_ptr(), self) },
                    // SAFETY: as above, and a list takes no names.
                    None => unsafe { add(part, format, self) },
                }
            }
        }
    )* };
}
variable!(c_int, c_longlong, *mut sys::str_, *mut *mut c_void);
