//! Identities, contacts and watchers as rows of the tables that Kamailio has for them.
//!
//! Five tables: `impu`, `contact` and that of the watchers, and two that say which belong together,
//! by numbers. `Identity::read` and the like take nothing for granted: a table may hold what another
//! server, an older version or a person wrote. [`Writing`] makes a row fit its columns, which
//! [`Limits`] describes, and says what it left out.
//!
//! What has no column is lost with the memory: of a contact `q`, CSeq, methods, flags and socket; of an identity whether it is the
//! primary one; of a profile what [`blob`](crate::blob) names.

mod cell;
mod contact;
mod identity;
mod params;
mod table;
#[cfg(test)]
mod tests;
mod watcher;

pub use cell::{Cell, LeftOut, Limits, Writing};
pub use contact::Contact;
pub use identity::{Identity, Unfit};
pub use params::{join_params, split_params};
pub use table::{CONTACTS, IDENTITIES, LINKS, SUBSCRIPTIONS, Table, WATCHERS, column};
pub use watcher::{Watcher, WatcherKey};

use crate::blob::BadBlob;
use bstr::BString;

/// The longest text that is taken from a table, in bytes.
const TEXT_MAX: usize = 8192;

/// The values of one row, each at the place that its column has in [`Table::columns`].
pub trait Cells {
    /// The number at `place`, also one that a text spells or the seconds of a time; nothing if it
    /// is null or no number.
    fn int(&self, place: usize) -> Option<i64>;

    /// The text at `place`; nothing if it is null or no text.
    fn text(&self, place: usize) -> Option<&[u8]>;
}

/// Why a row is of no use. It is to be left alone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRow {
    /// A text that there must be.
    #[error("{0} is empty")]
    Empty(&'static str),
    /// A text that cannot be so long.
    #[error("{column} has {len} bytes, must have at most {TEXT_MAX}")]
    Long {
        /// The column.
        column: &'static str,
        /// The bytes in it.
        len: usize,
    },
    /// A number that there must be.
    #[error("{0} is NULL")]
    Null(&'static str),
    /// A number that cannot be.
    #[error("{column} is {value}, must be {allowed}")]
    Range {
        /// The column.
        column: &'static str,
        /// What is in it.
        value: i64,
        /// What may be in it.
        allowed: &'static str,
    },
    /// No profile.
    #[error("{column}: {why}")]
    Profile {
        /// The column.
        column: &'static str,
        /// What is wrong with it.
        why: BadBlob,
    },
}

/// The values of one row of one table, by the names of its columns.
struct Named<'c, C> {
    table: &'static Table,
    cells: &'c C,
}

impl<C: Cells> Named<'_, C> {
    /// A text that may be empty or null.
    fn text(&self, column: &'static str) -> Result<BString, BadRow> {
        let text = self.bytes(column).unwrap_or_default();
        if text.len() > TEXT_MAX {
            return Err(BadRow::Long { column, len: text.len() });
        }
        Ok(text.into())
    }

    /// A text that must be there.
    fn needed(&self, column: &'static str) -> Result<BString, BadRow> {
        let text = self.text(column)?;
        if text.is_empty() { Err(BadRow::Empty(column)) } else { Ok(text) }
    }

    /// Bytes of any length; nothing for null.
    fn bytes(&self, column: &'static str) -> Option<&[u8]> {
        self.cells.text(self.table.place(column)?)
    }

    /// A number, null being `default`.
    fn int(&self, column: &'static str, default: i64) -> i64 {
        self.table.place(column).and_then(|place| self.cells.int(place)).unwrap_or(default)
    }

    /// A number that must be there.
    fn number(&self, column: &'static str) -> Result<i64, BadRow> {
        let place = self.table.place(column);
        place.and_then(|place| self.cells.int(place)).ok_or(BadRow::Null(column))
    }

    /// A number that must be there and fit.
    fn narrow<T: TryFrom<i64>>(
        &self,
        column: &'static str,
        allowed: &'static str,
    ) -> Result<T, BadRow> {
        let value = self.number(column)?;
        T::try_from(value).map_err(|_| BadRow::Range { column, value, allowed })
    }

    /// A time in seconds since 1970. One that the driver could not read is one second before.
    fn time(&self, column: &'static str) -> Result<i64, BadRow> {
        match self.number(column)? {
            value if value < 0 => {
                Err(BadRow::Range { column, value, allowed: "a time from 1970 on" })
            }
            value => Ok(value),
        }
    }
}
