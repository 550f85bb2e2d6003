//! One server with its lines subscribed, and what each operation on it costs.

use crate::{
    options::Volume,
    phones::{
        Fleet, Party,
        script::{self, Step},
    },
    server::{Memory, Server, Setup, free_address},
};
use anyhow::{Context as _, Result, ensure};
use std::{
    iter::repeat_n,
    ops::Range,
    time::{Duration, Instant},
};

/// How many groups of three members there are, on top of the lines.
const SMALL_GROUPS: usize = 40;
/// How many groups of fifty members there are, on top of the lines.
const LARGE_GROUPS: usize = 6;
/// How many operations on single lines or small groups are under way at a time.
const WINDOW: usize = 16;
/// How many calls in large groups are under way at a time: each causes fifty NOTIFYs at once.
const LARGE_WINDOW: usize = 3;
/// How often an operation is measured again when messages were lost.
const TRIES: usize = 3;
/// Steps over the lines so that neighbours in time are not neighbours in the table; a prime, so
/// that every line gets its turn.
const STRIDE: usize = 7919;

/// CPU time of the server in microseconds for one operation of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Costs {
    /// SUBSCRIBE in its dialog, 202, NOTIFY, 200.
    pub refresh: f64,
    /// Line-seize SUBSCRIBE and its end in a group of three, each with four NOTIFYs.
    pub seize: f64,
    /// A call from off hook to idle in a group of three.
    pub small_call: f64,
    /// The same in a group of fifty.
    pub large_call: f64,
}

/// Shared memory of one thing, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bytes {
    /// Asked for.
    pub asked: f64,
    /// Really used, with the overhead of the blocks.
    pub used: f64,
}

/// Operations that are measured together.
#[derive(Debug)]
struct Run {
    script: &'static [Step],
    parties: Vec<Party>,
    window: usize,
}

/// A server with phones.
#[derive(Debug)]
pub struct Load {
    server: Server,
    fleet: Fleet,
    lines: usize,
    /// Memory of one subscription.
    pub subscription: Bytes,
}

impl Load {
    /// Starts a server and subscribes one phone to each of `lines` lines, and the groups between
    /// them, so that these are neither the oldest nor the newest entries of a table.
    ///
    /// # Errors
    ///
    /// A server that does not start or does not hold all subscriptions, lost messages.
    pub fn new(setup: Setup<'_>, lines: usize) -> Result<Self> {
        let address = free_address()?;
        let members =
            repeat_n(1, lines).chain(repeat_n(3, SMALL_GROUPS)).chain(repeat_n(50, LARGE_GROUPS));
        let fleet = Fleet::new(address, members)?;
        let server = Server::start(setup, address, fleet.local())?;
        let mut load = Self { server, fleet, lines, subscription: Bytes::default() };
        let half = lines / 2;
        let older = load.subscribe(0..half)?;
        load.subscribe(lines..lines + SMALL_GROUPS + LARGE_GROUPS)?;
        let newer = load.subscribe(half..lines)?;
        load.subscription = share(older.plus(newer), lines);
        Ok(load)
    }

    /// Subscribes all phones of some lines and gives the memory that this took.
    fn subscribe(&mut self, lines: Range<usize>) -> Result<Memory> {
        let (memory, held) = (self.server.memory()?, self.server.subscriptions()?);
        let parties = self.fleet.parties(lines);
        let count = parties.len();
        self.fleet.play(script::SUBSCRIBE, parties, WINDOW)?.check().context("subscribe")?;
        self.settle()?;
        let stored = self.server.subscriptions()?.saturating_sub(held);
        ensure!(stored == count, "the server holds {stored} of {count} subscriptions");
        Ok(self.server.memory()?.since(memory))
    }

    /// Measures each operation.
    ///
    /// # Errors
    ///
    /// Messages that are lost again and again.
    pub fn costs(&mut self, volume: Volume) -> Result<Costs> {
        let lines = self.lines;
        let groups = lines..lines + SMALL_GROUPS;
        let small = |count| turns(groups.clone(), 3, 1, count);
        let refreshes = Run {
            script: script::REFRESH,
            parties: turns(0..lines, 1, STRIDE, volume.refreshes),
            window: WINDOW,
        };
        let seizes =
            Run { script: script::SEIZE_CYCLE, parties: small(volume.seizes), window: WINDOW };
        let small_calls =
            Run { script: script::CALL, parties: small(volume.small_calls), window: WINDOW };
        let large_calls = Run {
            script: script::CALL,
            parties: turns(groups.end..groups.end + LARGE_GROUPS, 50, 1, volume.large_calls),
            window: LARGE_WINDOW,
        };
        for run in [&refreshes, &seizes, &small_calls, &large_calls] {
            self.warm_up(run)?;
        }
        self.settle()?;
        let idle = self.idle_share()?;
        Ok(Costs {
            refresh: self.cost(&refreshes, idle)?,
            seize: self.cost(&seizes, idle)?,
            small_call: self.cost(&small_calls, idle)?,
            large_call: self.cost(&large_calls, idle)?,
        })
    }

    /// Puts one answered call on each of the first `count` lines and gives the memory of one.
    ///
    /// # Errors
    ///
    /// Lost messages.
    pub fn appearance(&mut self, count: usize) -> Result<Bytes> {
        let count = count.min(self.lines);
        let before = self.server.memory()?;
        let callers = (0..count).map(|line| Party { line, member: 0 });
        self.fleet.play(script::CALL_SET_UP, callers, WINDOW)?.check().context("calls set up")?;
        self.settle()?;
        Ok(share(self.server.memory()?.since(before), count))
    }

    /// Plays a tenth of a run: caches, memory pools, the first blocks of a growing table.
    fn warm_up(&mut self, run: &Run) -> Result<()> {
        let few = run.parties.get(..run.parties.len() / 10).unwrap_or_default();
        self.fleet.play(run.script, few.iter().copied(), run.window)?;
        Ok(())
    }

    /// Microseconds of CPU for one operation, without what the server takes when idle.
    fn cost(&mut self, run: &Run, idle: f64) -> Result<f64> {
        let mut attempt = 1;
        loop {
            let (began, before) = (Instant::now(), self.server.cpu()?);
            let tally = self.fleet.play(run.script, run.parties.iter().copied(), run.window)?;
            self.settle()?;
            let spent = self.server.cpu()?.saturating_sub(before).as_secs_f64();
            let spent = spent - idle * began.elapsed().as_secs_f64();
            match tally.check() {
                Ok(()) => return Ok(spent * 1e6 / f64::from(u32::try_from(tally.done.max(1))?)),
                Err(error) if attempt == TRIES => {
                    return Err(error.context(format!("{:?}, {} lines", run.script, self.lines)));
                }
                Err(_) => attempt += 1,
            }
        }
    }

    /// The share of one CPU that the server takes when nothing happens.
    fn idle_share(&mut self) -> Result<f64> {
        let (began, before) = (Instant::now(), self.server.cpu()?);
        self.fleet.idle(Duration::from_secs(1))?;
        let spent = self.server.cpu()?.saturating_sub(before);
        Ok(spent.as_secs_f64() / began.elapsed().as_secs_f64())
    }

    /// Waits until no transaction is left, so that their memory and the work of their end are
    /// accounted.
    fn settle(&mut self) -> Result<()> {
        let patience = Instant::now() + Duration::from_secs(20);
        while self.server.transactions()? > 0 {
            ensure!(Instant::now() < patience, "transactions do not end");
            self.fleet.idle(Duration::from_millis(100))?;
        }
        Ok(())
    }
}

/// Phones for `count` operations: one line after the other, `stride` apart, and another member
/// each time that a line has its turn again.
fn turns(lines: Range<usize>, members: usize, stride: usize, count: usize) -> Vec<Party> {
    let length = lines.len().max(1);
    let party = |turn: usize| Party {
        line: lines.start + turn.wrapping_mul(stride) % length,
        member: turn / length % members,
    };
    (0..count).map(party).collect()
}

fn share(memory: Memory, count: usize) -> Bytes {
    let number = |value: u64| f64::from(u32::try_from(value).unwrap_or(u32::MAX));
    let count = f64::from(u32::try_from(count.max(1)).unwrap_or(u32::MAX));
    Bytes { asked: number(memory.asked) / count, used: number(memory.used) / count }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_of_every_group_gets_its_turn() {
        let parties = turns(10..12, 3, 1, 7);
        let pairs: Vec<_> = parties.iter().map(|party| (party.line, party.member)).collect();
        assert_eq!(pairs, [(10, 0), (11, 0), (10, 1), (11, 1), (10, 2), (11, 2), (10, 0)]);
    }

    #[test]
    fn a_stride_visits_every_line_once() {
        let mut lines: Vec<_> = turns(0..1000, 1, STRIDE, 1000).iter().map(|it| it.line).collect();
        assert_ne!(lines.get(1), Some(&1));
        lines.sort_unstable();
        assert!(lines.into_iter().eq(0..1000));
    }
}
