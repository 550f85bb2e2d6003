//! A whole run of this part, from the first server to the report.

use super::{
    expiry,
    load::{Fill, Load, Start},
    measure::{Key, Measure, Scene},
    options::Options,
    report::{Report, Unfilled},
    restart::{self, Restart},
    storage::Storage,
};
use crate::{
    figures::Figures,
    machine,
    options::Flavor,
    run::{mpath, theirs},
    server::{Memory, PRIVATE_MEGABYTES, SHARED_MEGABYTES},
    storage::Kind,
    telephones::network::Place,
};
use anyhow::{Context as _, Result, ensure};
use host_tests::{install::install, mariadb::MariaDb};
use std::{
    io::{Write as _, stderr},
    path::Path,
    time::{Duration, Instant},
};

/// How often each operation has its turn in a round.
const TURNS: usize = 3;
/// Registrations a second that any pair manages while nothing is stored.
const PACE: usize = 1_000;

/// Measures what `options` ask for and gives the report as Markdown.
///
/// # Errors
///
/// A module that is not there, a server that does not start, more than one message in a thousand
/// lost.
pub fn run(options: &Options) -> Result<String> {
    for flavor in &options.flavors {
        for name in ["ims_usrloc_pcscf", "ims_registrar_pcscf"] {
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
        repeated: Vec::new(),
    };
    bench.measure()?;
    let mut notes = bench.notes();
    notes.append(&mut bench.repeated);
    let Bench { figures, unfilled, restarts, .. } = bench;
    Ok(Report { options, figures, unfilled, restarts, notes }.markdown())
}

/// A run under way.
struct Bench<'a> {
    options: &'a Options,
    began: Instant,
    figures: Figures<Key>,
    unfilled: Vec<Unfilled>,
    restarts: Vec<(Kind, Flavor, Restart)>,
    repeated: Vec<String>,
}

impl Bench<'_> {
    fn measure(&mut self) -> Result<()> {
        let options = self.options;
        let scene = |place, contacts| Scene { place, contacts, storage: None };
        for (position, manager) in options.managers.iter().enumerate() {
            let rounds = if position == 0 { options.rounds } else { 1 };
            let mut scenes = Vec::new();
            if options.has("spread") {
                scenes.extend(options.contacts.iter().map(|count| scene(Place::Spread, *count)));
            }
            if options.has("crowd") {
                scenes.extend(options.crowd.iter().map(|count| scene(Place::Crowd, *count)));
            }
            for round in 1..=rounds {
                self.round(&format!("{manager}, round {round}"), manager, &scenes, None)?;
            }
            if options.has("expiry") {
                self.expiry(manager)?;
            }
        }
        if options.has("databases") || options.has("restart") {
            self.databases()?;
        }
        Ok(())
    }

    /// A round: a server of each flavor for each scene, and the operations of all by turns, so that
    /// what else the machine does meets all alike.
    fn round(
        &mut self,
        name: &str,
        manager: &str,
        scenes: &[Scene],
        server: Option<&MariaDb>,
    ) -> Result<()> {
        // Before the servers, so that it goes after them.
        let folder = tempfile::tempdir()?;
        let mut figures = Figures::default();
        let mut loads = Vec::new();
        for (scene, flavor) in
            scenes.iter().flat_map(|scene| self.options.flavors.iter().map(move |it| (*scene, *it)))
        {
            let key = |measure| Key { manager: manager.to_owned(), scene, flavor, measure };
            if self.unfilled.iter().any(|it| it.key == key(Measure::First)) {
                continue;
            }
            let name = format!("{name}, {} contacts, {}", scene.name(), flavor.name());
            self.say(&name);
            let folder = tempfile::tempdir_in(folder.path())?.keep();
            let ready = self.prepare(&key, &folder, server, &mut figures).or_else(|error| {
                // Once: a run of many minutes outlives one mishap, and tells of it.
                self.repeated.push(format!("Repeated: {name}, after: {}.", error.root_cause()));
                self.say(&format!("again, after: {error:#}"));
                let folder = tempfile::tempdir_in(&folder)?.keep();
                self.prepare(&key, &folder, server, &mut figures).context(name)
            })?;
            loads.extend(ready.map(|load| (scene, flavor, load)));
        }
        self.say(&format!("{name}, requests"));
        for _ in 0..TURNS {
            for measure in Measure::COSTS {
                for (scene, flavor, load) in &mut loads {
                    let (scene, flavor) = (*scene, *flavor);
                    let manager = manager.to_owned();
                    match load.cost(measure) {
                        Ok(cost) => figures.add(Key { manager, scene, flavor, measure }, cost),
                        Err(error) => self.repeated.push(format!(
                            "Left out: a turn of {}, {}, {} contacts, after: {}.",
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
        self.figures.append(figures);
        Ok(())
    }

    /// A server with all telephones of a scene registered; none if there was no time for that.
    fn prepare(
        &mut self,
        key: &impl Fn(Measure) -> Key,
        folder: &Path,
        server: Option<&MariaDb>,
        figures: &mut Figures<Key>,
    ) -> Result<Option<Load>> {
        let Key { scene, flavor, manager, .. } = key(Measure::First);
        let database = database(scene, folder, server)?.map(|storage| storage.url());
        let (modules, database) = (mpath(flavor)?, database.unwrap_or_default());
        let start = Start { modules: &modules, manager: &manager, database: &database, more: "" };
        let mut load = Load::start(start, scene, self.options.volume)?;
        let fill = load.fill(Duration::from_secs(self.options.patience))?;
        let Fill { registered, time, memory: Memory { asked, used } } = fill;
        if registered < scene.contacts {
            self.say(&format!("{registered} in {} s, left out", time.as_secs()));
            self.unfilled.push(Unfilled { key: key(Measure::First), registered, time });
            return Ok(None);
        }
        load.warm_up()?;
        figures.add(key(Measure::Asked), share(asked, registered));
        figures.add(key(Measure::Used), share(used, registered));
        Ok(Some(load))
    }

    fn expiry(&mut self, manager: &str) -> Result<()> {
        for flavor in &self.options.flavors {
            let count = self.options.expiring;
            self.say(&format!("{manager}, {count} contacts expire, {}", flavor.name()));
            let modules = mpath(*flavor)?;
            let start =
                Start { modules: &modules, manager, database: "", more: expiry::PARAMETERS };
            let waits =
                expiry::waits(start, count, PACE).with_context(|| flavor.name().to_owned())?;
            let scene = Scene { place: Place::Spread, contacts: count, storage: None };
            for (measure, value) in waits {
                let key = Key { manager: manager.to_owned(), scene, flavor: *flavor, measure };
                self.figures.add(key, value);
            }
        }
        Ok(())
    }

    /// The database modes and the restart, with the first manager.
    fn databases(&mut self) -> Result<()> {
        let options = self.options;
        let manager = options.managers.first().context("--managers is empty")?;
        let server = MariaDb::start();
        for name in &options.databases {
            let kind = if name == "sqlite" { Kind::Sqlite } else { Kind::MariaDb };
            if options.has("databases") {
                let of = |contacts| {
                    let scene = move |mode| Scene {
                        place: Place::Spread,
                        contacts,
                        storage: Some((kind, mode)),
                    };
                    options.modes.iter().copied().map(scene)
                };
                let scenes: Vec<_> = options.db_contacts.iter().copied().flat_map(of).collect();
                self.round(
                    &format!("{manager}, {}", kind.name()),
                    manager,
                    &scenes,
                    Some(&server),
                )?;
            }
            if options.has("restart") {
                self.restart(manager, kind, &server)?;
            }
        }
        Ok(())
    }

    fn restart(&mut self, manager: &str, kind: Kind, server: &MariaDb) -> Result<()> {
        for flavor in &self.options.flavors {
            let (on, count) = (kind.name(), self.options.stored);
            self.say(&format!("start with {count} contacts on {on}, {}", flavor.name()));
            let folder = tempfile::tempdir()?;
            let storage = match kind {
                Kind::Sqlite => Storage::sqlite(folder.path())?,
                Kind::MariaDb => Storage::mariadb(server)?,
            };
            let (modules, database) = (mpath(*flavor)?, storage.url());
            let start = Start { modules: &modules, manager, database: &database, more: "" };
            let restart = restart::start(start, &storage, kind, count)
                .with_context(|| format!("{} on {on}", flavor.name()))?;
            self.restarts.push((kind, *flavor, restart));
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
                 per request: medians of {TURNS} turns in each of {} rounds (one round with every \
                 manager after the first, and with databases), the least and the greatest in \
                 parentheses. A REGISTER is one `pcscf_save_pending`, a relay to a home network \
                 that answers, and one `pcscf_save`; the other requests are answered at once.",
                self.options.rounds
            ),
            format!(
                "Same configuration for both but for `mpath`: 2 workers, parameters of both modules \
                 by default, `ims_ipsec_pcscf` loaded, `wt_timer` of `tm` 250 ms, `-m \
                 {SHARED_MEGABYTES} -M {PRIVATE_MEGABYTES}`."
            ),
            "Memory: growth of `core.shmmem` per registered contact with three identities and a \
             Service-Route; asked for is `used` as the manager rounds it, really used is \
             `real_used`."
                .to_owned(),
            "Waits: two requests at a time with `pcscf_is_registered`, of other telephones than \
             those that expire; `expires_grace` 1 s and `timer_interval` 5 s here."
                .to_owned(),
            "The C module of 5.6 keeps nothing in modes 2 and 3: what stands there for it is \
             memory only."
                .to_owned(),
        ]
    }
}

/// The database of a scene, empty.
fn database(scene: Scene, folder: &Path, server: Option<&MariaDb>) -> Result<Option<Storage>> {
    let Some((kind, _)) = scene.storage else { return Ok(None) };
    let storage = match (kind, server) {
        (Kind::MariaDb, Some(server)) => Storage::mariadb(server)?,
        _ => Storage::sqlite(folder)?,
    };
    Ok(Some(storage))
}

fn share(bytes: u64, count: usize) -> f64 {
    let number = |value: u64| f64::from(u32::try_from(value).unwrap_or(u32::MAX));
    number(bytes) / f64::from(u32::try_from(count.max(1)).unwrap_or(u32::MAX))
}
