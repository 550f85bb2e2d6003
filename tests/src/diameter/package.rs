//! An HSS made of somebody else's Diameter stack: the package python-diameter.

use crate::{
    diameter::{Application, hss::REALM, setup::client_of},
    inbox::Lines,
    process::{Group, guarded},
};
use std::{
    env,
    io::Write as _,
    path::{Path, PathBuf},
    process::{ChildStdin, Command, Stdio},
};

/// The client's name, which the package wants to know beforehand.
const CLIENT: &str = "scscf.ims.test";

/// A running HSS of the package.
#[derive(Debug)]
pub struct Package {
    input: ChildStdin,
    lines: Lines,
    port: u16,
    _group: Group,
}

impl Package {
    /// The Python that has the package: `DIAMETER_PYTHON`, else what `tools/deps.sh` has made.
    pub fn python() -> Option<PathBuf> {
        let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.host/diameter/bin/python");
        let python = env::var_os("DIAMETER_PYTHON").map_or(made, PathBuf::from);
        python.exists().then_some(python)
    }

    /// Starts it and waits until it listens.
    ///
    /// # Panics
    ///
    /// When there is no Python that has the package.
    pub fn start() -> Self {
        let mut command = Command::new(Self::python().expect("python-diameter is installed"));
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("python/hss.py")).arg(CLIENT);
        let mut command = guarded(&command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut group = Group::start(command);
        let input = group.child().stdin.take().expect("the pipe asked for");
        let lines = Lines::follow(group.child().stdout.take().expect("the pipe asked for"));
        let port = lines.take("port ").parse().unwrap();
        Self { input, lines, port, _group: group }
    }

    /// The file that makes a client of it.
    pub fn client_file(&self) -> String {
        client_of(CLIENT, ("127.0.0.1", REALM, self.port), &[Application::CX])
    }

    /// Gives it a command, such as `refuse 5012`, and waits until it has taken that.
    pub fn set(&mut self, mood: &str) {
        self.tell(mood);
        self.lines.take("now ");
    }

    /// Gives it a command.
    pub fn tell(&mut self, command: &str) {
        writeln!(self.input, "{command}").unwrap();
    }

    /// Waits for a line that begins with `start` and gives its rest.
    pub fn take(&self, start: &str) -> String {
        self.lines.take(start)
    }
}
