//! A client that registers with an IMS network.

use crate::{draft::Draft, message::Message, pcscf::HOME, phone::Phone};
use std::{
    net::{Ipv4Addr, SocketAddr},
    ops::Deref,
    sync::atomic::{AtomicU32, Ordering},
};

/// One client; dereferences to [`Phone`].
#[derive(Clone, Debug)]
pub struct Ue(Phone);

impl Deref for Ue {
    type Target = Phone;

    fn deref(&self) -> &Phone {
        &self.0
    }
}

impl Ue {
    /// A client of `user` on a free UDP port of 127.0.0.1.
    pub fn new(host: SocketAddr, user: &str) -> Self {
        Self::at((Ipv4Addr::LOCALHOST, 0).into(), host, user)
    }

    /// A client on the UDP port `local`; port 0 stands for any free one.
    pub fn at(local: SocketAddr, host: SocketAddr, user: &str) -> Self {
        Self(Phone::at(local, host, user))
    }

    /// A client with a TCP connection from `local`.
    pub fn tcp(local: SocketAddr, host: SocketAddr, user: &str) -> Self {
        Self(Phone::tcp(local, host, user))
    }

    /// Its public identity.
    pub fn identity(&self) -> String {
        format!("sip:{}@{HOME}", self.user())
    }

    /// A request with its own public identity in From and To.
    pub fn draft(&self, method: &str, uri: &str) -> Draft {
        let from = self.request(method, uri);
        let tag = from.find("From").and_then(|from| from.split_once(";tag=")).map(|(_, tag)| tag);
        let tag = tag.unwrap_or_default().to_owned();
        from.set("From", &format!("<{}>;tag={tag}", self.identity()))
            .set("To", &format!("<{}>", self.identity()))
    }

    /// A REGISTER for so many seconds.
    pub fn register(&self, expires: u32) -> Draft {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        self.draft("REGISTER", &format!("sip:{HOME}"))
            .set("CSeq", &format!("{number} REGISTER"))
            .add("Expires", &expires.to_string())
    }

    /// A MESSAGE for which the route calls `function` and answers what that returned.
    pub fn calling(&self, function: &str) -> Draft {
        self.draft("MESSAGE", &format!("sip:bob@{HOME}"))
            .set("To", &format!("<sip:bob@{HOME}>"))
            .add("X-Do", function)
    }

    /// What `function` returned for a plain request of this client.
    pub fn returned(&self, function: &str) -> i32 {
        rc(&self.ask(&self.calling(function)))
    }
}

/// What a function of the request route returned, as the route tells it in X-Rc.
pub fn rc(message: &Message) -> i32 {
    number(message, "X-Rc")
}

/// The number that the route tells in the header `name`.
///
/// # Panics
///
/// When it tells none.
pub fn number(message: &Message, name: &str) -> i32 {
    let value = message.find(name).unwrap_or_else(|| panic!("no {name} in\n{message:?}"));
    value.parse().unwrap_or_else(|_| panic!("{name} is {value}"))
}
