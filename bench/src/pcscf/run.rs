//! A whole run of this part, from the first server to the report.

use super::{
    load::{Load, Start},
    measure::{Scene, WORKERS},
    options::Options,
    report::{Restart, report},
    rows::storage,
};
use crate::{
    flavor::Flavor,
    options::Volume,
    registrar::{self, ASKING, ROUND, expire},
    round::{Prepared, Run, Site},
    storage::Kind,
    telephones::network::Place,
};
use anyhow::Result;
use host_tests::mariadb::MariaDb;
use std::time::Duration;

/// Registrations a second that any pair manages while nothing is stored.
const PACE: usize = 1_000;
/// A start that takes longer is not waited for.
const START: Duration = Duration::from_secs(120);
/// The mode whose rows are all read at a start.
const RESTART_MODE: u8 = 1;
/// What the expiry sets: the defaults are an hour of grace and a look a minute.
const EXPIRY: &str = "modparam(\"ims_usrloc_pcscf\", \"expires_grace\", 1)\n\
    modparam(\"ims_usrloc_pcscf\", \"timer_interval\", 5)\n";

/// Measures what `options` ask for and gives the report as Markdown.
///
/// # Errors
///
/// A module that is not there, a server that does not start, more than one message in a thousand
/// lost.
pub(crate) fn run(options: &Options) -> Result<String> {
    let run = Run::new(&options.common, &["ims_usrloc_pcscf", "ims_registrar_pcscf"])?;
    let mut bench = Bench { options, run, restarts: Vec::new() };
    bench.measure()?;
    let Bench { run, restarts, .. } = bench;
    let configured = format!("{WORKERS} workers where the row says nothing else, {CONFIGURED}");
    let notes = run.notes(OPERATION, &configured, &NOTES.map(str::to_owned));
    Ok(report(options, &notes, &run.figures, &run.unfilled, &restarts))
}

/// A run under way.
struct Bench<'a> {
    options: &'a Options,
    run: Run<'a, Scene, Load>,
    restarts: Vec<Restart>,
}

impl Bench<'_> {
    fn measure(&mut self) -> Result<()> {
        let options = self.options;
        let mut scenes = Vec::new();
        if options.has("spread") {
            scenes.extend(options.contacts.iter().map(|it| Scene::new(Place::Spread, *it)));
        }
        if options.has("crowd") {
            scenes.extend(options.crowd.iter().map(|it| Scene::new(Place::Crowd, *it)));
        }
        for (manager, rounds) in options.common.managers() {
            for round in 1..=rounds {
                let name = format!("{manager}, round {round}");
                self.run.round(&name, manager, &scenes, |site| prepare(options, site, None))?;
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

    fn expiry(&mut self, manager: &str) -> Result<()> {
        for flavor in &self.options.common.flavors {
            let count = self.options.expiring;
            self.run.say(&format!("{manager}, {count} contacts expire, {}", flavor.name()));
            let start = Start { modules: &flavor.mpath()?, manager, more: EXPIRY };
            let scene = Scene::new(Place::Spread, count);
            let volume = Volume { registrations: ASKING, requests: ROUND };
            let expired = Load::start(start, scene, volume, None)
                .and_then(|mut load| expire(&mut load, count, PACE));
            self.run.expired(manager, scene, *flavor, count, expired);
        }
        Ok(())
    }

    /// The database modes and the restart, with the first manager.
    fn databases(&mut self) -> Result<()> {
        let options = self.options;
        let manager = options.common.manager();
        let server = MariaDb::start();
        for name in &options.databases {
            let kind = if name == "sqlite" { Kind::Sqlite } else { Kind::MariaDb };
            if options.has("databases") {
                let of = |contacts| {
                    let plain = Scene::new(Place::Spread, contacts);
                    options
                        .modes
                        .iter()
                        .map(move |mode| Scene { storage: Some((kind, *mode)), ..plain })
                };
                let mut scenes: Vec<_> = options.db_contacts.iter().copied().flat_map(of).collect();
                if kind == Kind::Sqlite {
                    // It lets one process write, and C gives up what it cannot write at once.
                    let alone = scenes.iter().filter(|it| matches!(it.storage, Some((_, 1))));
                    let alone: Vec<_> = alone.map(|it| Scene { workers: 1, ..*it }).collect();
                    scenes.extend(alone);
                }
                let name = format!("{manager}, {}", kind.name());
                let ready = |site: Site<'_, Scene>| prepare(options, site, Some(&server));
                self.run.round(&name, manager, &scenes, ready)?;
            }
            if options.has("restart") {
                for flavor in &options.common.flavors {
                    let restart = self.restart(manager, kind, *flavor, &server);
                    let what = format!("the start of {} on {}", flavor.name(), kind.name());
                    let restart = self.run.got(&what, restart);
                    self.restarts.extend(restart.map(|start| (kind, *flavor, start)));
                }
            }
        }
        Ok(())
    }

    /// Starts a server on a table with contacts and waits until it serves the last of them.
    fn restart(
        &self,
        manager: &str,
        kind: Kind,
        flavor: Flavor,
        server: &MariaDb,
    ) -> Result<registrar::Start> {
        let (on, count) = (kind.name(), self.options.stored);
        self.run.say(&format!("start with {count} contacts on {on}, {}", flavor.name()));
        let folder = tempfile::tempdir()?;
        let storage = storage(kind, folder.path(), Some(server))?;
        let start = Start { modules: &flavor.mpath()?, manager, more: "" };
        let stored = Some((kind, RESTART_MODE));
        let scene = Scene { storage: stored, ..Scene::new(Place::Spread, count) };
        let volume = Volume { registrations: 0, requests: 0 };
        let mut load = Load::spawn(start, scene, volume, Some(storage), count)?;
        registrar::Start::wait(&mut load, count.saturating_sub(1), START)
    }
}

/// A server with all telephones of a scene registered.
fn prepare(
    options: &Options,
    site: Site<'_, Scene>,
    server: Option<&MariaDb>,
) -> Result<Prepared<Load>> {
    let Site { manager, scene, flavor, folder } = site;
    let storage = scene.storage.map(|(kind, _)| storage(kind, folder, server)).transpose()?;
    let start = Start { modules: &flavor.mpath()?, manager, more: "" };
    let mut load = Load::start(start, scene, options.volume, storage)?;
    load.open()?;
    registrar::prepare(load, scene.contacts, Duration::from_secs(options.patience))
}

const OPERATION: &str = "A REGISTER is one `pcscf_save_pending`, a relay to a home network that \
    answers, and one `pcscf_save`; the other requests are answered at once.";

const CONFIGURED: &str = "parameters of both modules by default, `ims_ipsec_pcscf` loaded";

const NOTES: [&str; 4] = [
    "Memory: growth of `core.shmmem` per registered contact with three identities and a \
     Service-Route; asked for is `used` as the manager rounds it, really used is `real_used`.",
    "Waits: two requests at a time with `pcscf_is_registered`, of other telephones than those that \
     expire; `expires_grace` 1 s and `timer_interval` 5 s here.",
    "Rows in the table: counted when all is measured, against the contacts in memory then; each is \
     written before its REGISTER is answered, in modes 1 and 3. Where fewer are there than contacts, \
     writes were given up; where more, contacts that have gone left theirs behind.",
    "The C module of 5.6 keeps nothing in modes 2 and 3: what stands there for it is memory only.",
];
