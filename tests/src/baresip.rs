//! baresip, a client that knows nothing of these tests.

use crate::{
    process::{Group, guarded},
    wait::{PATIENCE, until},
};
use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

/// A running baresip that answers every call.
#[derive(Debug)]
pub struct Baresip {
    control: TcpStream,
    _group: Group,
    _folder: TempDir,
}

impl Baresip {
    /// Starts it as `user`, registered at `ims.test` through `host`.
    pub fn start(host: SocketAddr, user: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("baresip-").tempdir().unwrap();
        // Free now; nobody else asks for this port in the next moments.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = format!(
            "poll_method epoll\nsip_listen 127.0.0.1:0\nsip_trans_def udp\n\
             audio_source aubridge,loop\naudio_player aubridge,loop\naudio_alert aubridge,loop\n\
             module_path {modules}\nmodule g711.so\nmodule aubridge.so\n\
             module_app account.so\nmodule_app menu.so\n\
             module ctrl_tcp.so\nctrl_tcp_listen 127.0.0.1:{port}\n",
            modules = modules().display(),
        );
        let account = format!(
            "<sip:{user}@ims.test>;auth_user={user};auth_pass=secret;outbound=\"sip:{host};transport=udp\";\
             regint=600;answermode=auto;audio_codecs=pcmu\n"
        );
        fs::write(folder.path().join("config"), config).unwrap();
        fs::write(folder.path().join("accounts"), account).unwrap();
        fs::write(folder.path().join("contacts"), "").unwrap();
        let mut command = Command::new("baresip");
        command.arg("-f").arg(folder.path());
        let mut command = guarded(&command);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let group = Group::start(command);
        let control =
            until("baresip's commands", PATIENCE, || TcpStream::connect(("127.0.0.1", port)).ok());
        control.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        Self { control, _group: group, _folder: folder }
    }

    /// Gives it a command, such as `dial` with a URI.
    pub fn command(&mut self, name: &str, parameters: &str) {
        let text = format!("{{\"command\":\"{name}\",\"params\":\"{parameters}\"}}");
        write!(self.control, "{}:{text},", text.len()).unwrap();
    }

    /// What it says in the next moments.
    pub fn heard(&mut self) -> String {
        let mut buffer = [0; 4096];
        let length = self.control.read(&mut buffer).unwrap_or(0);
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    /// Waits until it reports `event`.
    pub fn reports(&mut self, event: &str) {
        let mut text = String::new();
        until(&format!("baresip's {event}"), PATIENCE, || {
            text.push_str(&self.heard());
            text.contains(event).then_some(())
        });
    }
}

/// Where baresip's own modules lie.
fn modules() -> &'static Path {
    let folders = ["/usr/lib/baresip/modules", "/usr/local/lib/baresip/modules"].map(Path::new);
    folders.into_iter().find(|folder| folder.exists()).expect("baresip is installed")
}
