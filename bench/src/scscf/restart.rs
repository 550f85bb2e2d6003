//! How long a start takes with many stored users.

use super::{
    load::{Load, Start},
    measure::Scene,
    options::Volume,
};
use anyhow::{Result, ensure};
use std::time::{Duration, Instant};

/// A start that takes longer is not waited for.
pub(crate) const LIMIT: Duration = Duration::from_secs(240);
/// How long a clean stop may take.
const STOP: Duration = Duration::from_secs(300);

/// What a start came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Restart {
    /// The time until the last user was found; `None` if the server ended before, or the limit came
    /// first.
    pub(crate) time: Option<Duration>,
    /// Whether the server ended.
    pub(crate) ended: bool,
    /// How many contacts the server held then.
    pub(crate) restored: usize,
}

const NOTHING: Volume = Volume { registrations: 0, requests: 0 };

/// Leaves `count` users in the database, registered at a server that is then stopped.
pub(crate) fn store(start: Start<'_>, count: usize) -> Result<()> {
    let scene = Scene { identities: 1, users: count };
    let mut load = Load::start(start, scene, NOTHING)?;
    let fill = load.fill(Duration::from_secs(900))?;
    ensure!(fill.registered == count, "{} of {count} registered", fill.registered);
    ensure!(load.server.stop(STOP).is_some(), "no clean stop in {} s", STOP.as_secs());
    Ok(())
}

/// Starts a server on the database that [`store`] left and waits until the last user is found.
pub(crate) fn start(begin: Start<'_>, count: usize) -> Result<Restart> {
    let scene = Scene { identities: 1, users: count };
    let mut load = Load::spawn(begin, scene, NOTHING)?;
    let began = Instant::now();
    while load.server.is_alive() && began.elapsed() < LIMIT {
        if load.finds(count.saturating_sub(1))? {
            let time = Some(began.elapsed());
            return Ok(Restart { time, ended: false, restored: load.held()? });
        }
    }
    let ended = !load.server.is_alive();
    let restored = if ended { 0 } else { load.held().unwrap_or_default() };
    Ok(Restart { time: None, ended, restored })
}
