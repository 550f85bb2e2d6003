//! A whole run, from the first server to the report.

use crate::{
    figures::{Figures, Key, Measure},
    load::Load,
    machine,
    options::{Flavor, Options},
    report::{Report, Restart},
    restart,
    server::{self, Setup},
    storage::Storage,
};
use anyhow::{Context as _, Result, ensure};
use host_tests::{install::install, mariadb::MariaDb};
use std::{
    fs,
    io::{Write as _, stderr},
    path::Path,
    time::Instant,
};

/// Measures what `options` ask for and gives the report as Markdown.
///
/// # Errors
///
/// A module that is not there, a server that does not start, more than one message in a thousand
/// lost.
pub fn run(options: &Options) -> Result<String> {
    let bench = Bench::new(options)?;
    let (figures, repeated) = bench.figures()?;
    let restarts = bench.restarts()?;
    let mut notes = notes(options, bench.began.elapsed().as_secs());
    notes.extend(repeated);
    Ok(Report { options, figures: &figures, restarts: &restarts, notes }.markdown())
}

/// How often each operation has its turn in a round.
const TURNS: usize = 3;

/// A run under way.
struct Bench<'a> {
    options: &'a Options,
    began: Instant,
}

impl<'a> Bench<'a> {
    /// Refuses to begin without the modules.
    fn new(options: &'a Options) -> Result<Self> {
        for flavor in &options.flavors {
            let module = install().module(theirs(*flavor), "sca");
            ensure!(
                module.is_file(),
                "{} is not there; MODULES_DIR names the folder of our modules, `make build` \
                 makes them, `--flavors c` leaves them out",
                module.display()
            );
        }
        Ok(Self { options, began: Instant::now() })
    }

    /// Costs and sizes, and which rounds had to be repeated. The first manager gets all rounds,
    /// the others one.
    fn figures(&self) -> Result<(Figures, Vec<String>)> {
        let (mut figures, mut repeated) = (Figures::default(), Vec::new());
        for (position, manager) in self.options.managers.iter().enumerate() {
            let rounds = if position == 0 { self.options.rounds } else { 1 };
            for round in 1..=rounds {
                for lines in &self.options.lines {
                    let name = format!("{manager}, round {round}, {lines} lines");
                    self.say(&name);
                    let found = self.round(manager, *lines).or_else(|error| {
                        // Once: a run of many minutes outlives one mishap, and tells of it.
                        repeated.push(format!("Repeated: {name}, after: {}.", error.root_cause()));
                        self.say(&format!("again, after: {error:#}"));
                        self.round(manager, *lines).context(name)
                    })?;
                    figures.append(found);
                }
            }
        }
        Ok((figures, repeated))
    }

    /// A round of one size: a server of each flavor, and their operations by turns, so that what
    /// else the machine does meets both alike.
    fn round(&self, manager: &str, lines: usize) -> Result<Figures> {
        let mut figures = Figures::default();
        // Before the servers, so that it goes after them.
        let folder = tempfile::tempdir()?;
        let mut loads = Vec::new();
        let key = |flavor, measure| Key { manager: manager.to_owned(), lines, flavor, measure };
        for flavor in &self.options.flavors {
            let folder = tempfile::tempdir_in(folder.path())?.keep();
            let (modules, database) = (mpath(*flavor)?, Storage::sqlite(&folder).url());
            let setup = Setup { modules: &modules, manager, database: &database };
            let mut load = Load::new(setup, lines).with_context(|| flavor.name().to_owned())?;
            figures.add(key(*flavor, Measure::SubscriptionAsked), load.subscription.asked);
            figures.add(key(*flavor, Measure::SubscriptionUsed), load.subscription.used);
            load.warm_up(self.options.volume)?;
            loads.push((*flavor, load));
        }
        for _ in 0..TURNS {
            for measure in Measure::COSTS {
                for (flavor, load) in &mut loads {
                    let cost = load
                        .cost(measure, self.options.volume)
                        .with_context(|| flavor.name().to_owned())?;
                    figures.add(key(*flavor, measure), cost);
                }
            }
            // Who was first is second the next time.
            loads.reverse();
        }
        if self.options.lines.first() == Some(&lines) {
            for (flavor, load) in &mut loads {
                let bytes = load.appearance(lines)?;
                figures.add(key(*flavor, Measure::AppearanceAsked), bytes.asked);
                figures.add(key(*flavor, Measure::AppearanceUsed), bytes.used);
            }
        }
        Ok(figures)
    }

    /// Stop and start on each database, with the first manager.
    fn restarts(&self) -> Result<Vec<Restart>> {
        let mut restarts = Vec::new();
        if self.options.stored == 0 {
            return Ok(restarts);
        }
        let folder = tempfile::tempdir()?;
        let server = MariaDb::start();
        for storage in [Storage::sqlite(folder.path()), Storage::mariadb(&server)] {
            for flavor in &self.options.flavors {
                restarts.push(
                    self.restart(&storage, *flavor).with_context(|| {
                        format!("{} on {}", flavor.name(), storage.kind().name())
                    })?,
                );
            }
        }
        Ok(restarts)
    }

    fn restart(&self, storage: &Storage, flavor: Flavor) -> Result<Restart> {
        let (modules, database) = (mpath(flavor)?, storage.url());
        let manager = self.options.managers.first().context("--managers is empty")?;
        let setup = Setup { modules: &modules, manager, database: &database };
        let (kind, count) = (storage.kind(), self.options.stored);
        let (name, on) = (flavor.name(), kind.name());
        self.say(&format!("stop with {count} subscriptions on {on}, {name}"));
        let stop = restart::stop(setup, storage, count)?;
        self.say(&format!("start with {count} subscriptions on {on}, {name}"));
        let start = restart::start(setup, storage, count)?;
        Ok(Restart { kind, flavor, stop, start })
    }

    fn say(&self, text: &str) {
        // Progress that nobody reads is no reason to stop.
        let _ = writeln!(stderr(), "[{:4} s] {text}", self.began.elapsed().as_secs());
    }
}

fn notes(options: &Options, took: u64) -> Vec<String> {
    let rounds = options.rounds;
    vec![
        format!("Machine: {}.", machine::machine()),
        format!("Server: {}, {}.", machine::kamailio(), machine::mariadb()),
        format!("Command: `{}`, {took} s.", machine::command()),
        format!(
            "CPU: user and system time of all processes of the server without its idle time, per \
             operation: medians of {TURNS} turns in each of {rounds} rounds (one round with every \
             manager after the first), the least and the greatest in parentheses."
        ),
        format!(
            "Same configuration for both but for `mpath`: 2 workers, parameters of `sca` by \
             default but for `purge_expired_interval` and `db_update_interval` ({} s, so that no \
             job falls into a measurement), `wt_timer` of `tm` 250 ms, `-m {} -M {}`.",
            server::JOB_INTERVAL,
            server::SHARED_MEGABYTES,
            server::PRIVATE_MEGABYTES
        ),
        "Memory: growth of `core.shmmem` per subscription (one line each) and per answered call; \
         asked for is `used` as the manager rounds it, really used is `real_used`."
            .to_owned(),
        format!(
            "Stop: `exit_timeout` is {} s here; with its default of 60 s the server kills a \
             module that needs longer.",
            server::EXIT_TIMEOUT
        ),
    ]
}

/// The same, as the harness of the tests calls it.
pub(crate) fn theirs(flavor: Flavor) -> host_tests::Flavor {
    match flavor {
        Flavor::C => host_tests::Flavor::C,
        Flavor::Ours => host_tests::Flavor::Ours,
    }
}

/// The value of `mpath`: the folder of the modules that are wanted, then the stock modules.
pub(crate) fn mpath(flavor: Flavor) -> Result<String> {
    let stock = install().modules().display();
    if flavor == Flavor::C {
        return Ok(format!("{stock}/"));
    }
    let module = install().module(theirs(flavor), "sca");
    let folder = fs::canonicalize(module.parent().unwrap_or(Path::new(".")))?;
    Ok(format!("{}/:{stock}/", folder.display()))
}
