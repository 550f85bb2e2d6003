//! baresip, a client that knows nothing of these tests, registers and calls.

use host_tests::{
    Draft, mixed,
    pcscf::{Lab, Mix, Ue},
    process::{Group, guarded},
    wait::{PATIENCE, until},
};
use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

mixed! {
    all:
        a_third_party_client_registers_calls_and_is_called;
}

/// A running baresip that answers every call.
struct Baresip {
    control: TcpStream,
    _group: Group,
    _folder: TempDir,
}

impl Baresip {
    /// Starts it as `user`, with the host of `lab` as its way out.
    fn start(lab: &Lab, user: &str) -> Self {
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
            "<sip:{user}@ims.test>;auth_user={user};auth_pass=secret;outbound=\"sip:{};transport=udp\";\
             regint=600;answermode=auto;audio_codecs=pcmu\n",
            lab.host.address()
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
    fn command(&mut self, name: &str, parameters: &str) {
        let text = format!("{{\"command\":\"{name}\",\"params\":\"{parameters}\"}}");
        write!(self.control, "{}:{text},", text.len()).unwrap();
    }

    /// What it says in the next moments.
    fn heard(&mut self) -> String {
        let mut buffer = [0; 4096];
        let length = self.control.read(&mut buffer).unwrap_or(0);
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    /// Waits until it reports `event`.
    fn reports(&mut self, event: &str) {
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

fn a_third_party_client_registers_calls_and_is_called(mix: Mix) {
    let lab = Lab::start(mix);
    lab.core.network(true);
    let mut alice = Baresip::start(&lab, "alice");
    // Its report of the event may be older than this connection.
    until("baresip's registration", PATIENCE, || {
        alice.command("reginfo", "");
        alice.heard().contains("OK").then_some(())
    });
    let bob = lab.ue("bob");
    registered(&bob);
    assert_eq!(lab.count(), 2);

    // It calls: the learned route leads through the core.
    alice.command("dial", "sip:bob@ims.test");
    let invite = bob.incoming("INVITE");
    let passed = lab.core.incoming("INVITE");
    assert_eq!(passed.header("Route"), lab.core.service_route());
    assert_eq!(passed.header("P-Asserted-Identity"), "<sip:alice@ims.test>");
    let answer = Draft::reply(&invite, 200, "bob");
    bob.send(&answer.add("Contact", &format!("<{}>", bob.contact())).sdp("sendrecv"));
    bob.incoming("ACK");
    alice.reports("CALL_ESTABLISHED");
    alice.command("hangup", "");
    bob.incoming("BYE");

    // It is called.
    let call = bob.draft("INVITE", "sip:alice@ims.test").set("To", "<sip:alice@ims.test>");
    let call = call.sdp("sendrecv");
    let answer = bob.ask(&call);
    assert_eq!(answer.status(), 200, "{answer:?}");
    let routes = answer.all("Record-Route").join(", ");
    let within = |method: &str| {
        let number = if method == "ACK" { 1 } else { 2 };
        let draft = bob.draft(method, answer.contact());
        // The routes of the callee, seen from the caller's side.
        let routes: Vec<_> = routes.rsplit(", ").collect();
        let draft = draft.add("Route", &routes.join(", "));
        draft
            .set("From", call.find("From").unwrap_or_default())
            .set("To", answer.header("To"))
            .set("Call-ID", answer.header("Call-ID"))
            .set("CSeq", &format!("{number} {method}"))
    };
    bob.send(&within("ACK"));
    alice.reports("CALL_ESTABLISHED");
    assert_eq!(bob.ask(&within("BYE")).status(), 200);
}

/// Registers `ue` at a core that asks for credentials.
fn registered(ue: &Ue) {
    assert_eq!(ue.ask(&ue.register(600)).status(), 401);
    let draft = ue.register(600).add("Authorization", "Digest username=\"bob\", response=\"\"");
    assert_eq!(ue.ask(&draft).status(), 200);
}
