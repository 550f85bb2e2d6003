//! One server with its users registered, and what each operation on it is.

use super::{
    config::{Config, LOOPS},
    hss::Hss,
    measure::{Measure, Scene},
    text::{LOOKUP, LOOP, PLAIN, Users},
};
use crate::{
    figures::Scene as _,
    meter::Operate,
    options::Volume,
    registrar::{LASTING, Registrar},
    server::Server,
    telephones::{
        network::{Network, Place},
        operation::{Job, Outcome},
        site::{Site, WINDOW, addresses, newcomers, turns},
    },
};
use anyhow::{Context as _, Result};
use host_tests::diameter::{Application, setup::client_file};
use std::{
    fs,
    net::SocketAddr,
    ops::Range,
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

/// A NOTIFY leaves another process than the one that answers the SUBSCRIBE.
const NOTIFIED: Duration = Duration::from_millis(100);
/// Many lookups in a loop count for that many fewer requests.
const FEWER: usize = 10;

/// A server with users.
#[derive(Debug)]
pub(crate) struct Load {
    site: Site<Users>,
    hss: Hss,
    users: usize,
    volume: Volume,
    /// The users that registered and left during measurements are below this.
    next: usize,
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
        let server = Server::launch(start.manager, scene.megabytes(), text)?;
        let (site, users) = (Site::new(server, network, Users), scene.users);
        Ok(Self { site, hss, users, volume, next: users })
    }

    /// As [`Load::spawn`], and waits until it serves and has its HSS.
    pub(crate) fn start(start: Start<'_>, scene: Scene, volume: Volume) -> Result<Self> {
        let mut load = Self::spawn(start, scene, volume)?;
        load.site.server.wait_until_up()?;
        load.hss.node().connected();
        // The client takes the connection for open a moment after it exchanged capabilities.
        sleep(Duration::from_secs(1));
        load.play([Job::ask(0, PLAIN)], 1, None)?;
        Ok(load)
    }

    /// Registers users that are not counted: the first few take what is taken once.
    pub(crate) fn open(&mut self) -> Result<()> {
        let early = self.newcomers();
        self.register(early, LASTING, None)?;
        Ok(())
    }

    /// Stops the server and gives the time until it is gone, if that is not longer than `limit`.
    pub(crate) fn stop(self, limit: Duration) -> Option<Duration> {
        self.site.server.stop(limit)
    }

    /// Lets users do `jobs`, `window` at a time.
    fn play(
        &mut self,
        jobs: impl IntoIterator<Item = Job>,
        window: usize,
        deadline: Option<Instant>,
    ) -> Result<Outcome> {
        let outcome = self.site.play(jobs, window, deadline)?;
        self.hss.forget();
        outcome.tally.answered().with_context(|| self.told())?;
        Ok(outcome)
    }

    fn told(&self) -> String {
        format!("{} users\n{}", self.users, self.site.server.log())
    }

    /// The users that register only for a measurement; others each time, since one that left lives on
    /// in the server for a while.
    fn newcomers(&mut self) -> Range<usize> {
        let first = self.next;
        self.next = first.saturating_add(newcomers(self.users, self.volume.registrations));
        first..self.next
    }

    /// Those who came last.
    fn last(&self) -> Range<usize> {
        let count = newcomers(self.users, self.volume.registrations);
        self.next.saturating_sub(count)..self.next
    }

    fn jobs(&mut self, measure: Measure) -> Vec<Job> {
        let register = |user| Job::register(user, LASTING);
        let Volume { registrations, requests } = self.volume;
        let users = self.users;
        let ask =
            |count, method| turns(users, count).map(move |user| Job::ask(user, method)).collect();
        match measure {
            Measure::First => self.newcomers().map(register).collect(),
            Measure::Gone => self.last().map(|user| Job::register(user, 0)).collect(),
            Measure::Again => turns(users, registrations).map(register).collect(),
            Measure::Lookup => ask(requests, LOOKUP),
            Measure::Looped => ask(requests / FEWER, LOOP),
            Measure::Watch => turns(users, registrations)
                .map(|user| Job { method: "SUBSCRIBE", ..Job::register(user, LASTING) })
                .collect(),
            _ => ask(requests, PLAIN),
        }
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
        let tally = self.play(jobs, WINDOW, None)?.tally;
        tally.check().with_context(|| self.told())?;
        let done = tally.done;
        match measure {
            Measure::Watch => self.listen(NOTIFIED).map(|()| done),
            Measure::Looped => Ok(done.saturating_mul(LOOPS)),
            _ => Ok(done),
        }
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
        Ok(self.play(jobs, WINDOW, deadline)?.tally.done)
    }

    fn ask(&mut self, count: usize, among: usize) -> Result<Duration> {
        let jobs = (0..count).map(|turn| Job::ask(turn % among.max(1), LOOKUP));
        Ok(self.play(jobs, 2, None)?.slowest)
    }

    fn finds(&mut self, user: usize) -> Result<bool> {
        self.site.finds(Job::ask(user, LOOKUP))
    }

    fn held(&self) -> Result<usize> {
        self.site.statistic("ims_usrloc_scscf.active_contacts")
    }
}
