//! The rows of the report, and what they are to keep to.

use super::{
    measure::{Measure, Scene},
    options::Options,
};
use crate::{
    cells::thousands,
    figures::Figures,
    flavor::Flavor,
    registrar::Start,
    round::Unfilled,
    storage::Kind,
    table::{Bar, Table},
    telephones::network::Place,
};

/// With the fewest contacts an operation of ours costs at most this, against the same of C.
const COST_BAR: Bar = Bar::Ratio(1.0);
/// With the most contacts an operation of ours costs at most this, against the same with the fewest.
const GROWTH_BAR: Bar = Bar::Ours(1.3);
/// A contact of ours uses at most this of the memory of one of C.
const MEMORY_BAR: Bar = Bar::Ratio(0.7);
/// The longest wait for an answer, in milliseconds.
const WAIT_BAR: Bar = Bar::Ours(20.0);

/// A start with stored contacts.
pub(crate) type Restart = (Kind, Flavor, Start);

/// The report as Markdown.
pub(crate) fn report(
    options: &Options,
    notes: &[String],
    figures: &Figures<Scene, Measure>,
    unfilled: &[Unfilled<Scene>],
    restarts: &[Restart],
) -> String {
    let mut table = Table::new(notes, "contacts", figures, unfilled);
    for manager in &options.common.managers {
        rows(&mut table, manager);
    }
    let (manager, count) = (options.common.manager(), options.stored);
    for kind in Kind::ALL {
        let cells = Flavor::BOTH.map(|flavor| {
            let found = restarts.iter().find(|it| it.0 == kind && it.1 == flavor);
            found.map_or_else(|| "-".to_owned(), |(_, _, start)| start.cell(count))
        });
        if cells.iter().any(|cell| cell != "-") {
            let what = format!("{} mode 1: start until the last one is served", kind.name());
            table.row([manager, &thousands(count), &what], &cells, None, "");
        }
    }
    table.finish()
}

fn rows(table: &mut Table<'_, Scene, Measure>, manager: &str) {
    let scenes = table.scenes(manager);
    let plain = |place| {
        let costed = |scene: &&Scene| table.has(manager, **scene, Measure::Again);
        let is_plain = move |scene: &&Scene| scene.storage.is_none() && scene.place == place;
        let mut scenes = scenes.iter().filter(is_plain).filter(costed).copied();
        let first = scenes.next();
        (first, scenes.next_back().or(first))
    };
    // The scene that others are compared with: the fewest contacts with an address each, no database.
    let ((first, last), (_, crowd)) = (plain(Place::Spread), plain(Place::Crowd));
    for scene in &scenes {
        let counts = Measure::SIZES.into_iter().chain([Measure::Stored]);
        for measure in Measure::COSTS.into_iter().chain(counts) {
            let bar = match measure {
                Measure::Used => MEMORY_BAR,
                Measure::Asked | Measure::Plain | Measure::Stored => Bar::Open,
                _ if Some(*scene) == first => COST_BAR,
                // Against one who has done the same work.
                _ if table.both(manager, *scene, Measure::Stored)[0] >= Some(99.0) => COST_BAR,
                _ => Bar::Open,
            };
            table.line(manager, *scene, measure, bar);
        }
    }
    for last in [last, crowd].into_iter().flatten() {
        let Some(first) = first.filter(|first| *first != last) else { continue };
        for measure in Measure::COSTS.into_iter().filter(|measure| *measure != Measure::Plain) {
            table.growth(manager, [first, last], measure, GROWTH_BAR);
        }
    }
    for scene in scenes {
        table.line(manager, scene, Measure::Quiet, Bar::Open);
        table.line(manager, scene, Measure::Expiring, WAIT_BAR);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{options::Options as _, round::Fill, server::Memory};
    use std::time::Duration;

    #[test]
    fn every_bar_has_its_verdict_and_who_was_too_slow_is_told() {
        let mut figures = Figures::default();
        let mut add = |place, contacts, measure, values: [f64; 2]| {
            for (flavor, value) in Flavor::BOTH.into_iter().zip(values) {
                figures.add("tlsf", Scene::new(place, contacts), flavor, measure, value);
            }
        };
        add(Place::Spread, 1_000, Measure::Again, [100.0, 80.0]);
        add(Place::Spread, 1_000, Measure::Used, [1_000.0, 800.0]);
        add(Place::Spread, 50_000, Measure::Again, [300.0, 90.0]);
        add(Place::Spread, 50_000, Measure::Expiring, [90.0, 19.0]);
        for (workers, stored) in [(1, 100.0), (2, 6.0)] {
            let storage = Some((Kind::Sqlite, 1));
            let scene = Scene { storage, workers, ..Scene::new(Place::Spread, 1_000) };
            for (measure, values) in
                [(Measure::Again, [300.0, 330.0]), (Measure::Stored, [stored, 100.0])]
            {
                for (flavor, value) in Flavor::BOTH.into_iter().zip(values) {
                    figures.add("tlsf", scene, flavor, measure, value);
                }
            }
        }
        let crowd = Scene::new(Place::Crowd, 4_000);
        figures.add("tlsf", crowd, Flavor::Ours, Measure::Again, 120.0);
        let fill =
            Fill { registered: 3_210, time: Duration::from_secs(60), memory: Memory::default() };
        let unfilled =
            [Unfilled { manager: "tlsf".to_owned(), scene: crowd, flavor: Flavor::C, fill }];
        let start = Start {
            time: Some(Duration::from_millis(1_500)),
            ended: false,
            restored: 9,
            limit: Duration::ZERO,
        };
        let options = Options { stored: 10, ..Options::quick() };
        let restarts = [(Kind::Sqlite, Flavor::C, start)];
        let text = report(&options, &["A note.".to_owned()], &figures, &unfilled, &restarts);
        for row in [
            "* A note.",
            "| tlsf | 1,000 | REGISTER/200, known contact, CPU us | 100.0 | 80.0 | 0.80 | at most 1.00: met |",
            "| tlsf | 1,000 | registered contact, really used, bytes | 1000 | 800 | 0.80 | at most 0.70: missed |",
            "| tlsf | 50,000 | REGISTER/200, known contact, CPU us | 300.0 | 90.0 | 0.30 |  |",
            "| tlsf | 1,000, sqlite mode 1, one worker | REGISTER/200, known contact, CPU us | 300.0 | 330.0 | 1.10 | at most 1.00: missed |",
            "| tlsf | 1,000, sqlite mode 1 | REGISTER/200, known contact, CPU us | 300.0 | 330.0 | 1.10 |  |",
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
