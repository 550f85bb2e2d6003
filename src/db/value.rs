//! Values of columns.

use crate::text;
use core::{
    ffi::{CStr, c_int},
    mem,
};
use kamailio_sys::{self as sys, db_type_t as kind};

/// A value to be stored or compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'v> {
    /// A number, for columns of any integer type that is wide enough.
    Int(i64),
    /// A text, quoted by the driver.
    Text(&'v [u8]),
    /// Bytes that are no text, for columns of such.
    Blob(&'v [u8]),
    /// Seconds since 1970, for columns of date and time.
    Time(i64),
    /// No value.
    Null,
}

impl Value<'_> {
    /// The value for a driver; it borrows its text.
    pub(super) fn to_raw(self) -> sys::db_val_t {
        // SAFETY: a struct of plain values, for which zeroes are a number.
        let mut raw: sys::db_val_t = unsafe { mem::zeroed() };
        match self {
            Self::Int(number) => match c_int::try_from(number) {
                // Not all drivers know the wide type.
                Ok(number) => {
                    raw.type_ = kind::DB1_INT;
                    raw.val.int_val = number;
                }
                Err(_) => {
                    raw.type_ = kind::DB1_BIGINT;
                    raw.val.ll_val = number;
                }
            },
            Self::Text(text) => {
                raw.type_ = kind::DB1_STR;
                raw.val.str_val = text::lend(text);
            }
            Self::Blob(bytes) => {
                raw.type_ = kind::DB1_BLOB;
                raw.val.blob_val = text::lend(bytes);
            }
            Self::Time(time) => {
                raw.type_ = kind::DB1_DATETIME;
                raw.val.time_val = time;
            }
            Self::Null => {
                raw.type_ = kind::DB1_STR;
                raw.nul = 1;
            }
        }
        raw
    }
}

/// The number in `raw`: one of any integer type, a time, or digits in a text.
///
/// # Safety
///
/// `raw` is a value that a driver made, and what it points to is there.
pub(super) unsafe fn int(raw: &sys::db_val_t) -> Option<i64> {
    if raw.nul != 0 {
        return None;
    }
    let value = &raw.val;
    match raw.type_ {
        // SAFETY: the type says which part of the union there is; also below.
        kind::DB1_INT => Some(unsafe { value.int_val }.into()),
        // SAFETY: as above.
        kind::DB1_UINT | kind::DB1_BITMAP => Some(unsafe { value.uint_val }.into()),
        // SAFETY: as above.
        kind::DB1_BIGINT => Some(unsafe { value.ll_val }),
        // SAFETY: as above.
        kind::DB1_UBIGINT => i64::try_from(unsafe { value.ull_val }).ok(),
        // SAFETY: as above.
        kind::DB1_DATETIME => Some(unsafe { value.time_val }),
        _ => {
            // SAFETY: by the contract of this function.
            let text = unsafe { self::text(raw) }?;
            core::str::from_utf8(text).ok()?.trim().parse().ok()
        }
    }
}

/// The text in `raw`, of any type of text.
///
/// # Safety
///
/// As for [`int`]; the text stays for `'v`.
pub(super) unsafe fn text<'v>(raw: &sys::db_val_t) -> Option<&'v [u8]> {
    if raw.nul != 0 {
        return None;
    }
    match raw.type_ {
        kind::DB1_STRING => {
            // SAFETY: the type says which part of the union there is.
            let start = unsafe { raw.val.string_val };
            // SAFETY: a driver ends such a text with a zero byte.
            (!start.is_null()).then(|| unsafe { CStr::from_ptr(start) }.to_bytes())
        }
        kind::DB1_STR | kind::DB1_BLOB => {
            // SAFETY: the type says which part of the union there is; both are the same.
            let value = unsafe { raw.val.str_val };
            // SAFETY: by the contract of this function.
            unsafe { text::bytes(value) }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back(value: Value<'_>) -> (Option<i64>, Option<Vec<u8>>) {
        let raw = value.to_raw();
        (number(&raw), words(&raw).map(<[u8]>::to_vec))
    }

    fn number(raw: &sys::db_val_t) -> Option<i64> {
        // SAFETY: the tests make values of literals.
        unsafe { int(raw) }
    }

    fn words(raw: &sys::db_val_t) -> Option<&[u8]> {
        // SAFETY: as above.
        unsafe { text(raw) }
    }

    #[test]
    fn a_value_comes_back_as_it_was_given() {
        for number in [0, -1, 1, i64::from(i32::MAX) + 1, i64::MIN, i64::MAX] {
            assert_eq!(back(Value::Int(number)), (Some(number), None));
        }
        assert_eq!(back(Value::Time(1_700_000_000)), (Some(1_700_000_000), None));
        assert_eq!(back(Value::Text(b"x'y")), (None, Some(b"x'y".to_vec())));
        assert_eq!(back(Value::Text(b"")), (None, Some(Vec::new())));
        assert_eq!(back(Value::Blob(b"\0\xff")), (None, Some(b"\0\xff".to_vec())));
        assert_eq!(back(Value::Null), (None, None));
    }

    #[test]
    fn digits_in_a_text_are_a_number() {
        assert_eq!(back(Value::Text(b" 42 ")).0, Some(42));
        assert_eq!(back(Value::Text(b"4x")).0, None);
    }

    #[test]
    fn a_text_that_ends_with_a_zero_byte_ends_there() {
        let mut raw = Value::Null.to_raw();
        raw.type_ = kind::DB1_STRING;
        raw.nul = 0;
        raw.val.string_val = c"7".as_ptr();
        assert_eq!(number(&raw), Some(7));
        raw.val.string_val = core::ptr::null();
        assert_eq!(words(&raw), None);
    }

    #[test]
    fn a_number_that_does_not_fit_is_none() {
        let mut raw = Value::Int(0).to_raw();
        raw.type_ = kind::DB1_UBIGINT;
        raw.val.ull_val = u64::MAX;
        assert_eq!(number(&raw), None);
    }
}
