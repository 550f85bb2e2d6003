//! How long a request waits while many contacts expire at the same moment.

use super::{
    load::{Load, Start},
    measure::{Measure, Scene},
    options::Volume,
};
use crate::telephones::network::Place;
use anyhow::{Result, ensure};
use std::time::{Duration, Instant};

/// What this measurement sets: the defaults are an hour of grace and a look a minute.
pub(crate) const PARAMETERS: &str = "modparam(\"ims_usrloc_pcscf\", \"expires_grace\", 1)\n\
    modparam(\"ims_usrloc_pcscf\", \"timer_interval\", 5)\n";
/// How many telephones stay registered and go on asking.
const ASKING: usize = 64;
/// How long they ask before the others expire.
const QUIET: Duration = Duration::from_secs(4);
/// The longest wait for the end of the others.
const PATIENCE: Duration = Duration::from_secs(60);
/// Requests of one look at the time.
const ROUND: usize = 100;

/// The longest waits, in milliseconds, with what they are.
pub(crate) type Waits = [(Measure, f64); 2];

/// Registers `count` telephones so that all end at the same moment, and asks for others meanwhile.
/// `pace` is how many registrations a second can be relied on.
pub(crate) fn waits(start: Start<'_>, count: usize, pace: usize) -> Result<Waits> {
    let scene = Scene { place: Place::Spread, contacts: ASKING, storage: None };
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

    let quiet = ask(&mut load, |load| Ok(Instant::now() + QUIET > end || load.held()? < last))?;
    let until = end + PATIENCE;
    let expiring = ask(&mut load, |load| Ok(load.held()? == ASKING || Instant::now() > until))?;
    ensure!(load.held()? == ASKING, "{} contacts are left", load.held()?);
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    Ok([(Measure::Quiet, milliseconds(quiet)), (Measure::Expiring, milliseconds(expiring))])
}

/// Asks one request after another until `over`, and gives the longest wait for an answer.
fn ask(load: &mut Load, mut over: impl FnMut(&mut Load) -> Result<bool>) -> Result<Duration> {
    let mut slowest = Duration::ZERO;
    loop {
        let jobs: Vec<_> = (0..ROUND).map(|turn| load.ask(turn % ASKING, "MESSAGE")).collect();
        let outcome = load.play(jobs, 2, None)?;
        outcome.tally.check()?;
        slowest = slowest.max(outcome.slowest);
        if over(load)? {
            return Ok(slowest);
        }
    }
}
