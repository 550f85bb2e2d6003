//! One server with its telephones registered, and what each operation on it costs.

use super::{
    config::Config,
    measure::{Measure, Scene},
    options::Volume,
    text::Home,
};
use crate::{
    phones::Tally,
    server::{Memory, SHARED_MEGABYTES, Server},
    telephones::{
        network::Network,
        operation::{Job, Operations, Outcome},
    },
};
use anyhow::{Context as _, Result, ensure};
use std::{
    net::{Ipv4Addr, SocketAddr},
    ops::Range,
    sync::atomic::{AtomicU8, Ordering},
    thread::sleep,
    time::{Duration, Instant},
};

/// How many requests are under way at a time.
const WINDOW: usize = 16;
/// How often an operation is measured again when messages were lost.
const TRIES: usize = 3;
/// In how many parts first registrations are measured.
const PARTS: usize = 5;
/// Steps over the telephones so that neighbours in time are not neighbours in a table; a prime, so
/// that every one gets its turn.
const STRIDE: usize = 7919;
/// Seconds that every telephone registers for: longer than any run.
const LASTING: u32 = 86_400;

/// A server with telephones.
#[derive(Debug)]
pub(crate) struct Load {
    /// The server.
    pub(crate) server: Server,
    network: Network,
    operations: Operations<Home>,
    contacts: usize,
    volume: Volume,
    /// Whether contacts are stored in a database.
    stored: bool,
    /// The share of one CPU that the server takes when nothing happens.
    idle: f64,
}

/// How far the registrations at the start came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fill {
    /// How many are registered.
    pub(crate) registered: usize,
    /// How long it took.
    pub(crate) time: Duration,
    /// What they took of shared memory.
    pub(crate) memory: Memory,
}

/// What a server is started with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start<'a> {
    /// The value of `mpath`.
    pub(crate) modules: &'a str,
    /// The memory manager.
    pub(crate) manager: &'a str,
    /// Address of the database.
    pub(crate) database: &'a str,
    /// Further parameters of `ims_usrloc_pcscf`, whole lines.
    pub(crate) more: &'a str,
}

impl Load {
    /// Starts a server for the telephones of `scene` once `prepare` has been told their port and the
    /// address of their home network; does not wait for it.
    pub(crate) fn spawn(
        start: Start<'_>,
        scene: Scene,
        volume: Volume,
        prepare: impl FnOnce(u16, SocketAddr) -> Result<()>,
    ) -> Result<Self> {
        let [listen, core] = addresses();
        let listen = SocketAddr::from((listen, 5060));
        let users = scene.contacts.saturating_add(volume.registrations);
        let network = Network::new(scene.place, users, listen, core)?;
        prepare(network.core().port(), network.core())?;
        let config = Config {
            modules: start.modules,
            listen,
            core: network.core(),
            database: scene.storage.map(|(_, mode)| (start.database, mode)),
            more: start.more,
        };
        let server = Server::launch(start.manager, SHARED_MEGABYTES, |socket| {
            config.text(socket.display())
        })?;
        let Scene { contacts, storage, .. } = scene;
        let (operations, stored) = (Operations::new(Home), storage.is_some());
        Ok(Self { server, network, operations, contacts, volume, stored, idle: 0.0 })
    }

    /// As [`Load::spawn`], and waits until it serves.
    pub(crate) fn start(start: Start<'_>, scene: Scene, volume: Volume) -> Result<Self> {
        let mut load = Self::spawn(start, scene, volume, |_, _| Ok(()))?;
        load.server.wait_until_up()?;
        // Its processes for commands are up before the workers are.
        let probe = load.ask(0, "OPTIONS");
        load.operations.play(&load.network, [probe], 1, None)?;
        Ok(load)
    }

    /// Registers the telephones of the scene, as many as there is time for.
    pub(crate) fn fill(&mut self, limit: Duration) -> Result<Fill> {
        // The first few take what is taken once.
        let early = self.contacts..self.contacts.saturating_add(self.volume.registrations / 4);
        self.register(early.clone(), LASTING, None)?;
        self.register(early, 0, None)?;
        self.settle()?;
        let (began, before) = (Instant::now(), self.server.memory()?);
        let outcome = self.register(0..self.contacts, LASTING, Some(began + limit))?;
        let (time, registered) = (began.elapsed(), outcome.tally.done);
        self.settle()?;
        Ok(Fill { registered, time, memory: self.server.memory()?.since(before) })
    }

    /// Registers telephones for a time, or takes them away with 0.
    pub(crate) fn register(
        &mut self,
        users: Range<usize>,
        seconds: u32,
        deadline: Option<Instant>,
    ) -> Result<Outcome> {
        let jobs = users.map(|user| Job { user, method: "REGISTER", expires: Some(seconds) });
        let outcome = self.operations.play(&self.network, jobs, WINDOW, deadline)?;
        let context = || format!("registering for {seconds} s\n{}", self.server.log());
        answered(&outcome.tally).with_context(context)?;
        Ok(outcome)
    }

    /// Lets telephones do `jobs`, `window` at a time.
    pub(crate) fn play(
        &mut self,
        jobs: impl IntoIterator<Item = Job>,
        window: usize,
        deadline: Option<Instant>,
    ) -> Result<Outcome> {
        self.operations.play(&self.network, jobs, window, deadline)
    }

    /// From now on repeats what is not answered in that time, that often.
    pub(crate) fn insist(&mut self, again: Duration, tries: u32) {
        self.operations.insist(again, tries);
    }

    /// Plays every kind of operation for a while, then takes what the idle server needs.
    pub(crate) fn warm_up(&mut self) -> Result<()> {
        for measure in Measure::COSTS {
            let jobs: Vec<_> = self.jobs(measure);
            let few = jobs.len() / 4;
            self.play(jobs.into_iter().take(few), WINDOW, None)?;
            self.clean_up(measure)?;
        }
        self.settle()?;
        let (began, before) = (Instant::now(), self.server.cpu()?);
        sleep(Duration::from_secs(1));
        let spent = self.server.cpu()?.saturating_sub(before);
        self.idle = spent.as_secs_f64() / began.elapsed().as_secs_f64();
        Ok(())
    }

    /// Microseconds of CPU for one operation, without what the server takes when idle.
    pub(crate) fn cost(&mut self, measure: Measure) -> Result<f64> {
        let mut attempt = 1;
        loop {
            // Guests come and go in parts, so that they add little to the contacts.
            let parts = if measure == Measure::First { PARTS } else { 1 };
            let (mut spent, mut tally) = (0.0, Tally::default());
            for _ in 0..parts {
                let (seconds, part) = self.part(measure)?;
                spent += seconds;
                tally = joined(tally, part);
            }
            // A database may be slower than a telephone is patient.
            let good = if self.stored { answered(&tally) } else { tally.check() };
            match good {
                Ok(()) => return Ok(spent * 1e6 / f64::from(u32::try_from(tally.done.max(1))?)),
                Err(error) if attempt == TRIES => {
                    return Err(error.context(self.told(measure)));
                }
                Err(_) => attempt += 1,
            }
        }
    }

    /// Seconds of CPU for a number of operations.
    fn part(&mut self, measure: Measure) -> Result<(f64, Tally)> {
        let jobs = self.jobs(measure);
        let (began, before) = (Instant::now(), self.server.cpu()?);
        let outcome = self.play(jobs, WINDOW, None)?;
        self.settle()?;
        let spent = self.server.cpu()?.saturating_sub(before).as_secs_f64();
        let spent = spent - self.idle * began.elapsed().as_secs_f64();
        self.clean_up(measure)?;
        Ok((spent, outcome.tally))
    }

    fn told(&self, measure: Measure) -> String {
        format!("{}, {} contacts\n{}", measure.name(), self.contacts, self.server.log())
    }

    /// Telephones that came new for a measurement go.
    fn clean_up(&mut self, measure: Measure) -> Result<()> {
        if measure == Measure::First {
            self.register(self.guests(), 0, None)?;
            self.settle()?;
        }
        Ok(())
    }

    /// The telephones that are registered only while that is measured: a tenth of the others, but
    /// enough to measure.
    fn guests(&self) -> Range<usize> {
        let count = (self.contacts / 10).max(100).min(self.volume.registrations);
        self.contacts..self.contacts.saturating_add(count)
    }

    fn jobs(&self, measure: Measure) -> Vec<Job> {
        let register = |user| Job { user, method: "REGISTER", expires: Some(LASTING) };
        let turns = |count| turns(self.contacts, count);
        match measure {
            Measure::First => self.guests().map(register).collect(),
            Measure::Again => turns(self.volume.registrations).map(register).collect(),
            Measure::Registered => {
                turns(self.volume.requests).map(|user| self.ask(user, "MESSAGE")).collect()
            }
            Measure::Forced => {
                turns(self.volume.requests).map(|user| self.ask(user, "PUBLISH")).collect()
            }
            _ => turns(self.volume.requests).map(|user| self.ask(user, "OPTIONS")).collect(),
        }
    }

    /// A request of a telephone that is no registration.
    pub(crate) fn ask(&self, user: usize, method: &'static str) -> Job {
        Job { user, method, expires: None }
    }

    /// Waits until no transaction is left, so that their memory and the work of their end are
    /// accounted.
    pub(crate) fn settle(&mut self) -> Result<()> {
        let patience = Instant::now() + Duration::from_secs(60);
        while self.server.transactions()? > 0 {
            ensure!(Instant::now() < patience, "transactions do not end");
            sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// How many contacts the server has.
    pub(crate) fn held(&self) -> Result<usize> {
        Ok(usize::try_from(self.server.statistic("ims_usrloc_pcscf.registered_contacts")?)?)
    }
}

/// Fails if more than one request in a thousand was not answered well. What was said twice is done
/// all the same.
fn answered(tally: &Tally) -> Result<()> {
    let Tally { failed, sent, reasons, .. } = tally;
    ensure!(
        failed.saturating_mul(1_000) <= *sent,
        "{failed} of {sent} requests failed: {reasons:?}"
    );
    Ok(())
}

/// Both together.
fn joined(mut one: Tally, other: Tally) -> Tally {
    one.done = one.done.saturating_add(other.done);
    one.failed = one.failed.saturating_add(other.failed);
    one.sent = one.sent.saturating_add(other.sent);
    one.repeated = one.repeated.saturating_add(other.repeated);
    one.reasons.extend(other.reasons);
    one
}

/// Telephones for `count` operations, `STRIDE` apart.
fn turns(contacts: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |turn| turn.wrapping_mul(STRIDE) % contacts.max(1))
}

/// Addresses of this machine that no other server of this or another run has: for the server and
/// for its home network.
fn addresses() -> [Ipv4Addr; 2] {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let [_, _, high, low] = std::process::id().to_be_bytes();
    // Processes whose numbers are 32 apart may share an address; they rarely live together.
    let third = high.wrapping_mul(31) ^ low;
    [Ipv4Addr::new(127, 250, third, number), Ipv4Addr::new(127, 251, third, number)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_telephone_gets_its_turn_and_every_server_its_address() {
        let mut users: Vec<_> = turns(1_000, 1_000).collect();
        users.sort_unstable();
        assert!(users.into_iter().eq(0..1_000));
        assert_ne!(addresses(), addresses());
    }
}
