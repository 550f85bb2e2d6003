//! A PostgreSQL server of the test run's own.

use crate::{
    database::{Database, Dialect, schema},
    host::own_address,
    mariadb::owned_folder,
    process::{self, as_user},
    server::Server,
};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};
use tempfile::TempDir;

const PORT: u16 = 5432;
const USER: &str = "postgres";

/// A server with its data; ends when dropped.
#[derive(Debug)]
pub struct Postgres {
    // The server goes before its folder.
    _server: Server,
    folder: TempDir,
    ip: IpAddr,
}

/// One database of a server.
#[derive(Clone, Debug)]
pub struct Schema {
    ip: IpAddr,
    name: String,
}

impl Postgres {
    /// Makes an empty cluster and starts a server on it.
    pub fn start() -> Self {
        let folder = owned_folder("postgres-", USER);
        let data = folder.path().join("data");
        let mut init = Command::new(program("initdb"));
        init.current_dir("/").args(["--no-sync", "--auth=trust", "--username=kamailio", "-D"]);
        process::output(&mut as_user(USER, init.arg(&data)));
        let ip = own_address().ip();
        let mut command = Command::new(program("postgres"));
        command.current_dir("/").arg("-D").arg(&data).arg("-k").arg(folder.path());
        command.arg("-h").arg(ip.to_string()).args(["-p", &PORT.to_string(), "-c", "fsync=off"]);
        let server = Server::start(
            "PostgreSQL",
            move || as_user(USER, &command),
            || {
                let done = client(ip, "postgres").args(["-c", "SELECT 1"]).output();
                done.is_ok_and(|done| done.status.success())
            },
        );
        Self { _server: server, folder, ip }
    }

    /// Lets all its processes stand still, with their connections open, or go on.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn set_frozen(&self, frozen: bool) {
        let file = self.folder.path().join("data/postmaster.pid");
        let text = fs::read_to_string(file).expect("a pid");
        let main: i32 = text.lines().next().and_then(|pid| pid.parse().ok()).expect("a number");
        let signal = if frozen { Signal::STOP } else { Signal::CONT };
        // The first one first, so that there are no others than those that are found then.
        let send = |pid| kill_process(Pid::from_raw(pid).expect("a process"), signal);
        send(main).expect("a server");
        for child in children(main) {
            // One that has ended meanwhile needs no signal.
            let _ = send(child);
        }
    }

    /// Makes a database with the shipped tables of `sca`.
    pub fn create(&self) -> Schema {
        self.with(&schema(Dialect::Postgres))
    }

    /// Makes a database with the tables that `sql` makes.
    pub fn with(&self, sql: &str) -> Schema {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("sca{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let create = format!("CREATE DATABASE {name}");
        process::output(client(self.ip, "postgres").args(["-c", &create]));
        let made = Schema { ip: self.ip, name };
        made.execute(sql);
        made
    }
}

/// The processes that `parent` has started.
fn children(parent: i32) -> Vec<i32> {
    let all = fs::read_dir("/proc").expect("a list of processes").flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_its = |pid: &i32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // Behind the name in parentheses stand the state and the parent.
        let behind = stat.rsplit(')').next().unwrap_or_default();
        behind.split_whitespace().nth(1).and_then(|it| it.parse().ok()) == Some(parent)
    };
    pids.filter(is_its).collect()
}

/// Path of a server program: Debian keeps them beside their libraries, one folder a release.
fn program(name: &str) -> PathBuf {
    let releases = fs::read_dir("/usr/lib/postgresql").map(|folder| {
        let paths = folder.flatten().map(|entry| entry.path().join("bin").join(name));
        paths.filter(|path| path.exists()).max()
    });
    releases.ok().flatten().unwrap_or_else(|| Path::new(name).to_owned())
}

fn client(ip: IpAddr, database: &str) -> Command {
    let mut command = Command::new("psql");
    command.args([
        "-X",
        "-q",
        "-A",
        "-t",
        "-F",
        "\u{1f}",
        "-v",
        "ON_ERROR_STOP=1",
        "-U",
        "kamailio",
    ]);
    command.args(["-h", &ip.to_string(), "-p", &PORT.to_string(), "-d", database]);
    command
}

impl Database for Schema {
    fn query(&self, sql: &str) -> Vec<Vec<String>> {
        let text = process::output(client(self.ip, &self.name).args(["-c", sql]));
        text.lines().map(|row| row.split('\u{1f}').map(str::to_owned).collect()).collect()
    }

    fn url(&self) -> String {
        format!("postgres://kamailio:kamailiorw@{}:{PORT}/{}", self.ip, self.name)
    }
}
