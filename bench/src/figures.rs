//! What was measured, and the medians of it.

use crate::flavor::Flavor;
use std::{collections::BTreeMap, fmt::Debug};

/// What figures of one part are about.
pub(crate) trait Measure: Copy + Ord + Debug + 'static {
    /// Its name in the report, with the unit.
    fn name(self) -> &'static str;

    /// Digits behind the point; sizes in bytes have none.
    fn digits(self) -> usize;
}

/// Where figures of one part are taken.
pub(crate) trait Scene: Copy + Ord + Debug {
    /// Its name in the report.
    fn name(self) -> String;

    /// What a server is given of shared memory, in megabytes: more than any flavor takes.
    fn megabytes(self) -> u64;
}

/// Where a figure belongs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key<S, M> {
    /// The memory manager.
    pub(crate) manager: String,
    /// Where it was taken.
    pub(crate) scene: S,
    /// Whose modules.
    pub(crate) flavor: Flavor,
    /// What it is about.
    pub(crate) measure: M,
}

/// All figures of a run, by what they are about.
#[derive(Clone, Debug)]
pub(crate) struct Figures<S, M> {
    values: BTreeMap<Key<S, M>, Vec<Value>>,
    /// The number of the turn that is played.
    turn: usize,
}

/// One value.
#[derive(Clone, Copy, Debug)]
struct Value {
    value: f64,
    /// The number of the turn that it was measured in, if it was in one.
    turn: Option<usize>,
}

/// How two figures compare.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ratio {
    /// The median over the turns that have both, in each of which one was measured soon after the other;
    /// without such turns the ratio of the medians.
    pub(crate) value: f64,
    /// Between which values it lies, 95 times of 100; `None` if there were not turns enough.
    pub(crate) spread: Option<(f64, f64)>,
}

impl<S, M> Default for Figures<S, M> {
    fn default() -> Self {
        Self { values: BTreeMap::new(), turn: 0 }
    }
}

impl<S: Scene, M: Measure> Figures<S, M> {
    /// Adds one value.
    pub(crate) fn add(&mut self, manager: &str, scene: S, flavor: Flavor, measure: M, value: f64) {
        self.put(key(manager, scene, flavor, measure), Value { value, turn: None });
    }

    /// What is added from now on belongs to the next turn.
    pub(crate) fn next_turn(&mut self) {
        self.turn += 1;
    }

    /// Adds what the flavors came to in this turn, right after one another.
    pub(crate) fn add_turn(&mut self, manager: &str, scene: S, measure: M, turn: &[(Flavor, f64)]) {
        for (flavor, value) in turn {
            let value = Value { value: *value, turn: Some(self.turn) };
            self.put(key(manager, scene, *flavor, measure), value);
        }
    }

    fn put(&mut self, key: Key<S, M>, value: Value) {
        self.values.entry(key).or_default().push(value);
    }

    /// The scenes with a figure of that manager.
    pub(crate) fn scenes(&self, manager: &str) -> impl Iterator<Item = S> {
        self.values.keys().filter(move |key| key.manager == manager).map(|key| key.scene)
    }

    /// The median; `None` if it was not measured.
    pub(crate) fn median(
        &self,
        manager: &str,
        scene: S,
        flavor: Flavor,
        measure: M,
    ) -> Option<f64> {
        median(&self.of(&key(manager, scene, flavor, measure)))
    }

    /// The least and the greatest value; `None` if it was not measured.
    pub(crate) fn range(
        &self,
        manager: &str,
        scene: S,
        flavor: Flavor,
        measure: M,
    ) -> Option<(f64, f64)> {
        let values = self.of(&key(manager, scene, flavor, measure));
        let values = values.iter().copied();
        Some((values.clone().reduce(f64::min)?, values.reduce(f64::max)?))
    }

    /// The values of `key`.
    fn of(&self, key: &Key<S, M>) -> Vec<f64> {
        self.values.get(key).into_iter().flatten().map(|value| value.value).collect()
    }

    /// What ours comes to against C; `None` if one of the two was not measured, or C came to nothing.
    pub(crate) fn ratio(&self, manager: &str, scene: S, measure: M) -> Option<Ratio> {
        self.against(manager, [(scene, Flavor::C), (scene, Flavor::Ours)], measure)
    }

    /// What the second scene comes to against the first; as [`Figures::ratio`].
    pub(crate) fn growth(
        &self,
        manager: &str,
        [from, to]: [S; 2],
        flavor: Flavor,
        measure: M,
    ) -> Option<Ratio> {
        self.against(manager, [(from, flavor), (to, flavor)], measure)
    }

    /// What the second one comes to in its scene against the first one in his; as [`Figures::ratio`].
    pub(crate) fn against(
        &self,
        manager: &str,
        ends: [(S, Flavor); 2],
        measure: M,
    ) -> Option<Ratio> {
        let [below, above] = ends.map(|(scene, flavor)| key(manager, scene, flavor, measure));
        self.compare(&below, &above)
    }

    fn compare(&self, below: &Key<S, M>, above: &Key<S, M>) -> Option<Ratio> {
        let others = self.values.get(above)?;
        let pairs = self.values.get(below)?.iter().filter_map(|one| {
            let turn = Some(one.turn?);
            let other = others.iter().find(|other| other.turn == turn)?;
            Some(other.value / one.value)
        });
        let ratios: Vec<f64> = pairs.collect();
        let of_medians = || Some(median(&self.of(above))? / median(&self.of(below))?);
        let value = median(&ratios).or_else(of_medians);
        let value = value.filter(|value| value.is_finite())?;
        Some(Ratio { value, spread: interval(&ratios) })
    }
}

fn key<S, M>(manager: &str, scene: S, flavor: Flavor, measure: M) -> Key<S, M> {
    Key { manager: manager.to_owned(), scene, flavor, measure }
}

/// Between which two of `values` the median of all that could be drawn lies, 95 times of 100 (by the
/// binomial distribution); `None` of fewer than six, which do not tell.
fn interval(values: &[f64]) -> Option<(f64, f64)> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = f64::from(u32::try_from(sorted.len()).ok()?);
    // The normal approximation, rounded outwards.
    let outside = (count / 2.0 - 0.98 * count.sqrt()).floor();
    let skip = (0..sorted.len()).zip(0_u32..).find(|(_, at)| f64::from(*at) >= outside)?.0;
    let ends = sorted.get(skip).zip(sorted.iter().nth_back(skip));
    ends.filter(|_| sorted.len() >= 6).map(|(least, most)| (*least, *most))
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

    impl Measure for u8 {
        fn name(self) -> &'static str {
            "work, CPU us"
        }

        fn digits(self) -> usize {
            1
        }
    }

    impl Scene for usize {
        fn name(self) -> String {
            self.to_string()
        }

        fn megabytes(self) -> u64 {
            u64::try_from(self).unwrap()
        }
    }

    #[test]
    fn the_median_is_the_middle_or_between_the_two_middles() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 90.0]), Some(3.0));
    }

    #[test]
    fn the_interval_leaves_out_what_is_rare_at_both_ends() {
        let values: Vec<f64> = (1_u32..=10).rev().map(f64::from).collect();
        // P(2nd < median < 9th of ten) is 0.979, that of the 3rd and the 8th 0.891.
        assert_eq!(interval(&values), Some((2.0, 9.0)));
        assert_eq!(interval(values.get(..6).unwrap()), Some((5.0, 10.0)));
        assert_eq!(interval(values.get(..5).unwrap()), None);
        let many: Vec<f64> = (1_u32..=30).map(f64::from).collect();
        assert_eq!(interval(&many), Some((10.0, 21.0)));
    }

    fn value(ratio: Option<Ratio>) -> Option<f64> {
        ratio.map(|ratio| ratio.value)
    }

    #[test]
    fn figures_are_kept_apart_by_key() {
        let mut figures = Figures::<usize, u8>::default();
        figures.add("qm", 1_000, Flavor::C, 1, 520.0);
        figures.add("qm", 1_000, Flavor::C, 1, 500.0);
        figures.add("qm", 1_000, Flavor::Ours, 1, 255.0);
        assert_eq!(figures.median("qm", 1_000, Flavor::C, 1), Some(510.0));
        assert_eq!(figures.range("qm", 1_000, Flavor::C, 1), Some((500.0, 520.0)));
        assert_eq!(value(figures.ratio("qm", 1_000, 1)), Some(0.5));
        figures.add("qm", 9, Flavor::C, 1, 0.0);
        figures.add("qm", 9, Flavor::Ours, 1, 100.0);
        assert_eq!(figures.ratio("qm", 9, 1), None);
        assert_eq!(figures.median("qm", 10, Flavor::C, 1), None);
        assert_eq!(figures.ratio("qm", 10, 1), None);
    }

    #[test]
    fn a_slow_phase_that_hits_both_leaves_the_ratio() {
        let mut figures = Figures::<usize, u8>::default();
        for slow in [1.0, 1.0, 3.0, 3.0] {
            figures.next_turn();
            let turn = [(Flavor::Ours, 8.0 * slow), (Flavor::C, 10.0 * slow)];
            figures.add_turn("qm", 7, 1, &turn);
        }
        // One that hits ours alone is an outlier, not a shift.
        figures.next_turn();
        figures.add_turn("qm", 7, 1, &[(Flavor::C, 10.0), (Flavor::Ours, 90.0)]);
        assert_eq!(value(figures.ratio("qm", 7, 1)), Some(0.8));
        figures.next_turn();
        figures.add_turn("qm", 7, 1, &[(Flavor::C, 10.0)]);
        assert_eq!(value(figures.ratio("qm", 7, 1)), Some(0.8));
    }

    #[test]
    fn growth_is_that_within_turns() {
        let mut figures = Figures::<usize, u8>::default();
        // A turn that one of the two lost does not shift the others against each other.
        for (turn, slow) in [1.0, 4.0, 2.0, 8.0, 1.0, 3.0, 2.0].into_iter().enumerate() {
            figures.next_turn();
            if turn != 3 {
                figures.add_turn("qm", 1, 1, &[(Flavor::Ours, 10.0 * slow)]);
            }
            if turn != 5 {
                figures.add_turn("qm", 9, 1, &[(Flavor::Ours, 12.0 * slow)]);
            }
        }
        let growth = |flavor| figures.growth("qm", [1, 9], flavor, 1);
        assert_eq!(growth(Flavor::Ours), Some(Ratio { value: 1.2, spread: None }));
        assert_eq!(growth(Flavor::C), None);
    }
}
