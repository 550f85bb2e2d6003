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
    table::{Bar, Table},
};

/// With the fewest users a registration of ours costs at most this, against the same of C.
const COST_BAR: Bar = Bar::Ratio(0.8);
/// A lookup of ours with the most users costs at most this, against that of C with the fewest.
const LOOKUP_BAR: f64 = 1.3;
/// With the most users a registration of ours costs at most this, against the same with the fewest.
const GROWTH_BAR: Bar = Bar::Ours(1.3);
/// A user of ours uses at most this of the memory of one of C.
const MEMORY_BAR: Bar = Bar::Ratio(0.4);
/// The longest wait for an answer, in milliseconds.
const WAIT_BAR: Bar = Bar::Ours(20.0);

/// The report as Markdown.
pub(crate) fn report(
    options: &Options,
    notes: &[String],
    figures: &Figures<Scene, Measure>,
    unfilled: &[Unfilled<Scene>],
    restarts: &[(Flavor, Start)],
) -> String {
    let mut table = Table::new(notes, "users", figures, unfilled);
    for manager in &options.common.managers {
        rows(&mut table, manager);
    }
    let (manager, count) = (options.common.manager(), options.stored);
    let cells = Flavor::BOTH.map(|flavor| {
        let found = restarts.iter().find(|it| it.0 == flavor);
        found.map_or_else(|| "-".to_owned(), |(_, start)| start.cell(count))
    });
    if cells.iter().any(|cell| cell != "-") {
        let what = "mariadb mode 1: start until the last one is found";
        table.row([manager, &thousands(count), what], &cells, None, "");
    }
    table.finish()
}

fn rows(table: &mut Table<'_, Scene, Measure>, manager: &str) {
    let scenes = table.scenes(manager);
    // Those with costs whose users have one identity, the fewest users first.
    let costed =
        |scene: &&Scene| scene.identities == 1 && table.has(manager, **scene, Measure::Again);
    let costed: Vec<_> = scenes.iter().filter(costed).copied().collect();
    for scene in &scenes {
        for measure in Measure::COSTS.into_iter().chain(Measure::SIZES) {
            let bar = match measure {
                Measure::Used => MEMORY_BAR,
                _ if measure.is_registration() && costed.first() == Some(scene) => COST_BAR,
                _ => Bar::Open,
            };
            table.line(manager, *scene, measure, bar);
        }
    }
    if let [first, .., last] = *costed {
        growth(table, manager, [first, last]);
    }
    for scene in scenes {
        table.line(manager, scene, Measure::Quiet, Bar::Open);
        table.line(manager, scene, Measure::Expiring, WAIT_BAR);
    }
}

/// How much more the greatest scene costs than the first one.
fn growth(table: &mut Table<'_, Scene, Measure>, manager: &str, ends: [Scene; 2]) {
    for measure in Measure::COSTS.into_iter().filter(|measure| *measure != Measure::Plain) {
        let bar = if measure.is_registration() { GROWTH_BAR } else { Bar::Open };
        table.growth(manager, ends, measure, bar);
    }
    let what = "lookup inside a loop: ours with the most, C with the fewest";
    table.against(manager, ends, Measure::Looped, what, LOOKUP_BAR);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{options::Options as _, round::Fill, server::Memory};
    use std::time::Duration;

    #[test]
    fn every_bar_has_its_verdict_and_who_was_too_slow_is_told() {
        let mut figures = Figures::default();
        let scene = |identities, users| Scene { identities, users };
        let mut add = |scene, measure, values: [f64; 2]| {
            for (flavor, value) in Flavor::BOTH.into_iter().zip(values) {
                figures.add("qm", scene, flavor, measure, value);
            }
        };
        add(scene(1, 1_000), Measure::Again, [100.0, 81.0]);
        add(scene(1, 1_000), Measure::Looped, [1.0, 0.5]);
        add(scene(1, 1_000), Measure::Used, [4_000.0, 1_500.0]);
        add(scene(1, 50_000), Measure::Again, [300.0, 90.0]);
        add(scene(1, 50_000), Measure::Looped, [10.0, 0.6]);
        add(scene(1, 90_000), Measure::Expiring, [90.0, 21.0]);
        add(scene(3, 1_000), Measure::Used, [8_000.0, 4_000.0]);
        let million = scene(1, 1_000_000);
        figures.add("qm", million, Flavor::Ours, Measure::Again, 99.0);
        figures.add("qm", million, Flavor::Ours, Measure::Looped, 1.4);
        let fill = Fill { registered: 9, time: Duration::from_secs(60), memory: Memory::default() };
        let unfilled =
            [Unfilled { manager: "qm".to_owned(), scene: million, flavor: Flavor::C, fill }];
        let start = Start {
            time: Some(Duration::from_millis(1_500)),
            ended: false,
            restored: 9,
            limit: Duration::ZERO,
        };
        let options = Options { stored: 10, ..Options::quick() };
        let restarts = [(Flavor::C, start)];
        let text = report(&options, &["A note.".to_owned()], &figures, &unfilled, &restarts);
        for row in [
            "* A note.",
            "| qm | 1,000 | re-registration, CPU us | 100.0 | 81.0 | 0.81 | at most 0.80: missed |",
            "| qm | 1,000 | registered user, really used, bytes | 4000 | 1500 | 0.38 | at most 0.40: met |",
            "| qm | 1,000, 3 identities each | registered user, really used, bytes | 8000 | 4000 | 0.50 | at most 0.40: missed |",
            "| qm | 50,000 | re-registration, CPU us | 300.0 | 90.0 | 0.30 |  |",
            "| qm | 1,000,000 | re-registration, CPU us | 9 in 60 s | 99.0 |  |  |",
            "| qm | 1,000,000 / 1,000 | growth of: re-registration | - | 1.22 |  | at most 1.30: met |",
            "| qm | 1,000,000 / 1,000 | lookup inside a loop: ours with the most, C with the fewest | 1 | 1.40 |  | at most 1.30: missed |",
            "| qm | 90,000 | longest wait for an answer while all expire, ms | 90.0 | 21.0 | 0.23 | at most 20.00: missed |",
            "| qm | 10 | mariadb mode 1: start until the last one is found | 1.50 s, 9 of 10 in memory | - |  |  |",
        ] {
            assert!(text.contains(row), "{row}\nis not in\n{text}");
        }
    }
}
