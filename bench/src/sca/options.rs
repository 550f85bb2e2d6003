//! The command line of this part.

use super::run::run;
use crate::options::{self, Common, list, sizes};
use anyhow::{Result, ensure};

/// How much of each operation one turn plays.
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
    /// What all parts have.
    pub common: Common,
    /// Numbers of subscribed lines, ascending.
    pub lines: Vec<usize>,
    /// How many subscriptions are stored for the stop and the start.
    pub stored: usize,
    /// How much of each operation.
    pub volume: Volume,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            common: Common::new(3, &["tlsf", "qm"]),
            lines: vec![1_000, 10_000, 100_000],
            stored: 100_000,
            volume: Volume { refreshes: 6_000, seizes: 1_200, small_calls: 450, large_calls: 45 },
        }
    }
}

impl options::Options for Options {
    const USAGE: &str = "\
Measures the C module `sca` and ours side by side on the installed Kamailio.

usage: bench sca [--quick] [--lines N,N,...] [--rounds N] [--turns N] [--managers NAME,...]
                 [--stored N] [--flavors c,ours] [--out FILE]

  --quick     small sizes, one round, one manager: a look whether all works
  --lines     numbers of subscribed lines (1000,10000,100000)
  --rounds    rounds for the first manager, the others get one (3)
  --turns     turns of each operation in a round (10)
  --managers  memory managers of the server, as for its -x (tlsf,qm)
              NAME+instructions counts instructions (valgrind) instead of time,
              two turns of a tenth each: another load of the machine is no matter
  --stored    subscriptions for the stop and the start; 0 leaves these out (100000)
  --flavors   which modules (c,ours)
  --out       a file for the report, next to the standard output

environment: MODULES_DIR is the folder of our sca.so (target/modules),
             KAMAILIO_MODULES that of the stock one (found by itself)
";

    fn quick() -> Self {
        Self {
            common: Common::quick("tlsf"),
            lines: vec![1_000, 5_000],
            stored: 2_000,
            volume: Volume { refreshes: 2_000, seizes: 400, small_calls: 200, large_calls: 12 },
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
            "lines" => self.lines = list(value)?,
            "stored" => self.stored = value.parse()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&mut self) -> Result<()> {
        ensure!(!self.lines.is_empty(), "--lines is empty, must name a size");
        sizes("lines", &mut self.lines)
    }

    fn run(&self) -> Result<String> {
        run(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{flavor::Flavor, options::Options as _};

    #[test]
    fn what_is_given_outdoes_quick_wherever_it_stands() {
        for words in [["--rounds", "5", "--quick"], ["--quick", "--rounds", "5"]] {
            let options = Options::parse(&words).unwrap().unwrap();
            let mut expected = Options::quick();
            expected.common.rounds = 5;
            assert_eq!(options, expected);
        }
    }

    #[test]
    fn sizes_and_flavors_are_lists() {
        let options = Options::parse(&["--lines", "5000,1000", "--flavors", "c"]);
        let options = options.unwrap().unwrap();
        assert_eq!(options.lines, [1000, 5000]);
        assert_eq!(options.common.flavors, [Flavor::C]);
    }

    #[test]
    fn what_cannot_be_measured_is_refused() {
        for words in [
            ["--rounds", "0"],
            ["--turns", "0"],
            ["--lines", "7"],
            ["--flavors", "d"],
            ["--speed", "1"],
        ] {
            assert!(Options::parse(&words).is_err(), "{words:?}");
        }
        assert!(Options::parse(&["--help"]).unwrap().is_none());
    }
}
