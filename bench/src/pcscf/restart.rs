//! How long a start takes with many stored contacts.

use super::{
    load::{Load, Start},
    measure::Scene,
    options::Volume,
    storage::Storage,
};
use crate::{storage::Kind, telephones::network::Place};
use anyhow::{Context as _, Result};
use std::time::{Duration, Instant};

/// A start that takes longer is not waited for.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);
/// How long one question waits for its answer.
const PAUSE: Duration = Duration::from_millis(25);
/// How often it is asked before the server is looked at again.
const TRIES: u32 = 40;
/// The mode whose rows are all read at a start.
const MODE: u8 = 1;

/// What a start came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Restart {
    /// The time until a telephone of the last row was taken for registered; `None` if the server
    /// ended before, or the limit came first.
    pub(crate) time: Option<Duration>,
    /// Whether the server ended.
    pub(crate) ended: bool,
    /// How many contacts the server held then.
    pub(crate) restored: usize,
}

/// Starts a server on a table with `count` contacts and waits until it serves the last of them.
pub(crate) fn start(
    begin: Start<'_>,
    storage: &Storage,
    kind: Kind,
    count: usize,
) -> Result<Restart> {
    let scene = Scene { place: Place::Spread, contacts: count, storage: Some((kind, MODE)) };
    let volume = Volume { registrations: 0, requests: 0 };
    let mut load = Load::spawn(begin, scene, volume, |port, core| storage.fill(count, port, core))?;
    let began = Instant::now();
    load.insist(PAUSE, TRIES);
    let last = load.ask(count.saturating_sub(1), "MESSAGE");
    while load.server.is_alive() && began.elapsed() < LIMIT {
        if load.play([last], 1, None)?.tally.done > 0 {
            let time = Some(began.elapsed());
            let restored = load.held().context("after the start")?;
            return Ok(Restart { time, ended: false, restored });
        }
    }
    let ended = !load.server.is_alive();
    let restored = if ended { 0 } else { load.held().unwrap_or_default() };
    Ok(Restart { time: None, ended, restored })
}
