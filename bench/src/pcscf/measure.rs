//! What is measured, and where.

use crate::{cells::thousands, figures, storage::Kind, telephones::network::Place};

/// What one figure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Measure {
    /// Microseconds of CPU for the first registration of a telephone.
    First,
    /// Microseconds of CPU for a registration that is refreshed.
    Again,
    /// Microseconds of CPU for a request with `pcscf_is_registered`.
    Registered,
    /// Microseconds of CPU for a request with `pcscf_force_service_routes`.
    Forced,
    /// Microseconds of CPU for a request that uses neither module.
    Plain,
    /// Bytes asked for by a registered contact.
    Asked,
    /// Bytes really used by a registered contact.
    Used,
    /// Rows in the table of the database, for a hundred registered contacts.
    Stored,
    /// Milliseconds of the longest wait for an answer in quiet times.
    Quiet,
    /// Milliseconds of the longest wait for an answer while contacts expire.
    Expiring,
}

impl Measure {
    /// The costs of operations.
    pub(crate) const COSTS: [Self; 5] =
        [Self::First, Self::Again, Self::Registered, Self::Forced, Self::Plain];

    /// The sizes of things.
    pub(crate) const SIZES: [Self; 2] = [Self::Asked, Self::Used];

    /// The longest waits for an answer.
    pub(crate) const WAITS: [Self; 2] = [Self::Quiet, Self::Expiring];
}

impl figures::Measure for Measure {
    fn name(self) -> &'static str {
        match self {
            Self::First => "REGISTER/200, new contact, CPU us",
            Self::Again => "REGISTER/200, known contact, CPU us",
            Self::Registered => "request with pcscf_is_registered, CPU us",
            Self::Forced => "request with pcscf_force_service_routes, CPU us",
            Self::Plain => "request with neither (for comparison), CPU us",
            Self::Asked => "registered contact, asked for, bytes",
            Self::Used => "registered contact, really used, bytes",
            Self::Stored => "rows in the table for 100 registered contacts",
            Self::Quiet => "longest wait for an answer, quiet, ms",
            Self::Expiring => "longest wait for an answer while all expire, ms",
        }
    }

    fn digits(self) -> usize {
        if Self::SIZES.contains(&self) || self == Self::Stored { 0 } else { 1 }
    }
}

/// Processes that take requests where nothing else is said.
pub(crate) const WORKERS: usize = 2;

/// Where a figure was taken; those without a database come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Scene {
    /// The database and the mode; none for mode 0.
    pub(crate) storage: Option<(Kind, u8)>,
    /// How telephones are reached.
    pub(crate) place: Place,
    /// How many are registered.
    pub(crate) contacts: usize,
    /// Processes of the server that take requests.
    pub(crate) workers: usize,
}

impl Scene {
    /// Contacts in memory alone.
    pub(crate) fn new(place: Place, contacts: usize) -> Self {
        Self { storage: None, place, contacts, workers: WORKERS }
    }
}

impl figures::Scene for Scene {
    fn name(self) -> String {
        let contacts = thousands(self.contacts);
        let behind = if self.place == Place::Crowd { " behind one address" } else { "" };
        match self.storage {
            None => format!("{contacts}{behind}"),
            Some((kind, mode)) => {
                let alone = if self.workers == 1 { ", one worker" } else { "" };
                format!("{contacts}{behind}, {} mode {mode}{alone}", kind.name())
            }
        }
    }

    /// A contact takes less than four kilobytes; the rest is the server's.
    fn megabytes(self) -> u64 {
        u64::try_from(self.contacts / 256).unwrap_or(u64::MAX).saturating_add(256)
    }
}
