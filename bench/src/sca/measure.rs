//! What is measured, and where.

use crate::{
    cells::thousands,
    figures::{self, Scene},
};

/// What one figure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Measure {
    /// Microseconds of CPU for a refresh.
    Refresh,
    /// Microseconds of CPU for a line-seize cycle in a group of three.
    Seize,
    /// Microseconds of CPU for a call in a group of three.
    SmallCall,
    /// Microseconds of CPU for a call in a group of fifty.
    LargeCall,
    /// Bytes asked for by a subscription.
    SubscriptionAsked,
    /// Bytes used by a subscription.
    SubscriptionUsed,
    /// Bytes asked for by an appearance with a call.
    AppearanceAsked,
    /// Bytes used by an appearance with a call.
    AppearanceUsed,
}

impl Measure {
    /// The costs of operations.
    pub(crate) const COSTS: [Self; 4] =
        [Self::Refresh, Self::Seize, Self::SmallCall, Self::LargeCall];

    /// The sizes of things.
    pub(crate) const SIZES: [Self; 4] = [
        Self::SubscriptionAsked,
        Self::SubscriptionUsed,
        Self::AppearanceAsked,
        Self::AppearanceUsed,
    ];
}

impl figures::Measure for Measure {
    fn name(self) -> &'static str {
        match self {
            Self::Refresh => "call-info refresh, 1 NOTIFY, CPU us",
            Self::Seize => "line-seize cycle, group of 3, 8 NOTIFYs, CPU us",
            Self::SmallCall => "call seize to idle, group of 3, 17 NOTIFYs, CPU us",
            Self::LargeCall => "call seize to idle, group of 50, 252 NOTIFYs, CPU us",
            Self::SubscriptionAsked => "subscription, asked for, bytes",
            Self::SubscriptionUsed => "subscription, really used, bytes",
            Self::AppearanceAsked => "appearance in a call, asked for, bytes",
            Self::AppearanceUsed => "appearance in a call, really used, bytes",
        }
    }

    fn digits(self) -> usize {
        if Self::SIZES.contains(&self) { 0 } else { 1 }
    }
}

/// Where a figure was taken: how many lines were subscribed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lines(pub(crate) usize);

impl Scene for Lines {
    fn name(self) -> String {
        thousands(self.0)
    }

    /// A subscription with a call takes less than four kilobytes; the rest is the server's.
    fn megabytes(self) -> u64 {
        u64::try_from(self.0 / 256).unwrap_or(u64::MAX).saturating_add(256)
    }
}
