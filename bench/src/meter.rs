//! What an operation costs a server: its CPU time without that of its idle life.

use crate::{figures::Measure, server::Server};
use anyhow::{Result, ensure};
use std::time::{Duration, Instant};

/// How long transactions may take to end.
const PATIENCE: Duration = Duration::from_secs(60);
/// The pause between two looks at transactions: each look is a command that the server pays for.
const LOOK: Duration = Duration::from_millis(150);
/// How long an idle server is watched.
const IDLE: Duration = Duration::from_secs(2);

/// A server that operations are played on.
pub(crate) trait Operate {
    /// What its figures are about.
    type Measure: Measure;

    /// The operations, in the order in which they have their turns.
    const COSTS: &[Self::Measure];

    /// The server.
    fn server(&mut self) -> &mut Server;

    /// Answers what comes outside of operations, for that long.
    ///
    /// # Errors
    ///
    /// A socket fails.
    fn listen(&mut self, time: Duration) -> Result<()>;

    /// Plays operations of a kind: one share out of `shares` of what is played in a turn. Gives how many
    /// operations the time is divided by.
    ///
    /// # Errors
    ///
    /// Too many messages are lost.
    fn operate(&mut self, measure: Self::Measure, shares: usize) -> Result<usize>;

    /// In how many parts a turn is played, with [`Operate::clean_up`] after each.
    fn parts(_measure: Self::Measure) -> usize {
        1
    }

    /// Takes away what the operations left behind.
    ///
    /// # Errors
    ///
    /// Too many messages are lost.
    fn clean_up(&mut self, _measure: Self::Measure) -> Result<()> {
        Ok(())
    }

    /// Sizes that are measured once, after all turns.
    ///
    /// # Errors
    ///
    /// Too many messages are lost.
    fn conclude(&mut self) -> Result<Vec<(Self::Measure, f64)>> {
        Ok(Vec::new())
    }
}

/// Waits until no transaction is left, so that their memory and the work of their end are accounted.
///
/// # Errors
///
/// Transactions that do not end within a minute.
pub(crate) fn settle(load: &mut impl Operate) -> Result<()> {
    let began = Instant::now();
    while load.server().transactions()? > 0 {
        ensure!(began.elapsed() < PATIENCE, "transactions do not end");
        // What still comes must not be repeated.
        load.listen(LOOK)?;
    }
    Ok(())
}

/// A server that is warm, and whose idle life is known.
#[derive(Debug)]
pub(crate) struct Meter<L> {
    /// The server with its load.
    pub(crate) load: L,
    /// The share of one CPU that the server takes when nothing happens.
    idle: f64,
}

/// Operations under way.
struct Part {
    began: Instant,
    before: Duration,
    operations: usize,
}

impl<L: Operate> Meter<L> {
    /// Plays every kind of operation for a while (caches, memory pools, the first blocks of a growing
    /// table), then takes what the idle server needs.
    ///
    /// # Errors
    ///
    /// Too many messages are lost.
    pub(crate) fn new(mut load: L) -> Result<Self> {
        for measure in L::COSTS {
            let shares = load.server().shares().max(4);
            load.operate(*measure, shares)?;
            settle(&mut load)?;
            load.clean_up(*measure)?;
        }
        settle(&mut load)?;
        let (began, before) = (Instant::now(), load.server().cpu()?);
        load.listen(IDLE)?;
        let spent = load.server().cpu()?.saturating_sub(before);
        Ok(Self { idle: spent.as_secs_f64() / began.elapsed().as_secs_f64(), load })
    }

    fn begin(&mut self, measure: L::Measure) -> Result<Part> {
        let (began, before) = (Instant::now(), self.load.server().cpu()?);
        let shares = self.load.server().shares();
        let operations = self.load.operate(measure, shares)?;
        Ok(Part { began, before, operations })
    }

    /// Seconds of CPU, when all that belongs to the operations is over.
    fn end(&mut self, part: &Part) -> Result<f64> {
        settle(&mut self.load)?;
        let spent = self.load.server().cpu()?.saturating_sub(part.before).as_secs_f64();
        Ok(spent - self.idle * part.began.elapsed().as_secs_f64())
    }
}

/// What a turn of some servers came to: seconds of CPU and how many operations took them.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    seconds: f64,
    operations: usize,
}

/// Plays a turn of an operation on each of `meters`, one right after the other, so that what else the
/// machine does meets all alike. Gives microseconds of CPU for one operation.
pub(crate) fn turn<L: Operate>(
    meters: &mut [&mut Meter<L>],
    measure: L::Measure,
) -> Vec<Result<f64>> {
    let mut costs: Vec<_> = meters.iter().map(|_| Ok(Cost::default())).collect();
    for _ in 0..L::parts(measure) {
        part(meters, measure, &mut costs);
    }
    costs.into_iter().map(|cost| micros(cost?)).collect()
}

/// One part of a turn; adds to `costs`, and leaves out whoever failed before.
fn part<L: Operate>(meters: &mut [&mut Meter<L>], measure: L::Measure, costs: &mut [Result<Cost>]) {
    let mut parts = Vec::with_capacity(costs.len());
    for (meter, cost) in meters.iter_mut().zip(&mut *costs) {
        parts.push(step(cost, |_| meter.begin(measure)));
    }
    for ((meter, cost), part) in meters.iter_mut().zip(&mut *costs).zip(&parts) {
        let Some(part) = part else { continue };
        step(cost, |cost| {
            cost.seconds += meter.end(part)?;
            cost.operations = cost.operations.saturating_add(part.operations);
            Ok(())
        });
    }
    for (meter, cost) in meters.iter_mut().zip(costs) {
        step(cost, |_| meter.load.clean_up(measure));
    }
}

/// Does a step for someone who has not failed yet, and remembers a failure.
fn step<T>(cost: &mut Result<Cost>, work: impl FnOnce(&mut Cost) -> Result<T>) -> Option<T> {
    let sum = cost.as_mut().ok()?;
    match work(sum) {
        Ok(done) => Some(done),
        Err(error) => {
            *cost = Err(error);
            None
        }
    }
}

fn micros(Cost { seconds, operations }: Cost) -> Result<f64> {
    Ok(seconds * 1e6 / f64::from(u32::try_from(operations.max(1))?))
}
