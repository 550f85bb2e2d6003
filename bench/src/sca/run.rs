//! A whole run of this part, from the first server to the report.

use super::{
    config::{EXIT_TIMEOUT, JOB_INTERVAL},
    load::Load,
    measure::{Lines, Measure},
    options::Options,
    report::{Restart, report},
    restart,
    rows::{mariadb, sqlite},
    server::Setup,
};
use crate::{
    flavor::Flavor,
    round::{Prepared, Run},
    storage::Storage,
};
use anyhow::Result;
use host_tests::mariadb::MariaDb;

/// Measures what `options` ask for and gives the report as Markdown.
///
/// # Errors
///
/// A module that is not there, a server that does not start, more than one message in a thousand
/// lost.
pub(crate) fn run(options: &Options) -> Result<String> {
    let mut run = Run::new(&options.common, &["sca"])?;
    let scenes: Vec<_> = options.lines.iter().copied().map(Lines).collect();
    for (manager, rounds) in options.common.managers() {
        for round in 1..=rounds {
            run.round(&format!("{manager}, round {round}"), manager, &scenes, |site| {
                let (modules, database) = (site.flavor.mpath()?, sqlite(site.folder).url());
                let setup = Setup { modules: &modules, manager, database: &database };
                let calls = scenes.first() == Some(&site.scene);
                let load = Load::new(setup, site.scene, options.volume, calls)?;
                let [asked, used] = load.subscription;
                let sizes =
                    [(Measure::SubscriptionAsked, asked), (Measure::SubscriptionUsed, used)];
                Ok(Prepared::Ready(load, sizes.to_vec()))
            })?;
        }
    }
    let restarts = restarts(&mut run, options)?;
    let notes = run.notes("", &configured(), &more());
    Ok(report(options, &notes, &run.figures, &restarts))
}

/// Stop and start on each database, with the first manager.
fn restarts(run: &mut Run<'_, Lines, Load>, options: &Options) -> Result<Vec<Restart>> {
    let mut restarts = Vec::new();
    if options.stored == 0 {
        return Ok(restarts);
    }
    let folder = tempfile::tempdir()?;
    let server = MariaDb::start();
    for storage in [sqlite(folder.path()), mariadb(&server)] {
        for flavor in &options.common.flavors {
            let what = format!("the restart of {} on {}", flavor.name(), storage.kind().name());
            let restart = restart(run, options, &storage, *flavor);
            restarts.extend(run.got(&what, restart));
        }
    }
    Ok(restarts)
}

fn restart(
    run: &Run<'_, Lines, Load>,
    options: &Options,
    storage: &Storage,
    flavor: Flavor,
) -> Result<Restart> {
    let (modules, database) = (flavor.mpath()?, storage.url());
    let manager = options.common.manager();
    let setup = Setup { modules: &modules, manager, database: &database };
    let (kind, count) = (storage.kind(), options.stored);
    let (name, on) = (flavor.name(), kind.name());
    run.say(&format!("stop with {count} subscriptions on {on}, {name}"));
    let stop = restart::stop(setup, storage, count)?;
    run.say(&format!("start with {count} subscriptions on {on}, {name}"));
    let start = restart::start(setup, storage, count)?;
    Ok(Restart { kind, flavor, stop, start })
}

fn configured() -> String {
    format!(
        "2 workers, parameters of `sca` by default but for `purge_expired_interval` and \
         `db_update_interval` ({JOB_INTERVAL} s, so that no job falls into a measurement)"
    )
}

fn more() -> [String; 2] {
    [
        "Memory: growth of `core.shmmem` per subscription (one line each) and per answered call; \
         asked for is `used` as the manager rounds it, really used is `real_used`."
            .to_owned(),
        format!(
            "Stop: `exit_timeout` is {EXIT_TIMEOUT} s here; with its default of 60 s the server \
             kills a module that needs longer."
        ),
    ]
}
