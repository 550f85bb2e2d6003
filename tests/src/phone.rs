//! A telephone: a SIP user agent on a port of the loopback network.

use crate::{
    DOMAIN,
    draft::Draft,
    inbox::Inbox,
    link::Link,
    message::Message,
    wait::{PATIENCE, SILENCE},
};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    fmt,
    net::{Ipv4Addr, SocketAddr},
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

/// What a phone does by itself: called with each message and where it came from. `true` when the
/// phone has nothing left to do with it.
type Script = Arc<dyn Fn(&Phone, &Message, SocketAddr) -> bool + Send + Sync>;

struct Inner {
    link: Link,
    local: SocketAddr,
    host: SocketAddr,
    user: String,
    inbox: Inbox,
    answers: Mutex<HashMap<String, Answer>>,
    script: Mutex<Option<Script>>,
    counters: Mutex<HashMap<String, u32>>,
}

impl fmt::Debug for Inner {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} at {:?}", self.user, self.link)
    }
}

impl Phone {
    /// A phone of `user` on 127.0.0.1 that sends everything to `host`.
    pub fn new(host: SocketAddr, user: &str) -> Self {
        Self::at((Ipv4Addr::LOCALHOST, 0).into(), host, user)
    }

    /// A phone that sends and listens at `local`; port 0 stands for any free port.
    pub fn at(local: SocketAddr, host: SocketAddr, user: &str) -> Self {
        Self::over(Link::udp(local), host, user)
    }

    /// A phone that keeps one TCP connection from `local` to `host`.
    pub fn tcp(local: SocketAddr, host: SocketAddr, user: &str) -> Self {
        Self::over(Link::tcp(local, host), host, user)
    }

    fn over(link: Link, host: SocketAddr, user: &str) -> Self {
        let inner = Arc::new(Inner {
            local: link.local(),
            link,
            host,
            user: user.to_owned(),
            inbox: Inbox::default(),
            answers: Mutex::default(),
            script: Mutex::default(),
            counters: Mutex::default(),
        });
        let weak = Arc::downgrade(&inner);
        let receiver = move || {
            while let Some(inner) = weak.upgrade() {
                if !Self(inner).receive() {
                    return;
                }
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
        format!("sip:{}@{}", self.0.user, self.0.local)
    }

    /// Where it listens, `sip:127.0.0.1:port`.
    pub fn address(&self) -> String {
        format!("sip:{}", self.0.local)
    }

    /// Where it listens.
    pub fn local(&self) -> SocketAddr {
        self.0.local
    }

    /// Where it sends to.
    pub fn host(&self) -> SocketAddr {
        self.0.host
    }

    /// Calls `script` with every message before anything else is done with it.
    pub fn script(
        &self,
        script: impl Fn(&Self, &Message, SocketAddr) -> bool + Send + Sync + 'static,
    ) {
        *self.0.script.lock() = Some(Arc::new(script));
    }

    /// Sets what it does with requests of `method`.
    pub fn answer(&self, method: &str, answer: Answer) {
        self.0.answers.lock().insert(method.to_owned(), answer);
    }

    /// A request with all that RFC 3261, 8.1.1 asks for; From and To are its own address.
    pub fn request(&self, method: &str, uri: &str) -> Draft {
        let (address, transport) = (self.0.local, self.0.link.transport());
        let branch = unique();
        Draft::new(&format!("{method} {uri} SIP/2.0"))
            .add("Via", &format!("SIP/2.0/{transport} {address};branch=z9hG4bK{branch};rport"))
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
        self.0.link.send(bytes, self.0.host).unwrap();
    }

    /// Sends a message to `to` instead of the host.
    pub fn send_to(&self, draft: &Draft, to: SocketAddr) {
        // Whoever it is for may be gone by now.
        let _ = self.0.link.send(&draft.bytes(), to);
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

    /// Drops whatever came and was not looked at.
    pub fn forget(&self) {
        self.0.inbox.take_all(|_| true);
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

impl Phone {
    /// Takes the next message, if one comes soon; `false` when none can come any more.
    fn receive(&self) -> bool {
        let Some(received) = self.0.link.receive() else { return false };
        let Some((bytes, from)) = received else { return true };
        let message = Message::new(&bytes);
        let script = self.0.script.lock().clone();
        if script.is_some_and(|script| script(self, &message, from)) {
            return true;
        }
        // Answered first: a test that has seen a request may change what the next is answered.
        self.0.react(&message, from);
        self.0.inbox.file(message);
        true
    }
}

impl Inner {
    fn react(&self, message: &Message, from: SocketAddr) {
        if message.is_reply() || message.method() == "ACK" {
            return;
        }
        // What nobody can answer: a host that relays anything relays that, too.
        if message.all("To").len() != 1 {
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
        let _ = self.link.send(&reply.bytes(), from);
    }
}

/// A word that no other message of this test run has.
pub fn unique() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("{:x}x{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
