//! A client for load: one socket, no thread, no memory of what came.

use crate::{draft::Draft, message::Message, pcscf::HOME, phone::unique};
use std::{
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    time::{Duration, Instant},
};

/// How long it waits before it sends a request again: SIP's timer T1.
const AGAIN: Duration = Duration::from_millis(500);

/// How long it waits for a final reply in all.
const LIMIT: Duration = Duration::from_secs(10);

/// One client; what it asks is answered before it asks the next.
#[derive(Debug)]
pub struct Hand {
    socket: UdpSocket,
    local: SocketAddr,
    user: String,
    number: u32,
}

impl Hand {
    /// A client of `user` on a free port of 127.0.0.1.
    pub fn new(host: SocketAddr, user: &str) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.connect(host).unwrap();
        socket.set_read_timeout(Some(AGAIN)).unwrap();
        let local = socket.local_addr().unwrap();
        Self { socket, local, user: user.to_owned(), number: 0 }
    }

    /// Its Contact address.
    pub fn contact(&self) -> String {
        format!("sip:{}@{}", self.user, self.local)
    }

    /// A request of this client.
    pub fn draft(&mut self, method: &str) -> Draft {
        self.number += 1;
        let (local, identity) = (self.local, format!("<sip:{}@{HOME}>", self.user));
        Draft::new(&format!("{method} sip:{HOME} SIP/2.0"))
            .add("Via", &format!("SIP/2.0/UDP {local};branch=z9hG4bK{};rport", unique()))
            .add("Max-Forwards", "20")
            .add("From", &format!("{identity};tag=t"))
            .add("To", &identity)
            .add("Call-ID", &format!("{}@{local}", self.number))
            .add("CSeq", &format!("{} {method}", self.number))
            .add("Contact", &format!("<{}>", self.contact()))
    }

    /// A REGISTER for so many seconds.
    pub fn register(&mut self, expires: u32) -> Draft {
        self.draft("REGISTER").add("Expires", &expires.to_string())
    }

    /// A MESSAGE for which the route calls `function`.
    pub fn calling(&mut self, function: &str) -> Draft {
        self.draft("MESSAGE").add("X-Do", function)
    }

    /// Sends a request, again if nothing comes, and gives its final reply; `None` when there is
    /// none.
    pub fn ask(&self, draft: &Draft) -> Option<Message> {
        let end = Instant::now() + LIMIT;
        let mut buffer = vec![0; 1 << 16];
        while Instant::now() < end {
            // A host that is gone refuses; the test sees that there is no reply.
            let _ = self.socket.send(&draft.bytes());
            let again = Instant::now() + AGAIN;
            while Instant::now() < again {
                let length = match self.socket.recv(&mut buffer) {
                    Ok(length) => length,
                    Err(error) if error.kind() == ErrorKind::ConnectionRefused => return None,
                    Err(_) => continue,
                };
                let reply = Message::new(&buffer[..length]);
                if reply.status() >= 200 && reply.find("Call-ID") == draft.find("Call-ID") {
                    return Some(reply);
                }
            }
        }
        None
    }
}
