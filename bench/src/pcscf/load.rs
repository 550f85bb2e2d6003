//! One server with its telephones registered, and what each operation on it is.

use super::{
    config::Config,
    measure::{Measure, Scene},
    rows,
    text::Home,
};
use crate::{
    figures::Scene as _,
    meter::{Operate, settle},
    options::Volume,
    registrar::{LASTING, Registrar},
    server::Server,
    storage::Storage,
    telephones::{
        network::Network,
        operation::Job,
        site::{Site, WINDOW, addresses, newcomers, turns},
    },
};
use anyhow::{Context as _, Result};
use std::{
    net::SocketAddr,
    ops::Range,
    time::{Duration, Instant},
};

/// In how many parts first registrations are measured: those who come go before the next part.
const PARTS: usize = 3;
/// A request with `pcscf_is_registered`.
const IS_REGISTERED: &str = "MESSAGE";
/// A request with `pcscf_force_service_routes`.
const FORCE_ROUTES: &str = "PUBLISH";
/// A request that uses neither module.
const PLAIN: &str = "OPTIONS";

/// A server with telephones.
#[derive(Debug)]
pub(crate) struct Load {
    site: Site<Home>,
    contacts: usize,
    volume: Volume,
    /// Where contacts are stored, and the mode; a database may be slower than a telephone is patient.
    storage: Option<(Storage, u8)>,
}

/// What a server is started with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start<'a> {
    /// The value of `mpath`.
    pub(crate) modules: &'a str,
    /// The memory manager.
    pub(crate) manager: &'a str,
    /// Further parameters of `ims_usrloc_pcscf`, whole lines.
    pub(crate) more: &'a str,
}

impl Load {
    /// Starts a server for the telephones of `scene`, of which the first `rows` are in its database
    /// `storage` already; does not wait for it.
    pub(crate) fn spawn(
        start: Start<'_>,
        scene: Scene,
        volume: Volume,
        storage: Option<Storage>,
        rows: usize,
    ) -> Result<Self> {
        let [listen, core] = addresses();
        let listen = SocketAddr::from((listen, 5060));
        let users = scene.contacts.saturating_add(volume.registrations);
        let network = Network::new(scene.place, users, listen, core)?;
        if let Some(storage) = &storage {
            rows::fill(storage, rows, network.core())?;
        }
        let storage = storage.zip(scene.storage.map(|(_, mode)| mode));
        let database = storage.as_ref().map(|(storage, mode)| (storage.url(), *mode));
        let config = Config {
            modules: start.modules,
            workers: scene.workers,
            listen,
            core: network.core(),
            database: database.as_ref().map(|(url, mode)| (url.as_str(), *mode)),
            more: start.more,
        };
        let server = Server::launch(start.manager, scene.megabytes(), |socket| {
            config.text(socket.display())
        })?;
        let site = Site::new(server, network, Home);
        Ok(Self { site, contacts: scene.contacts, volume, storage })
    }

    /// As [`Load::spawn`], and waits until it serves.
    pub(crate) fn start(
        start: Start<'_>,
        scene: Scene,
        volume: Volume,
        storage: Option<Storage>,
    ) -> Result<Self> {
        let mut load = Self::spawn(start, scene, volume, storage, 0)?;
        load.site.server.wait_until_up()?;
        // Its processes for commands are up before the workers are.
        load.site.play([Job::ask(0, PLAIN)], 1, None)?;
        Ok(load)
    }

    /// Registers those who come and go in measurements, and takes them away: the first few take what is
    /// taken once.
    pub(crate) fn open(&mut self) -> Result<()> {
        let early = self.newcomers();
        self.register(early.clone(), LASTING, None)?;
        self.register(early, 0, None)?;
        Ok(())
    }

    /// Those who are registered only while that is measured.
    fn newcomers(&self) -> Range<usize> {
        let count = newcomers(self.contacts, self.volume.registrations);
        self.contacts..self.contacts.saturating_add(count)
    }

    fn jobs(&self, measure: Measure) -> Vec<Job> {
        let register = |user| Job::register(user, LASTING);
        let Volume { registrations, requests } = self.volume;
        let ask = |method| {
            turns(self.contacts, requests).map(move |user| Job::ask(user, method)).collect()
        };
        match measure {
            Measure::First => self.newcomers().map(register).collect(),
            Measure::Again => turns(self.contacts, registrations).map(register).collect(),
            Measure::Registered => ask(IS_REGISTERED),
            Measure::Forced => ask(FORCE_ROUTES),
            _ => ask(PLAIN),
        }
    }

    fn told(&self) -> String {
        format!("{} contacts\n{}", self.contacts, self.site.server.log())
    }
}

impl Operate for Load {
    type Measure = Measure;

    const COSTS: &[Measure] = &Measure::COSTS;

    fn server(&mut self) -> &mut Server {
        &mut self.site.server
    }

    fn listen(&mut self, time: Duration) -> Result<()> {
        self.site.listen(time)
    }

    fn operate(&mut self, measure: Measure, shares: usize) -> Result<usize> {
        let mut jobs = self.jobs(measure);
        jobs.truncate(jobs.len() / shares);
        let tally = self.site.play(jobs, WINDOW, None)?.tally;
        let good = if self.storage.is_some() { tally.answered() } else { tally.check() };
        good.with_context(|| self.told())?;
        Ok(tally.done)
    }

    fn parts(measure: Measure) -> usize {
        if measure == Measure::First { PARTS } else { 1 }
    }

    fn clean_up(&mut self, measure: Measure) -> Result<()> {
        if measure == Measure::First {
            self.register(self.newcomers(), 0, None)?;
            settle(self)?;
        }
        Ok(())
    }

    /// What of the registered contacts is stored, where each is written before it is answered.
    fn conclude(&mut self) -> Result<Vec<(Measure, f64)>> {
        let Some((storage, 1 | 3)) = &self.storage else { return Ok(Vec::new()) };
        let rows = storage.count().context("a table whose rows cannot be counted")?;
        let per_hundred = |count: usize| u32::try_from(count).map(f64::from);
        let held = per_hundred(self.held()?.max(1))?;
        Ok(vec![(Measure::Stored, 100.0 * per_hundred(rows)? / held)])
    }
}

impl Registrar for Load {
    const SIZES: [Measure; 2] = Measure::SIZES;
    const WAITS: [Measure; 2] = Measure::WAITS;

    fn register(
        &mut self,
        users: Range<usize>,
        seconds: u32,
        deadline: Option<Instant>,
    ) -> Result<usize> {
        let jobs = users.map(|user| Job::register(user, seconds));
        let outcome = self.site.play(jobs, WINDOW, deadline)?;
        outcome.tally.answered().with_context(|| format!("for {seconds} s, {}", self.told()))?;
        Ok(outcome.tally.done)
    }

    fn ask(&mut self, count: usize, among: usize) -> Result<Duration> {
        let jobs = (0..count).map(|turn| Job::ask(turn % among.max(1), IS_REGISTERED));
        let outcome = self.site.play(jobs, 2, None)?;
        outcome.tally.answered().with_context(|| self.told())?;
        Ok(outcome.slowest)
    }

    fn finds(&mut self, user: usize) -> Result<bool> {
        self.site.finds(Job::ask(user, IS_REGISTERED))
    }

    fn held(&self) -> Result<usize> {
        self.site.statistic("ims_usrloc_pcscf.registered_contacts")
    }
}
