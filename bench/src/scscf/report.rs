//! The table of this part.

use super::{
    measure::{Key, Measure, Scene},
    options::Options,
    restart::{LIMIT, Restart},
};
use crate::{
    cells::{number, row, thousands, verdict},
    figures::Figures,
    options::Flavor,
};
use std::{collections::BTreeSet, time::Duration};

/// With the fewest users a registration of ours costs at most this, against the same of C.
const COST_BAR: f64 = 0.8;
/// A lookup of ours with the most users costs at most this, against that of C with the fewest.
const LOOKUP_BAR: f64 = 1.3;
/// With the most users a registration of ours costs at most this, against the same with the fewest.
const GROWTH_BAR: f64 = 1.3;
/// A user of ours uses at most this of the memory of one of C.
const MEMORY_BAR: f64 = 0.4;
/// The longest wait for an answer, in milliseconds.
const WAIT_BAR: f64 = 20.0;

/// A pair that did not take all its users in time.
#[derive(Clone, Debug)]
pub(crate) struct Unfilled {
    /// Where that was.
    pub(crate) key: Key,
    /// How many it took.
    pub(crate) registered: usize,
    /// In which time.
    pub(crate) time: Duration,
}

/// All that a run found out.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    /// What was asked.
    pub(crate) options: &'a Options,
    /// Costs, sizes, waits.
    pub(crate) figures: Figures<Key>,
    /// Who took too long.
    pub(crate) unfilled: Vec<Unfilled>,
    /// Starts.
    pub(crate) restarts: Vec<(Flavor, Restart)>,
    /// What is told above the table, a paragraph each.
    pub(crate) notes: Vec<String>,
}

impl Report<'_> {
    /// The report as Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::new();
        for note in &self.notes {
            text += &format!("* {note}\n");
        }
        text += "\n| manager | users | measured | C | ours | ours / C | bar |\n";
        text += "|---|--:|---|--:|--:|--:|---|\n";
        for manager in &self.options.managers {
            let scenes = self.scenes(manager);
            for scene in &scenes {
                for measure in Measure::COSTS.into_iter().chain(Measure::SIZES) {
                    self.line(&mut text, manager, *scene, measure);
                }
            }
            self.growth(&mut text, manager);
            for scene in &scenes {
                for measure in [Measure::Quiet, Measure::Expiring] {
                    self.line(&mut text, manager, *scene, measure);
                }
            }
        }
        self.restarts(&mut text);
        text
    }

    fn scenes(&self, manager: &str) -> Vec<Scene> {
        let known = self.figures.keys().chain(self.unfilled.iter().map(|it| &it.key));
        let scenes: BTreeSet<_> =
            known.filter(|key| key.manager == manager).map(|key| key.scene).collect();
        scenes.into_iter().collect()
    }

    fn median(&self, manager: &str, scene: Scene, flavor: Flavor, measure: Measure) -> Option<f64> {
        self.figures.median(&Key { manager: manager.to_owned(), scene, flavor, measure })
    }

    fn line(&self, text: &mut String, manager: &str, scene: Scene, measure: Measure) {
        let [c, ours] =
            [Flavor::C, Flavor::Ours].map(|flavor| self.median(manager, scene, flavor, measure));
        if (c, ours) == (None, None) {
            return;
        }
        let ratio = Option::zip(c, ours).map(|(c, ours)| ours / c);
        let first = self.first(manager) == Some(scene);
        let bar = match measure {
            Measure::Used => verdict(ratio, MEMORY_BAR),
            Measure::Expiring => verdict(ours, WAIT_BAR),
            Measure::First | Measure::Again | Measure::Gone if first => verdict(ratio, COST_BAR),
            _ => String::new(),
        };
        let cells = [Flavor::C, Flavor::Ours]
            .map(|flavor| self.cell(&Key { manager: manager.to_owned(), scene, flavor, measure }));
        row(text, [manager, &scene.name(), measure.name()], &cells, ratio, &bar);
    }

    /// Those scenes with costs whose users have one identity, the fewest users first.
    fn costed(&self, manager: &str) -> impl DoubleEndedIterator<Item = Scene> {
        let scenes = self.scenes(manager).into_iter().filter(|scene| scene.identities == 1);
        let costed: Vec<_> = scenes
            .filter(|scene| {
                self.median(manager, *scene, Flavor::Ours, Measure::Again).is_some()
                    || self.median(manager, *scene, Flavor::C, Measure::Again).is_some()
            })
            .collect();
        costed.into_iter()
    }

    fn first(&self, manager: &str) -> Option<Scene> {
        self.costed(manager).next()
    }

    /// How much more the greatest scene costs than the first one.
    fn growth(&self, text: &mut String, manager: &str) {
        let (Some(first), Some(last)) = (self.first(manager), self.costed(manager).next_back())
        else {
            return;
        };
        if first == last {
            return;
        }
        let names = format!("{} / {}", last.name(), first.name());
        for measure in Measure::COSTS.into_iter().filter(|measure| *measure != Measure::Plain) {
            let growth = |flavor| {
                Some(
                    self.median(manager, last, flavor, measure)?
                        / self.median(manager, first, flavor, measure)?,
                )
            };
            let (c, ours) = (growth(Flavor::C), growth(Flavor::Ours));
            let bar = match measure {
                Measure::First | Measure::Again | Measure::Gone => verdict(ours, GROWTH_BAR),
                _ => String::new(),
            };
            let what = format!("growth of: {}", measure.name().trim_end_matches(", CPU us"));
            let cells = [number(c, 2), number(ours, 2)];
            row(text, [manager, &names, &what], &cells, None, &bar);
        }
        let against = Option::zip(
            self.median(manager, last, Flavor::Ours, Measure::Looped),
            self.median(manager, first, Flavor::C, Measure::Looped),
        );
        let against = against.map(|(ours, c)| ours / c);
        if against.is_some() {
            let what = "lookup inside a loop: ours with the most, C with the fewest";
            let cells = ["1".to_owned(), number(against, 2)];
            row(text, [manager, &names, what], &cells, None, &verdict(against, LOOKUP_BAR));
        }
    }

    fn restarts(&self, text: &mut String) {
        let manager = self.options.managers.first().map_or("", String::as_str);
        let count = self.options.stored;
        let cells = [Flavor::C, Flavor::Ours].map(|flavor| {
            let found = self.restarts.iter().find(|it| it.0 == flavor);
            found.map_or_else(|| "-".to_owned(), |(_, restart)| start_cell(*restart, count))
        });
        if cells.iter().any(|cell| cell != "-") {
            let what = "mariadb mode 1: start until the last one is found";
            row(text, [manager, &thousands(count), what], &cells, None, "");
        }
    }

    /// The median, and how far the turns lie apart; or how far the registrations came.
    fn cell(&self, key: &Key) -> String {
        let digits = match key.measure {
            Measure::Asked | Measure::Used => 0,
            Measure::Looped => 2,
            _ => 1,
        };
        let Some(median) = self.figures.median(key) else {
            let late = |it: &&Unfilled| it.key == Key { measure: Measure::First, ..key.clone() };
            return self.unfilled.iter().find(late).map_or_else(
                || "-".to_owned(),
                |it| format!("{} in {} s", thousands(it.registered), it.time.as_secs()),
            );
        };
        match self.figures.range(key) {
            Some((least, most)) if least < most && digits > 0 => {
                format!("{median:.digits$} ({least:.digits$}-{most:.digits$})")
            }
            _ => format!("{median:.digits$}"),
        }
    }
}

fn start_cell(restart: Restart, count: usize) -> String {
    let Some(time) = restart.time else {
        if restart.ended {
            return "the server ends".to_owned();
        }
        return format!("not served in {} s", LIMIT.as_secs());
    };
    let time = format!("{:.2} s", time.as_secs_f64());
    if restart.restored == count {
        return time;
    }
    format!("{time}, {} of {} in memory", thousands(restart.restored), thousands(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(options: &Options) -> Report<'_> {
        let mut figures = Figures::default();
        let scene = |identities, users| Scene { identities, users };
        let mut add = |scene, measure, values: [f64; 2]| {
            for (flavor, value) in [Flavor::C, Flavor::Ours].into_iter().zip(values) {
                figures.add(Key { manager: "tlsf".to_owned(), scene, flavor, measure }, value);
            }
        };
        add(scene(1, 1_000), Measure::Again, [100.0, 81.0]);
        add(scene(1, 1_000), Measure::Looped, [1.0, 0.5]);
        add(scene(1, 1_000), Measure::Used, [4_000.0, 1_500.0]);
        add(scene(1, 50_000), Measure::Again, [300.0, 90.0]);
        add(scene(1, 50_000), Measure::Looped, [10.0, 0.6]);
        add(scene(1, 90_000), Measure::Expiring, [90.0, 21.0]);
        add(scene(3, 1_000), Measure::Used, [8_000.0, 4_000.0]);
        let key = Key {
            manager: "tlsf".to_owned(),
            scene: scene(1, 1_000_000),
            flavor: Flavor::C,
            measure: Measure::First,
        };
        figures.add(Key { flavor: Flavor::Ours, measure: Measure::Again, ..key.clone() }, 99.0);
        let unfilled = vec![Unfilled { key, registered: 9, time: Duration::from_secs(60) }];
        let restart =
            Restart { time: Some(Duration::from_millis(1_500)), ended: false, restored: 9 };
        let restarts = vec![(Flavor::C, restart)];
        Report { options, figures, unfilled, restarts, notes: vec!["A note.".to_owned()] }
    }

    #[test]
    fn every_bar_has_its_verdict_and_who_was_too_slow_is_told() {
        let options = Options { managers: vec!["tlsf".to_owned()], stored: 10, ..Options::quick() };
        let text = report(&options).markdown();
        for row in [
            "* A note.",
            "| tlsf | 1,000 | re-registration, CPU us | 100.0 | 81.0 | 0.81 | at most 0.80: missed |",
            "| tlsf | 1,000 | registered user, really used, bytes | 4000 | 1500 | 0.38 | at most 0.40: met |",
            "| tlsf | 1,000, 3 identities each | registered user, really used, bytes | 8000 | 4000 | 0.50 | at most 0.40: missed |",
            "| tlsf | 50,000 | re-registration, CPU us | 300.0 | 90.0 | 0.30 |  |",
            "| tlsf | 1,000,000 | re-registration, CPU us | 9 in 60 s | 99.0 |  |  |",
            "| tlsf | 1,000,000 / 1,000 | growth of: re-registration | - | 1.22 |  | at most 1.30: met |",
            "| tlsf | 90,000 | longest wait for an answer while all expire, ms | 90.0 | 21.0 | 0.23 | at most 20.00: missed |",
            "| tlsf | 10 | mariadb mode 1: start until the last one is found | 1.50 s, 9 of 10 in memory | - |  |  |",
        ] {
            assert!(text.contains(row), "{row}\nis not in\n{text}");
        }
    }
}
