//! Identities, contacts and watchers as rows of the tables that Kamailio has for them.
//!
//! Five tables: `impu`, `contact` and that of the watchers, and two that say which belong together,
//! by numbers. `Identity::read` and the like take nothing for granted: a table may hold what another
//! server, an older version or a person wrote. [`Writing`] makes a row fit its columns, which
//! [`Limits`] describes, and says what it left out.
//!
//! Some columns are ours alone ([`Table::own`]): what they say of a contact, and the domain of an identity, is stored
//! where a table has them, and unknown after a restart where it has not. The C module names its columns, so it
//! passes over them. What has no column at all is lost with the memory: of an identity whether it is the primary
//! one; of a profile what [`blob`](crate::blob) names.

mod cell;
mod checksum;
mod contact;
mod identity;
mod params;
mod table;
#[cfg(test)]
mod tests;
mod watcher;

pub use cell::{Cell, LeftOut, Limits, Writing};
pub use contact::{Contact, Own};
pub use identity::{Identity, Unfit};
pub(crate) use params::each_param;
pub use params::{join_params, split_params};
pub use shm_store::cells::{BadCell, Cells};
pub use table::{CONTACTS, IDENTITIES, LINKS, SUBSCRIPTIONS, Table, WATCHERS, column};
pub use watcher::{Watcher, WatcherKey};

use crate::blob::BadBlob;
use bstr::BString;

/// The longest text that is taken from a table, in bytes.
const TEXT_MAX: usize = 8192;

/// Why a row is of no use. It is to be left alone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRow {
    /// A value that cannot be.
    #[error(transparent)]
    Cell(#[from] BadCell),
    /// No profile.
    #[error("{column}: {why}")]
    Profile {
        /// The column.
        column: &'static str,
        /// What is wrong with it.
        why: BadBlob,
    },
}

/// A text that may be empty or null.
fn text<C: Cells<Column = &'static str>>(
    row: &C,
    column: &'static str,
) -> Result<BString, BadCell> {
    row.short(column, TEXT_MAX).map(BString::from)
}
