//! Values that are to be written, made fit for their columns.

use core::fmt;
use std::borrow::Cow;

/// A value for a column.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Cell<'r> {
    Int(i64),
    Text(Cow<'r, [u8]>),
    /// Bytes that are no text.
    Blob(Vec<u8>),
    /// Seconds since 1970.
    Time(i64),
    Null,
}

/// What is not in a table as it is in memory, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The column.
    pub column: &'static str,
    /// The bytes that were to be written.
    pub len: usize,
    /// The bytes that fit, or nothing if the text cannot stand in a table at all.
    pub limit: Option<usize>,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (column, len) = (self.column, self.len);
        match self.limit {
            Some(limit) => write!(f, "{column} has {len} bytes, must have at most {limit}"),
            None => write!(f, "{column} ({len} bytes) is no text that can be stored"),
        }
    }
}

/// The columns that a table has, and the longest text that fits into each, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits(Vec<(Vec<u8>, Option<u32>)>);

impl Limits {
    /// Of these columns; nothing for one that refuses no text.
    pub fn of(columns: impl IntoIterator<Item = (Vec<u8>, Option<u32>)>) -> Self {
        Self(columns.into_iter().collect())
    }

    /// Whether there is a column of this name.
    pub fn has(&self, column: &str) -> bool {
        self.find(column).is_some()
    }

    /// What fits into the column; anything, if nothing is known of it.
    pub fn limit(&self, column: &str) -> usize {
        let limit = self.find(column).and_then(|(_, limit)| *limit);
        limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX)
    }

    fn find(&self, column: &str) -> Option<&(Vec<u8>, Option<u32>)> {
        self.0.iter().find(|(name, _)| name.eq_ignore_ascii_case(column.as_bytes()))
    }
}

/// The last second that all databases can store, the end of the year 9998.
pub(super) const LAST_TIME: i64 = 253_370_764_799;

/// A row under construction.
#[derive(Debug)]
pub struct Writing<'r> {
    limits: &'r Limits,
    /// The columns and their values.
    pub cells: Vec<(&'static str, Cell<'r>)>,
    /// What had to be left out.
    pub left_out: Vec<LeftOut>,
}

impl<'r> Writing<'r> {
    pub(super) fn new(limits: &'r Limits) -> Self {
        Self { limits, cells: Vec::with_capacity(12), left_out: Vec::new() }
    }

    pub(super) fn int(&mut self, column: &'static str, number: impl Into<i64>) {
        self.cells.push((column, Cell::Int(number.into())));
    }

    /// A value for a column of our own, which the table may lack.
    pub(super) fn own(&mut self, column: &'static str, cell: Option<Cell<'r>>) {
        if self.limits.has(column) {
            self.cells.push((column, cell.unwrap_or(Cell::Null)));
        }
    }

    /// As [`Writing::own`], of 32 bits: the column has a sign.
    pub(super) fn own_bits(&mut self, column: &'static str, bits: Option<u32>) {
        self.own(column, bits.map(|bits| Cell::Int(bits.cast_signed().into())));
    }

    /// As [`Writing::own`], of a text that is null if it is empty or does not fit.
    pub(super) fn own_text(&mut self, column: &'static str, text: &'r [u8]) {
        if self.limits.has(column) {
            self.or_null(column, text);
        }
    }

    pub(super) fn time(&mut self, column: &'static str, time: i64) {
        self.cells.push((column, Cell::Time(time.clamp(0, LAST_TIME))));
    }

    /// A text without which the row would be of no use.
    pub(super) fn needed(&mut self, column: &'static str, text: &'r [u8]) -> Result<(), LeftOut> {
        self.check(column, text)?;
        self.cells.push((column, Cell::Text(Cow::Borrowed(text))));
        Ok(())
    }

    /// A text that is empty if it does not fit: the C module takes null for the text of another row.
    pub(super) fn optional(&mut self, column: &'static str, text: &'r [u8]) {
        if let Err(left_out) = self.needed(column, text) {
            self.left_out.push(left_out);
            self.cells.push((column, Cell::Text(Cow::Borrowed(b""))));
        }
    }

    /// A text that is null if it is empty or does not fit.
    pub(super) fn or_null(&mut self, column: &'static str, text: &'r [u8]) {
        if text.is_empty() {
            self.cells.push((column, Cell::Null));
        } else if let Err(left_out) = self.needed(column, text) {
            self.left_out.push(left_out);
            self.cells.push((column, Cell::Null));
        }
    }

    /// Bytes that must fit.
    pub(super) fn blob(&mut self, column: &'static str, bytes: Vec<u8>) -> Result<(), LeftOut> {
        let (len, limit) = (bytes.len(), self.limits.limit(column));
        if len > limit {
            return Err(LeftOut { column, len, limit: Some(limit) });
        }
        self.cells.push((column, Cell::Blob(bytes)));
        Ok(())
    }

    fn check(&self, column: &'static str, text: &[u8]) -> Result<(), LeftOut> {
        let (len, limit) = (text.len(), self.limits.limit(column));
        if len > limit {
            return Err(LeftOut { column, len, limit: Some(limit) });
        }
        if text.contains(&0) || core::str::from_utf8(text).is_err() {
            return Err(LeftOut { column, len, limit: None });
        }
        Ok(())
    }
}
