//! Attribute-value pairs: variables that a transaction carries, set by scripts and modules.

use crate::{
    error::{Error, Report, Result},
    text,
};
use core::ptr::{self, NonNull};
use kamailio_sys as sys;

/// A name of an AVP, such as the operator gives in a parameter.
#[derive(Debug, Clone, Copy)]
pub struct AvpSpec(NonNull<sys::pv_spec_t>);

// SAFETY: the core keeps what it parsed for the life of the process, a fork copies it to the same
// address, and nobody writes to it.
unsafe impl Send for AvpSpec {}
// SAFETY: as for `Send`.
unsafe impl Sync for AvpSpec {}

/// The value of an AVP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AvpValue {
    /// Text, copied.
    Text(Vec<u8>),
    /// A number.
    Int(i64),
}

/// A text that should name an AVP and does not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no name of an AVP, must be $avp(name)")]
pub struct NotAnAvp(String);

impl Report for NotAnAvp {}

impl AvpSpec {
    /// Reads `$avp(name)` or `$avp(s:name)`. For `mod_init`: the name lives as long as the server.
    ///
    /// # Errors
    ///
    /// [`NotAnAvp`] also for a name that a pseudo-variable gives, and for one with an index of
    /// a transformation.
    pub fn parse(name: &[u8]) -> core::result::Result<Self, NotAnAvp> {
        let mut text = text::lend(name);
        // SAFETY: the core copies the text it keeps.
        let spec = NonNull::new(unsafe { sys::pv_cache_get(&raw mut text) });
        // SAFETY: what the core found stays.
        let spec = spec.filter(|spec| unsafe { sys::ks_avp_is_constant(spec.as_ptr()) } != 0);
        spec.map(Self).ok_or_else(|| NotAnAvp(String::from_utf8_lossy(name).into_owned()))
    }

    /// The value set last; nothing if there is none.
    pub fn get(self) -> Option<AvpValue> {
        let mut text = sys::str_ { s: ptr::null_mut(), len: 0 };
        let mut number = 0;
        // SAFETY: looks the name up in the lists of the message that this process works on.
        let found = unsafe { sys::ks_avp_get(self.0.as_ptr(), &raw mut text, &raw mut number) };
        match found {
            // SAFETY: the text lies in the AVP, which stays until somebody deletes it.
            1 => unsafe { text::bytes(text) }.map(|text| AvpValue::Text(text.to_vec())),
            2 => Some(AvpValue::Int(number)),
            _ => None,
        }
    }

    /// The value set last, if it is a text.
    pub fn text(self) -> Option<Vec<u8>> {
        match self.get()? {
            AvpValue::Text(text) => Some(text),
            AvpValue::Int(_) => None,
        }
    }

    /// Makes `text` the only value.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`]; the AVP has no value then.
    pub fn set_text(self, text: &[u8]) -> Result<()> {
        self.delete();
        let text = text::lend(text);
        // SAFETY: the core copies name and text.
        done(unsafe { sys::ks_avp_set_text(self.0.as_ptr(), &raw const text) })
    }

    /// Makes `number` the only value. Up to version 5.8 the core keeps 32 bits of it.
    ///
    /// # Errors
    ///
    /// As [`AvpSpec::set_text`].
    pub fn set_int(self, number: i64) -> Result<()> {
        self.delete();
        // SAFETY: the core copies the name.
        done(unsafe { sys::ks_avp_set_number(self.0.as_ptr(), number) })
    }

    /// Takes all values away; nothing happens if there is none.
    pub fn delete(self) {
        // SAFETY: [`AvpValue`] is a copy, so nobody holds a text of these values.
        unsafe { sys::ks_avp_delete(self.0.as_ptr()) };
    }
}

fn done(code: i32) -> Result<()> {
    if code < 0 { Err(Error::OutOfShm) } else { Ok(()) }
}
