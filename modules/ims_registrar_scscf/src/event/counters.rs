//! The statistics of the event package.

use kamailio::stats::Counter;

/// NOTIFYs that were sent.
pub(crate) static SENT: Counter = Counter::new();

/// NOTIFYs that could not be sent, or were not answered with a 2xx.
pub(crate) static FAILED: Counter = Counter::new();

/// Events that were dropped because too many waited, or for want of memory.
pub(crate) static DROPPED: Counter = Counter::new();

/// Events that were told with another one that waited: with one that told the same, or because the
/// queue was full.
pub(crate) static COALESCED: Counter = Counter::new();

/// Subscriptions that ended because their watcher did not take a NOTIFY.
pub(crate) static WATCHERS_DROPPED: Counter = Counter::new();
