//! One server with its users registered, and what each operation on it costs.

use super::{
    config::{Config, LOOPS},
    hss::Hss,
    measure::{Measure, Scene},
    options::Volume,
    text::{LOOKUP, LOOP, PLAIN, Users},
};
use crate::{
    server::{Memory, Server},
    telephones::{
        network::{Network, Place},
        operation::{Job, Operations, Outcome},
    },
};
use anyhow::{Context as _, Result, ensure};
use host_tests::diameter::{Application, setup::client_file};
use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    ops::Range,
    path::Path,
    sync::atomic::{AtomicU8, Ordering},
    thread::sleep,
    time::{Duration, Instant},
};

/// Megabytes of shared memory: a million users of C take more than four thousand.
pub(crate) const SHARED_MEGABYTES: &str = "8192";
/// How many requests are under way at a time.
const WINDOW: usize = 16;
/// Steps over the users so that neighbours in time are not neighbours in a table; a prime, so that
/// every one gets its turn.
const STRIDE: usize = 7919;
/// Seconds that every user registers for: longer than any run.
const LASTING: u32 = 86_400;
/// Registrations after which the HSS forgets what it was asked.
const CHUNK: usize = 5_000;
/// A NOTIFY leaves another process than the one that answers the SUBSCRIBE.
const NOTIFIED: Duration = Duration::from_millis(100);

/// A server with users.
#[derive(Debug)]
pub(crate) struct Load {
    /// The server.
    pub(crate) server: Server,
    hss: Hss,
    network: Network,
    operations: Operations<Users>,
    users: usize,
    volume: Volume,
    /// The users that registered and left during measurements are below this.
    next: usize,
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
    /// Address of the database, and the mode.
    pub(crate) database: Option<(&'a str, u8)>,
    /// Further parameters, whole lines.
    pub(crate) more: &'a str,
    /// A folder for the file of the Diameter client.
    pub(crate) folder: &'a Path,
}

impl Load {
    /// Starts a server for the users of `scene`; does not wait for it.
    pub(crate) fn spawn(start: Start<'_>, scene: Scene, volume: Volume) -> Result<Self> {
        let [listen, home] = addresses();
        let listen = SocketAddr::from((listen, 5060));
        let network = Network::new(Place::Spread, scene.users, listen, home)?;
        let hss = Hss::start(scene.identities);
        let folder = tempfile::tempdir_in(start.folder)?.keep();
        let file = folder.join("cdp.xml");
        fs::write(&file, client_file("scscf.bench", hss.node(), &[Application::CX]))?;
        let config = Config {
            modules: start.modules,
            listen,
            diameter: file.to_str().context("a path that is no text")?,
            database: start.database,
            more: start.more,
        };
        let text = |socket: &Path| config.text(socket.display());
        let server = Server::launch(start.manager, SHARED_MEGABYTES, text)?;
        let (operations, users) = (Operations::new(Users), scene.users);
        Ok(Self { server, hss, network, operations, users, volume, next: users, idle: 0.0 })
    }

    /// As [`Load::spawn`], and waits until it serves and has its HSS.
    pub(crate) fn start(start: Start<'_>, scene: Scene, volume: Volume) -> Result<Self> {
        let mut load = Self::spawn(start, scene, volume)?;
        load.server.wait_until_up()?;
        load.hss.node().connected();
        // The client takes the connection for open a moment after it exchanged capabilities.
        sleep(Duration::from_secs(1));
        load.play([ask(0, PLAIN)], 1, None)?;
        Ok(load)
    }

    /// Registers the users of the scene, as many as there is time for.
    pub(crate) fn fill(&mut self, limit: Duration) -> Result<Fill> {
        // The first few take what is taken once.
        let early = self.guests();
        self.register(early.clone(), LASTING, None)?;
        self.settle()?;
        let (began, before) = (Instant::now(), self.server.memory()?);
        let deadline = began + limit;
        let mut registered = 0_usize;
        while registered < self.users && Instant::now() < deadline {
            let chunk = registered..self.users.min(registered.saturating_add(CHUNK));
            let outcome = self.register(chunk, LASTING, Some(deadline))?;
            registered = registered.saturating_add(outcome.tally.done);
        }
        let time = began.elapsed();
        self.settle()?;
        Ok(Fill { registered, time, memory: self.server.memory()?.since(before) })
    }

    /// Registers users for a time, or takes them away with 0.
    pub(crate) fn register(
        &mut self,
        users: Range<usize>,
        seconds: u32,
        deadline: Option<Instant>,
    ) -> Result<Outcome> {
        let jobs = users.map(|user| Job { user, method: "REGISTER", expires: Some(seconds) });
        self.play(jobs, WINDOW, deadline)
    }

    /// Lets users do `jobs`, `window` at a time.
    pub(crate) fn play(
        &mut self,
        jobs: impl IntoIterator<Item = Job>,
        window: usize,
        deadline: Option<Instant>,
    ) -> Result<Outcome> {
        let outcome = self.operations.play(&self.network, jobs, window, deadline)?;
        self.hss.forget();
        outcome.tally.check().with_context(|| self.server.log())?;
        Ok(outcome)
    }

    /// Asks once whether a user is found; not more than once a request, for as long as a server starts.
    pub(crate) fn finds(&mut self, user: usize) -> Result<bool> {
        self.operations.insist(Duration::from_millis(25), 40);
        let outcome = self.operations.play(&self.network, [ask(user, LOOKUP)], 1, None)?;
        Ok(outcome.tally.done > 0)
    }

    /// Plays every kind of operation for a while, then takes what the idle server needs.
    pub(crate) fn warm_up(&mut self) -> Result<()> {
        for measure in Measure::COSTS {
            let jobs = self.jobs(measure);
            let few = jobs.len() / 4;
            self.play(jobs.into_iter().take(few), WINDOW, None)?;
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
        let jobs = self.jobs(measure);
        let (began, before) = (Instant::now(), self.server.cpu()?);
        let outcome = self.play(jobs, WINDOW, None)?;
        if measure == Measure::Watch {
            self.operations.listen(&self.network, NOTIFIED)?;
        }
        self.settle()?;
        let spent = self.server.cpu()?.saturating_sub(before).as_secs_f64();
        let spent = spent - self.idle * began.elapsed().as_secs_f64();
        let mut operations = outcome.tally.done.max(1);
        if measure == Measure::Looped {
            operations = operations.saturating_mul(LOOPS);
        }
        Ok(spent * 1e6 / f64::from(u32::try_from(operations)?))
    }

    /// The users that register only for a measurement; others each time, since one that left lives on
    /// in the server for a while.
    fn guests(&mut self) -> Range<usize> {
        let count = (self.users / 10).max(100).min(self.volume.registrations);
        let first = self.next;
        self.next = self.next.saturating_add(count);
        first..self.next
    }

    fn jobs(&mut self, measure: Measure) -> Vec<Job> {
        let register = |user, seconds| Job { user, method: "REGISTER", expires: Some(seconds) };
        let Volume { registrations, requests } = self.volume;
        let users = self.users;
        match measure {
            Measure::First => self.guests().map(|user| register(user, LASTING)).collect(),
            // Those that came last.
            Measure::Gone => {
                let count = (users / 10).max(100).min(registrations);
                (self.next.saturating_sub(count)..self.next).map(|user| register(user, 0)).collect()
            }
            Measure::Again => {
                turns(users, registrations).map(|user| register(user, LASTING)).collect()
            }
            Measure::Lookup => turns(users, requests).map(|user| ask(user, LOOKUP)).collect(),
            Measure::Looped => turns(users, requests / 10).map(|user| ask(user, LOOP)).collect(),
            Measure::Watch => turns(users, registrations)
                .map(|user| Job { user, method: "SUBSCRIBE", expires: Some(LASTING) })
                .collect(),
            _ => turns(users, requests).map(|user| ask(user, PLAIN)).collect(),
        }
    }

    /// Waits until no transaction is left, so that their memory and the work of their end are
    /// accounted.
    pub(crate) fn settle(&mut self) -> Result<()> {
        let patience = Instant::now() + Duration::from_secs(60);
        while self.server.transactions()? > 0 {
            ensure!(Instant::now() < patience, "transactions do not end");
            // A NOTIFY that still comes must not be repeated.
            self.operations.listen(&self.network, Duration::from_millis(50))?;
        }
        Ok(())
    }

    /// How many contacts the server has.
    pub(crate) fn held(&self) -> Result<usize> {
        Ok(usize::try_from(self.server.statistic("ims_usrloc_scscf.active_contacts")?)?)
    }
}

/// A request of a user that is no registration.
pub(crate) fn ask(user: usize, method: &'static str) -> Job {
    Job { user, method, expires: None }
}

/// Users for `count` operations, `STRIDE` apart.
fn turns(users: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |turn| turn.wrapping_mul(STRIDE) % users.max(1))
}

/// Addresses of this machine that no other server of this or another run has.
fn addresses() -> [Ipv4Addr; 2] {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let [_, _, high, low] = std::process::id().to_be_bytes();
    // Processes whose numbers are 32 apart may share an address; they rarely live together.
    let third = high.wrapping_mul(31) ^ low;
    [Ipv4Addr::new(127, 252, third, number), Ipv4Addr::new(127, 253, third, number)]
}
