//! Rows that were read from a database. They may hold anything: another server, an older version or
//! a person may have written them.

use core::fmt;

/// A column, by its name or by what has one.
pub trait Named: Copy {
    /// The name in the table.
    fn name(self) -> &'static str;
}

impl Named for &'static str {
    fn name(self) -> &'static str {
        self
    }
}

/// The values of one row.
pub trait Cells {
    /// What names a column.
    type Column: Named;

    /// The number in the column, also one that a text spells or the seconds of a time; nothing if
    /// it is null or no number, or if there is no such column.
    fn int(&self, column: Self::Column) -> Option<i64>;

    /// The text in the column; nothing if it is null or no text, or if there is no such column.
    fn text(&self, column: Self::Column) -> Option<&[u8]>;

    /// A text of at most `most` bytes; empty for null.
    ///
    /// # Errors
    ///
    /// [`BadCell::Long`]
    fn short(&self, column: Self::Column, most: usize) -> Result<&[u8], BadCell> {
        let text = self.text(column).unwrap_or_default();
        if text.len() > most {
            return Err(BadCell::Long { column: column.name(), len: text.len(), most });
        }
        Ok(text)
    }

    /// As [`Cells::short`], of a text that there must be.
    ///
    /// # Errors
    ///
    /// [`BadCell::Long`] or [`BadCell::Empty`]
    fn needed(&self, column: Self::Column, most: usize) -> Result<&[u8], BadCell> {
        let text = self.short(column, most)?;
        if text.is_empty() { Err(BadCell::Empty(column.name())) } else { Ok(text) }
    }

    /// A number that there must be.
    ///
    /// # Errors
    ///
    /// [`BadCell::Null`]
    fn number(&self, column: Self::Column) -> Result<i64, BadCell> {
        self.int(column).ok_or(BadCell::Null(column.name()))
    }

    /// A time in seconds since 1970, which there must be.
    ///
    /// # Errors
    ///
    /// [`BadCell::Null`], or [`BadCell::Range`]: a time that the driver could not read is one second
    /// before 1970.
    fn time(&self, column: Self::Column) -> Result<i64, BadCell> {
        let value = self.number(column)?;
        if value < 0 {
            let (column, allowed) = (column.name(), "a time from 1970 on");
            return Err(BadCell::Range { column, value, allowed });
        }
        Ok(value)
    }

    /// 32 bits, which a column with a sign shows as a negative number; nothing for null.
    ///
    /// # Errors
    ///
    /// [`BadCell::Range`]
    fn bits(&self, column: Self::Column) -> Result<Option<u32>, BadCell> {
        let Some(value) = self.int(column) else { return Ok(None) };
        let signed = || i32::try_from(value).map(i32::cast_unsigned);
        let bits = u32::try_from(value).or_else(|_| signed());
        let range = |_| BadCell::Range { column: column.name(), value, allowed: "32 bits" };
        bits.map(Some).map_err(range)
    }
}

/// `value`, which stands in `column`, as a narrower number; `allowed` says in words what fits.
///
/// # Errors
///
/// [`BadCell::Range`]
pub fn narrow<T: TryFrom<i64>>(
    column: impl Named,
    value: i64,
    allowed: &'static str,
) -> Result<T, BadCell> {
    T::try_from(value).map_err(|_| BadCell::Range { column: column.name(), value, allowed })
}

/// Why a row is of no use. It is to be left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadCell {
    /// A text that there must be.
    Empty(&'static str),
    /// A text that cannot be so long.
    Long {
        /// The column.
        column: &'static str,
        /// The bytes in it.
        len: usize,
        /// The most that it may have.
        most: usize,
    },
    /// A number that there must be.
    Null(&'static str),
    /// A number that cannot be.
    Range {
        /// The column.
        column: &'static str,
        /// What is in it.
        value: i64,
        /// What may be in it.
        allowed: &'static str,
    },
}

impl fmt::Display for BadCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty(column) => write!(f, "{column} is empty"),
            Self::Long { column, len, most } => {
                write!(f, "{column} has {len} bytes, must have at most {most}")
            }
            Self::Null(column) => write!(f, "{column} is NULL"),
            Self::Range { column, value, allowed } => {
                write!(f, "{column} is {value}, must be {allowed}")
            }
        }
    }
}

impl core::error::Error for BadCell {}

#[cfg(test)]
mod tests {
    use super::*;

    struct One(Option<i64>, Option<&'static [u8]>);

    impl Cells for One {
        type Column = &'static str;

        fn int(&self, _: &'static str) -> Option<i64> {
            self.0
        }

        fn text(&self, _: &'static str) -> Option<&[u8]> {
            self.1
        }
    }

    fn told<T>(read: Result<T, BadCell>) -> String {
        read.map(drop).unwrap_err().to_string()
    }

    #[test]
    fn a_text_has_its_bounds() {
        let (none, word) = (One(None, None), One(None, Some(b"word")));
        assert_eq!((none.short("c", 3), word.short("c", 4)), (Ok(&b""[..]), Ok(&b"word"[..])));
        assert_eq!(told(word.short("c", 3)), "c has 4 bytes, must have at most 3");
        assert_eq!(told(none.needed("c", 3)), "c is empty");
    }

    #[test]
    fn a_number_has_its_bounds() {
        let number = |value| One(Some(value), None);
        assert_eq!(told(One(None, None).number("c")), "c is NULL");
        assert_eq!(number(0).time("c"), Ok(0));
        assert_eq!(told(number(-1).time("c")), "c is -1, must be a time from 1970 on");
        assert_eq!(narrow::<u8>("c", 255, "a byte"), Ok(255));
        assert_eq!(told(narrow::<u8>("c", 256, "a byte")), "c is 256, must be a byte");
    }

    #[test]
    fn bits_come_back_from_a_column_with_a_sign() {
        let bits = |value| One(Some(value), None).bits("c");
        for value in [0, 1, u32::MAX, 1 << 31] {
            assert_eq!(bits(value.into()), Ok(Some(value)));
            assert_eq!(bits(value.cast_signed().into()), Ok(Some(value)));
        }
        assert_eq!(One(None, None).bits("c"), Ok(None));
        assert_eq!(told(bits(1 << 32)), "c is 4294967296, must be 32 bits");
        assert_eq!(told(bits(-(1 << 31) - 1)), "c is -2147483649, must be 32 bits");
    }
}
