//! The table.

use crate::{
    cells::{number, row, thousands, verdict},
    figures::{Figures, Key, Measure},
    options::{Flavor, Options},
    restart::{LIMIT, Start, Stop},
    storage,
};

/// At the smallest size an operation of ours costs at most this, against the same of C.
const COST_BAR: f64 = 1.0;
/// At the largest size an operation of ours costs at most this, against the same at the smallest.
const GROWTH_BAR: f64 = 1.3;
/// A subscription of ours uses at most this of the memory of one of C.
const MEMORY_BAR: f64 = 0.7;

/// A stop and a start of one module on one database.
#[derive(Clone, Copy, Debug)]
pub struct Restart {
    /// The database.
    pub kind: storage::Kind,
    /// The module.
    pub flavor: Flavor,
    /// The stop.
    pub stop: Stop,
    /// The start.
    pub start: Start,
}

/// All that a run found out.
#[derive(Debug)]
pub struct Report<'a> {
    /// What was asked.
    pub options: &'a Options,
    /// Costs and sizes.
    pub figures: &'a Figures,
    /// Stops and starts.
    pub restarts: &'a [Restart],
    /// What is told above the table, a paragraph each.
    pub notes: Vec<String>,
}

impl Report<'_> {
    /// The report as Markdown.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        for note in &self.notes {
            text += &format!("* {note}\n");
        }
        text += "\n| manager | lines | measured | C | ours | ours / C | bar |\n";
        text += "|---|--:|---|--:|--:|--:|---|\n";
        for manager in &self.options.managers {
            self.costs(&mut text, manager);
            self.growth(&mut text, manager);
            self.sizes(&mut text, manager);
        }
        self.restarts(&mut text);
        text
    }

    fn costs(&self, text: &mut String, manager: &str) {
        for (position, lines) in self.options.lines.iter().enumerate() {
            for measure in Measure::COSTS {
                let cells = keys(manager, *lines, measure).map(|key| self.spread(&key));
                let ratio = self.ratio(manager, *lines, measure);
                let bar = if position == 0 { verdict(ratio, COST_BAR) } else { String::new() };
                let what = format!("{}, CPU us", measure.name());
                row(text, [manager, &thousands(*lines), &what], &cells, ratio, &bar);
            }
        }
    }

    fn growth(&self, text: &mut String, manager: &str) {
        let (Some(&first), Some(&last)) = (self.options.lines.first(), self.options.lines.last())
        else {
            return;
        };
        if first == last {
            return;
        }
        let sizes = format!("{} / {}", thousands(last), thousands(first));
        for measure in Measure::COSTS {
            let growth = |flavor| {
                let at = |lines| self.figures.median(&key(manager, lines, flavor, measure));
                Some(at(last)? / at(first)?)
            };
            let (c, ours) = (growth(Flavor::C), growth(Flavor::Ours));
            let bar = verdict(ours, GROWTH_BAR);
            let what = format!("growth of: {}", measure.name());
            let cells = [number(c, 2), number(ours, 2)];
            row(text, [manager, &sizes, &what], &cells, None, &bar);
        }
    }

    fn sizes(&self, text: &mut String, manager: &str) {
        for lines in &self.options.lines {
            for measure in Measure::SIZES {
                let medians = keys(manager, *lines, measure).map(|key| self.figures.median(&key));
                if medians == [None, None] {
                    continue;
                }
                let ratio = self.ratio(manager, *lines, measure);
                let bar = match measure {
                    Measure::SubscriptionUsed => verdict(ratio, MEMORY_BAR),
                    _ => String::new(),
                };
                let cells = medians.map(|value| number(value, 0));
                let what = format!("{}, bytes", measure.name());
                row(text, [manager, &thousands(*lines), &what], &cells, ratio, &bar);
            }
        }
    }

    fn restarts(&self, text: &mut String) {
        let manager = self.options.managers.first().map_or("", String::as_str);
        let count = self.options.stored;
        for kind in [storage::Kind::Sqlite, storage::Kind::MariaDb] {
            let both = [Flavor::C, Flavor::Ours].map(|flavor| {
                self.restarts.iter().find(|it| it.kind == kind && it.flavor == flavor)
            });
            if both.iter().all(Option::is_none) {
                continue;
            }
            let rows = [
                ("clean stop that stores them", both.map(|it| stop_cell(it, count))),
                ("start until one is served", both.map(|it| start_cell(it, count))),
            ];
            for (what, cells) in rows {
                let what = format!("{}: {what}", kind.name());
                row(text, [manager, &thousands(count), &what], &cells, None, "");
            }
        }
    }

    fn ratio(&self, manager: &str, lines: usize, measure: Measure) -> Option<f64> {
        let [c, ours] = keys(manager, lines, measure).map(|key| self.figures.median(&key));
        Some(ours? / c?)
    }

    /// The median of a cost, and how far the rounds lie apart.
    fn spread(&self, key: &Key) -> String {
        let median = number(self.figures.median(key), 1);
        match self.figures.range(key) {
            Some((least, most)) if least < most => format!("{median} ({least:.1}-{most:.1})"),
            _ => median,
        }
    }
}

/// The keys of C and of ours.
fn keys(manager: &str, lines: usize, measure: Measure) -> [Key; 2] {
    [Flavor::C, Flavor::Ours].map(|flavor| key(manager, lines, flavor, measure))
}

fn key(manager: &str, lines: usize, flavor: Flavor, measure: Measure) -> Key {
    Key { manager: manager.to_owned(), lines, flavor, measure }
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
    use std::time::Duration;

    fn figures(c: f64, ours: f64) -> (Options, Figures) {
        let options = Options {
            lines: vec![1_000, 100_000],
            managers: vec!["tlsf".to_owned()],
            ..Options::quick()
        };
        let mut figures = Figures::default();
        for (lines, factor) in [(1_000, 1.0), (100_000, 2.0)] {
            for (flavor, cost) in [(Flavor::C, c), (Flavor::Ours, ours)] {
                for measure in [Measure::Refresh, Measure::SubscriptionUsed] {
                    figures.add(key("tlsf", lines, flavor, measure), cost * factor);
                }
            }
        }
        (options, figures)
    }

    #[test]
    fn every_bar_has_its_verdict() {
        let (options, figures) = figures(100.0, 80.0);
        let report =
            Report { options: &options, figures: &figures, restarts: &[], notes: Vec::new() };
        let text = report.markdown();
        let refresh = "call-info refresh, 1 NOTIFY";
        for row in [
            format!(
                "| tlsf | 1,000 | {refresh}, CPU us | 100.0 | 80.0 | 0.80 | at most 1.00: met |"
            ),
            format!("| tlsf | 100,000 | {refresh}, CPU us | 200.0 | 160.0 | 0.80 |  |"),
            format!(
                "| tlsf | 100,000 / 1,000 | growth of: {refresh} | 2.00 | 2.00 |  | \
                 at most 1.30: missed |"
            ),
            "| tlsf | 1,000 | subscription, really used, bytes | 100 | 80 | 0.80 | \
             at most 0.70: missed |"
                .to_owned(),
        ] {
            assert!(text.contains(&row), "{row}\nis not in\n{text}");
        }
    }

    #[test]
    fn a_stop_or_start_that_fails_says_how_far_it_came() {
        let stop = Stop { time: None, stored: 74_000 };
        let start = Start { time: Some(Duration::from_millis(1500)), restored: 0, stored: 9 };
        let (kind, flavor) = (storage::Kind::Sqlite, Flavor::C);
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
