//! The manual and the page of exports cannot part.

use std::collections::BTreeSet;

const EXPORTS: &str = include_str!("../src/lib.rs");
const PARAMS: &str = include_str!("../src/params.rs");
const MANUAL: &str = include_str!("../README.md");

/// The names in the rows that `constructor` makes.
fn exported(constructor: &str) -> BTreeSet<&'static str> {
    let rows = EXPORTS.split(constructor).skip(1);
    let names: BTreeSet<_> = rows.filter_map(|row| row.split('"').nth(1)).collect();
    assert!(!names.is_empty(), "no row of {constructor}");
    names
}

/// The first cells of the tables below the heading `chapter`, one name each.
fn documented(chapter: &str) -> BTreeSet<&'static str> {
    let text = MANUAL.split(&format!("\n## {chapter}\n")).nth(1).unwrap_or_default();
    let text = text.split("\n## ").next().unwrap_or(text);
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.filter_map(|row| row.split(" | ").next());
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn every_parameter_is_in_the_manual_and_no_other() {
    let params: BTreeSet<_> =
        exported("Param::int(").union(&exported("Param::text(")).copied().collect();
    assert_eq!(documented("Parameters"), params);
}

#[test]
fn the_defaults_of_the_manual_are_those_of_the_module() {
    for row in MANUAL.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> =
            row.split(" | ").map(|cell| cell.trim_matches(['|', ' ', '`'])).collect();
        let [name, "int", default, ..] = cells[..] else { continue };
        let declared = format!("static {}: Int = Int::new({default});", name.to_uppercase());
        assert!(PARAMS.contains(&declared), "the module has no line `{declared}`");
    }
}

#[test]
fn every_command_is_in_the_manual_and_no_other() {
    assert_eq!(documented("RPC commands"), exported("Command::new("));
}

#[test]
fn every_statistic_is_in_the_manual_and_no_other() {
    let stats: BTreeSet<_> =
        exported("Stat::value(").union(&exported("Stat::counter(")).copied().collect();
    assert_eq!(documented("Statistics"), stats);
}

#[test]
fn every_function_is_in_the_manual_and_no_other() {
    let named = documented("Functions");
    let named: BTreeSet<_> = named.iter().filter_map(|text| text.split('(').next()).collect();
    assert_eq!(named, exported("Function::new("));
    for kemi in EXPORTS.split("Kemi::new(").skip(1).filter_map(|row| row.split('"').nth(3)) {
        assert!(MANUAL.contains(&format!("`KSR.sca.{kemi}(")), "KSR.sca.{kemi}");
    }
}
