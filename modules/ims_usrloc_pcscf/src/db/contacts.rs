//! What the database needs of a domain.

use kamailio::db::Plain;
use pcscf_core::{
    journal::Work,
    row::{Extent, Key, Row},
};

/// A domain of contacts; its journal is [`kamailio::db::storage::Rows`]. Each call locks the domain for a short while; nobody may
/// have locked it before.
pub(crate) trait Contacts {
    /// The name of the domain, which is that of its table.
    fn table(&self) -> &[u8];

    /// How many rows this server has written or removed so far: to be asked before a row is read.
    fn written(&self) -> u64;

    /// Takes a row into memory that was read when so many rows were `written`.
    fn adopt(&self, row: &Row, written: u64, now: i64) -> Adopted;

    /// All rows are in memory, which came in the order in which they were first written: who is registered
    /// for longest is the newest from now on, as if each had registered for the same time.
    fn arrange(&self);

    /// As [`Contacts::adopt`] for a row without its security associations: nothing if there is no
    /// such contact in memory.
    fn renew(&self, row: &Row, written: u64, now: i64) -> Option<Adopted>;

    /// There was no row of this key any more when so many rows were `written`, since another server
    /// removed it.
    fn gone(&self, key: &Key, written: u64);
}

/// What became of a row that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Adopted {
    /// It is a contact now.
    Inserted,
    /// The contact was there and is now as the row says.
    Updated,
    /// The contact was there, or went meanwhile, and has changes that are newer than the row.
    Kept,
    /// It cannot be a contact, and the log says why.
    Refused,
    /// Shared memory is used up.
    NoMemory,
}

/// A row to be written.
#[derive(Debug)]
pub(crate) struct Job {
    /// What the domain knows it by.
    pub(crate) ticket: Work,
    /// How often it was tried in vain.
    pub(crate) attempts: u32,
    /// The row is known to be there.
    pub(crate) stored: bool,
    /// What an update of the row says.
    pub(crate) extent: Extent,
    /// What is to become of the row.
    pub(crate) change: Change,
}

/// What is to become of a row.
#[derive(Debug)]
pub(crate) enum Change {
    /// It is to say this.
    Put(Box<Row>),
    /// The same, in one statement that is written already: a first try.
    Say(Plain),
    /// The row of this key is to be removed.
    Remove(Key),
}
