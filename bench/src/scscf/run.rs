//! A whole run of this part, from the first server to the report.

use super::{
    config::LOOPS,
    load::{Load, Start},
    measure::Scene,
    options::Options,
    report::report,
};
use crate::{
    flavor::Flavor,
    options::Volume,
    registrar::{self, ASKING, ROUND, expire, fill},
    round::{Prepared, Run, Site},
    storage::{Kind, schema},
};
use anyhow::{Result, ensure};
use host_tests::{
    database::Database as _,
    install::{Version, install},
    mariadb::MariaDb,
};
use std::time::Duration;

/// Registrations a second that any pair manages.
const PACE: usize = 700;
/// How long the registrations that are stored for the restart may take.
const STORING: Duration = Duration::from_secs(900);
/// How long a clean stop may take.
const STOP: Duration = Duration::from_secs(300);
/// A start that takes longer is not waited for.
const START: Duration = Duration::from_secs(240);
/// What the expiry sets: no registration is shorter than a minute by default, and nothing is looked at
/// more often than once in ninety seconds.
const EXPIRY: &str = "modparam(\"ims_usrloc_scscf\", \"timer_interval\", 5)\n\
    modparam(\"ims_usrloc_scscf\", \"contact_delete_delay\", 5)\n\
    modparam(\"ims_registrar_scscf\", \"min_expires\", 1)\n\
    modparam(\"ims_registrar_scscf\", \"expires_buffer_percent\", 0)\n";

/// Measures what `options` ask for and gives the report as Markdown.
///
/// # Errors
///
/// A module that is not there, a server that does not start, more than one message in a thousand
/// lost.
pub(crate) fn run(options: &Options) -> Result<String> {
    let mut run = Run::new(&options.common, &["ims_usrloc_scscf", "ims_registrar_scscf"])?;
    let mut scenes = Vec::new();
    if options.has("costs") {
        scenes.extend(options.users.iter().map(|&users| Scene { identities: 1, users }));
    }
    if options.has("identities") {
        scenes.extend(options.users.first().map(|&users| Scene { identities: 3, users }));
    }
    for (manager, rounds) in options.common.managers() {
        for round in 1..=rounds {
            let name = format!("{manager}, round {round}");
            run.round(&name, manager, &scenes, |site| prepare(options, site))?;
        }
        if options.has("expiry") {
            expiry(&mut run, options, manager)?;
        }
    }
    let restarts = if options.has("restart") { restart(&mut run, options)? } else { Vec::new() };
    let notes = run.notes(&operation(), CONFIGURED, &NOTES.map(str::to_owned));
    Ok(report(options, &notes, &run.figures, &run.unfilled, &restarts))
}

/// A server with all users of a scene registered.
fn prepare(options: &Options, site: Site<'_, Scene>) -> Result<Prepared<Load>> {
    let Site { manager, scene, flavor, folder } = site;
    let modules = flavor.mpath()?;
    let start = Start { modules: &modules, manager, database: None, more: "", folder };
    let mut load = Load::start(start, scene, options.volume)?;
    load.open()?;
    registrar::prepare(load, scene.users, Duration::from_secs(options.patience))
}

fn expiry(run: &mut Run<'_, Scene, Load>, options: &Options, manager: &str) -> Result<()> {
    for flavor in &options.common.flavors {
        let count = options.expiring;
        run.say(&format!("{manager}, {count} contacts expire, {}", flavor.name()));
        let (modules, folder) = (flavor.mpath()?, tempfile::tempdir()?);
        let folder = folder.path();
        let start = Start { modules: &modules, manager, database: None, more: EXPIRY, folder };
        let scene = Scene { identities: 1, users: count };
        let volume = Volume { registrations: ASKING, requests: ROUND };
        let expired =
            Load::start(start, scene, volume).and_then(|mut load| expire(&mut load, count, PACE));
        run.expired(manager, scene, *flavor, count, expired);
    }
    Ok(())
}

/// The restart, with the first manager: our pair writes the users once, and both read them.
fn restart(
    run: &mut Run<'_, Scene, Load>,
    options: &Options,
) -> Result<Vec<(Flavor, registrar::Start)>> {
    let (manager, count) = (options.common.manager(), options.stored);
    let server = MariaDb::start();
    let url = server.with(&schema(Kind::MariaDb, schema_name())?).url();
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    let scene = Scene { identities: 1, users: count };
    let none = Volume { registrations: 0, requests: 0 };
    let from = Start { modules: "", manager, database: Some((&url, 1)), more: "", folder };

    run.say(&format!("{count} users into mariadb"));
    let into = Start { modules: &Flavor::Ours.mpath()?, database: Some((&url, 2)), ..from };
    let mut load = Load::start(into, scene, none)?;
    let stored = fill(&mut load, count, STORING)?;
    ensure!(stored.registered == count, "{} of {count} registered", stored.registered);
    ensure!(load.stop(STOP).is_some(), "no clean stop in {} s", STOP.as_secs());

    let mut starts = Vec::new();
    for flavor in &options.common.flavors {
        run.say(&format!("start with {count} users in mariadb, {}", flavor.name()));
        let from = Start { modules: &flavor.mpath()?, ..from };
        let mut load = Load::spawn(from, scene, none)?;
        let found = registrar::Start::wait(&mut load, count.saturating_sub(1), START);
        let found = run.got(&format!("the start of {}", flavor.name()), found);
        starts.extend(found.map(|start| (*flavor, start)));
    }
    Ok(starts)
}

/// The file of the tables as the host's version names them.
fn schema_name() -> &'static str {
    if install().version() < Version(6, 0) {
        "ims_usrloc_scscf-5.6.sql"
    } else {
        "ims_usrloc_scscf.sql"
    }
}

fn operation() -> String {
    format!(
        "A registration is one `save` with a Server-Assignment that an HSS answers at once; a loop \
         makes {LOOPS} lookups, and its request is part of the cost."
    )
}

const CONFIGURED: &str = "2 workers, parameters of both modules by default but for `max_expires`, \
    `use_path` and `path_mode`";

const NOTES: [&str; 3] = [
    "Memory: growth of `core.shmmem` per registered user with one contact and a profile without \
     filter criteria; asked for is `used` as the manager rounds it, really used is `real_used`.",
    "Waits: two requests at a time with `lookup`, for other users than those that expire; \
     `timer_interval` and `contact_delete_delay` 5 s here.",
    "Restart: rows that our pair wrote, on a server whose C modules can read them.",
];
