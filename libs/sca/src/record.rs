//! A line as the bytes that are stored: one block for each line.
//!
//! Numbers have a fixed width, so that a refresh keeps the length of the record and is written in
//! place; lengths are written in as few bytes as they need. The first bytes tell without decoding
//! what the periodic jobs ask every record for.

mod batch;
mod read;
mod write;

pub use batch::{pack, unpack};

use crate::{Instant, Line, row, timers};
use read::Reader;

/// Flag bits of the first byte.
const REGISTERED: u8 = 1;
const UNWRITTEN_ROWS: u8 = 2;
const UNWRITTEN_STATES: u8 = 4;

/// Bytes before the address of record: flags and the moment when something is due.
const HEAD: usize = 1 + 8;

/// Bytes that are not those of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {length} bytes of a line are not a record of one")]
pub struct Corrupt {
    /// How many bytes there are.
    pub length: usize,
}

/// What a record says about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// It is a shared line.
    pub registered: bool,
    /// It has rows to be written ([`row::has_unwritten`]).
    pub unwritten_rows: bool,
    /// The rows of its appearances are to be written.
    pub unwritten_states: bool,
}

/// The address of record of a record; empty when the bytes are not one.
pub fn key(record: &[u8]) -> &[u8] {
    let text = record.get(HEAD..).and_then(|rest| Reader::new(rest).text());
    text.unwrap_or_default()
}

/// The earliest moment at which [`timers::run`] would do something to the line.
pub fn due(record: &[u8]) -> Option<Instant> {
    let moment = Reader::new(record.get(1..)?).i64()?;
    (moment != i64::MAX).then_some(Instant(moment))
}

/// What a record says about itself; nothing when the bytes are not one.
pub fn flags(record: &[u8]) -> Flags {
    let bits = record.first().copied().unwrap_or(0);
    Flags {
        registered: bits & REGISTERED != 0,
        unwritten_rows: bits & UNWRITTEN_ROWS != 0,
        unwritten_states: bits & UNWRITTEN_STATES != 0,
    }
}

/// [`Line::is_empty`] of the line of a record; false when the bytes are not one.
pub fn is_empty(record: &[u8]) -> bool {
    let Flags { registered, unwritten_states, .. } = flags(record);
    !registered
        && !unwritten_states
        && record.get(HEAD..).is_some_and(|rest| Reader::new(rest).has_nothing())
}

impl<'a> Line<'a> {
    /// Reads a record; the texts of the line are those of the record.
    ///
    /// # Errors
    ///
    /// The bytes are not a whole record and nothing more.
    pub fn decode(record: &'a [u8]) -> Result<Self, Corrupt> {
        read::line(record).ok_or(Corrupt { length: record.len() })
    }

    /// Appends the record of the line to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut flags = 0;
        for (bit, set) in [
            (REGISTERED, self.registered),
            (UNWRITTEN_ROWS, row::has_unwritten(self)),
            (UNWRITTEN_STATES, self.states_changed),
        ] {
            flags |= if set { bit } else { 0 };
        }
        out.push(flags);
        let due = timers::due(self).map_or(i64::MAX, |moment| moment.0);
        out.extend_from_slice(&due.to_le_bytes());
        write::line(self, out);
    }
}
