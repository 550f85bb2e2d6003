//! The statistics.

use crate::tunable::{self, Number};
use kamailio::stats::Counter;

/// Registrations and assignments that went well.
pub(crate) static ACCEPTED: Counter = Counter::new();
/// Those that were refused.
pub(crate) static REJECTED: Counter = Counter::new();
/// Answers of the HSS.
pub(crate) static SAR_REPLIES: Counter = Counter::new();
/// Milliseconds that they took together.
pub(crate) static SAR_REPLY_TIME: Counter = Counter::new();
/// SARs that nobody answered.
pub(crate) static SAR_TIMEOUTS: Counter = Counter::new();

/// Milliseconds of an answer.
pub(crate) fn sar_average() -> i64 {
    let average = SAR_REPLY_TIME.get().checked_div(SAR_REPLIES.get()).unwrap_or(0);
    i64::try_from(average).unwrap_or(i64::MAX)
}

/// The setting.
pub(crate) fn max_expires() -> i64 {
    tunable::number(Number::MaxExpires).into()
}

/// The setting.
pub(crate) fn max_contacts() -> i64 {
    tunable::number(Number::MaxContacts).into()
}

/// The setting.
pub(crate) fn default_expire() -> i64 {
    tunable::number(Number::DefaultExpires).into()
}

/// The setting.
pub(crate) fn default_expires_range() -> i64 {
    tunable::number(Number::DefaultExpiresRange).into()
}
