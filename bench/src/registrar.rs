//! What the benches of both pairs do alike: telephones that register, ask, expire, are restored.

use crate::{
    cells::thousands,
    figures::Scene,
    flavor::Flavor,
    meter::{Operate, settle},
    round::{Fill, Prepared, Run},
};
use anyhow::{Result, ensure};
use std::{
    ops::Range,
    time::{Duration, Instant},
};

/// Seconds that every telephone registers for: longer than any run.
pub(crate) const LASTING: u32 = 86_400;
/// Registrations between two looks at the time.
const CHUNK: usize = 5_000;
/// How many telephones stay registered and go on asking.
pub(crate) const ASKING: usize = 64;
/// How long they ask before the others expire.
const QUIET: Duration = Duration::from_secs(4);
/// How long it is watched how the others go.
const PATIENCE: Duration = Duration::from_secs(60);
/// Requests, or registrations, of one look at the time.
pub(crate) const ROUND: usize = 100;

/// A server that telephones register with.
pub(crate) trait Registrar: Operate {
    /// Bytes of a registration: asked for, really used.
    const SIZES: [Self::Measure; 2];

    /// Milliseconds of the longest wait for an answer: in quiet times, while others expire.
    const WAITS: [Self::Measure; 2];

    /// Registers telephones for a time, or takes them away with 0, until `deadline`. Gives how many
    /// were answered.
    ///
    /// # Errors
    ///
    /// Too many messages are lost.
    fn register(
        &mut self,
        users: Range<usize>,
        seconds: u32,
        deadline: Option<Instant>,
    ) -> Result<usize>;

    /// Asks `count` times for one of `among` registered telephones; the longest wait for an answer.
    ///
    /// # Errors
    ///
    /// Too many messages are lost.
    fn ask(&mut self, count: usize, among: usize) -> Result<Duration>;

    /// Asks once, patiently, whether a telephone is registered.
    ///
    /// # Errors
    ///
    /// A socket fails.
    fn finds(&mut self, user: usize) -> Result<bool>;

    /// How many contacts the server has.
    ///
    /// # Errors
    ///
    /// It does not say.
    fn held(&self) -> Result<usize>;
}

/// Registers telephones 0 to `users` - 1 and takes the memory of each, if there is time for all. Others
/// should have registered before, since the first few take what is taken once.
///
/// # Errors
///
/// Too many messages are lost.
pub(crate) fn prepare<L: Registrar>(
    mut load: L,
    users: usize,
    limit: Duration,
) -> Result<Prepared<L>> {
    let fill = fill(&mut load, users, limit)?;
    if fill.registered < users {
        return Ok(Prepared::Late(fill));
    }
    let sizes = L::SIZES.into_iter().zip(fill.memory.each(users));
    Ok(Prepared::Ready(load, sizes.collect()))
}

/// Registers telephones 0 to `users` - 1, as many as there is time for.
///
/// # Errors
///
/// Too many messages are lost.
pub(crate) fn fill(load: &mut impl Registrar, users: usize, limit: Duration) -> Result<Fill> {
    settle(load)?;
    let (began, before) = (Instant::now(), load.server().memory()?);
    let deadline = began + limit;
    let mut registered = 0_usize;
    while registered < users && Instant::now() < deadline {
        let chunk = registered..users.min(registered.saturating_add(CHUNK));
        registered = registered.saturating_add(load.register(chunk, LASTING, Some(deadline))?);
    }
    let time = began.elapsed();
    settle(load)?;
    Ok(Fill { registered, time, memory: load.server().memory()?.since(before) })
}

/// What came of contacts that expired together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expired {
    /// The longest wait for an answer before that.
    pub(crate) quiet: Duration,
    /// The longest wait for an answer while they went.
    pub(crate) expiring: Duration,
    /// How many were left when the time was over.
    pub(crate) left: usize,
}

/// Registers `count` telephones so that all end at the same moment, and asks for others meanwhile. `pace`
/// is how many registrations a second can be relied on.
///
/// # Errors
///
/// The registrations take too long, or too many messages are lost.
pub(crate) fn expire(load: &mut impl Registrar, count: usize, pace: usize) -> Result<Expired> {
    load.register(0..ASKING, LASTING, None)?;
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
    settle(load)?;
    ensure!(load.held()? == last, "the server holds {} of {last} contacts", load.held()?);

    let quiet = ask(load, |load| Ok(Instant::now() + QUIET > end || load.held()? < last))?;
    let until = end + PATIENCE;
    let expiring = ask(load, |load| Ok(load.held()? <= ASKING || Instant::now() > until))?;
    Ok(Expired { quiet, expiring, left: load.held()?.saturating_sub(ASKING) })
}

impl<S: Scene, L: Registrar> Run<'_, S, L> {
    /// Notes what came of `count` contacts that expired together, or why nothing did.
    pub(crate) fn expired(
        &mut self,
        manager: &str,
        scene: S,
        flavor: Flavor,
        count: usize,
        expired: Result<Expired>,
    ) {
        let what = format!("{manager}, {count} contacts that expire, {}", flavor.name());
        let Some(Expired { quiet, expiring, left }) = self.got(&what, expired) else { return };
        for (measure, wait) in L::WAITS.into_iter().zip([quiet, expiring]) {
            self.figures.add(manager, scene, flavor, measure, wait.as_secs_f64() * 1e3);
        }
        if left > 0 {
            self.tell(format!(
                "{manager}, {}: {left} of {count} expired contacts were still held {} s after their \
                 end.",
                flavor.name(),
                PATIENCE.as_secs()
            ));
        }
    }
}

/// Asks one request after another until `over`, and gives the longest wait for an answer.
fn ask<L: Registrar>(load: &mut L, over: impl Fn(&mut L) -> Result<bool>) -> Result<Duration> {
    let mut slowest = Duration::ZERO;
    loop {
        slowest = slowest.max(load.ask(ROUND, ASKING)?);
        if over(load)? {
            return Ok(slowest);
        }
    }
}

/// What a start on a filled database came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    /// The time until the last telephone was found; `None` if the server ended before, or the limit
    /// came first.
    pub(crate) time: Option<Duration>,
    /// Whether the server ended.
    pub(crate) ended: bool,
    /// How many contacts the server held then.
    pub(crate) restored: usize,
    /// A start that takes longer is not waited for.
    pub(crate) limit: Duration,
}

impl Start {
    /// Waits until a server that was just started finds telephone `last`.
    ///
    /// # Errors
    ///
    /// A socket fails.
    pub(crate) fn wait(load: &mut impl Registrar, last: usize, limit: Duration) -> Result<Self> {
        let began = Instant::now();
        while load.server().is_alive() && began.elapsed() < limit {
            if load.finds(last)? {
                let time = Some(began.elapsed());
                return Ok(Self { time, ended: false, restored: load.held()?, limit });
            }
        }
        let ended = !load.server().is_alive();
        let restored = if ended { 0 } else { load.held().unwrap_or_default() };
        Ok(Self { time: None, ended, restored, limit })
    }

    /// Its cell in the report, where `count` contacts were to be restored.
    pub(crate) fn cell(self, count: usize) -> String {
        let Some(time) = self.time else {
            if self.ended {
                return "the server ends".to_owned();
            }
            return format!("not served in {} s", self.limit.as_secs());
        };
        let time = format!("{:.2} s", time.as_secs_f64());
        if self.restored == count {
            return time;
        }
        format!("{time}, {} of {} in memory", thousands(self.restored), thousands(count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_that_fails_says_how() {
        let limit = Duration::from_secs(120);
        let ended = Start { time: None, ended: true, restored: 0, limit };
        assert_eq!(ended.cell(5), "the server ends");
        assert_eq!(Start { ended: false, ..ended }.cell(5), "not served in 120 s");
        let time = Some(Duration::from_millis(1_500));
        let start = Start { time, ended: false, restored: 9, limit };
        assert_eq!([start.cell(9), start.cell(10)], ["1.50 s", "1.50 s, 9 of 10 in memory"]);
    }
}
