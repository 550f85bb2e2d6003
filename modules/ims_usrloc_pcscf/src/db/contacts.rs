//! What the database needs of a domain.

use pcscf_core::{
    journal::Work,
    row::{Key, Row},
};

/// A domain of contacts and its journal. Each call locks the domain for a short while; nobody may
/// have locked it before.
pub(crate) trait Contacts {
    /// The name of the domain, which is that of its table.
    fn table(&self) -> &[u8];

    /// Copies up to `limit` contacts whose rows are to be written, which are then being written by
    /// this process.
    fn take(&self, which: Which, limit: usize) -> Vec<Job>;

    /// The row is now as `job` says. Gives the contact again if it changed meanwhile; it is then
    /// still being written by this process.
    fn written(&self, job: &Job) -> Option<Job>;

    /// The row could not be written, and should not be tried before `retry_at`, in seconds since
    /// 1970.
    fn failed(&self, job: &Job, retry_at: i64);

    /// Whether a row that this process changed has not been tried yet, or is being written.
    fn awaits(&self) -> bool;

    /// Takes a row into memory as of `now`.
    fn adopt(&self, row: &Row, now: i64) -> Adopted;

    /// There is no row of this key any more, since another server removed it.
    fn gone(&self, key: &Key);
}

/// What became of a row that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Adopted {
    /// It is a contact now.
    Inserted,
    /// The contact was there and is now as the row says.
    Updated,
    /// The contact was there and has changes that are not written yet.
    Kept,
    /// It cannot be a contact, and the log says why.
    Refused,
    /// Shared memory is used up.
    NoMemory,
}

/// Which rows are to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// Those that this process changed since it asked last.
    Own,
    /// All that may be tried at this time, in seconds since 1970.
    Due(i64),
    /// All there are.
    All,
}

/// A row to be written.
#[derive(Debug)]
pub(crate) struct Job {
    /// What the domain knows it by.
    pub(crate) ticket: Work,
    /// How often it was tried in vain.
    pub(crate) attempts: u32,
    /// Which row.
    pub(crate) key: Key,
    /// The row is known to be there.
    pub(crate) stored: bool,
    /// The contact has, or had, security associations.
    pub(crate) secured: bool,
    /// What the row is to say; nothing: it is to be removed.
    pub(crate) row: Option<Row>,
}
