//! One Kamailio under measurement.

pub mod config;
pub mod cpu;
pub mod rpc;

pub use config::{EXIT_TIMEOUT, JOB_INTERVAL};

use anyhow::{Context as _, Result, ensure};
use host_tests::{
    install::install,
    process::{Group, guarded},
};
use rpc::Rpc;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    path::Path,
    process::Stdio,
    thread::sleep,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Megabytes of shared memory: enough for every size, so that no flavor is short of it.
pub const SHARED_MEGABYTES: &str = "2048";
/// Megabytes of private memory: the server's default.
pub const PRIVATE_MEGABYTES: &str = "8";
/// The pause between two looks at a server that starts or stops.
const LOOK: Duration = Duration::from_millis(10);
/// A child that was not asked to stop in time has missed the signal and gets another.
const MISSED: Duration = Duration::from_secs(2);

/// What differs between two servers.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'a> {
    /// The value of `mpath`.
    pub modules: &'a str,
    /// The memory manager, as for `-x`.
    pub manager: &'a str,
    /// The database of the subscriptions.
    pub database: &'a str,
}

/// The shared memory of a server, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    /// What the owners of the blocks asked for, rounded up as the manager does.
    pub asked: u64,
    /// What the pool gave for it, the heads of the blocks included.
    pub used: u64,
}

impl Memory {
    /// What was taken since `before`.
    pub fn since(self, before: Self) -> Self {
        let asked = self.asked.saturating_sub(before.asked);
        Self { asked, used: self.used.saturating_sub(before.used) }
    }

    /// The sum.
    pub fn plus(self, other: Self) -> Self {
        let asked = self.asked.saturating_add(other.asked);
        Self { asked, used: self.used.saturating_add(other.used) }
    }
}

/// A running server; its processes end with the value.
#[derive(Debug)]
pub struct Server {
    group: Group,
    folder: TempDir,
    rpc: Rpc,
}

impl Server {
    /// Starts a server that sends calls to the phones at `outside`; does not wait for it.
    ///
    /// # Errors
    ///
    /// A run folder that cannot be written.
    pub fn spawn(setup: Setup<'_>, address: SocketAddr, outside: SocketAddr) -> Result<Self> {
        Self::launch(setup.manager, SHARED_MEGABYTES, |socket| {
            config::text(setup.modules, address, outside, socket.display(), setup.database)
        })
    }

    /// Starts a server with `shared` megabytes of shared memory whose configuration is what `text` makes
    /// of the path of its RPC socket; does not wait for it.
    ///
    /// # Errors
    ///
    /// A run folder that cannot be written.
    pub fn launch(manager: &str, shared: &str, text: impl FnOnce(&Path) -> String) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("sca-bench-").tempdir()?;
        let path = |name: &str| folder.path().join(name);
        let socket = path("rpc.sock");
        fs::write(path("kamailio.cfg"), text(&socket))?;
        let log = File::create(path("log"))?;
        let mut command = install().kamailio();
        command.args(["-DD", "-E", "-m", shared, "-M", PRIVATE_MEGABYTES]);
        command.args(["-x", manager]).arg("-f").arg(path("kamailio.cfg"));
        command.arg("-P").arg(path("pid")).arg("-Y").arg(folder.path());
        let mut command = guarded(&command);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let group = Group::start(command);
        let rpc = Rpc::new(folder.path(), &socket)?;
        Ok(Self { group, folder, rpc })
    }

    /// Starts a server and waits until it answers commands.
    ///
    /// # Errors
    ///
    /// As [`Server::spawn`], and a server that ends or says nothing for 20 seconds.
    pub fn start(setup: Setup<'_>, address: SocketAddr, outside: SocketAddr) -> Result<Self> {
        let mut server = Self::spawn(setup, address, outside)?;
        server.wait_until_up()?;
        Ok(server)
    }

    /// Waits until it answers commands.
    ///
    /// # Errors
    ///
    /// It ends, or says nothing for 20 seconds.
    pub fn wait_until_up(&mut self) -> Result<()> {
        let patience = Instant::now() + Duration::from_secs(20);
        while self.rpc.call("core.uptime", &[]).is_err() {
            ensure!(self.is_alive(), "kamailio ended at once:\n{}", self.log());
            ensure!(Instant::now() < patience, "kamailio does not answer:\n{}", self.log());
            sleep(LOOK);
        }
        Ok(())
    }

    /// Whether its main process runs.
    pub fn is_alive(&mut self) -> bool {
        self.group.runs()
    }

    /// The CPU time of all its processes so far.
    ///
    /// # Errors
    ///
    /// As [`cpu::time`].
    pub fn cpu(&mut self) -> Result<Duration> {
        cpu::time(self.group.child().id())
    }

    /// The state of its shared memory.
    ///
    /// # Errors
    ///
    /// As [`Rpc::number`].
    pub fn memory(&self) -> Result<Memory> {
        Ok(Memory {
            asked: self.number("core.shmmem", "used")?,
            used: self.number("core.shmmem", "real_used")?,
        })
    }

    /// How many transactions it holds.
    ///
    /// # Errors
    ///
    /// As [`Rpc::number`].
    pub fn transactions(&self) -> Result<u64> {
        self.number("tm.stats", "current")
    }

    /// How many call-info subscriptions it holds.
    ///
    /// # Errors
    ///
    /// As [`Rpc::call`], and an answer that begins with no number.
    pub fn subscriptions(&self) -> Result<usize> {
        let line =
            self.rpc.call("sca.subscription_count", &["call-info"]).with_context(|| self.log())?;
        let count = line.as_str().and_then(|text| text.split(' ').next()?.parse().ok());
        count.with_context(|| format!("no count of subscriptions in {line}"))
    }

    /// A statistic, by its group and name.
    ///
    /// # Errors
    ///
    /// As [`Rpc::number`].
    pub fn statistic(&self, name: &str) -> Result<u64> {
        let line = self.rpc.call("stats.fetch", &[name]).with_context(|| self.log())?;
        let value = line.get(name).with_context(|| format!("no {name} in {line}"))?;
        let number = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok());
        number.with_context(|| format!("{name} is {value}"))
    }

    fn number(&self, method: &str, field: &str) -> Result<u64> {
        self.rpc.number(method, field).with_context(|| self.log())
    }

    /// The last lines of its log.
    pub fn log(&self) -> String {
        let bytes = fs::read(self.folder.path().join("log")).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<_> = text.lines().collect();
        let last = lines.get(lines.len().saturating_sub(12)..).unwrap_or_default().join("\n");
        format!("log of the server:\n{last}")
    }

    /// Asks it to stop and gives the time until it is gone; `None` if that takes longer than
    /// `limit`.
    pub fn stop(mut self, limit: Duration) -> Option<Duration> {
        let began = Instant::now();
        let main = self.group.child().id();
        signal(main, Signal::TERM);
        let mut reminded = false;
        while self.is_alive() {
            if began.elapsed() > limit {
                self.group.kill();
                return None;
            }
            if !reminded && began.elapsed() > MISSED {
                // A child that is asked to stop while it starts to wait may miss it, and the main
                // process would wait for the child until its time is over. Not the module's doing.
                reminded = true;
                for child in
                    cpu::processes(main).unwrap_or_default().into_iter().filter(|pid| *pid != main)
                {
                    signal(child, Signal::TERM);
                }
            }
            sleep(LOOK);
        }
        Some(began.elapsed())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nobody waits for a server whose figures are taken to store its subscriptions.
        self.group.kill();
    }
}

/// A free address for a server.
///
/// # Errors
///
/// No port is left.
pub fn free_address() -> Result<SocketAddr> {
    Ok(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

fn signal(process: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(process).ok().and_then(Pid::from_raw) {
        // A process that ended meanwhile needs no signal.
        let _ = kill_process(pid, signal);
    }
}
