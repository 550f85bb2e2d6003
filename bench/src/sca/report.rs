//! The rows of the report, and what they are to keep to.

use super::{
    measure::{Lines, Measure},
    options::Options,
    restart::{LIMIT, Start, Stop},
};
use crate::{
    cells::thousands,
    figures::Figures,
    flavor::Flavor,
    storage::Kind,
    table::{Bar, Table},
};

/// At the smallest size an operation of ours costs at most this, against the same of C.
const COST_BAR: Bar = Bar::Ratio(1.0);
/// At the largest size an operation of ours costs at most this, against the same at the smallest.
const GROWTH_BAR: Bar = Bar::Ours(1.3);
/// A subscription of ours uses at most this of the memory of one of C.
const MEMORY_BAR: Bar = Bar::Ratio(0.7);

/// A stop and a start of one module on one database.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Restart {
    /// The database.
    pub(crate) kind: Kind,
    /// The module.
    pub(crate) flavor: Flavor,
    /// The stop.
    pub(crate) stop: Stop,
    /// The start.
    pub(crate) start: Start,
}

/// The report as Markdown.
pub(crate) fn report(
    options: &Options,
    notes: &[String],
    figures: &Figures<Lines, Measure>,
    restarts: &[Restart],
) -> String {
    let mut table = Table::new(notes, "lines", figures, &[]);
    for manager in &options.common.managers {
        rows(&mut table, manager);
    }
    restart_rows(&mut table, options, restarts);
    table.finish()
}

fn rows(table: &mut Table<'_, Lines, Measure>, manager: &str) {
    let scenes = table.scenes(manager);
    for scene in &scenes {
        let bar = if scenes.first() == Some(scene) { COST_BAR } else { Bar::Open };
        for measure in Measure::COSTS {
            table.line(manager, *scene, measure, bar);
        }
    }
    if let [first, .., last] = *scenes {
        for measure in Measure::COSTS {
            table.growth(manager, [first, last], measure, GROWTH_BAR);
        }
    }
    for scene in scenes {
        for measure in Measure::SIZES {
            let is_bar = measure == Measure::SubscriptionUsed;
            table.line(manager, scene, measure, if is_bar { MEMORY_BAR } else { Bar::Open });
        }
    }
}

fn restart_rows(table: &mut Table<'_, Lines, Measure>, options: &Options, restarts: &[Restart]) {
    let (manager, count) = (options.common.manager(), options.stored);
    for kind in Kind::ALL {
        let both = Flavor::BOTH
            .map(|flavor| restarts.iter().find(|it| it.kind == kind && it.flavor == flavor));
        if both.iter().all(Option::is_none) {
            continue;
        }
        let rows = [
            ("clean stop that stores them", both.map(|it| stop_cell(it, count))),
            ("start until one is served", both.map(|it| start_cell(it, count))),
        ];
        for (what, cells) in rows {
            let what = format!("{}: {what}", kind.name());
            table.row([manager, &thousands(count), &what], &cells, None, "");
        }
    }
}

fn stop_cell(restart: Option<&Restart>, count: usize) -> String {
    let Some(Restart { stop, .. }) = restart else { return "-".to_owned() };
    let time = match stop.time {
        Some(time) => format!("{:.2} s", time.as_secs_f64()),
        None => format!("> {} s", LIMIT.as_secs()),
    };
    if stop.stored == count {
        return time;
    }
    format!("{time}, stored {} of {}", thousands(stop.stored), thousands(count))
}

fn start_cell(restart: Option<&Restart>, count: usize) -> String {
    let Some(Restart { start, .. }) = restart else { return "-".to_owned() };
    let Some(time) = start.time else { return "does not start".to_owned() };
    let time = format!("{:.2} s", time.as_secs_f64());
    if start.restored == count {
        return time;
    }
    let (restored, count) = (thousands(start.restored), thousands(count));
    format!("{time}, restored {restored} of {count}, {} left stored", thousands(start.stored))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options as _;
    use std::time::Duration;

    #[test]
    fn every_bar_has_its_verdict() {
        let mut figures = Figures::default();
        for (lines, factor) in [(1_000, 1.0), (100_000, 2.0)] {
            for (flavor, cost) in [(Flavor::C, 100.0), (Flavor::Ours, 80.0)] {
                for measure in [Measure::Refresh, Measure::SubscriptionUsed] {
                    figures.add("tlsf", Lines(lines), flavor, measure, cost * factor);
                }
            }
        }
        let text = report(&Options::quick(), &[], &figures, &[]);
        for row in [
            "| tlsf | 1,000 | call-info refresh, 1 NOTIFY, CPU us | 100.0 | 80.0 | 0.80 | at most 1.00: met |",
            "| tlsf | 100,000 | call-info refresh, 1 NOTIFY, CPU us | 200.0 | 160.0 | 0.80 |  |",
            "| tlsf | 100,000 / 1,000 | growth of: call-info refresh, 1 NOTIFY | 2.00 | 2.00 |  | at most 1.30: missed |",
            "| tlsf | 1,000 | subscription, really used, bytes | 100 | 80 | 0.80 | at most 0.70: missed |",
        ] {
            assert!(text.contains(row), "{row}\nis not in\n{text}");
        }
    }

    #[test]
    fn a_stop_or_start_that_fails_says_how_far_it_came() {
        let stop = Stop { time: None, stored: 74_000 };
        let start = Start { time: Some(Duration::from_millis(1500)), restored: 0, stored: 9 };
        let (kind, flavor) = (Kind::Sqlite, Flavor::C);
        let restart = Restart { kind, flavor, stop, start };
        let cells = [stop_cell(Some(&restart), 100_000), start_cell(Some(&restart), 100_000)];
        assert_eq!(cells[0], "> 180 s, stored 74,000 of 100,000");
        assert_eq!(cells[1], "1.50 s, restored 0 of 100,000, 9 left stored");
        let start = Start { time: None, restored: 0, stored: 5 };
        let stop = Stop { time: Some(Duration::from_secs(2)), stored: 5 };
        let restart = Restart { stop, start, ..restart };
        let cells = [stop_cell(Some(&restart), 5), start_cell(Some(&restart), 5)];
        assert_eq!(cells, ["2.00 s", "does not start"]);
    }
}
