//! A telephone: a SIP user agent on a UDP port of 127.0.0.1.

use crate::{
    DOMAIN,
    draft::Draft,
    inbox::Inbox,
    message::Message,
    wait::{PATIENCE, SILENCE},
};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    io::ErrorKind,
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

/// What a phone does with requests of one method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Replies at once with this status.
    Status(u16),
    /// Replies at once with this status and a Retry-After of so many seconds.
    RetryAfter(u16, u32),
    /// Leaves it to the test, or to nobody.
    None,
}

/// A user agent; clones are the same phone.
///
/// It answers NOTIFY, BYE, CANCEL, PRACK, REFER, UPDATE and OPTIONS with 200 unless told
/// otherwise, and leaves INVITE to the test.
#[derive(Clone, Debug)]
pub struct Phone(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    socket: UdpSocket,
    port: u16,
    host: SocketAddr,
    user: String,
    inbox: Inbox,
    answers: Mutex<HashMap<String, Answer>>,
    counters: Mutex<HashMap<String, u32>>,
}

impl Phone {
    /// A phone of `user` that sends everything to `host`.
    pub fn new(host: SocketAddr, user: &str) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let port = socket.local_addr().unwrap().port();
        let user = user.to_owned();
        let inner = Arc::new(Inner {
            socket,
            port,
            host,
            user,
            inbox: Inbox::default(),
            answers: Mutex::default(),
            counters: Mutex::default(),
        });
        let weak = Arc::downgrade(&inner);
        let receiver = move || {
            while let Some(inner) = weak.upgrade() {
                inner.receive();
            }
        };
        thread::Builder::new().name("phone".to_owned()).spawn(receiver).unwrap();
        Self(inner)
    }

    /// Its user part.
    pub fn user(&self) -> &str {
        &self.0.user
    }

    /// Its address of record, `sip:user@domain`.
    pub fn aor(&self) -> String {
        format!("sip:{}@{DOMAIN}", self.0.user)
    }

    /// Its Contact address, `sip:user@127.0.0.1:port`.
    pub fn contact(&self) -> String {
        format!("sip:{}@127.0.0.1:{}", self.0.user, self.0.port)
    }

    /// Where it listens, `sip:127.0.0.1:port`.
    pub fn address(&self) -> String {
        format!("sip:127.0.0.1:{}", self.0.port)
    }

    /// Sets what it does with requests of `method`.
    pub fn answer(&self, method: &str, answer: Answer) {
        self.0.answers.lock().insert(method.to_owned(), answer);
    }

    /// A request with all that RFC 3261, 8.1.1 asks for; From and To are its own address.
    pub fn request(&self, method: &str, uri: &str) -> Draft {
        let address = format!("127.0.0.1:{}", self.0.port);
        Draft::new(&format!("{method} {uri} SIP/2.0"))
            .add("Via", &format!("SIP/2.0/UDP {address};branch=z9hG4bK{};rport", unique()))
            .add("Max-Forwards", "20")
            .add("From", &format!("<{}>;tag={}", self.aor(), unique()))
            .add("To", &format!("<{}>", self.aor()))
            .add("Call-ID", &format!("{}@{address}", unique()))
            .add("CSeq", &format!("1 {method}"))
            .add("Contact", &format!("<{}>", self.contact()))
    }

    /// Sends a message.
    pub fn send(&self, draft: &Draft) {
        self.send_raw(&draft.bytes());
    }

    /// Sends bytes as they are.
    pub fn send_raw(&self, bytes: &[u8]) {
        self.0.socket.send_to(bytes, self.0.host).unwrap();
    }

    /// Sends a request and waits for its final reply; provisional ones wait for the test.
    pub fn ask(&self, draft: &Draft) -> Message {
        self.send(draft);
        self.final_reply(draft)
    }

    /// Waits for the final reply to `request`.
    pub fn final_reply(&self, request: &Draft) -> Message {
        self.reply_where(request, |status| status >= 200)
    }

    /// Waits for the reply `status` to `request`; another final reply fails the test.
    pub fn status(&self, request: &Draft, status: u16) -> Message {
        let reply = self.reply_where(request, |got| got == status || got >= 200);
        assert_eq!(reply.status(), status, "wanted {status}, got\n{reply:?}");
        reply
    }

    fn reply_where(&self, request: &Draft, wanted: impl Fn(u16) -> bool) -> Message {
        let call_id = request.find("Call-ID");
        let cseq = request.find("CSeq");
        self.take(&format!("a reply to {}", request.method()), |message| {
            wanted(message.status())
                && message.find("Call-ID") == call_id
                && message.find("CSeq") == cseq
        })
    }

    /// Waits for a request of `method`.
    pub fn incoming(&self, method: &str) -> Message {
        self.take(&format!("an incoming {method}"), |message| message.method() == method)
    }

    /// Waits for the next NOTIFY of `event`. Its CSeq must be above that of the one before.
    pub fn notified(&self, event: &str) -> Message {
        let notify = self.take(&format!("a NOTIFY of {event}"), |message| {
            message.method() == "NOTIFY" && message.find("Event") == Some(event)
        });
        self.follows(&notify);
        notify
    }

    fn follows(&self, notify: &Message) {
        let (number, _) = notify.cseq();
        let call_id = notify.header("Call-ID").to_owned();
        if let Some(before) = self.0.counters.lock().insert(call_id, number) {
            assert!(number > before, "CSeq {number} after {before}:\n{notify:?}");
        }
    }

    /// Waits for any message that `wanted` likes.
    ///
    /// # Panics
    ///
    /// When none comes; the text names `what` was waited for.
    pub fn take(&self, what: &str, wanted: impl Fn(&Message) -> bool) -> Message {
        self.0.inbox.take(PATIENCE, wanted).unwrap_or_else(|| {
            panic!("{} got no {what}; it has {:?}", self.contact(), self.0.inbox.waiting())
        })
    }

    /// As [`Phone::take`], for what may take as long as `limit`.
    pub fn wait(&self, limit: Duration, wanted: impl Fn(&Message) -> bool) -> Option<Message> {
        self.0.inbox.take(limit, wanted)
    }

    /// All NOTIFYs that came and were not looked at.
    pub fn notifies(&self) -> Vec<Message> {
        self.0.inbox.take_all(|message| message.method() == "NOTIFY")
    }

    /// Fails when a NOTIFY is there or comes in the next moments.
    pub fn quiet(&self) {
        if let Some(notify) = self.0.inbox.take(SILENCE, |message| message.method() == "NOTIFY") {
            panic!("{} should hear nothing, but got\n{notify:?}", self.contact());
        }
    }

    /// Fails when a request of `method` is there or comes in the next moments.
    pub fn hears_no(&self, method: &str) {
        if let Some(request) = self.0.inbox.take(SILENCE, |message| message.method() == method) {
            panic!("{} should get no {method}, but got\n{request:?}", self.contact());
        }
    }

    /// Messages that came more than once.
    pub fn repeated(&self) -> usize {
        self.0.inbox.repeated()
    }
}

impl Inner {
    fn receive(&self) {
        let mut buffer = vec![0; 1 << 16];
        let length = match self.socket.recv(&mut buffer) {
            // The host does not listen, for the moment.
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => return,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return;
            }
            result => result.unwrap(),
        };
        let message = Message::new(&buffer[..length]);
        // Answered first: a test that has seen a request may change what the next is answered.
        self.react(&message);
        self.inbox.file(message);
    }

    fn react(&self, message: &Message) {
        if message.is_reply() || message.method() == "ACK" {
            return;
        }
        let default = match message.method() {
            "INVITE" => Answer::None,
            _ => Answer::Status(200),
        };
        let answer = self.answers.lock().get(message.method()).copied().unwrap_or(default);
        let reply = match answer {
            Answer::Status(status) => Draft::reply(message, status, "auto"),
            Answer::RetryAfter(status, seconds) => {
                Draft::reply(message, status, "auto").add("Retry-After", &seconds.to_string())
            }
            Answer::None => return,
        };
        // The host may be gone by now.
        let _ = self.socket.send_to(&reply.bytes(), self.host);
    }
}

/// A word that no other message of this test run has.
pub(crate) fn unique() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("{:x}x{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
