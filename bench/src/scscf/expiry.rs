//! How long a request waits while many contacts expire at the same moment.

use super::{
    load::{Load, Start, ask},
    measure::{Measure, Scene},
    options::Volume,
    text::LOOKUP,
};
use anyhow::{Result, ensure};
use std::time::{Duration, Instant};

/// What this measurement sets: no registration is shorter than a minute by default, and nothing is
/// looked at more often than once in ninety seconds.
pub(crate) const PARAMETERS: &str = "modparam(\"ims_usrloc_scscf\", \"timer_interval\", 5)\n\
    modparam(\"ims_usrloc_scscf\", \"contact_delete_delay\", 5)\n\
    modparam(\"ims_registrar_scscf\", \"min_expires\", 1)\n\
    modparam(\"ims_registrar_scscf\", \"expires_buffer_percent\", 0)\n";
/// How many users stay registered and go on asking.
const ASKING: usize = 64;
/// How long they ask before the others expire.
const QUIET: Duration = Duration::from_secs(4);
/// How long it is watched how the others go.
const PATIENCE: Duration = Duration::from_secs(60);
/// Requests of one look at the time.
const ROUND: usize = 100;

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expired {
    /// The longest waits, in milliseconds, with what they are.
    pub(crate) waits: [(Measure, f64); 2],
    /// How many contacts were left when the time was over.
    pub(crate) left: usize,
}

/// Registers `count` users so that all end at the same moment, and asks for others meanwhile. `pace` is
/// how many registrations a second can be relied on.
pub(crate) fn waits(start: Start<'_>, count: usize, pace: usize) -> Result<Expired> {
    let scene = Scene { identities: 1, users: ASKING };
    let volume = Volume { registrations: count, requests: ROUND };
    let mut load = Load::start(start, scene, volume)?;
    load.register(0..ASKING, 86_400, None)?;

    let needed = Duration::from_secs(u64::try_from(count / pace.max(1))?.saturating_add(2));
    let end = Instant::now() + needed + QUIET + Duration::from_secs(2);
    let mut next = ASKING;
    let last = ASKING.saturating_add(count);
    while next < last {
        // In small steps, since each asks for what is left until the common end.
        let step = next..last.min(next.saturating_add(ROUND));
        let left = end.saturating_duration_since(Instant::now());
        ensure!(left > QUIET, "{next} of {last} registered in {} s", needed.as_secs());
        // Rounded up, so that none ends before the last one is registered.
        let seconds = u32::try_from(left.as_millis().div_ceil(1_000))?;
        next = step.end;
        load.register(step, seconds, None)?;
    }
    load.settle()?;
    ensure!(load.held()? == last, "the server holds {} of {last} contacts", load.held()?);

    let quiet = asking(&mut load, |load| Ok(Instant::now() + QUIET > end || load.held()? < last))?;
    let until = end + PATIENCE;
    let expiring = asking(&mut load, |load| Ok(load.held()? <= ASKING || Instant::now() > until))?;
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    Ok(Expired {
        waits: [(Measure::Quiet, milliseconds(quiet)), (Measure::Expiring, milliseconds(expiring))],
        left: load.held()?.saturating_sub(ASKING),
    })
}

/// Asks one request after another until `over`, and gives the longest wait for an answer.
fn asking(load: &mut Load, mut over: impl FnMut(&mut Load) -> Result<bool>) -> Result<Duration> {
    let mut slowest = Duration::ZERO;
    loop {
        let jobs: Vec<_> = (0..ROUND).map(|turn| ask(turn % ASKING, LOOKUP)).collect();
        slowest = slowest.max(load.play(jobs, 2, None)?.slowest);
        if over(load)? {
            return Ok(slowest);
        }
    }
}
