//! The counted strings of the core.

use core::ffi::{CStr, c_int};
use kamailio_sys as sys;

/// The text that `text` describes, copied by nobody.
///
/// Nothing for a string without an address or with a negative length.
///
/// # Safety
///
/// If it has an address, that many bytes there are initialised and stay as they are for `'a`.
pub(crate) unsafe fn bytes<'a>(text: sys::str_) -> Option<&'a [u8]> {
    let len = usize::try_from(text.len).ok().filter(|_| !text.s.is_null())?;
    // SAFETY: by the contract of this function.
    Some(unsafe { core::slice::from_raw_parts(text.s.cast::<u8>(), len) })
}

/// A string of the core that shows `text`, for calls that only read it.
///
/// Beyond 2 GiB it shows the beginning: no text of a SIP server is that long. An empty one has a real
/// address: the hash function of the core counts down from it.
pub(crate) fn lend(text: &[u8]) -> sys::str_ {
    let len = c_int::try_from(text.len()).unwrap_or(c_int::MAX);
    let start = if len == 0 { c"".as_ptr() } else { text.as_ptr().cast() };
    sys::str_ { s: start.cast_mut(), len }
}

/// As [`lend`], for names in tables: these end with a zero byte, as some readers of the core ask.
pub(crate) const fn name(text: &'static CStr) -> sys::str_ {
    let len = text.count_bytes();
    assert!(len < 256, "a name in a table is shorter than this");
    #[expect(clippy::cast_possible_truncation, reason = "checked on the line above")]
    #[expect(clippy::cast_possible_wrap, reason = "checked on the line above")]
    let len = len as c_int;
    sys::str_ { s: text.as_ptr().cast_mut(), len }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_back_as_it_was_lent() {
        // SAFETY: the literal lives as long as the program.
        assert_eq!(unsafe { bytes(lend(b"alice")) }, Some(&b"alice"[..]));
        // SAFETY: as above.
        assert_eq!(unsafe { bytes(name(c"alice")) }, Some(&b"alice"[..]));
    }

    #[test]
    fn a_string_without_an_address_or_length_is_no_text() {
        let none = sys::str_ { s: core::ptr::null_mut(), len: 5 };
        // SAFETY: it has no address.
        assert_eq!(unsafe { bytes(none) }, None);
        let negative = sys::str_ { len: -1, ..lend(b"x") };
        // SAFETY: no byte is read for a negative length.
        assert_eq!(unsafe { bytes(negative) }, None);
    }
}
