//! The command line: what every part understands, and how each reads the rest.

use crate::flavor::Flavor;
use anyhow::{Result, bail, ensure};
use lexopt::{Arg, Parser, ValueExt as _};
use std::{path::PathBuf, str::FromStr};

/// What every part can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Common {
    /// Rounds for the first manager; the others get one.
    pub rounds: usize,
    /// How often each operation has its turn in a round.
    pub turns: usize,
    /// The memory managers.
    pub managers: Vec<String>,
    /// The modules.
    pub flavors: Vec<Flavor>,
    /// Where the report goes besides the standard output.
    pub out: Option<PathBuf>,
}

impl Common {
    /// A whole run: both flavors, ten turns.
    pub(crate) fn new(rounds: usize, managers: &[&str]) -> Self {
        let (flavors, out) = (Flavor::BOTH.to_vec(), None);
        Self { rounds, turns: 10, managers: words(managers), flavors, out }
    }

    /// A short run: one round, few turns.
    pub(crate) fn quick(manager: &str) -> Self {
        Self { turns: 3, ..Self::new(1, &[manager]) }
    }

    /// The memory managers, each with its number of rounds.
    pub(crate) fn managers(&self) -> impl Iterator<Item = (&str, usize)> {
        let rounds = move |position| if position == 0 { self.rounds } else { 1 };
        self.managers.iter().enumerate().map(move |(at, name)| (name.as_str(), rounds(at)))
    }

    /// The first memory manager, with which databases are measured.
    pub(crate) fn manager(&self) -> &str {
        self.managers.first().map_or("", String::as_str)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<bool> {
        match name {
            "rounds" => self.rounds = value.parse()?,
            "turns" => self.turns = value.parse()?,
            "managers" => self.managers = list(value)?,
            "flavors" => {
                self.flavors = value.split(',').map(Flavor::parse).collect::<Result<_>>()?;
            }
            "out" => self.out = Some(PathBuf::from(value)),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// How much of each operation one turn of a pair plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Registrations and subscriptions.
    pub registrations: usize,
    /// Other requests.
    pub requests: usize,
}

/// What one part can be told.
pub trait Options: Default {
    /// What `--help` prints.
    const USAGE: &str;

    /// The small run of `--quick`.
    fn quick() -> Self;

    /// What all parts have.
    fn common(&self) -> &Common;

    /// The same, to be changed.
    fn common_mut(&mut self) -> &mut Common;

    /// Takes an option of this part alone; `false`: there is none of that name.
    ///
    /// # Errors
    ///
    /// A value that cannot be read.
    fn set(&mut self, name: &str, value: &str) -> Result<bool>;

    /// Looks at all values together and puts lists in order.
    ///
    /// # Errors
    ///
    /// A value that cannot be measured.
    fn check(&mut self) -> Result<()>;

    /// Measures, and gives the report as Markdown.
    ///
    /// # Errors
    ///
    /// A module that is not there, a server that does not start, more than one message in a thousand
    /// lost.
    fn run(&self) -> Result<String>;

    /// Reads the command line; `None` if it asks for help.
    ///
    /// # Errors
    ///
    /// An option that is not known, or a value that cannot be measured.
    fn parse(words: &[&str]) -> Result<Option<Self>> {
        let mut parser = Parser::from_args(words);
        let mut given: Vec<(String, String)> = Vec::new();
        let mut options = Self::default();
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Long("help") | Arg::Short('h') => return Ok(None),
                Arg::Long("quick") => options = Self::quick(),
                Arg::Long(name) => {
                    let name = name.to_owned();
                    given.push((name, parser.value()?.string()?));
                }
                Arg::Short(_) | Arg::Value(_) => return Err(argument.unexpected().into()),
            }
        }
        // After the loop, so that what is given outdoes --quick wherever it stands.
        for (name, value) in given {
            let known = options.common_mut().set(&name, &value)? || options.set(&name, &value)?;
            ensure!(known, "option --{name} is not known, see --help");
        }
        let Common { rounds, turns, managers, flavors, .. } = options.common();
        ensure!(*rounds > 0, "--rounds is 0, must be 1 or more");
        ensure!(*turns > 0, "--turns is 0, must be 1 or more");
        ensure!(!managers.is_empty() && !flavors.is_empty(), "--managers or --flavors is empty");
        options.check()?;
        Ok(Some(options))
    }
}

/// A list with commas.
///
/// # Errors
///
/// An element that cannot be read.
pub(crate) fn list<T: FromStr<Err: Into<anyhow::Error>>>(value: &str) -> Result<Vec<T>> {
    value.split(',').map(|word| word.parse().map_err(Into::into)).collect()
}

/// Texts of one's own.
pub(crate) fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Puts numbers in order; refuses one that is too small to measure.
///
/// # Errors
///
/// A number below a hundred.
pub(crate) fn sizes(name: &str, sizes: &mut [usize]) -> Result<()> {
    sizes.sort_unstable();
    for size in sizes {
        ensure!(*size >= 100, "--{name} has {size}, must be 100 or more each");
    }
    Ok(())
}

/// Refuses a name that is not known.
///
/// # Errors
///
/// A name of `given` that `known` does not have.
pub(crate) fn known(what: &str, given: &[String], known: &[&str]) -> Result<()> {
    match given.iter().find(|name| !known.contains(&name.as_str())) {
        Some(name) => bail!("{what} {name} is not known, must be of {known:?}"),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_manager_gets_all_rounds() {
        let common = Common::new(3, &["qm", "tlsf"]);
        assert!(common.managers().eq([("qm", 3), ("tlsf", 1)]));
        assert_eq!(common.manager(), "qm");
    }

    #[test]
    fn sizes_are_put_in_order_and_small_ones_refused() {
        let mut given = list("5000,100").unwrap();
        sizes("lines", &mut given).unwrap();
        assert_eq!(given, [100, 5_000]);
        assert!(sizes("lines", &mut [99]).is_err());
        assert!(list::<usize>("7,x").is_err());
    }
}
