//! One server with its lines subscribed, and what each operation on it costs.

use crate::{
    figures::Measure,
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

/// Shared memory of one thing, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bytes {
    /// Asked for.
    pub asked: f64,
    /// Really used, with the overhead of the blocks.
    pub used: f64,
}

/// Operations of one kind that are measured together.
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
    /// The share of one CPU that the server takes when nothing happens.
    idle: f64,
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
        let mut load = Self { server, fleet, lines, idle: 0.0, subscription: Bytes::default() };
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

    /// Plays every kind of operation for a while (caches, memory pools, the first blocks of a
    /// growing table), then takes what the idle server needs.
    ///
    /// # Errors
    ///
    /// The sockets fail.
    pub fn warm_up(&mut self, volume: Volume) -> Result<()> {
        for measure in Measure::COSTS {
            let Run { script, parties, window } = self.run(measure, volume);
            let few = parties.len() / 4;
            self.fleet.play(script, parties.into_iter().take(few), window)?;
        }
        self.settle()?;
        let (began, before) = (Instant::now(), self.server.cpu()?);
        self.fleet.idle(Duration::from_secs(1))?;
        let spent = self.server.cpu()?.saturating_sub(before);
        self.idle = spent.as_secs_f64() / began.elapsed().as_secs_f64();
        Ok(())
    }

    /// Microseconds of CPU for one operation, without what the server takes when idle.
    ///
    /// # Errors
    ///
    /// Messages that are lost again and again.
    pub fn cost(&mut self, measure: Measure, volume: Volume) -> Result<f64> {
        let run = self.run(measure, volume);
        let mut attempt = 1;
        loop {
            let (began, before) = (Instant::now(), self.server.cpu()?);
            let tally = self.fleet.play(run.script, run.parties.iter().copied(), run.window)?;
            self.settle()?;
            let spent = self.server.cpu()?.saturating_sub(before).as_secs_f64();
            let spent = spent - self.idle * began.elapsed().as_secs_f64();
            match tally.check() {
                Ok(()) => return Ok(spent * 1e6 / f64::from(u32::try_from(tally.done.max(1))?)),
                Err(error) if attempt == TRIES => {
                    return Err(error.context(format!("{}, {} lines", measure.name(), self.lines)));
                }
                Err(_) => attempt += 1,
            }
        }
    }

    fn run(&self, measure: Measure, volume: Volume) -> Run {
        let small = self.lines..self.lines + SMALL_GROUPS;
        let large = small.end..small.end + LARGE_GROUPS;
        match measure {
            Measure::Refresh => Run {
                script: script::REFRESH,
                parties: turns(0..self.lines, 1, STRIDE, volume.refreshes),
                window: WINDOW,
            },
            Measure::Seize => Run {
                script: script::SEIZE_CYCLE,
                parties: turns(small, 3, 1, volume.seizes),
                window: WINDOW,
            },
            Measure::SmallCall => Run {
                script: script::CALL,
                parties: turns(small, 3, 1, volume.small_calls),
                window: WINDOW,
            },
            _ => Run {
                script: script::CALL,
                parties: turns(large, 50, 1, volume.large_calls),
                window: LARGE_WINDOW,
            },
        }
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
