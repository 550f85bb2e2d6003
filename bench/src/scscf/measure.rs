//! What is measured, where, and the figures' keys.

use crate::options::Flavor;

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

    /// Its name in the report.
    pub(crate) const fn name(self) -> &'static str {
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
}

/// Where a figure was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Scene {
    /// Public identities of a user.
    pub(crate) identities: usize,
    /// How many users are registered.
    pub(crate) users: usize,
}

impl Scene {
    /// Its name in the report.
    pub(crate) fn name(self) -> String {
        let users = crate::cells::thousands(self.users);
        if self.identities == 1 {
            return users;
        }
        format!("{users}, {} identities each", self.identities)
    }
}

/// Where a figure belongs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// The memory manager.
    pub(crate) manager: String,
    /// Where it was taken.
    pub(crate) scene: Scene,
    /// The pair.
    pub(crate) flavor: Flavor,
    /// What it is about.
    pub(crate) measure: Measure,
}
