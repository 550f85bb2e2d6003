//! What is measured, and where.

use crate::{cells::thousands, figures};

/// What one figure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Measure {
    /// Microseconds of CPU for the registration of a user that is not registered.
    First,
    /// Microseconds of CPU for a registration that is refreshed.
    Again,
    /// Microseconds of CPU for a registration that is ended.
    Gone,
    /// Microseconds of CPU for a request with `lookup`.
    Lookup,
    /// Microseconds of CPU for one `lookup` among many in a loop.
    Looped,
    /// Microseconds of CPU for a SUBSCRIBE to the reg event with its NOTIFY.
    Watch,
    /// Microseconds of CPU for a request that uses neither module.
    Plain,
    /// Bytes asked for by a registered user.
    Asked,
    /// Bytes really used by a registered user.
    Used,
    /// Milliseconds of the longest wait for an answer in quiet times.
    Quiet,
    /// Milliseconds of the longest wait for an answer while contacts expire.
    Expiring,
}

impl Measure {
    /// The costs of operations, in the order in which they are played.
    pub(crate) const COSTS: [Self; 7] = [
        Self::First,
        Self::Gone,
        Self::Again,
        Self::Lookup,
        Self::Looped,
        Self::Watch,
        Self::Plain,
    ];

    /// The sizes of things.
    pub(crate) const SIZES: [Self; 2] = [Self::Asked, Self::Used];

    /// The longest waits for an answer.
    pub(crate) const WAITS: [Self; 2] = [Self::Quiet, Self::Expiring];

    /// Whether it changes who is registered.
    pub(crate) const fn is_registration(self) -> bool {
        matches!(self, Self::First | Self::Again | Self::Gone)
    }
}

impl figures::Measure for Measure {
    fn name(self) -> &'static str {
        match self {
            Self::First => "registration, CPU us",
            Self::Again => "re-registration, CPU us",
            Self::Gone => "de-registration, CPU us",
            Self::Lookup => "request with lookup, CPU us",
            Self::Looped => "lookup inside a loop, CPU us",
            Self::Watch => "SUBSCRIBE to reg with its NOTIFY, CPU us",
            Self::Plain => "request with neither (for comparison), CPU us",
            Self::Asked => "registered user, asked for, bytes",
            Self::Used => "registered user, really used, bytes",
            Self::Quiet => "longest wait for an answer, quiet, ms",
            Self::Expiring => "longest wait for an answer while all expire, ms",
        }
    }

    fn digits(self) -> usize {
        match self {
            Self::Asked | Self::Used => 0,
            Self::Looped => 2,
            _ => 1,
        }
    }
}

/// Where a figure was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Scene {
    /// Public identities of a user.
    pub(crate) identities: usize,
    /// How many users are registered.
    pub(crate) users: usize,
}

impl figures::Scene for Scene {
    fn name(self) -> String {
        let users = thousands(self.users);
        if self.identities == 1 {
            return users;
        }
        format!("{users}, {} identities each", self.identities)
    }

    /// A user takes less than three kilobytes, and three more for each identity; the rest is the
    /// server's and of those who come and go.
    fn megabytes(self) -> u64 {
        let kilobytes = self.identities.saturating_add(1).saturating_mul(3);
        let bytes = kilobytes.saturating_mul(self.users);
        u64::try_from(bytes / 1_024).unwrap_or(u64::MAX).saturating_add(512)
    }
}
