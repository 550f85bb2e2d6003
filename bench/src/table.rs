//! The table of a report, row by row; each part says which rows, and which bars.

use crate::{
    cells::{thousands, verdict, verdict_within, within},
    figures::{Figures, Measure, Scene},
    flavor::Flavor,
    round::Unfilled,
    server::instructions,
};
use std::{collections::BTreeSet, fmt::Write as _};

/// What a row is to keep to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Bar {
    /// Nothing.
    Open,
    /// Ours comes to at most this against C.
    Ratio(f64),
    /// Ours is at most this.
    Ours(f64),
}

/// A table that grows.
#[derive(Debug)]
pub(crate) struct Table<'a, S, M> {
    figures: &'a Figures<S, M>,
    unfilled: &'a [Unfilled<S>],
    text: String,
}

impl<'a, S: Scene, M: Measure> Table<'a, S, M> {
    /// The head, after a list of `notes`; `column` is what scenes are made of.
    pub(crate) fn new(
        notes: &[String],
        column: &str,
        figures: &'a Figures<S, M>,
        unfilled: &'a [Unfilled<S>],
    ) -> Self {
        let mut text = String::new();
        for note in notes {
            text += &format!("* {note}\n");
        }
        text += &format!("\n| manager | {column} | measured | C | ours | ours / C | bar |\n");
        text += "|---|--:|---|--:|--:|--:|---|\n";
        Self { figures, unfilled, text }
    }

    /// The text.
    pub(crate) fn finish(self) -> String {
        self.text
    }

    /// The scenes that have figures, or should have, in their order.
    pub(crate) fn scenes(&self, manager: &str) -> Vec<S> {
        let late = self.unfilled.iter().filter(|it| it.manager == manager).map(|it| it.scene);
        let scenes: BTreeSet<_> = self.figures.scenes(manager).chain(late).collect();
        scenes.into_iter().collect()
    }

    /// Whether that was measured of any flavor.
    pub(crate) fn has(&self, manager: &str, scene: S, measure: M) -> bool {
        self.both(manager, scene, measure).iter().any(Option::is_some)
    }

    /// The medians of C and of ours.
    pub(crate) fn both(&self, manager: &str, scene: S, measure: M) -> [Option<f64>; 2] {
        Flavor::BOTH.map(|flavor| self.figures.median(manager, scene, flavor, measure))
    }

    /// The row of a measure; none if it was not measured.
    pub(crate) fn line(&mut self, manager: &str, scene: S, measure: M, bar: Bar) {
        if !self.has(manager, scene, measure) {
            return;
        }
        let ratio = self.figures.ratio(manager, scene, measure);
        let [_, ours] = self.both(manager, scene, measure);
        // The bars are those of time and of bytes.
        let bar = if instructions::split(manager).1 { Bar::Open } else { bar };
        let bar = match bar {
            Bar::Open => String::new(),
            Bar::Ratio(bar) => verdict_within(ratio, bar),
            Bar::Ours(bar) => verdict(ours, bar),
        };
        let cells = Flavor::BOTH.map(|flavor| self.cell(manager, scene, flavor, measure));
        let ratio = ratio.map_or_else(String::new, within);
        self.write([manager, &scene.name(), measure.name()], &cells, &ratio, &bar);
    }

    /// The row that says how much more a measure comes to in one scene than in another.
    pub(crate) fn growth(&mut self, manager: &str, [from, to]: [S; 2], measure: M, bar: Bar) {
        let growth = |flavor| self.figures.growth(manager, [from, to], flavor, measure);
        let [c, ours] = Flavor::BOTH.map(growth);
        if c.is_none() && ours.is_none() {
            return;
        }
        let bar = match bar {
            Bar::Ours(bar) => verdict_within(ours, bar),
            Bar::Open | Bar::Ratio(_) => String::new(),
        };
        let names = self.names([from, to]);
        let what = format!("growth of: {}", measure.name().trim_end_matches(", CPU us"));
        let cells = [c, ours].map(|growth| growth.map_or_else(|| "-".to_owned(), within));
        self.row([manager, &names, &what], &cells, None, &bar);
    }

    /// The row of what ours comes to in the second scene against C in the first one, and `bar`, which it
    /// is to keep to.
    pub(crate) fn against(
        &mut self,
        manager: &str,
        [from, to]: [S; 2],
        measure: M,
        what: &str,
        bar: f64,
    ) {
        let ends = [(from, Flavor::C), (to, Flavor::Ours)];
        let Some(ratio) = self.figures.against(manager, ends, measure) else { return };
        let names = self.names([from, to]);
        let cells = ["1".to_owned(), within(ratio)];
        self.row([manager, &names, what], &cells, None, &verdict_within(Some(ratio), bar));
    }

    /// The name of two scenes that are compared, the greater one first.
    fn names(&self, [from, to]: [S; 2]) -> String {
        format!("{} / {}", to.name(), from.name())
    }

    /// A row: what it is about, the cells of C and of ours, their ratio, the bar.
    pub(crate) fn row(
        &mut self,
        [manager, scene, what]: [&str; 3],
        cells: &[String; 2],
        ratio: Option<f64>,
        bar: &str,
    ) {
        let ratio = ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
        self.write([manager, scene, what], cells, &ratio, bar);
    }

    fn write(
        &mut self,
        [manager, scene, what]: [&str; 3],
        [c, ours]: &[String; 2],
        ratio: &str,
        bar: &str,
    ) {
        let what = instructions::unit(manager, what);
        // Writing into a string cannot fail.
        let _ = writeln!(
            self.text,
            "| {manager} | {scene} | {what} | {c} | {ours} | {ratio} | {bar} |"
        );
    }

    /// The median, and how far the turns lie apart; or how far the registrations came.
    fn cell(&self, manager: &str, scene: S, flavor: Flavor, measure: M) -> String {
        let digits = measure.digits();
        let Some(median) = self.figures.median(manager, scene, flavor, measure) else {
            let late = |it: &&Unfilled<S>| {
                (it.manager.as_str(), it.scene, it.flavor) == (manager, scene, flavor)
            };
            return self.unfilled.iter().find(late).map_or_else(
                || "-".to_owned(),
                |it| format!("{} in {} s", thousands(it.fill.registered), it.fill.time.as_secs()),
            );
        };
        match self.figures.range(manager, scene, flavor, measure) {
            Some((least, most)) if least < most && digits > 0 => {
                format!("{median:.digits$} ({least:.digits$}-{most:.digits$})")
            }
            _ => format!("{median:.digits$}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{round::Fill, server::Memory};
    use std::time::Duration;

    #[test]
    fn every_bar_has_its_verdict_and_who_was_too_slow_is_told() {
        let mut figures = Figures::<usize, u8>::default();
        for (scene, c, ours) in [(10, 100.0, 80.0), (50, 300.0, 120.0)] {
            figures.add("qm", scene, Flavor::C, 0, c);
            figures.add("qm", scene, Flavor::Ours, 0, ours);
        }
        figures.add("qm", 90, Flavor::Ours, 0, 7.0);
        figures.add("qm", 90, Flavor::Ours, 0, 9.0);
        let fill =
            Fill { registered: 3_210, time: Duration::from_secs(60), memory: Memory::default() };
        let unfilled = [Unfilled { manager: "qm".to_owned(), scene: 90, flavor: Flavor::C, fill }];
        let mut table = Table::new(&["A note.".to_owned()], "users", &figures, &unfilled);
        assert_eq!(table.scenes("qm"), [10, 50, 90]);
        table.line("qm", 10, 0, Bar::Ratio(0.7));
        table.line("qm", 50, 0, Bar::Ours(120.0));
        table.line("qm", 90, 0, Bar::Ratio(1.0));
        table.line("qm", 91, 0, Bar::Open);
        table.growth("qm", [10, 50], 0, Bar::Ours(1.5));
        table.growth("qm", [90, 91], 0, Bar::Open);
        let expected = "* A note.\n\n\
            | manager | users | measured | C | ours | ours / C | bar |\n\
            |---|--:|---|--:|--:|--:|---|\n\
            | qm | 10 | work, CPU us | 100.0 | 80.0 | 0.80 | at most 0.70: missed |\n\
            | qm | 50 | work, CPU us | 300.0 | 120.0 | 0.40 | at most 120.00: met |\n\
            | qm | 90 | work, CPU us | 3,210 in 60 s | 8.0 (7.0-9.0) |  |  |\n\
            | qm | 50 / 10 | growth of: work | 3.00 | 1.50 |  | at most 1.50: met |\n";
        assert_eq!(table.finish(), expected);
    }
}
