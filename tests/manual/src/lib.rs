//! Checks the manual of a module against its page of exports: the two cannot part.
//!
//! For tests; a mistake ends the test.
#![allow(
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is not as it should be"
)]

use std::collections::BTreeSet;

/// The sources of one module.
#[derive(Debug)]
pub struct Manual {
    /// Its README.
    pub text: &'static str,
    /// Its page of exports.
    pub exports: &'static str,
    /// Its parameters.
    pub params: &'static str,
    /// Its name in `KSR.`.
    pub name: &'static str,
}

impl Manual {
    /// The names in the rows of the page that any of `constructors` makes.
    ///
    /// # Panics
    ///
    /// When there are none.
    pub fn exported(&self, constructors: &[&str]) -> BTreeSet<&'static str> {
        let rows = constructors.iter().flat_map(|it| self.exports.split(it).skip(1));
        let names: BTreeSet<_> = rows.filter_map(|row| row.split('"').nth(1)).collect();
        assert!(!names.is_empty(), "no row of {constructors:?}");
        names
    }

    /// The first cells of the tables below the heading `chapter`, each may hold several names.
    pub fn documented(&self, chapter: &str) -> BTreeSet<&'static str> {
        let text = self.text.split(&format!("\n## {chapter}\n")).nth(1).unwrap_or_default();
        let text = text.split("\n## ").next().unwrap_or(text);
        let rows = text.lines().filter(|line| line.starts_with("| `"));
        let cells = rows.filter_map(|row| row.split(" | ").next());
        cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
    }

    /// Fails unless the parameters are the same in both, and their numbers have the same defaults.
    ///
    /// # Panics
    ///
    /// See above.
    pub fn check_parameters(&self) {
        let kinds = ["Param::int(", "Param::text(", "Param::each_int(", "Param::each_text("];
        assert_eq!(self.documented("Parameters"), self.exported(&kinds));
        let mut checked = 0;
        for row in self.text.lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<_> =
                row.split(" | ").map(|cell| cell.trim_matches(['|', ' ', '`'])).collect();
            let [name, kind, default, ..] = cells[..] else { continue };
            let digits = default.replace(|it: char| it.is_ascii_digit() || it == '-', "");
            let written = match kind {
                "int" if digits.is_empty() => thousands(default),
                "text" | "str" if default.contains(':') => format!("c\"{default}\""),
                _ => continue,
            };
            let upper = name.to_uppercase();
            let declared = |kind: &str| format!("static {upper}: {kind} = {kind}::new({written});");
            let known = [declared("Int"), declared("Text")];
            let found = known.iter().any(|line| self.params.contains(line.as_str()))
                || self.names_constant(&upper, &written);
            assert!(found, "the module has none of the lines {known:?}, nor a constant of that");
            checked += 1;
        }
        assert!(checked > 0, "no default was checked");
    }

    /// Whether the default of the parameter is a constant that is `written` so.
    fn names_constant(&self, parameter: &str, written: &str) -> bool {
        let start = format!("static {parameter}: Text = Text::new(");
        let behind = self.params.split_once(&start).and_then(|(_, rest)| rest.split_once(");"));
        behind.is_some_and(|(constant, _)| {
            self.params.contains(&format!("const {constant}: &CStr = {written};"))
        })
    }

    /// Fails unless the functions are the same in both, and each KEMI function is mentioned.
    ///
    /// # Panics
    ///
    /// See above.
    pub fn check_functions(&self) {
        let named = self.documented("Functions");
        let named: BTreeSet<_> = named.iter().filter_map(|text| text.split('(').next()).collect();
        assert_eq!(named, self.exported(&["Function::new("]));
        for row in self.exports.split("Kemi::new(").skip(1) {
            let row = row.split(')').next().unwrap_or_default();
            let kemi = row.split('"').skip(1).step_by(2).last().unwrap_or_default();
            let call = format!("`KSR.{}.{kemi}(", self.name);
            assert!(self.text.contains(&call), "{call} is not in the manual");
        }
    }
}

/// A number as sources write it: `100000` is `100_000`.
fn thousands(number: &str) -> String {
    let digits = number.trim_start_matches('-');
    if digits.len() < 5 {
        return number.to_owned();
    }
    let mut text = String::new();
    for (position, digit) in number.chars().enumerate() {
        if position > 0 && (number.len() - position).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}
