//! The command line.

use anyhow::{Result, bail, ensure};
use lexopt::{Arg, Parser, ValueExt as _};
use std::path::PathBuf;

/// What `--help` prints.
pub const USAGE: &str = "\
Measures the C module `sca` and ours side by side on the installed Kamailio.

usage: bench sca [--quick] [--lines N,N,...] [--rounds N] [--managers NAME,...]
                 [--stored N] [--flavors c,ours] [--out FILE]

  --quick     small sizes, one round, one manager: a look whether all works
  --lines     numbers of subscribed lines (1000,10000,100000)
  --rounds    rounds for the first manager, the others get one (3)
  --managers  memory managers of the server, as for its -x (tlsf,qm)
  --stored    subscriptions for the stop and the start; 0 leaves these out (100000)
  --flavors   which modules (c,ours)
  --out       a file for the report, next to the standard output

environment: MODULES_DIR is the folder of our sca.so (target/modules),
             KAMAILIO_MODULES that of the stock one (found by itself)
";

/// Whose modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flavor {
    /// The one that comes with Kamailio.
    C,
    /// The one of this project.
    Ours,
}

impl Flavor {
    /// Its name in progress lines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::C => "C",
            Self::Ours => "ours",
        }
    }
}

/// How much of each operation one measurement plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Refreshes of a call-info subscription.
    pub refreshes: usize,
    /// Line-seize cycles in groups of three.
    pub seizes: usize,
    /// Calls in groups of three.
    pub small_calls: usize,
    /// Calls in groups of fifty.
    pub large_calls: usize,
}

/// What to measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Numbers of subscribed lines, ascending.
    pub lines: Vec<usize>,
    /// Rounds for the first manager; the others get one.
    pub rounds: usize,
    /// The memory managers.
    pub managers: Vec<String>,
    /// How many subscriptions are stored for the stop and the start.
    pub stored: usize,
    /// The modules.
    pub flavors: Vec<Flavor>,
    /// Where the report goes besides the standard output.
    pub out: Option<PathBuf>,
    /// How much of each operation.
    pub volume: Volume,
}

impl Default for Options {
    fn default() -> Self {
        let volume =
            Volume { refreshes: 20_000, seizes: 4_000, small_calls: 1_500, large_calls: 150 };
        Self {
            lines: vec![1_000, 10_000, 100_000],
            rounds: 3,
            managers: vec!["tlsf".to_owned(), "qm".to_owned()],
            stored: 100_000,
            flavors: vec![Flavor::C, Flavor::Ours],
            out: None,
            volume,
        }
    }
}

impl Options {
    /// The small run of `--quick`.
    pub fn quick() -> Self {
        let volume = Volume { refreshes: 4_000, seizes: 800, small_calls: 400, large_calls: 24 };
        Self {
            lines: vec![1_000, 5_000],
            rounds: 1,
            managers: vec!["tlsf".to_owned()],
            stored: 2_000,
            volume,
            ..Self::default()
        }
    }

    /// Reads the command line; `None` if it asks for help.
    ///
    /// # Errors
    ///
    /// An option that is not known, or a value that cannot be measured.
    pub fn parse(mut parser: Parser) -> Result<Option<Self>> {
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
            options.set(&name, &value)?;
        }
        options.lines.sort_unstable();
        ensure!(options.rounds > 0, "--rounds is 0, must be 1 or more");
        ensure!(!options.lines.is_empty(), "--lines is empty, must name a size");
        ensure!(options.lines.iter().all(|n| *n >= 100), "--lines must be 100 or more each");
        Ok(Some(options))
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        match name {
            "lines" => self.lines = value.split(',').map(str::parse).collect::<Result<_, _>>()?,
            "rounds" => self.rounds = value.parse()?,
            "managers" => self.managers = value.split(',').map(str::to_owned).collect(),
            "stored" => self.stored = value.parse()?,
            "flavors" => self.flavors = value.split(',').map(flavor).collect::<Result<_>>()?,
            "out" => self.out = Some(PathBuf::from(value)),
            _ => bail!("option --{name} is not known, see --help"),
        }
        Ok(())
    }
}

/// The flavor of that name.
pub(crate) fn flavor(name: &str) -> Result<Flavor> {
    match name {
        "c" => Ok(Flavor::C),
        "ours" => Ok(Flavor::Ours),
        _ => bail!("flavor {name} is not known, must be c or ours"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Option<Options>> {
        Options::parse(Parser::from_args(words))
    }

    #[test]
    fn what_is_given_outdoes_quick_wherever_it_stands() {
        for words in [["--rounds", "5", "--quick"], ["--quick", "--rounds", "5"]] {
            let options = parse(&words).unwrap().unwrap();
            assert_eq!(options, Options { rounds: 5, ..Options::quick() });
        }
    }

    #[test]
    fn sizes_and_flavors_are_lists() {
        let words = ["--lines", "5000,1000", "--flavors", "c"];
        let options = parse(&words).unwrap().unwrap();
        assert_eq!(options.lines, [1000, 5000]);
        assert_eq!(options.flavors, [Flavor::C]);
    }

    #[test]
    fn what_cannot_be_measured_is_refused() {
        for words in [["--rounds", "0"], ["--lines", "7"], ["--flavors", "d"], ["--speed", "1"]] {
            assert!(parse(&words).is_err(), "{words:?}");
        }
        assert!(parse(&["--help"]).unwrap().is_none());
    }
}
