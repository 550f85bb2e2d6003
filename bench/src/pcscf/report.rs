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
    storage::Kind,
    telephones::network::Place,
};
use std::{collections::BTreeSet, time::Duration};

/// With the fewest contacts an operation of ours costs at most this, against the same of C.
const COST_BAR: f64 = 1.0;
/// With the most contacts an operation of ours costs at most this, against the same with the fewest.
const GROWTH_BAR: f64 = 1.3;
/// A contact of ours uses at most this of the memory of one of C.
const MEMORY_BAR: f64 = 0.7;
/// The longest wait for an answer, in milliseconds.
const WAIT_BAR: f64 = 20.0;

/// A pair that did not take all its contacts in time.
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
    pub(crate) restarts: Vec<(Kind, Flavor, Restart)>,
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
        text += "\n| manager | contacts | measured | C | ours | ours / C | bar |\n";
        text += "|---|--:|---|--:|--:|--:|---|\n";
        for manager in &self.options.managers {
            for scene in self.scenes(manager) {
                for measure in Measure::COSTS.into_iter().chain(Measure::SIZES) {
                    self.line(&mut text, manager, scene, measure);
                }
            }
            self.growth(&mut text, manager);
            for scene in self.scenes(manager) {
                for measure in [Measure::Quiet, Measure::Expiring] {
                    self.line(&mut text, manager, scene, measure);
                }
            }
        }
        self.restarts(&mut text);
        text
    }

    /// The scenes that have figures, those without a database first.
    fn scenes(&self, manager: &str) -> Vec<Scene> {
        let known = self.figures.keys().chain(self.unfilled.iter().map(|it| &it.key));
        let scenes: BTreeSet<_> =
            known.filter(|key| key.manager == manager).map(|key| key.scene).collect();
        let mut scenes: Vec<_> = scenes.into_iter().collect();
        scenes.sort_by_key(|scene| (scene.storage, scene.place, scene.contacts));
        scenes
    }

    fn line(&self, text: &mut String, manager: &str, scene: Scene, measure: Measure) {
        let keys = keys(manager, scene, measure);
        let medians = keys.each_ref().map(|key| self.figures.median(key));
        if medians == [None, None] {
            return;
        }
        let [c, ours] = medians;
        let ratio = Option::zip(c, ours).map(|(c, ours)| ours / c);
        let bar = match measure {
            Measure::Used => verdict(ratio, MEMORY_BAR),
            Measure::Expiring => verdict(ours, WAIT_BAR),
            Measure::Asked | Measure::Quiet | Measure::Plain => String::new(),
            _ if Some(scene) == self.first(manager) => verdict(ratio, COST_BAR),
            _ => String::new(),
        };
        let cells = keys.map(|key| self.cell(&key));
        row(text, [manager, &scene.name(), measure.name()], &cells, ratio, &bar);
    }

    /// The scene that others are compared with: the fewest contacts with an address each, no
    /// database.
    fn first(&self, manager: &str) -> Option<Scene> {
        let plain = |scene: &Scene| scene.storage.is_none() && scene.place == Place::Spread;
        self.scenes(manager).into_iter().filter(plain).find(|scene| {
            keys(manager, *scene, Measure::Again)
                .iter()
                .any(|key| self.figures.median(key).is_some())
        })
    }

    /// How much more the greatest scenes cost than the first one.
    fn growth(&self, text: &mut String, manager: &str) {
        let Some(first) = self.first(manager) else { return };
        for place in [Place::Spread, Place::Crowd] {
            let scenes = self.scenes(manager).into_iter();
            let plain = |scene: &Scene| scene.storage.is_none() && scene.place == place;
            let costed = |scene: &Scene| {
                let keys = keys(manager, *scene, Measure::Again);
                keys.iter().any(|key| self.figures.median(key).is_some())
            };
            let Some(last) = scenes.filter(plain).rfind(costed) else { continue };
            if last == first {
                continue;
            }
            for measure in Measure::COSTS.into_iter().filter(|measure| measure.is_theirs()) {
                let growth = |flavor| {
                    let at = |scene| {
                        let manager = manager.to_owned();
                        self.figures.median(&Key { manager, scene, flavor, measure })
                    };
                    Some(at(last)? / at(first)?)
                };
                let (c, ours) = (growth(Flavor::C), growth(Flavor::Ours));
                let names = format!("{} / {}", last.name(), first.name());
                let what = format!("growth of: {}", measure.name().trim_end_matches(", CPU us"));
                let cells = [number(c, 2), number(ours, 2)];
                row(text, [manager, &names, &what], &cells, None, &verdict(ours, GROWTH_BAR));
            }
        }
    }

    fn restarts(&self, text: &mut String) {
        let manager = self.options.managers.first().map_or("", String::as_str);
        let count = self.options.stored;
        for kind in [Kind::Sqlite, Kind::MariaDb] {
            let cells = [Flavor::C, Flavor::Ours].map(|flavor| {
                let found = self.restarts.iter().find(|it| it.0 == kind && it.1 == flavor);
                found.map_or_else(|| "-".to_owned(), |(_, _, restart)| start_cell(*restart, count))
            });
            if cells.iter().any(|cell| cell != "-") {
                let what = format!("{} mode 1: start until the last one is served", kind.name());
                row(text, [manager, &thousands(count), &what], &cells, None, "");
            }
        }
    }

    /// The median, and how far the turns lie apart; or how far the registrations came.
    fn cell(&self, key: &Key) -> String {
        let digits = if Measure::SIZES.contains(&key.measure) { 0 } else { 1 };
        let Some(median) = self.figures.median(key) else {
            let late = |it: &&Unfilled| {
                it.key.scene == key.scene
                    && it.key.flavor == key.flavor
                    && it.key.manager == key.manager
            };
            return self.unfilled.iter().find(late).map_or_else(
                || "-".to_owned(),
                |it| format!("{} in {} s", thousands(it.registered), it.time.as_secs()),
            );
        };
        match self.figures.range(key) {
            Some((least, most)) if least < most && digits > 0 => {
                format!("{median:.1} ({least:.1}-{most:.1})")
            }
            _ => format!("{median:.digits$}"),
        }
    }
}

/// The keys of C and of ours.
fn keys(manager: &str, scene: Scene, measure: Measure) -> [Key; 2] {
    [Flavor::C, Flavor::Ours].map(|flavor| {
        let manager = manager.to_owned();
        Key { manager, scene, flavor, measure }
    })
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
        let scene = |place, contacts| Scene { place, contacts, storage: None };
        let mut add = |place, contacts, measure, values: [f64; 2]| {
            for (key, value) in
                keys("tlsf", scene(place, contacts), measure).into_iter().zip(values)
            {
                figures.add(key, value);
            }
        };
        add(Place::Spread, 1_000, Measure::Again, [100.0, 80.0]);
        add(Place::Spread, 1_000, Measure::Used, [1_000.0, 800.0]);
        add(Place::Spread, 50_000, Measure::Again, [300.0, 90.0]);
        add(Place::Spread, 50_000, Measure::Expiring, [90.0, 19.0]);
        figures.add(
            Key {
                manager: "tlsf".to_owned(),
                scene: scene(Place::Crowd, 4_000),
                flavor: Flavor::Ours,
                measure: Measure::Again,
            },
            120.0,
        );
        let [key, _] = keys("tlsf", scene(Place::Crowd, 4_000), Measure::First);
        let unfilled = vec![Unfilled { key, registered: 3_210, time: Duration::from_secs(60) }];
        let restart =
            Restart { time: Some(Duration::from_millis(1_500)), ended: false, restored: 9 };
        let restarts = vec![(Kind::Sqlite, Flavor::C, restart)];
        Report { options, figures, unfilled, restarts, notes: vec!["A note.".to_owned()] }
    }

    #[test]
    fn a_server_that_ends_is_told_apart_from_one_that_is_slow() {
        let ended = Restart { time: None, ended: true, restored: 0 };
        assert_eq!(start_cell(ended, 5), "the server ends");
        assert_eq!(start_cell(Restart { ended: false, ..ended }, 5), "not served in 120 s");
    }

    #[test]
    fn every_bar_has_its_verdict_and_who_was_too_slow_is_told() {
        let options = Options { managers: vec!["tlsf".to_owned()], stored: 10, ..Options::quick() };
        let text = report(&options).markdown();
        for row in [
            "* A note.",
            "| tlsf | 1,000 | REGISTER/200, known contact, CPU us | 100.0 | 80.0 | 0.80 | at most 1.00: met |",
            "| tlsf | 1,000 | registered contact, really used, bytes | 1000 | 800 | 0.80 | at most 0.70: missed |",
            "| tlsf | 50,000 | REGISTER/200, known contact, CPU us | 300.0 | 90.0 | 0.30 |  |",
            "| tlsf | 4,000 behind one address | REGISTER/200, known contact, CPU us | 3,210 in 60 s | 120.0 |  |  |",
            "| tlsf | 50,000 / 1,000 | growth of: REGISTER/200, known contact | 3.00 | 1.12 |  | at most 1.30: met |",
            "| tlsf | 4,000 behind one address / 1,000 | growth of: REGISTER/200, known contact | - | 1.50 |  | at most 1.30: missed |",
            "| tlsf | 50,000 | longest wait for an answer while all expire, ms | 90.0 | 19.0 | 0.21 | at most 20.00: met |",
            "| tlsf | 10 | sqlite mode 1: start until the last one is served | 1.50 s, 9 of 10 in memory | - |  |  |",
        ] {
            assert!(text.contains(row), "{row}\nis not in\n{text}");
        }
    }
}
