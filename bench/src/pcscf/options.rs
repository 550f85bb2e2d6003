//! The command line of this part.

use super::run::run;
use crate::options::{self, Common, Volume, known, list, sizes, words};
use anyhow::{Result, ensure};

/// The names of all parts.
const PARTS: [&str; 5] = ["spread", "crowd", "databases", "restart", "expiry"];
/// The names of all databases.
const DATABASES: [&str; 2] = ["sqlite", "mariadb"];

/// What to measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What all parts have.
    pub common: Common,
    /// What is measured, by its names.
    pub parts: Vec<String>,
    /// Numbers of contacts with an address each, ascending.
    pub contacts: Vec<usize>,
    /// Numbers of contacts behind one address, ascending.
    pub crowd: Vec<usize>,
    /// Numbers of contacts in the database modes, ascending.
    pub db_contacts: Vec<usize>,
    /// Names of databases.
    pub databases: Vec<String>,
    /// Database modes.
    pub modes: Vec<u8>,
    /// Rows for the restart.
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
            common: Common::new(2, &["tlsf", "qm"]),
            parts: words(&PARTS),
            contacts: vec![1_000, 50_000, 500_000],
            crowd: vec![250, 4_000, 50_000],
            db_contacts: vec![1_000],
            databases: words(&DATABASES),
            modes: vec![1, 2, 3],
            stored: 100_000,
            expiring: 50_000,
            patience: 240,
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
Measures the C modules ims_usrloc_pcscf and ims_registrar_pcscf and ours side by side.

usage: bench pcscf [--quick] [--parts NAME,...] [--contacts N,N,...] [--crowd N,N,...]
                   [--db-contacts N,N,...] [--databases NAME,...] [--modes N,...] [--stored N]
                   [--expiring N] [--rounds N] [--turns N] [--managers NAME,...]
                   [--patience SECONDS] [--flavors c,ours] [--out FILE]

  --quick        small sizes, one round, one manager: a look whether all works
  --parts        what to measure (spread,crowd,databases,restart,expiry)
  --contacts     numbers of registered contacts, an address each (1000,50000,500000)
  --crowd        numbers of registered contacts behind one address (250,4000,50000)
  --db-contacts  numbers of registered contacts in the database modes (1000)
  --databases    databases of these (sqlite,mariadb)
  --modes        database modes (1,2,3)
  --stored       rows in the table for the restart (100000)
  --expiring     contacts that expire at the same moment (50000)
  --rounds       rounds for the first manager, the others get one (2)
  --turns        turns of each operation in a round (10)
  --managers     memory managers of the server, as for its -x (tlsf,qm)
                 NAME+instructions counts instructions (valgrind) instead of time,
                 two turns of a tenth each: another load of the machine is no matter
  --patience     seconds that the registrations at the start of a server may take (240)
  --flavors      which modules (c,ours)
  --out          a file for the report, next to the standard output

environment: MODULES_DIR is the folder of our modules (target/modules),
             KAMAILIO_MODULES that of the stock ones (found by itself)
";

    fn quick() -> Self {
        Self {
            common: Common::quick("tlsf"),
            contacts: vec![1_000, 5_000],
            crowd: vec![250, 1_000],
            db_contacts: vec![250],
            stored: 2_000,
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
            "contacts" => self.contacts = list(value)?,
            "crowd" => self.crowd = list(value)?,
            "db-contacts" => self.db_contacts = list(value)?,
            "databases" => self.databases = list(value)?,
            "modes" => self.modes = list(value)?,
            "stored" => self.stored = value.parse()?,
            "expiring" => self.expiring = value.parse()?,
            "patience" => self.patience = value.parse()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&mut self) -> Result<()> {
        sizes("contacts", &mut self.contacts)?;
        sizes("crowd", &mut self.crowd)?;
        sizes("db-contacts", &mut self.db_contacts)?;
        known("part", &self.parts, &PARTS)?;
        known("database", &self.databases, &DATABASES)?;
        ensure!(self.modes.iter().all(|mode| (1..=3).contains(mode)), "--modes are 1 to 3");
        Ok(())
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
        let words = ["--parts", "crowd,expiry", "--crowd", "4000,250", "--modes", "3"];
        let options = Options::parse(&words).unwrap().unwrap();
        assert!(options.has("crowd") && options.has("expiry") && !options.has("spread"));
        assert_eq!((options.crowd, options.modes), (vec![250, 4000], vec![3]));
    }

    #[test]
    fn what_cannot_be_measured_is_refused() {
        for words in [
            ["--rounds", "0"],
            ["--contacts", "7"],
            ["--parts", "sca"],
            ["--databases", "oracle"],
            ["--modes", "0"],
            ["--speed", "1"],
        ] {
            assert!(Options::parse(&words).is_err(), "{words:?}");
        }
        assert!(Options::parse(&["--help"]).unwrap().is_none());
        assert_eq!(Options::parse(&["--quick"]).unwrap().unwrap(), Options::quick());
    }
}
