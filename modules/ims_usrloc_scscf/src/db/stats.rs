//! What is counted of the database.

use kamailio::stats::Counter;

/// Rows inserted, updated or deleted.
pub(crate) static ROWS_WRITTEN: Counter = Counter::new();

/// Rows that could not be written; each try counts.
pub(crate) static WRITE_ERRORS: Counter = Counter::new();

/// Rows that came into memory.
pub(crate) static ROWS_LOADED: Counter = Counter::new();

/// Rows that were read and are of no use.
pub(crate) static ROWS_SKIPPED: Counter = Counter::new();

/// Reads that failed.
pub(crate) static READ_ERRORS: Counter = Counter::new();
