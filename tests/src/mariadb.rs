//! A MariaDB server of the test run's own.

use crate::{
    database::{Database, Dialect, schema},
    host::own_address,
    process::{self, Group, as_user, guarded},
    server::Server,
};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};
use tempfile::TempDir;

const PORT: u16 = 3306;
const USER: &str = "mysql";

/// A server with its data; ends when dropped.
#[derive(Debug)]
pub struct MariaDb {
    server: Option<Server>,
    address: SocketAddr,
    folder: TempDir,
}

/// One database of a server.
#[derive(Clone, Debug)]
pub struct Schema {
    address: SocketAddr,
    name: String,
}

impl MariaDb {
    /// Makes an empty data folder and starts a server on it.
    pub fn start() -> Self {
        let folder = owned_folder("mariadb-", USER);
        let mut install = Command::new("mariadb-install-db");
        install.args([
            "--no-defaults",
            "--skip-test-db",
            "--auth-root-authentication-method=normal",
        ]);
        install.arg(format!("--datadir={}", data(&folder).display()));
        // A server that starts clears the temporary tables of all others from a common folder.
        install.env("TMPDIR", folder.path());
        process::output(&mut as_user(USER, &install));
        let ip = own_address().ip();
        let mut made = Self { server: None, address: SocketAddr::from((ip, PORT)), folder };
        made.again();
        made.ask(
            "mysql",
            "CREATE USER kamailio IDENTIFIED BY 'kamailiorw'; GRANT ALL ON *.* TO kamailio",
        );
        made
    }

    /// Stops the server in good order; the data stay.
    pub fn stop(&mut self) {
        self.server = None;
    }

    /// Starts it again on the same data and address.
    pub fn again(&mut self) {
        let mut command = Command::new("mariadbd");
        command.args(["--no-defaults", "--skip-log-bin", "--innodb-flush-log-at-trx-commit=0"]);
        command.args(["--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M"]);
        command.arg(format!("--datadir={}", data(&self.folder).display()));
        command.env("TMPDIR", self.folder.path());
        command.arg(format!("--socket={}", self.socket().display()));
        command.arg(format!("--pid-file={}", self.folder.path().join("pid").display()));
        command.arg(format!("--bind-address={}", self.address.ip())).arg(format!("--port={PORT}"));
        let (client, socket) = (client as fn(&Path) -> Command, self.socket());
        self.server = Some(Server::start(
            "MariaDB",
            move || as_user(USER, &command),
            || {
                let done = client(&socket).args(["mysql", "-e", "SELECT 1"]).output();
                done.is_ok_and(|done| done.status.success())
            },
        ));
    }

    /// Lets it stand still, with its connections open, or go on.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn set_frozen(&self, frozen: bool) {
        let pid = std::fs::read_to_string(self.folder.path().join("pid")).expect("a pid");
        let pid = Pid::from_raw(pid.trim().parse().expect("a number")).expect("a process");
        let signal = if frozen { Signal::STOP } else { Signal::CONT };
        kill_process(pid, signal).expect("a server");
    }

    /// Makes a database with the shipped tables of `sca`.
    pub fn create(&self) -> Schema {
        self.with(&schema(Dialect::Mysql))
    }

    /// Makes a database with the tables that `sql` makes.
    pub fn with(&self, sql: &str) -> Schema {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("sca{}", NEXT.fetch_add(1, Ordering::Relaxed));
        self.ask("mysql", &format!("CREATE DATABASE {name}"));
        self.ask(&name, sql);
        Schema { address: self.address, name }
    }

    fn ask(&self, database: &str, sql: &str) {
        process::output(client(&self.socket()).args([database, "-e", sql]));
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }
}

fn client(socket: &Path) -> Command {
    let mut command = Command::new("mariadb");
    command.args(["--no-defaults", "--user=root"]).arg(format!("--socket={}", socket.display()));
    command
}

fn data(folder: &TempDir) -> PathBuf {
    folder.path().join("data")
}

/// A folder in which the server's user may write.
pub(crate) fn owned_folder(prefix: &str, user: &str) -> TempDir {
    let folder = tempfile::Builder::new().prefix(prefix).tempdir().unwrap();
    if rustix::process::geteuid().is_root() {
        process::output(Command::new("chown").arg(user).arg(folder.path()));
    }
    folder
}

impl Schema {
    /// Keeps the table of subscriptions locked for `seconds`, or until dropped.
    pub fn lock_for(&self, seconds: u32) -> Group {
        let sql = format!("LOCK TABLES sca_subscriptions WRITE; SELECT SLEEP({seconds})");
        let mut command = guarded(&self.client(&sql));
        command.stdout(Stdio::null());
        Group::start(command)
    }

    fn client(&self, sql: &str) -> Command {
        let mut command = Command::new("mariadb");
        command.args(["--no-defaults", "--user=kamailio", "--password=kamailiorw", "-N", "-B"]);
        command.arg(format!("--host={}", self.address.ip())).arg(format!("--port={PORT}"));
        command.args([self.name.as_str(), "-e", sql]);
        command
    }
}

impl Database for Schema {
    fn query(&self, sql: &str) -> Vec<Vec<String>> {
        let text = process::output(&mut self.client(sql));
        text.lines().map(|row| row.split('\t').map(str::to_owned).collect()).collect()
    }

    fn url(&self) -> String {
        format!("mysql://kamailio:kamailiorw@{}/{}", self.address, self.name)
    }
}
