//! One Kamailio under measurement.

mod cpu;
pub(crate) mod instructions;
mod rpc;

use anyhow::{Context as _, Result, ensure};
use host_tests::{
    install::install,
    process::{Group, guarded},
};
use rpc::Rpc;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::{
    fs::{self, File},
    path::Path,
    process::Stdio,
    thread::sleep,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Megabytes of private memory: the server's default.
pub(crate) const PRIVATE_MEGABYTES: &str = "8";
/// The pause between two looks at a server that starts or stops.
const LOOK: Duration = Duration::from_millis(10);
/// A child that was not asked to stop in time has missed the signal and gets another.
const MISSED: Duration = Duration::from_secs(2);

/// The shared memory of a server, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    /// What the owners of the blocks asked for, rounded up as the manager does.
    pub(crate) asked: u64,
    /// What the pool gave for it, the heads of the blocks included.
    pub(crate) used: u64,
}

impl Memory {
    /// What was taken since `before`.
    pub(crate) fn since(self, before: Self) -> Self {
        let asked = self.asked.saturating_sub(before.asked);
        Self { asked, used: self.used.saturating_sub(before.used) }
    }

    /// The sum.
    pub(crate) fn plus(self, other: Self) -> Self {
        let asked = self.asked.saturating_add(other.asked);
        Self { asked, used: self.used.saturating_add(other.used) }
    }

    /// What each of `count` things takes: asked for, really used.
    pub(crate) fn each(self, count: usize) -> [f64; 2] {
        let count = f64::from(u32::try_from(count.max(1)).unwrap_or(u32::MAX));
        [self.asked, self.used].map(|bytes| float(bytes) / count)
    }
}

/// A number of bytes; exact up to 2^53.
fn float(bytes: u64) -> f64 {
    let half = |bits: u64| f64::from(u32::try_from(bits & 0xffff_ffff).unwrap_or(u32::MAX));
    half(bytes >> 32) * 4_294_967_296.0 + half(bytes)
}

/// A running server; its processes end with the value.
#[derive(Debug)]
pub(crate) struct Server {
    group: Group,
    folder: TempDir,
    rpc: Rpc,
    /// Whether instructions are counted instead of time.
    counted: bool,
}

impl Server {
    /// Starts a server with `shared` megabytes of shared memory whose configuration is what `text` makes
    /// of the path of its RPC socket; does not wait for it. `manager` may ask for
    /// [`instructions`].
    ///
    /// # Errors
    ///
    /// A run folder that cannot be written.
    pub(crate) fn launch(
        manager: &str,
        shared: u64,
        text: impl FnOnce(&Path) -> String,
    ) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("bench-").tempdir()?;
        let path = |name: &str| folder.path().join(name);
        let socket = path("rpc.sock");
        fs::write(path("kamailio.cfg"), text(&socket))?;
        let log = File::create(path("log"))?;
        let (manager, counted) = instructions::split(manager);
        let mut command = install().kamailio();
        command.args(["-DD", "-E", "-m", &shared.to_string(), "-M", PRIVATE_MEGABYTES]);
        command.args(["-x", manager]).arg("-f").arg(path("kamailio.cfg"));
        command.arg("-P").arg(path("pid")).arg("-Y").arg(folder.path());
        if counted {
            command = instructions::counted(&command, folder.path());
        }
        let mut command = guarded(&command);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let group = Group::start(command);
        let rpc = Rpc::new(folder.path(), &socket)?;
        Ok(Self { group, folder, rpc, counted })
    }

    /// Waits until it answers commands.
    ///
    /// # Errors
    ///
    /// It ends, or says nothing for 20 seconds (two minutes if its instructions are counted).
    pub(crate) fn wait_until_up(&mut self) -> Result<()> {
        let patience = Instant::now() + Duration::from_secs(if self.counted { 120 } else { 20 });
        while self.rpc.call("core.uptime", &[]).is_err() {
            ensure!(self.is_alive(), "kamailio ended at once:\n{}", self.log());
            ensure!(Instant::now() < patience, "kamailio does not answer:\n{}", self.log());
            sleep(LOOK);
        }
        Ok(())
    }

    /// Whether its main process runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.group.runs()
    }

    /// The CPU time of all its processes so far; a nanosecond for each instruction if these are
    /// counted.
    ///
    /// # Errors
    ///
    /// As [`cpu::time`] and [`instructions::so_far`].
    pub(crate) fn cpu(&mut self) -> Result<Duration> {
        let group = self.group.child().id();
        if self.counted {
            return instructions::so_far(group, self.folder.path());
        }
        cpu::time(group)
    }

    /// In how many parts the operations of a turn are cut, of which one is played.
    pub(crate) const fn shares(&self) -> usize {
        if self.counted { instructions::SLOWER } else { 1 }
    }

    /// The state of its shared memory.
    ///
    /// # Errors
    ///
    /// As [`Rpc::number`].
    pub(crate) fn memory(&self) -> Result<Memory> {
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
    pub(crate) fn transactions(&self) -> Result<u64> {
        self.number("tm.stats", "current")
    }

    /// The result of a command.
    ///
    /// # Errors
    ///
    /// As [`Rpc::call`].
    pub(crate) fn call(&self, method: &str, params: &[&str]) -> Result<Value> {
        self.rpc.call(method, params).with_context(|| self.log())
    }

    /// A statistic, by its group and name.
    ///
    /// # Errors
    ///
    /// As [`Rpc::number`].
    pub(crate) fn statistic(&self, name: &str) -> Result<u64> {
        let line = self.call("stats.fetch", &[name])?;
        let value = line.get(name).with_context(|| format!("no {name} in {line}"))?;
        let number = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok());
        number.with_context(|| format!("{name} is {value}"))
    }

    fn number(&self, method: &str, field: &str) -> Result<u64> {
        self.rpc.number(method, field).with_context(|| self.log())
    }

    /// The last lines of its log.
    pub(crate) fn log(&self) -> String {
        let bytes = fs::read(self.folder.path().join("log")).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<_> = text.lines().collect();
        let last = lines.get(lines.len().saturating_sub(12)..).unwrap_or_default().join("\n");
        format!("log of the server:\n{last}")
    }

    /// Asks it to stop and gives the time until it is gone; `None` if that takes longer than
    /// `limit`.
    pub(crate) fn stop(mut self, limit: Duration) -> Option<Duration> {
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

fn signal(process: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(process).ok().and_then(Pid::from_raw) {
        // A process that ended meanwhile needs no signal.
        let _ = kill_process(pid, signal);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_beyond_four_gigabytes_is_shared_out_exactly() {
        let memory = Memory { asked: 6 << 32, used: (6 << 32) + 6 };
        assert_eq!(memory.each(3), [2.0 * 4_294_967_296.0, 2.0 * 4_294_967_296.0 + 2.0]);
    }
}
