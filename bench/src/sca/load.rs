//! One server with its lines subscribed, and what each operation on it is.

use super::{
    measure::{Lines, Measure},
    options::Volume,
    server::{self, Setup, free_address},
};
use crate::{
    figures::Scene as _,
    meter::{Operate, settle},
    phones::{
        Fleet, Party,
        script::{self, Step},
    },
    server::{Memory, Server},
};
use anyhow::{Context as _, Result, ensure};
use std::{iter::repeat_n, ops::Range, time::Duration};

/// How many groups of three members there are, on top of the lines.
const SMALL_GROUPS: usize = 40;
/// How many groups of fifty members there are, on top of the lines.
const LARGE_GROUPS: usize = 6;
/// How many operations on single lines or small groups are under way at a time.
const WINDOW: usize = 16;
/// How many calls in large groups are under way at a time: each causes fifty NOTIFYs at once.
const LARGE_WINDOW: usize = 3;
/// Steps over the lines so that neighbours in time are not neighbours in the table; a prime, so
/// that every line gets its turn.
const STRIDE: usize = 7919;

/// Operations of one kind that are measured together.
#[derive(Debug)]
struct Run {
    script: &'static [Step],
    parties: Vec<Party>,
    window: usize,
}

/// A server with phones.
#[derive(Debug)]
pub(crate) struct Load {
    server: Server,
    fleet: Fleet,
    lines: usize,
    volume: Volume,
    /// Whether calls are counted in memory at the end.
    calls: bool,
    /// Memory of one subscription: asked for, really used.
    pub(crate) subscription: [f64; 2],
}

impl Load {
    /// Starts a server and subscribes one phone to each line of `scene`, and the groups between
    /// them, so that these are neither the oldest nor the newest entries of a table. At the end `calls`
    /// are counted in memory.
    ///
    /// # Errors
    ///
    /// A server that does not start or does not hold all subscriptions, lost messages.
    pub(crate) fn new(setup: Setup<'_>, scene: Lines, volume: Volume, calls: bool) -> Result<Self> {
        let (address, Lines(lines)) = (free_address()?, scene);
        let members =
            repeat_n(1, lines).chain(repeat_n(3, SMALL_GROUPS)).chain(repeat_n(50, LARGE_GROUPS));
        let fleet = Fleet::new(address, members)?;
        let server = server::start(setup, scene.megabytes(), address, fleet.local())?;
        let mut load = Self { server, fleet, lines, volume, calls, subscription: [0.0; 2] };
        let half = lines / 2;
        let older = load.subscribe(0..half)?;
        load.subscribe(lines..lines + SMALL_GROUPS + LARGE_GROUPS)?;
        let newer = load.subscribe(half..lines)?;
        load.subscription = older.plus(newer).each(lines);
        Ok(load)
    }

    /// Subscribes all phones of some lines and gives the memory that this took.
    fn subscribe(&mut self, lines: Range<usize>) -> Result<Memory> {
        let (memory, held) = (self.server.memory()?, server::subscriptions(&self.server)?);
        let parties = self.fleet.parties(lines);
        let count = parties.len();
        self.fleet.play(script::SUBSCRIBE, parties, WINDOW)?.check().context("subscribe")?;
        settle(self)?;
        let stored = server::subscriptions(&self.server)?.saturating_sub(held);
        ensure!(stored == count, "the server holds {stored} of {count} subscriptions");
        Ok(self.server.memory()?.since(memory))
    }

    fn run(&self, measure: Measure) -> Run {
        let small = self.lines..self.lines + SMALL_GROUPS;
        let large = small.end..small.end + LARGE_GROUPS;
        let Volume { refreshes, seizes, small_calls, large_calls } = self.volume;
        match measure {
            Measure::Refresh => Run {
                script: script::REFRESH,
                parties: turns(0..self.lines, 1, STRIDE, refreshes),
                window: WINDOW,
            },
            Measure::Seize => Run {
                script: script::SEIZE_CYCLE,
                parties: turns(small, 3, 1, seizes),
                window: WINDOW,
            },
            Measure::SmallCall => Run {
                script: script::CALL,
                parties: turns(small, 3, 1, small_calls),
                window: WINDOW,
            },
            _ => Run {
                script: script::CALL,
                parties: turns(large, 50, 1, large_calls),
                window: LARGE_WINDOW,
            },
        }
    }
}

impl Operate for Load {
    type Measure = Measure;

    const COSTS: &[Measure] = &Measure::COSTS;

    fn server(&mut self) -> &mut Server {
        &mut self.server
    }

    fn listen(&mut self, time: Duration) -> Result<()> {
        self.fleet.idle(time)
    }

    fn operate(&mut self, measure: Measure, shares: usize) -> Result<usize> {
        let Run { script, parties, window } = self.run(measure);
        let count = parties.len() / shares;
        let tally = self.fleet.play(script, parties.into_iter().take(count), window)?;
        tally.check().with_context(|| format!("{} lines", self.lines))?;
        Ok(tally.done)
    }

    /// Puts one answered call on each line for the memory of one.
    fn conclude(&mut self) -> Result<Vec<(Measure, f64)>> {
        if !self.calls {
            return Ok(Vec::new());
        }
        let before = self.server.memory()?;
        let callers = (0..self.lines).map(|line| Party { line, member: 0 });
        self.fleet.play(script::CALL_SET_UP, callers, WINDOW)?.check().context("calls set up")?;
        settle(self)?;
        let [asked, used] = self.server.memory()?.since(before).each(self.lines);
        Ok(vec![(Measure::AppearanceAsked, asked), (Measure::AppearanceUsed, used)])
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
