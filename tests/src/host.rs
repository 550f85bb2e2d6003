//! One running Kamailio.

use crate::{
    install::install,
    journal::Journal,
    process::{self, Group},
    rpc::Rpc,
    setup::{Setup, Storage},
    sqlite::Sqlite,
    wait::until,
};
use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    ops::Deref,
    os::unix::net::UnixStream,
    process::{ExitStatus, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    thread::panicking,
    time::Duration,
};
use tempfile::TempDir;

/// How long a host may take to start.
const START: Duration = Duration::from_secs(20);

/// The same where every process runs under valgrind.
const SLOW_START: Duration = Duration::from_secs(90);

/// How long a host may take to give up: one that has forked already may have to wait a minute for a
/// process that missed its signal.
const REFUSAL: Duration = Duration::from_secs(90);

/// How long a host may take to end by itself. One of its processes now and then misses the signal
/// in its first moments, and the main process would then wait a minute for it.
const GRACE: Duration = Duration::from_secs(2);

/// How long it may take beyond that once all its processes were asked.
const RESTART: Duration = Duration::from_secs(20);

/// A Kamailio of one test; stops when dropped, also when the test fails.
///
/// Its RPC commands are called through [`Rpc`], to which it dereferences.
#[derive(Debug)]
pub struct Host {
    group: Group,
    rpc: Rpc,
    journal: Journal,
    setup: Setup,
    address: SocketAddr,
    folder: Option<TempDir>,
}

impl Host {
    /// Starts a host and waits until it answers.
    pub fn start(setup: Setup) -> Self {
        Self::start_in(setup, install().folder())
    }

    /// Starts a host in a prepared run folder.
    pub fn start_in(setup: Setup, folder: TempDir) -> Self {
        let mut host = Self::spawn(setup, folder);
        host.wait_until_up();
        host
    }

    /// Starts a host that must refuse to run, and gives its log.
    pub fn refused(setup: Setup) -> String {
        Self::refused_in(setup, install().folder())
    }

    /// As [`Host::refused`], in a prepared run folder.
    pub fn refused_in(setup: Setup, folder: TempDir) -> String {
        let mut host = Self::spawn(setup, folder);
        until("the end of a host that must not start", REFUSAL, || {
            (!host.group.runs()).then_some(())
        });
        let ended = host.group.child().wait().unwrap();
        assert!(!ended.success(), "the host started and stopped:\n{}", host.journal.text());
        host.journal.wait_for_end(GRACE);
        host.journal.text()
    }

    fn spawn(setup: Setup, folder: TempDir) -> Self {
        let address = setup.address.unwrap_or_else(own_address);
        let inside = install().inside(folder.path());
        for (name, flavor) in setup.subjects() {
            let module = install().module(flavor, name);
            fs::copy(&module, folder.path().join(format!("{name}.so")))
                .unwrap_or_else(|error| panic!("{}: {error}", module.display()));
        }
        for (name, bytes) in setup.files() {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        let file = setup.file(address, &inside, install().modules());
        fs::write(folder.path().join("kamailio.cfg"), file).unwrap();
        if setup.storage == Storage::Own {
            Sqlite::with(&folder.path().join("sca.sqlite"), &(setup.tables)());
        }
        let journal = Journal::default();
        let group = launch(&setup, &folder, &journal);
        let rpc = Rpc::new(&inside, address.ip());
        Self { group, rpc, journal, setup, address, folder: Some(folder) }
    }

    fn wait_until_up(&mut self) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let from = socket.local_addr().unwrap();
        let ping = format!(
            "OPTIONS sip:ping@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bKping\r\n\
             From: <sip:t@t>;tag=1\r\nTo: <sip:ping@{to}>\r\nCall-ID: ping\r\nCSeq: 1 OPTIONS\r\n\
             Max-Forwards: 5\r\nContent-Length: 0\r\n\r\n",
            to = self.address
        );
        let limit = if self.setup.valgrind { SLOW_START } else { START };
        until("a host that answers", limit, || {
            assert!(self.group.runs(), "the host ended:\n{}", self.journal.tail(40));
            // Refused as long as nobody listens there.
            let _ = socket.send_to(ping.as_bytes(), self.address);
            socket.recv(&mut [0; 4096]).ok()
        });
        // The process that serves commands starts after the workers.
        let commands = self.folder().join("ctl");
        until("its commands", limit, || UnixStream::connect(&commands).ok());
    }

    /// Its SIP address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Which module it runs, and how.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// What it logged.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Its run folder as the test sees it.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.as_ref().expect("a host keeps its folder to the end").path()
    }

    /// Its sqlite file.
    pub fn sqlite(&self) -> Sqlite {
        Sqlite::open(&self.folder().join("sca.sqlite"))
    }

    /// Process id of the first process.
    pub fn pid(&mut self) -> u32 {
        self.group.child().id()
    }

    /// Stops it in good order; `None` when it had to be killed.
    pub fn stop(&mut self) -> Option<ExitStatus> {
        self.group.stop(GRACE)
    }

    /// As [`Host::stop`], with more time than usual.
    pub fn stop_within(&mut self, grace: Duration) -> Option<ExitStatus> {
        self.group.stop(grace)
    }

    /// Kills all its processes at once.
    pub fn kill9(&mut self) {
        self.group.kill();
    }

    /// Starts it again in the same folder, after [`Host::stop`] or [`Host::kill9`].
    pub fn again(&mut self) {
        assert!(!self.group.runs(), "the host still runs");
        // A socket file of the killed process would only make the log longer.
        let _ = fs::remove_file(self.folder().join("ctl"));
        let folder = self.folder.take().expect("a host keeps its folder to the end");
        let group = launch(&self.setup, &folder, &self.journal);
        self.folder = Some(folder);
        self.group = group;
        self.wait_until_up();
    }

    /// Writes another configuration for the next [`Host::again`].
    pub fn set_up(&mut self, setup: Setup) {
        let inside = install().inside(self.folder());
        let file = setup.file(self.address, &inside, install().modules());
        fs::write(self.folder().join("kamailio.cfg"), file).unwrap();
        self.setup = setup;
    }

    /// Stops it in good order and starts it again. A kill would lose what is written at the end.
    pub fn restart(&mut self) {
        self.group.stop_in_good_order(GRACE, RESTART);
        self.again();
    }

    /// Fails when the host or one of its processes ended.
    pub fn assert_alive(&mut self) {
        assert!(self.group.runs(), "the host ended:\n{}", self.journal.tail(40));
        assert_eq!(self.journal.count("ended by signal"), 0, "{}", self.journal.tail(40));
        self.wait_until_up();
    }
}

impl Deref for Host {
    type Target = Rpc;

    fn deref(&self) -> &Rpc {
        &self.rpc
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.group.stop(GRACE);
        if !panicking() {
            return;
        }
        if let Some(folder) = self.folder.take() {
            let kept = folder.keep();
            // A failing test fails all the same when its log cannot be written.
            let _ = fs::write(kept.join("log"), self.journal.text());
            note(&format!("run folder kept: {} (see log in it)", kept.display()));
        }
    }
}

#[expect(clippy::print_stderr, reason = "tells the reader of a failed test where to look")]
fn note(text: &str) {
    eprintln!("{text}");
}

fn launch(setup: &Setup, folder: &TempDir, journal: &Journal) -> Group {
    let inside = install().inside(folder.path());
    let mut command = if setup.valgrind {
        let mut command = install().command("valgrind");
        command.args(["--trace-children=yes", "--error-exitcode=99", "-q"]);
        command.arg(format!("--log-file={}/valgrind.%p", inside.display()));
        command.arg(install().program());
        command
    } else {
        install().kamailio()
    };
    command.args(["-DD", "-E", "-x", setup.manager, "-m", &setup.shared.to_string()]);
    command.args(["-M", &setup.private.to_string(), "-f"]).arg(inside.join("kamailio.cfg"));
    command.arg("-P").arg(inside.join("pid")).arg("-Y").arg(&inside).arg("-w").arg(&inside);
    let mut command = process::guarded(&command);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut group = Group::start(command);
    journal.follow(group.child().stderr.take().expect("the pipe asked for"));
    group
}

/// How many hosts one process of tests can start: as many addresses it has.
const HOSTS: u16 = 1 << 12;

/// An address for one host: no other process of this machine listens there, so that nobody needs
/// to look for a free port and lose it to another test.
///
/// # Panics
///
/// When all are used up. One that came again would take the messages of the host that had it first: the
/// system lets both listen.
pub fn own_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    assert!(number < HOSTS, "no address is left for host {number}");
    let [high, low] = number.to_be_bytes();
    let process = std::process::id();
    let second = u8::try_from(16 + process % 200).unwrap_or(16);
    let third = u8::try_from(process / 200 % 15 * 16).unwrap_or(0) + high;
    let ip = Ipv4Addr::new(127, second, third, low);
    SocketAddr::from((ip, 5060))
}
