//! Whose modules are measured, and where they lie.

use anyhow::{Result, bail, ensure};
use host_tests::install::install;
use std::{fs, path::Path};

/// Whose modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flavor {
    /// Those that come with Kamailio.
    C,
    /// Those of this project.
    Ours,
}

impl Flavor {
    /// Both, in the order of the columns of a report.
    pub(crate) const BOTH: [Self; 2] = [Self::C, Self::Ours];

    /// Its name in progress lines.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::C => "C",
            Self::Ours => "ours",
        }
    }

    /// The flavor of that name on the command line.
    ///
    /// # Errors
    ///
    /// Another name than `c` and `ours`.
    pub(crate) fn parse(name: &str) -> Result<Self> {
        match name {
            "c" => Ok(Self::C),
            "ours" => Ok(Self::Ours),
            _ => bail!("flavor {name} is not known, must be c or ours"),
        }
    }

    /// The same, as the harness of the tests calls it.
    const fn theirs(self) -> host_tests::Flavor {
        match self {
            Self::C => host_tests::Flavor::C,
            Self::Ours => host_tests::Flavor::Ours,
        }
    }

    /// Refuses to go on without a module of it.
    ///
    /// # Errors
    ///
    /// A module of `names` that is no file.
    pub(crate) fn require(self, names: &[&str]) -> Result<()> {
        for name in names {
            let module = install().module(self.theirs(), name);
            ensure!(
                module.is_file(),
                "{} is not there; MODULES_DIR names the folder of our modules, `make build` makes \
                 them, `--flavors c` leaves them out",
                module.display()
            );
        }
        Ok(())
    }

    /// The value of `mpath`: the folder of the modules that are wanted, then the stock modules.
    ///
    /// # Errors
    ///
    /// The folder of our modules is not there.
    pub(crate) fn mpath(self) -> Result<String> {
        let stock = install().modules().display();
        if self == Self::C {
            return Ok(format!("{stock}/"));
        }
        let module = install().module(self.theirs(), "sca");
        let folder = fs::canonicalize(module.parent().unwrap_or(Path::new(".")))?;
        Ok(format!("{}/:{stock}/", folder.display()))
    }
}
