//! The command line of this part.

use crate::options::{Flavor, flavor};
use anyhow::{Result, bail, ensure};
use lexopt::{Arg, Parser, ValueExt as _};
use std::path::PathBuf;

/// What `scscf --help` prints.
pub const USAGE: &str = "\
Measures the C modules ims_usrloc_scscf and ims_registrar_scscf and ours side by side.

usage: bench scscf [--quick] [--parts NAME,...] [--users N,N,...] [--stored N] [--expiring N]
                   [--rounds N] [--managers NAME,...] [--patience SECONDS] [--flavors c,ours]
                   [--out FILE]

  --quick        small sizes, one round, one manager: a look whether all works
  --parts        what to measure (costs,identities,expiry,restart)
  --users        numbers of registered users (1000,50000,500000,1000000)
  --stored       users in the database for the restart (100000)
  --expiring     contacts that expire at the same moment (100000)
  --rounds       rounds for the first manager, the others get one (2)
  --managers     memory managers of the server, as for its -x (qm,tlsf)
  --patience     seconds that the registrations at the start of a server may take (600)
  --flavors      which modules (c,ours)
  --out          a file for the report, next to the standard output

environment: MODULES_DIR is the folder of our modules (target/modules),
             KAMAILIO_MODULES that of the stock ones (found by itself)
";

/// The names of all parts.
const PARTS: [&str; 4] = ["costs", "identities", "expiry", "restart"];

/// How much of each operation one measurement plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Registrations and subscriptions.
    pub registrations: usize,
    /// Other requests.
    pub requests: usize,
}

/// What to measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The parts, by their names.
    pub parts: Vec<String>,
    /// Numbers of registered users, ascending.
    pub users: Vec<usize>,
    /// Users for the restart.
    pub stored: usize,
    /// Contacts that expire together.
    pub expiring: usize,
    /// Rounds for the first manager; the others get one.
    pub rounds: usize,
    /// The memory managers.
    pub managers: Vec<String>,
    /// Seconds for the registrations at the start of a server.
    pub patience: u64,
    /// The modules.
    pub flavors: Vec<Flavor>,
    /// Where the report goes besides the standard output.
    pub out: Option<PathBuf>,
    /// How much of each operation.
    pub volume: Volume,
}

impl Default for Options {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            parts: words(&PARTS),
            users: vec![1_000, 50_000, 500_000, 1_000_000],
            stored: 100_000,
            expiring: 100_000,
            rounds: 2,
            managers: words(&["qm", "tlsf"]),
            patience: 600,
            flavors: vec![Flavor::C, Flavor::Ours],
            out: None,
            volume: Volume { registrations: 4_000, requests: 20_000 },
        }
    }
}

impl Options {
    /// The small run of `--quick`.
    pub fn quick() -> Self {
        Self {
            users: vec![1_000, 5_000],
            stored: 1_000,
            expiring: 2_000,
            rounds: 1,
            managers: vec!["qm".to_owned()],
            patience: 60,
            volume: Volume { registrations: 500, requests: 2_000 },
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
        options.users.sort_unstable();
        ensure!(options.users.iter().all(|n| *n >= 100), "a number of users must be 100 or more");
        ensure!(options.rounds > 0, "--rounds is 0, must be 1 or more");
        for part in &options.parts {
            let known = PARTS.contains(&part.as_str());
            ensure!(known, "part {part} is not known, must be of {PARTS:?}");
        }
        Ok(Some(options))
    }

    /// Whether a part is to be measured.
    pub fn has(&self, part: &str) -> bool {
        self.parts.iter().any(|name| name == part)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let words = || value.split(',').map(str::to_owned).collect();
        match name {
            "parts" => self.parts = words(),
            "users" => self.users = value.split(',').map(str::parse).collect::<Result<_, _>>()?,
            "stored" => self.stored = value.parse()?,
            "expiring" => self.expiring = value.parse()?,
            "rounds" => self.rounds = value.parse()?,
            "managers" => self.managers = words(),
            "patience" => self.patience = value.parse()?,
            "flavors" => self.flavors = value.split(',').map(flavor).collect::<Result<_>>()?,
            "out" => self.out = Some(PathBuf::from(value)),
            _ => bail!("option --{name} is not known, see --help"),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Option<Options>> {
        Options::parse(Parser::from_args(words))
    }

    #[test]
    fn parts_and_sizes_are_lists() {
        let options = parse(&["--parts", "expiry,costs", "--users", "50000,1000"]);
        let options = options.unwrap().unwrap();
        assert!(options.has("costs") && options.has("expiry") && !options.has("restart"));
        assert_eq!(options.users, [1_000, 50_000]);
    }

    #[test]
    fn what_cannot_be_measured_is_refused() {
        for words in [["--rounds", "0"], ["--users", "7"], ["--parts", "sca"], ["--speed", "1"]] {
            assert!(parse(&words).is_err(), "{words:?}");
        }
        assert!(parse(&["--help"]).unwrap().is_none());
        assert_eq!(parse(&["--quick"]).unwrap().unwrap(), Options::quick());
    }
}
