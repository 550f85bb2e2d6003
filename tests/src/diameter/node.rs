//! A Diameter node that waits for connections on 127.0.0.1.

use super::{
    SUCCESS, UNSUPPORTED_COMMAND,
    avp::Avp,
    message::{Application, Message},
};
use crate::wait::{PATIENCE, SILENCE, until};
use parking_lot::Mutex;
use std::{
    fmt,
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Capabilities-Exchange, Device-Watchdog and Disconnect-Peer: what keeps a connection.
const CAPABILITIES: u32 = 257;
const WATCHDOG: u32 = 280;
const DISCONNECT: u32 = 282;

/// How often threads look whether they are still needed.
const TICK: Duration = Duration::from_millis(100);

/// What a node does with a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Answers with these AVPs; Session-Id and the node's own name are added.
    With(Vec<Avp>),
    /// The same, after so long.
    Late(Duration, Vec<Avp>),
    /// Sends these bytes.
    Raw(Vec<u8>),
    /// Answers nothing.
    Silence,
}

impl Reply {
    /// An answer that is only a Result-Code.
    pub fn result(code: u32) -> Self {
        Self::With(vec![Avp::number(268, code)])
    }
}

/// How a node answers.
type Handler = Box<dyn Fn(&Message) -> Reply + Send + Sync>;

/// A node; clones are the same one. It ends with the last of them.
#[derive(Clone, Debug)]
pub struct Node(Arc<Inner>);

struct Inner {
    host: String,
    realm: String,
    applications: Vec<Application>,
    port: u16,
    handler: Handler,
    links: Mutex<Vec<TcpStream>>,
    received: Mutex<Vec<Message>>,
    answers: Mutex<Vec<Message>>,
    next: AtomicU32,
    deaf: AtomicBool,
    closed: AtomicBool,
}

impl fmt::Debug for Inner {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} at port {}", self.host, self.port)
    }
}

impl Node {
    /// Starts a node called `host` in `realm` that speaks `applications` and asks `handler` what
    /// to answer.
    pub fn start(
        host: &str,
        realm: &str,
        applications: &[Application],
        handler: impl Fn(&Message) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let inner = Arc::new(Inner {
            host: host.to_owned(),
            realm: realm.to_owned(),
            applications: applications.to_vec(),
            port: listener.local_addr().unwrap().port(),
            handler: Box::new(handler),
            links: Mutex::default(),
            received: Mutex::default(),
            answers: Mutex::default(),
            next: AtomicU32::new(1),
            deaf: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        });
        let weak = Arc::downgrade(&inner);
        let acceptor = move || {
            while let Some(inner) = weak.upgrade() {
                match listener.accept() {
                    // Dropped at once: who asks is turned away.
                    Ok(_) if inner.closed.load(Ordering::Relaxed) => {}
                    Ok((stream, _)) => inner.serve(stream, weak.clone()),
                    Err(_) => thread::sleep(TICK),
                }
            }
        };
        thread::Builder::new().name("diameter".to_owned()).spawn(acceptor).unwrap();
        Self(inner)
    }

    /// Where it listens on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// Its Origin-Host.
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// Its Origin-Realm.
    pub fn realm(&self) -> &str {
        &self.0.realm
    }

    /// Connects to a client that waits for it at `address`, and exchanges capabilities.
    ///
    /// # Panics
    ///
    /// When nobody listens there, or the client wants no such node.
    pub fn call(&self, address: SocketAddr) {
        let mut stream =
            until("a client that accepts nodes", PATIENCE, || TcpStream::connect(address).ok());
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        let avps = [self.0.origin(), self.0.capabilities()].concat();
        let mut request = Message::request(0, CAPABILITIES, avps);
        (request.hop_by_hop, request.end_to_end) = (number, number);
        let link = stream.try_clone().unwrap();
        self.0.serve(stream.try_clone().unwrap(), Arc::downgrade(&self.0));
        stream.write_all(&request.bytes()).unwrap();
        let answer = self.answered(number);
        assert_eq!(answer.and_then(|it| it.result()), Some(SUCCESS), "capabilities");
        self.0.links.lock().push(link);
    }

    /// Whether it answers nothing at all from now on, as after a network failure.
    pub fn set_deaf(&self, deaf: bool) {
        self.0.deaf.store(deaf, Ordering::Relaxed);
    }

    /// Waits until a client has exchanged capabilities.
    pub fn connected(&self) {
        until("a Diameter client", PATIENCE, || (!self.0.links.lock().is_empty()).then_some(()));
    }

    /// Waits for a request `command` and takes it out of what came.
    pub fn take(&self, command: u32) -> Message {
        until(&format!("a Diameter request {command}"), PATIENCE, || self.taken(command))
    }

    /// As [`Node::take`]; `None` when none comes.
    pub fn wait(&self, command: u32) -> Option<Message> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(request) = self.taken(command) {
                return Some(request);
            }
            thread::sleep(TICK / 10);
        }
        None
    }

    /// Fails when a request `command` is there or comes in the next moments.
    pub fn hears_no(&self, command: u32) {
        thread::sleep(SILENCE);
        assert!(self.taken(command).is_none(), "a Diameter request {command}");
    }

    /// How many requests `command` came and were not taken.
    pub fn waiting(&self, command: u32) -> usize {
        self.0.received.lock().iter().filter(|message| message.command == command).count()
    }

    /// Forgets the requests `command` that came and were not taken; how many that were.
    pub fn forget(&self, command: u32) -> usize {
        let mut received = self.0.received.lock();
        let before = received.len();
        received.retain(|message| message.command != command);
        before - received.len()
    }

    /// Closes all connections and takes no more for as long as `work` lasts.
    pub fn away(&self, work: impl FnOnce()) {
        self.0.closed.store(true, Ordering::Relaxed);
        for link in self.0.links.lock().drain(..) {
            let _ = link.shutdown(std::net::Shutdown::Both);
        }
        work();
        self.0.closed.store(false, Ordering::Relaxed);
    }

    fn taken(&self, command: u32) -> Option<Message> {
        let mut received = self.0.received.lock();
        let at = received.iter().position(|message| message.command == command)?;
        Some(received.remove(at))
    }

    /// Sends a request to the client that came last and waits for the answer. Origin-Host and
    /// Origin-Realm are added.
    pub fn ask(&self, application: u32, command: u32, avps: &[Avp]) -> Message {
        let number = self.tell(application, command, avps);
        let answer = self.answered(number);
        answer.unwrap_or_else(|| panic!("waited in vain for the answer to {command} {avps:?}"))
    }

    /// Waits for the answer with `number`; `None` when none comes.
    pub fn answered(&self, number: u32) -> Option<Message> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            let mut answers = self.0.answers.lock();
            let at = answers.iter().position(|answer| answer.hop_by_hop == number);
            if let Some(at) = at {
                return Some(answers.remove(at));
            }
            drop(answers);
            thread::sleep(TICK / 10);
        }
        None
    }

    /// As [`Node::ask`] without waiting; gives the number that the answer will have.
    pub fn tell(&self, application: u32, command: u32, avps: &[Avp]) -> u32 {
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        // Session-Id comes first: RFC 6733, 8.8.
        let (session, others): (Vec<_>, Vec<_>) = avps.iter().cloned().partition(is_session);
        let avps = [session, self.0.origin(), others].concat();
        let mut request = Message::request(application, command, avps);
        (request.hop_by_hop, request.end_to_end) = (number, number);
        let mut link = self.0.links.lock().last().expect("a client").try_clone().unwrap();
        link.write_all(&request.bytes()).unwrap();
        number
    }
}

fn is_session(avp: &Avp) -> bool {
    avp.code == 263
}

impl Inner {
    fn serve(&self, stream: TcpStream, node: std::sync::Weak<Self>) {
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(TICK)).unwrap();
        // The second of two answers would else wait for the acknowledgement of the first: 40 ms.
        stream.set_nodelay(true).unwrap();
        let reader = move || {
            let mut stream = stream;
            let mut kept = Vec::new();
            while let Some(inner) = node.upgrade() {
                if !inner.receive(&mut stream, &mut kept) {
                    return;
                }
            }
        };
        thread::Builder::new().name("diameter link".to_owned()).spawn(reader).unwrap();
    }

    /// Reads what is there; false at the end of the connection.
    fn receive(&self, stream: &mut TcpStream, kept: &mut Vec<u8>) -> bool {
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer) {
            Ok(0) => return false,
            Ok(length) => kept.extend(&buffer[..length]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return false,
        }
        while let Some(length) = Message::length(kept).filter(|length| *length <= kept.len()) {
            let whole: Vec<u8> = kept.drain(..length).collect();
            let message = Message::read(&whole).expect("a Diameter message in order");
            self.handle(message, stream);
        }
        true
    }

    fn handle(&self, message: Message, stream: &mut TcpStream) {
        if !message.request {
            self.answers.lock().push(message);
            return;
        }
        let base = message.application == 0;
        let reply = if base { self.keep(&message) } else { (self.handler)(&message) };
        if !base {
            self.received.lock().push(message.clone());
        }
        if self.deaf.load(Ordering::Relaxed) {
            return;
        }
        let (rest, late) = match reply {
            Reply::With(rest) => (rest, None),
            Reply::Late(time, rest) => (rest, Some(time)),
            Reply::Raw(bytes) => {
                // The client may be gone by now.
                let _ = stream.write_all(&bytes);
                return;
            }
            Reply::Silence => return,
        };
        let session = message.avps.iter().filter(|avp| is_session(avp)).cloned().collect();
        let avps = [session, self.origin(), rest].concat();
        let bytes = message.answer(avps).bytes();
        if let Some(time) = late {
            let mut stream = stream.try_clone().unwrap();
            let later = move || {
                thread::sleep(time);
                let _ = stream.write_all(&bytes);
            };
            thread::Builder::new().name("diameter, late".to_owned()).spawn(later).unwrap();
            return;
        }
        let _ = stream.write_all(&bytes);
        if base && message.command == CAPABILITIES {
            self.links.lock().push(stream.try_clone().unwrap());
        }
    }

    /// What the base protocol asks for.
    fn keep(&self, message: &Message) -> Reply {
        let mut avps = vec![Avp::number(268, SUCCESS)];
        match message.command {
            CAPABILITIES => {
                avps.extend(self.capabilities());
                Reply::With(avps)
            }
            WATCHDOG | DISCONNECT => Reply::With(avps),
            _ => Reply::result(UNSUPPORTED_COMMAND),
        }
    }

    /// What it says of itself when a connection begins.
    fn capabilities(&self) -> Vec<Avp> {
        let own =
            [Avp::address(257, Ipv4Addr::LOCALHOST), Avp::number(266, 0), Avp::new(269, *b"test")];
        let spoken = self.applications.iter().flat_map(|spoken| spoken.offered());
        own.into_iter().chain(spoken).collect()
    }

    fn origin(&self) -> Vec<Avp> {
        vec![Avp::new(264, self.host.as_bytes()), Avp::new(296, self.realm.as_bytes())]
    }
}

#[cfg(test)]
mod tests {
    use super::{Application, Avp, Message, Node, Reply};
    use crate::diameter::avp::Avps as _;
    use std::{
        io::{Read as _, Write as _},
        net::TcpStream,
    };

    fn exchange(stream: &mut TcpStream, message: &Message) -> Message {
        stream.write_all(&message.bytes()).unwrap();
        let mut head = [0; 4];
        stream.read_exact(&mut head).unwrap();
        let mut rest = vec![0; Message::length(&head).unwrap() - head.len()];
        stream.read_exact(&mut rest).unwrap();
        Message::read(&[&head[..], &rest].concat()).unwrap()
    }

    #[test]
    fn a_client_is_served_by_the_handler() {
        let node = Node::start("hss", "ims.test", &[Application::CX], |_| Reply::result(2001));
        let mut client = TcpStream::connect(("127.0.0.1", node.port())).unwrap();
        let answer = exchange(&mut client, &Message::request(0, 257, Vec::new()));
        assert_eq!(answer.avps.value(268), Some(2001));
        assert!(answer.avps.find(260).is_some());
        node.connected();
        let asked = vec![Avp::new(263, *b"c;1")];
        let answer = exchange(&mut client, &Message::request(Application::CX.id, 303, asked));
        assert_eq!((answer.session(), answer.avps.text(264)), ("c;1".into(), "hss".into()));
        assert_eq!(node.take(303).session(), "c;1");
    }
}
