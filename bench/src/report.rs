//! The table.

use crate::{
    figures::{Figures, Key, Measure},
    options::{Flavor, Options},
    restart::{LIMIT, Start, Stop},
    storage,
};
use std::fmt::Write as _;

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
                let [c, ours] = self.pair(manager, *lines, measure);
                let bar = (position == 0).then_some(COST_BAR);
                let what = format!("{}, CPU us", measure.name());
                line(text, [manager, &thousands(*lines), &what], [c, ours], 1, bar);
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
        for measure in Measure::COSTS {
            let (few, many) =
                (self.pair(manager, first, measure), self.pair(manager, last, measure));
            let [c, ours] = [0, 1].map(|flavor| {
                Some(many.get(flavor).copied().flatten()? / few.get(flavor).copied().flatten()?)
            });
            let (sizes, name) =
                (format!("{} / {}", thousands(last), thousands(first)), measure.name());
            let verdict = ours.map_or_else(String::new, |ours| verdict(ours, GROWTH_BAR));
            let (c, ours) = (number(c, 2), number(ours, 2));
            let _ = writeln!(
                text,
                "| {manager} | {sizes} | growth of: {name} | {c} | {ours} | | {verdict} |"
            );
        }
    }

    fn sizes(&self, text: &mut String, manager: &str) {
        for lines in &self.options.lines {
            for measure in Measure::SIZES {
                let pair = self.pair(manager, *lines, measure);
                if pair == [None, None] {
                    continue;
                }
                let bar = (measure == Measure::SubscriptionUsed).then_some(MEMORY_BAR);
                let what = format!("{}, bytes", measure.name());
                line(text, [manager, &thousands(*lines), &what], pair, 0, bar);
            }
        }
    }

    fn restarts(&self, text: &mut String) {
        let manager = self.options.managers.first().map_or("", String::as_str);
        let stored = thousands(self.options.stored);
        for kind in [storage::Kind::Sqlite, storage::Kind::MariaDb] {
            let of =
                |flavor| self.restarts.iter().find(|it| it.kind == kind && it.flavor == flavor);
            let (c, ours) = (of(Flavor::C), of(Flavor::Ours));
            if c.is_none() && ours.is_none() {
                continue;
            }
            let count = self.options.stored;
            let rows = [
                ("clean stop that stores them", [c, ours].map(|it| stop_cell(it, count))),
                ("start until one is served", [c, ours].map(|it| start_cell(it, count))),
            ];
            for (what, [c, ours]) in rows {
                let name = kind.name();
                let _ =
                    writeln!(text, "| {manager} | {stored} | {name}: {what} | {c} | {ours} | | |");
            }
        }
    }

    fn pair(&self, manager: &str, lines: usize, measure: Measure) -> [Option<f64>; 2] {
        [Flavor::C, Flavor::Ours].map(|flavor| {
            self.figures.median(&Key { manager: manager.to_owned(), lines, flavor, measure })
        })
    }
}

fn line(
    text: &mut String,
    [manager, lines, what]: [&str; 3],
    [c, ours]: [Option<f64>; 2],
    digits: usize,
    bar: Option<f64>,
) {
    let ratio = ours.zip(c).map(|(ours, c)| ours / c);
    let verdict = ratio.zip(bar).map_or_else(String::new, |(ratio, bar)| verdict(ratio, bar));
    let (c, ours, ratio) = (number(c, digits), number(ours, digits), number(ratio, 2));
    // Writing into a string cannot fail.
    let _ = writeln!(text, "| {manager} | {lines} | {what} | {c} | {ours} | {ratio} | {verdict} |");
}

fn verdict(value: f64, bar: f64) -> String {
    let word = if value <= bar { "met" } else { "missed" };
    format!("at most {bar:.2}: {word}")
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
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
    format!("{time}, restored {} of {}", thousands(start.restored), thousands(count))
}

/// A number with commas between thousands.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Bytes, Costs};
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
                let measure = Measure::Refresh;
                let key = Key { manager: "tlsf".to_owned(), lines, flavor, measure };
                let cost = cost * factor;
                let costs =
                    Costs { refresh: cost, seize: cost, small_call: cost, large_call: cost };
                figures.add_costs(&key, costs);
                figures.add_subscription(&key, Bytes { asked: cost, used: cost });
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
                "| tlsf | 100,000 / 1,000 | growth of: {refresh} | 2.00 | 2.00 | | \
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
        let start = Start { time: Some(Duration::from_millis(1500)), restored: 0 };
        let (kind, flavor) = (storage::Kind::Sqlite, Flavor::C);
        let restart = Restart { kind, flavor, stop, start };
        let cells = [stop_cell(Some(&restart), 100_000), start_cell(Some(&restart), 100_000)];
        assert_eq!(cells, ["> 180 s, stored 74,000 of 100,000", "1.50 s, restored 0 of 100,000"]);
        let start = Start { time: None, restored: 0 };
        let stop = Stop { time: Some(Duration::from_secs(2)), stored: 5 };
        let restart = Restart { stop, start, ..restart };
        let cells = [stop_cell(Some(&restart), 5), start_cell(Some(&restart), 5)];
        assert_eq!(cells, ["2.00 s", "does not start"]);
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([7, 999, 1_000, 100_000].map(thousands), ["7", "999", "1,000", "100,000"]);
    }
}
