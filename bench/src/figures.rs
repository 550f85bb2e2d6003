//! What was measured, and the medians of it.

use crate::options::Flavor;
use std::collections::BTreeMap;

/// What one figure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
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
    pub const COSTS: [Self; 4] = [Self::Refresh, Self::Seize, Self::SmallCall, Self::LargeCall];

    /// The sizes of things.
    pub const SIZES: [Self; 4] = [
        Self::SubscriptionAsked,
        Self::SubscriptionUsed,
        Self::AppearanceAsked,
        Self::AppearanceUsed,
    ];

    /// Its name in the report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refresh => "call-info refresh, 1 NOTIFY",
            Self::Seize => "line-seize cycle, group of 3, 8 NOTIFYs",
            Self::SmallCall => "call seize to idle, group of 3, 17 NOTIFYs",
            Self::LargeCall => "call seize to idle, group of 50, 252 NOTIFYs",
            Self::SubscriptionAsked => "subscription, asked for",
            Self::SubscriptionUsed => "subscription, really used",
            Self::AppearanceAsked => "appearance in a call, asked for",
            Self::AppearanceUsed => "appearance in a call, really used",
        }
    }
}

/// Where a figure belongs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The memory manager.
    pub manager: String,
    /// How many lines were subscribed.
    pub lines: usize,
    /// The module.
    pub flavor: Flavor,
    /// What it is about.
    pub measure: Measure,
}

/// All figures of a run, by what they are about.
#[derive(Clone, Debug)]
pub struct Figures<K = Key>(BTreeMap<K, Vec<f64>>);

impl<K> Default for Figures<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord> Figures<K> {
    /// Adds one value.
    pub fn add(&mut self, key: K, value: f64) {
        self.0.entry(key).or_default().push(value);
    }

    /// Adds all values of another run.
    pub fn append(&mut self, other: Self) {
        for (key, mut values) in other.0 {
            self.0.entry(key).or_default().append(&mut values);
        }
    }

    /// What there are figures about.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.0.keys()
    }

    /// The median over the rounds; `None` if it was not measured.
    pub fn median(&self, key: &K) -> Option<f64> {
        median(self.0.get(key)?)
    }

    /// The least and the greatest value over the rounds; `None` if it was not measured.
    pub fn range(&self, key: &K) -> Option<(f64, f64)> {
        let values = self.0.get(key)?.iter().copied();
        Some((values.clone().reduce(f64::min)?, values.reduce(f64::max)?))
    }
}

/// The middle value, or the mean of the two middle values.
fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = sorted.get(sorted.len() / 2)?;
    let lower = sorted.get(sorted.len().saturating_sub(1) / 2)?;
    Some(f64::midpoint(*lower, *upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_between_the_two_middles() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 90.0]), Some(3.0));
    }

    #[test]
    fn figures_are_kept_apart_by_key() {
        let key = Key {
            manager: "qm".to_owned(),
            lines: 1000,
            flavor: Flavor::C,
            measure: Measure::SubscriptionUsed,
        };
        let mut figures = Figures::default();
        figures.add(key.clone(), 520.0);
        let mut later = Figures::default();
        later.add(key.clone(), 500.0);
        figures.append(later);
        figures.add(Key { flavor: Flavor::Ours, ..key.clone() }, 300.0);
        assert_eq!(figures.median(&key), Some(510.0));
        assert_eq!(figures.range(&key), Some((500.0, 520.0)));
        let other = Key { lines: 10, ..key };
        assert_eq!((figures.median(&other), figures.range(&other)), (None, None));
    }
}
