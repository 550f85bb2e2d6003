//! The parts of statements, as drivers take them.

use super::{DbError, Value};
use crate::text;
use core::ffi::{CStr, c_int};
use kamailio_sys as sys;
use pcscf_core::scan::Bytes;

/// How a column is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Op {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Op {
    pub(super) const fn sql(self) -> &'static CStr {
        match self {
            Self::Equal => c"=",
            Self::NotEqual => c"!=",
            Self::Less => c"<",
            Self::LessOrEqual => c"<=",
            Self::Greater => c">",
            Self::GreaterOrEqual => c">=",
        }
    }
}

/// What a row must fulfil; several conditions all together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition<'v> {
    /// The column.
    pub column: &'v str,
    /// The comparison.
    pub op: Op,
    /// What the column is compared with.
    pub value: Value<'v>,
}

impl<'v> Condition<'v> {
    /// `column` equals `value`.
    pub const fn equal(column: &'v str, value: Value<'v>) -> Self {
        Self { column, op: Op::Equal, value }
    }
}

/// Arrays for a driver. The names live as long as what they were made of, each in its place.
pub(super) struct Columns {
    names: Vec<sys::str_>,
    keys: Vec<sys::db_key_t>,
    values: Vec<sys::db_val_t>,
    /// Only of columns that are compared.
    ops: Vec<sys::db_op_t>,
}

impl Columns {
    /// Columns without values.
    pub(super) fn named(columns: &[&str]) -> Result<Self, DbError> {
        Self::new(columns.iter().map(|column| (*column, Value::Null)))
    }

    /// Columns and what they are set to.
    pub(super) fn set(row: &[(&str, Value<'_>)]) -> Result<Self, DbError> {
        Self::new(row.iter().map(|(column, value)| (*column, *value)))
    }

    /// Columns and what they are compared with.
    pub(super) fn compared(conditions: &[Condition<'_>]) -> Result<Self, DbError> {
        let columns = Self::new(conditions.iter().map(|one| (one.column, one.value)))?;
        let ops = conditions.iter().map(|one| one.op.sql().as_ptr()).collect();
        Ok(Self { ops, ..columns })
    }

    fn new<'v>(rows: impl Iterator<Item = (&'v str, Value<'v>)>) -> Result<Self, DbError> {
        let count = rows.size_hint().0;
        let mut names = Vec::with_capacity(count);
        let mut values = Vec::with_capacity(count);
        for (column, value) in rows {
            names.push(text::lend(identifier(column.as_bytes())?));
            values.push(value.to_raw());
        }
        // The names stay where they are from here on.
        let keys = names.iter_mut().map(|name| &raw mut *name).collect();
        Ok(Self { names, keys, values, ops: Vec::new() })
    }

    pub(super) fn len(&self) -> c_int {
        c_int::try_from(self.names.len()).unwrap_or(c_int::MAX)
    }

    pub(super) fn keys(&self) -> *const sys::db_key_t {
        self.keys.as_ptr()
    }

    pub(super) fn values(&self) -> *const sys::db_val_t {
        self.values.as_ptr()
    }

    pub(super) fn ops(&self) -> *const sys::db_op_t {
        self.ops.as_ptr()
    }
}

/// `name`, if it can stand in a statement without quotes.
pub(super) fn identifier(name: &[u8]) -> Result<&[u8], DbError> {
    // A statement names dozens, so one look at a table for each byte.
    static FIT: Bytes = Bytes::alphanumeric(b"_.");
    let fits = !name.is_empty() && name.iter().all(|byte| FIT.has(*byte));
    if fits { Ok(name) } else { Err(DbError::Name(String::from_utf8_lossy(name).into_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_would_be_more_than_a_name_is_refused() {
        assert_eq!(identifier(b"db1.sca_subscriptions"), Ok(&b"db1.sca_subscriptions"[..]));
        for name in [&b""[..], b"a b", b"a;drop", b"`a`", b"a-b", b"\xc3\xa4", b"a\0"] {
            assert!(identifier(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn arrays_are_as_long_as_what_they_were_made_of() {
        let two = [Condition::equal("a", Value::Null), Condition::equal("b", Value::Int(1))];
        let columns = Columns::compared(&two).unwrap();
        assert_eq!(columns.len(), 2);
        // SAFETY: there are two keys, each the address of a name.
        let second = unsafe { *columns.keys[1] };
        // SAFETY: the name is a literal.
        assert_eq!(unsafe { text::bytes(second) }, Some(&b"b"[..]));
        assert!(Columns::named(&["a", "b c"]).is_err());
    }
}
