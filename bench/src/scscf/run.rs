//! A whole run of this part, from the first server to the report.

use super::{
    config::LOOPS,
    expiry::{self, Expired},
    load::{Fill, Load, SHARED_MEGABYTES, Start},
    measure::{Key, Measure, Scene},
    options::Options,
    report::{Report, Unfilled},
    restart::{self, Restart},
};
use crate::{
    figures::Figures,
    machine,
    options::Flavor,
    run::{mpath, theirs},
    server::{Memory, PRIVATE_MEGABYTES},
};
use anyhow::{Context as _, Result, ensure};
use host_tests::{database::Database as _, install::install, mariadb::MariaDb};
use std::{
    fs,
    io::{Write as _, stderr},
    path::Path,
    time::{Duration, Instant},
};

/// How often each operation has its turn in a round.
const TURNS: usize = 3;
/// Registrations a second that any pair manages.
const PACE: usize = 700;

/// Measures what `options` ask for and gives the report as Markdown.
///
/// # Errors
///
/// A module that is not there, a server that does not start, more than one message in a thousand
/// lost.
pub fn run(options: &Options) -> Result<String> {
    for flavor in &options.flavors {
        for name in ["ims_usrloc_scscf", "ims_registrar_scscf"] {
            let module = install().module(theirs(*flavor), name);
            ensure!(
                module.is_file(),
                "{} is not there; MODULES_DIR names the folder of our modules, `make build` makes \
                 them, `--flavors c` leaves them out",
                module.display()
            );
        }
    }
    let mut bench = Bench {
        options,
        began: Instant::now(),
        figures: Figures::default(),
        unfilled: Vec::new(),
        restarts: Vec::new(),
        told: Vec::new(),
    };
    bench.measure()?;
    let mut notes = bench.notes();
    notes.append(&mut bench.told);
    let Bench { figures, unfilled, restarts, .. } = bench;
    Ok(Report { options, figures, unfilled, restarts, notes }.markdown())
}

/// A run under way.
struct Bench<'a> {
    options: &'a Options,
    began: Instant,
    figures: Figures<Key>,
    unfilled: Vec<Unfilled>,
    restarts: Vec<(Flavor, Restart)>,
    told: Vec<String>,
}

impl Bench<'_> {
    fn measure(&mut self) -> Result<()> {
        let options = self.options;
        for (position, manager) in options.managers.iter().enumerate() {
            let rounds = if position == 0 { options.rounds } else { 1 };
            let mut scenes = Vec::new();
            if options.has("costs") {
                scenes.extend(options.users.iter().map(|&users| Scene { identities: 1, users }));
            }
            if options.has("identities") {
                scenes.extend(options.users.first().map(|&users| Scene { identities: 3, users }));
            }
            for round in 1..=rounds {
                self.round(&format!("{manager}, round {round}"), manager, &scenes)?;
            }
            if options.has("expiry") {
                self.expiry(manager)?;
            }
        }
        if options.has("restart") { self.restart() } else { Ok(()) }
    }

    /// A round: a server of each flavor for each scene, and the operations of all by turns, so that
    /// what else the machine does meets all alike.
    fn round(&mut self, name: &str, manager: &str, scenes: &[Scene]) -> Result<()> {
        // Before the servers, so that it goes after them.
        let folder = tempfile::tempdir()?;
        let mut loads = Vec::new();
        for (scene, flavor) in
            scenes.iter().flat_map(|scene| self.options.flavors.iter().map(move |it| (*scene, *it)))
        {
            let key = |measure| Key { manager: manager.to_owned(), scene, flavor, measure };
            if self.unfilled.iter().any(|it| it.key == key(Measure::First)) {
                continue;
            }
            let name = format!("{name}, {} users, {}", scene.name(), flavor.name());
            self.say(&name);
            match self.prepare(&key, folder.path()) {
                Ok(ready) => loads.extend(ready.map(|load| (scene, flavor, load))),
                // Ours is to work; what C cannot do is told.
                Err(error) if flavor == Flavor::C => {
                    self.say(&format!("left out, after: {error:#}"));
                    self.told.push(format!("Left out: {name}, after: {}.", error.root_cause()));
                }
                Err(error) => return Err(error.context(name)),
            }
        }
        self.say(&format!("{name}, requests"));
        for _ in 0..TURNS {
            for measure in Measure::COSTS {
                for (scene, flavor, load) in &mut loads {
                    let (scene, flavor) = (*scene, *flavor);
                    let manager = manager.to_owned();
                    match load.cost(measure) {
                        Ok(cost) => self.figures.add(Key { manager, scene, flavor, measure }, cost),
                        Err(error) => self.told.push(format!(
                            "Left out: a turn of {}, {}, {} users, after: {}.",
                            flavor.name(),
                            measure.name(),
                            scene.name(),
                            error.root_cause()
                        )),
                    }
                }
            }
            // Who was first is last the next time.
            loads.reverse();
        }
        Ok(())
    }

    /// A server with all users of a scene registered; none if there was no time for that.
    fn prepare(&mut self, key: &impl Fn(Measure) -> Key, folder: &Path) -> Result<Option<Load>> {
        let Key { scene, flavor, manager, .. } = key(Measure::First);
        let modules = mpath(flavor)?;
        let start =
            Start { modules: &modules, manager: &manager, database: None, more: "", folder };
        let mut load = Load::start(start, scene, self.options.volume)?;
        let Fill { registered, time, memory } =
            load.fill(Duration::from_secs(self.options.patience))?;
        if registered < scene.users {
            self.say(&format!("{registered} in {} s, left out", time.as_secs()));
            self.unfilled.push(Unfilled { key: key(Measure::First), registered, time });
            return Ok(None);
        }
        load.warm_up()?;
        let Memory { asked, used } = memory;
        self.figures.add(key(Measure::Asked), share(asked, registered));
        self.figures.add(key(Measure::Used), share(used, registered));
        Ok(Some(load))
    }

    fn expiry(&mut self, manager: &str) -> Result<()> {
        for flavor in &self.options.flavors {
            let count = self.options.expiring;
            self.say(&format!("{manager}, {count} contacts expire, {}", flavor.name()));
            let (modules, folder) = (mpath(*flavor)?, tempfile::tempdir()?);
            let more = expiry::PARAMETERS;
            let folder = folder.path();
            let start = Start { modules: &modules, manager, database: None, more, folder };
            let Expired { waits, left } =
                expiry::waits(start, count, PACE).with_context(|| flavor.name().to_owned())?;
            if left > 0 {
                self.told.push(format!(
                    "{manager}, {}: {left} of {count} expired contacts were still held a minute \
                     after their end.",
                    flavor.name()
                ));
            }
            let scene = Scene { identities: 1, users: count };
            for (measure, value) in waits {
                let key = Key { manager: manager.to_owned(), scene, flavor: *flavor, measure };
                self.figures.add(key, value);
            }
        }
        Ok(())
    }

    /// The restart, with the first manager: our pair writes the users once, and both read them.
    fn restart(&mut self) -> Result<()> {
        let options = self.options;
        let manager = options.managers.first().context("--managers is empty")?;
        let server = MariaDb::start();
        let database = server.with(&schema()?);
        let (url, count, folder) = (database.url(), options.stored, tempfile::tempdir()?);
        let folder = folder.path();
        self.say(&format!("{count} users into mariadb"));
        let modules = mpath(Flavor::Ours)?;
        let writing = Some((url.as_str(), 2));
        let start = Start { modules: &modules, manager, database: writing, more: "", folder };
        restart::store(start, count)?;
        for flavor in &options.flavors {
            self.say(&format!("start with {count} users in mariadb, {}", flavor.name()));
            let modules = mpath(*flavor)?;
            let reading = Some((url.as_str(), 1));
            let start = Start { modules: &modules, manager, database: reading, more: "", folder };
            let restart = restart::start(start, count).with_context(|| flavor.name().to_owned())?;
            self.restarts.push((*flavor, restart));
        }
        Ok(())
    }

    fn say(&self, text: &str) {
        // Progress that nobody reads is no reason to stop.
        let _ = writeln!(stderr(), "[{:4} s] {text}", self.began.elapsed().as_secs());
    }

    fn notes(&self) -> Vec<String> {
        let took = self.began.elapsed().as_secs();
        vec![
            format!("Machine: {}.", machine::machine()),
            format!("Server: {}, {}.", machine::kamailio(), machine::mariadb()),
            format!("Command: `{}`, {took} s.", machine::command()),
            format!(
                "CPU: user and system time of all processes of the server without its idle time, \
                 per operation: medians of {TURNS} turns in each of {} rounds (one round with every \
                 manager after the first), the least and the greatest in parentheses. A \
                 registration is one `save` with a Server-Assignment that an HSS answers at once; a \
                 loop makes {LOOPS} lookups, and its request is part of the cost.",
                self.options.rounds
            ),
            format!(
                "Same configuration for both but for `mpath`: 2 workers, parameters of both modules \
                 by default but for `max_expires`, `use_path` and `path_mode`, `wt_timer` of `tm` \
                 250 ms, `-m {SHARED_MEGABYTES} -M {PRIVATE_MEGABYTES}`."
            ),
            "Memory: growth of `core.shmmem` per registered user with one contact and a profile \
             without filter criteria; asked for is `used` as the manager rounds it, really used is \
             `real_used`."
                .to_owned(),
            "Waits: two requests at a time with `lookup`, for other users than those that expire; \
             `timer_interval` and `contact_delete_delay` 5 s here."
                .to_owned(),
            "Restart: rows that our pair wrote, on a server whose C modules can read them."
                .to_owned(),
        ]
    }
}

/// The statements that make the tables for MariaDB, as the host's version names them.
fn schema() -> Result<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../db/mysql");
    let old = install().version() < host_tests::install::Version(6, 0);
    let name = if old { "ims_usrloc_scscf-5.6.sql" } else { "ims_usrloc_scscf.sql" };
    let read = |name: &str| {
        let path = folder.join(name);
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    };
    Ok(read("version.sql")? + &read(name)?)
}

fn share(bytes: u64, count: usize) -> f64 {
    let number = |value: u64| value.to_string().parse::<f64>().unwrap_or(f64::NAN);
    number(bytes) / f64::from(u32::try_from(count.max(1)).unwrap_or(u32::MAX))
}
