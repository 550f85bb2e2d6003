//! Runs `sipp`, the SIP tool that plays the phones.

use crate::Error;
use std::{
    net::UdpSocket,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// The domain that the server calls its own.
pub(crate) const DOMAIN: &str = "voice.example.com";
/// The user part of the shared line.
pub(crate) const LINE: &str = "200";
/// The user part of the outside party.
pub(crate) const FAR_END: &str = "300";

/// The address of the shared line.
pub(crate) fn aor() -> String {
    format!("sip:{LINE}@{DOMAIN}")
}

/// Fields of a scenario, written `[name]` there.
pub(crate) type Fields<'a> = &'a [(&'a str, &'a str)];

/// How `sipp` is run here.
#[derive(Debug)]
pub(crate) struct Sipp {
    proxy: String,
    folder: PathBuf,
}

impl Sipp {
    /// Plays against `proxy` (address:port) and leaves logs in `folder`.
    pub(crate) fn new(proxy: &str, folder: PathBuf) -> Self {
        Self { proxy: proxy.to_owned(), folder }
    }

    /// Where the scenario called `name` by the player `who` leaves its log.
    pub(crate) fn log(&self, who: &str, name: &str) -> PathBuf {
        self.folder.join(format!("{who}-{name}.log"))
    }

    /// Starts a scenario that goes on until it is killed and answers on `port`.
    pub(crate) fn stay(
        &self,
        who: &str,
        scenario: &str,
        port: u16,
        fields: Fields<'_>,
    ) -> Result<Scene, Error> {
        let mut command = self.command(who, scenario, port, fields);
        // A call of a phone has no end here; a dead one is forgotten at once.
        command.args(["-deadcall_wait", "0"]);
        Scene::start(who, scenario, command)
    }

    /// Starts a scenario of one call, from a port of its own.
    pub(crate) fn start(
        &self,
        who: &str,
        scenario: &str,
        call_id: &str,
        fields: Fields<'_>,
    ) -> Result<Scene, Error> {
        let mut command = self.command(who, scenario, free_port()?, fields);
        command.args(["-m", "1", "-timeout", "20", "-timeout_error", "-cid_str", call_id]);
        command.arg(&self.proxy);
        Scene::start(who, scenario, command)
    }

    /// Runs a scenario of one call to its end.
    pub(crate) fn run(
        &self,
        who: &str,
        scenario: &str,
        call_id: &str,
        fields: Fields<'_>,
    ) -> Result<(), Error> {
        self.start(who, scenario, call_id, fields)?.finish()
    }

    fn command(&self, who: &str, scenario: &str, port: u16, fields: Fields<'_>) -> Command {
        let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        // It must not outlive this program, however that ends.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "sipp", "-sf"]);
        command.arg(scenarios.join(scenario).with_extension("xml"));
        command.args(["-i", "127.0.0.1", "-ci", "127.0.0.1", "-p", &port.to_string()]);
        command.args(["-nostdin", "-trace_logs", "-log_file"]).arg(self.log(who, scenario));
        command.args(["-trace_err", "-error_file"]);
        command.arg(self.folder.join(format!("{who}-{scenario}.err")));
        for (name, value) in [("domain", DOMAIN)].iter().chain(fields) {
            command.args(["-key", name, value]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

/// A free UDP port of the loopback address.
pub(crate) fn free_port() -> Result<u16, Error> {
    Ok(UdpSocket::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// A running `sipp`, which ends with its owner.
#[derive(Debug)]
pub(crate) struct Scene {
    title: String,
    child: Child,
}

impl Scene {
    fn start(who: &str, scenario: &str, mut command: Command) -> Result<Self, Error> {
        let child = command.spawn().map_err(|error| format!("sipp: {error}"))?;
        Ok(Self { title: format!("{who}-{scenario}"), child })
    }

    /// Waits until the scenario is through.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        let status = self.child.wait()?;
        if status.success() {
            return Ok(());
        }
        Err(format!("scenario {} failed ({status}), see its .err file", self.title).into())
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
