//! The command line of this part.

use super::run::run;
use crate::options::{self, Common, Volume, known, list, sizes, words};
use anyhow::Result;

/// The names of all parts.
const PARTS: [&str; 4] = ["costs", "identities", "expiry", "restart"];

/// What to measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What all parts have.
    pub common: Common,
    /// What is measured, by its names.
    pub parts: Vec<String>,
    /// Numbers of registered users, ascending.
    pub users: Vec<usize>,
    /// Users for the restart.
    pub stored: usize,
    /// Contacts that expire together.
    pub expiring: usize,
    /// Seconds for the registrations at the start of a server.
    pub patience: u64,
    /// How much of each operation.
    pub volume: Volume,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            common: Common::new(2, &["qm", "tlsf"]),
            parts: words(&PARTS),
            users: vec![1_000, 50_000, 500_000, 1_000_000],
            stored: 100_000,
            expiring: 100_000,
            patience: 600,
            volume: Volume { registrations: 1_200, requests: 6_000 },
        }
    }
}

impl Options {
    /// Whether a part is to be measured.
    pub(crate) fn has(&self, part: &str) -> bool {
        self.parts.iter().any(|name| name == part)
    }
}

impl options::Options for Options {
    const USAGE: &str = "\
Measures the C modules ims_usrloc_scscf and ims_registrar_scscf and ours side by side.

usage: bench scscf [--quick] [--parts NAME,...] [--users N,N,...] [--stored N] [--expiring N]
                   [--rounds N] [--turns N] [--managers NAME,...] [--patience SECONDS]
                   [--flavors c,ours] [--out FILE]

  --quick        small sizes, one round, one manager: a look whether all works
  --parts        what to measure (costs,identities,expiry,restart)
  --users        numbers of registered users (1000,50000,500000,1000000)
  --stored       users in the database for the restart (100000)
  --expiring     contacts that expire at the same moment (100000)
  --rounds       rounds for the first manager, the others get one (2)
  --turns        turns of each operation in a round (10)
  --managers     memory managers of the server, as for its -x (qm,tlsf)
                 NAME+instructions counts instructions (valgrind) instead of time,
                 two turns of a tenth each: another load of the machine is no matter
  --patience     seconds that the registrations at the start of a server may take (600)
  --flavors      which modules (c,ours)
  --out          a file for the report, next to the standard output

environment: MODULES_DIR is the folder of our modules (target/modules),
             KAMAILIO_MODULES that of the stock ones (found by itself)
";

    fn quick() -> Self {
        Self {
            common: Common::quick("qm"),
            users: vec![1_000, 5_000],
            stored: 1_000,
            expiring: 2_000,
            patience: 60,
            volume: Volume { registrations: 250, requests: 1_000 },
            ..Self::default()
        }
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn common_mut(&mut self) -> &mut Common {
        &mut self.common
    }

    fn set(&mut self, name: &str, value: &str) -> Result<bool> {
        match name {
            "parts" => self.parts = list(value)?,
            "users" => self.users = list(value)?,
            "stored" => self.stored = value.parse()?,
            "expiring" => self.expiring = value.parse()?,
            "patience" => self.patience = value.parse()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&mut self) -> Result<()> {
        sizes("users", &mut self.users)?;
        known("part", &self.parts, &PARTS)
    }

    fn run(&self) -> Result<String> {
        run(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options as _;

    #[test]
    fn parts_and_sizes_are_lists() {
        let options = Options::parse(&["--parts", "expiry,costs", "--users", "50000,1000"]);
        let options = options.unwrap().unwrap();
        assert!(options.has("costs") && options.has("expiry") && !options.has("restart"));
        assert_eq!(options.users, [1_000, 50_000]);
    }

    #[test]
    fn what_cannot_be_measured_is_refused() {
        for words in [["--rounds", "0"], ["--users", "7"], ["--parts", "sca"], ["--speed", "1"]] {
            assert!(Options::parse(&words).is_err(), "{words:?}");
        }
        assert!(Options::parse(&["--help"]).unwrap().is_none());
        assert_eq!(Options::parse(&["--quick"]).unwrap().unwrap(), Options::quick());
    }
}
