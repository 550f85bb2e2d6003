//! RPC commands, as an operator calls them.

use crate::{install::install, wait::PATIENCE};
use std::{
    fmt,
    net::{IpAddr, UdpSocket},
    path::{Path, PathBuf},
    process::Output,
};

/// An error that a command answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its number, such as 500.
    pub code: u32,
    /// Its text.
    pub text: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.code, self.text)
    }
}

impl Fault {
    /// The error `code` with `text`.
    pub fn new(code: u32, text: &str) -> Self {
        Self { code, text: text.to_owned() }
    }
}

/// An appearance as `sca.all_appearances` lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Appearance {
    /// The shared address.
    pub aor: String,
    /// Its number.
    pub index: String,
    /// Its state by name.
    pub state: String,
    /// When it last changed, seconds since 1970.
    pub since: u64,
    /// The Contact that holds it.
    pub owner: String,
    /// The Contact of the far side.
    pub callee: String,
    /// Call-ID of its dialog.
    pub call_id: String,
    /// From-tag of its dialog.
    pub from_tag: String,
    /// To-tag of its dialog.
    pub to_tag: String,
}

/// The control sockets of one host.
#[derive(Clone, Debug)]
pub struct Rpc {
    folder: PathBuf,
    ip: IpAddr,
}

impl Rpc {
    /// The sockets in `folder`, as the host sees it, and on its address.
    pub(crate) fn new(folder: &Path, ip: IpAddr) -> Self {
        Self { folder: folder.to_owned(), ip }
    }

    /// Calls a command through `kamcmd`: the words are its name and its arguments.
    ///
    /// # Errors
    ///
    /// The fault that the command answered.
    ///
    /// # Panics
    ///
    /// When the host does not answer.
    pub fn rpc(&self, words: &[&str]) -> Result<String, Fault> {
        let done = self.call(words);
        let text = String::from_utf8_lossy(&done.stdout);
        if let Some(fault) = text.strip_prefix("error: ") {
            let (code, text) = fault.trim_end_matches('\n').split_once(" - ").unwrap();
            return Err(Fault::new(code.parse().unwrap(), text));
        }
        let errors = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success() && errors.is_empty(), "kamcmd {words:?}: {text}{errors}");
        Ok(text.into_owned())
    }

    /// What `kamcmd` prints for a command, byte by byte.
    pub fn printed(&self, words: &[&str]) -> Vec<u8> {
        self.call(words).stdout
    }

    fn call(&self, words: &[&str]) -> Output {
        let socket = format!("unix:{}", self.folder.join("ctl").display());
        install().command("kamcmd").args(["-s", &socket]).args(words).output().unwrap()
    }

    /// Sends one JSON-RPC request and gives the answer as text.
    ///
    /// # Panics
    ///
    /// When the host does not answer, or was not started with JSON-RPC.
    pub fn json(&self, request: &str) -> String {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.send_to(request.as_bytes(), (self.ip, 8090)).unwrap();
        let mut answer = vec![0; 1 << 16];
        let length = socket.recv(&mut answer).expect("an answer to JSON-RPC");
        String::from_utf8_lossy(&answer[..length]).into_owned()
    }

    /// All appearances of all lines.
    pub fn appearances(&self) -> Vec<Appearance> {
        let text = self.rpc(&["sca.all_appearances"]).unwrap();
        text.lines().map(appearance).collect()
    }

    /// The lines of `sca.all_subscriptions`; none when there is no subscription.
    pub fn subscriptions(&self) -> Vec<String> {
        match self.rpc(&["sca.all_subscriptions"]) {
            Ok(text) => text.lines().map(str::to_owned).collect(),
            Err(fault) => {
                assert_eq!(fault, Fault::new(500, "Empty subscription table!"));
                Vec::new()
            }
        }
    }

    /// The value of a statistic of module `sca`.
    ///
    /// # Panics
    ///
    /// When there is none of that name.
    pub fn statistic(&self, name: &str) -> u64 {
        self.statistic_of("sca", name)
    }

    /// The value of statistic `name` of `group`.
    ///
    /// # Panics
    ///
    /// When there is none of that name.
    pub fn statistic_of(&self, group: &str, name: &str) -> u64 {
        let text = self.rpc(&["stats.get_statistics", &format!("{group}:")]).unwrap();
        let found = text.lines().find_map(|line| {
            let (known, value) = line.trim().split_once('=')?;
            (known.trim() == format!("{group}:{name}")).then(|| value.trim().parse().unwrap())
        });
        found.unwrap_or_else(|| panic!("no statistic {name} in {text}"))
    }

    /// Bytes of shared memory in use, without the manager's own.
    pub fn shared_memory(&self) -> u64 {
        let text = self.rpc(&["core.shmmem"]).unwrap();
        number(&text, "used:")
    }
}

/// The number behind `name` in a structure that `kamcmd` printed.
pub fn number(text: &str, name: &str) -> u64 {
    let line = text.lines().map(str::trim).find_map(|line| line.strip_prefix(name));
    line.and_then(|value| value.trim().parse().ok())
        .unwrap_or_else(|| panic!("no number {name} in {text}"))
}

fn appearance(line: &str) -> Appearance {
    let fields: Vec<_> = line.split(' ').map(str::to_owned).collect();
    let [aor, index, state, since, owner, callee, call_id, from_tag, to_tag] =
        <[String; 9]>::try_from(fields).unwrap_or_else(|_| panic!("nine fields in {line:?}"));
    let since = since.parse().unwrap();
    Appearance { aor, index, state, since, owner, callee, call_id, from_tag, to_tag }
}
