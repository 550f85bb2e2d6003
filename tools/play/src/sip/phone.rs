//! A telephone: it registers, calls, and answers calls.

use super::message::{self, Message, reply_address};
use crate::Error;
use host_tests::digest::Credentials;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

/// A telephone with an address of its own.
#[derive(Debug)]
pub(crate) struct Phone {
    /// User part of its address.
    pub(crate) name: &'static str,
    /// The domain of its address.
    home: &'static str,
    /// What it proves itself with.
    credentials: Option<Credentials>,
    socket: UdpSocket,
    proxy: SocketAddr,
    local: SocketAddr,
    /// Distinguishes this play from earlier ones.
    play: u32,
    sequence: u32,
    /// What came in and was not looked at yet.
    inbox: Vec<Message>,
}

/// A call from the side of the caller.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    id: String,
    to: String,
    target: String,
    route: Vec<String>,
}

impl Phone {
    /// A telephone of the domain `home` at `ip` that knows `proxy` only.
    pub(crate) fn new(
        name: &'static str,
        home: &'static str,
        ip: Ipv4Addr,
        proxy: SocketAddr,
    ) -> Result<Self, Error> {
        let socket =
            UdpSocket::bind((ip, 0)).map_err(|error| format!("{name} at {ip}: {error}"))?;
        socket.set_nonblocking(true)?;
        let local = socket.local_addr()?;
        let play = std::process::id();
        let credentials = None;
        let inbox = Vec::new();
        Ok(Self { name, home, credentials, socket, proxy, local, play, sequence: 0, inbox })
    }

    /// From now on answers challenges with `password`, under its address as private identity.
    pub(crate) fn prove(&mut self, password: &str) {
        let username = format!("{}@{}", self.name, self.home);
        let (realm, password) = (self.home.to_owned(), password.to_owned());
        self.credentials = Some(Credentials { username, realm, password });
    }

    /// Its public identity.
    pub(crate) fn identity(&self) -> String {
        format!("sip:{}@{}", self.name, self.home)
    }

    /// Where it is.
    pub(crate) fn contact(&self) -> String {
        format!("sip:{}@{}", self.name, self.local)
    }

    /// Asks for a registration.
    pub(crate) fn register(&mut self) -> Result<(), Error> {
        self.register_for(600, None)
    }

    /// Asks for a registration of so many seconds, 0 to end it, in answer to a challenge if there was one.
    pub(crate) fn register_for(
        &mut self,
        seconds: u32,
        challenge: Option<&Message>,
    ) -> Result<(), Error> {
        let id = format!("register-{}-{}", self.name, self.play);
        let (to, uri) = (format!("<{}>", self.identity()), format!("sip:{}", self.home));
        let mut message = self
            .request("REGISTER", &uri, &id, &to)
            .with("Expires", seconds)
            .with("Supported", "path");
        if let Some(credentials) = &self.credentials {
            let proof = match challenge {
                None => credentials.name(&uri),
                Some(challenge) => {
                    credentials.answer(challenge.header("WWW-Authenticate"), "REGISTER", &uri)
                }
            };
            message = message.with("Authorization", proof);
        }
        self.send(&message)
    }

    /// Asks to be told of its own registration.
    pub(crate) fn watch_itself(&mut self) -> Result<(), Error> {
        let id = format!("watch-{}-{}", self.name, self.play);
        let identity = self.identity();
        let message = self
            .request("SUBSCRIBE", &identity, &id, &format!("<{identity}>"))
            .with("Event", "reg")
            .with("Accept", "application/reginfo+xml")
            .with("Expires", 600);
        self.send(&message)
    }

    /// Calls somebody. Gives the Call-ID.
    pub(crate) fn call(&mut self, callee: &str) -> Result<String, Error> {
        let id = format!("call-{}-{}-{}", self.name, self.play, self.sequence);
        let message = self.request("INVITE", callee, &id, &format!("<{callee}>"));
        self.send(&message)?;
        Ok(id)
    }

    /// Confirms the answer to a call.
    pub(crate) fn confirm(&mut self, answer: &Message) -> Result<Call, Error> {
        let mut route = answer.elements("Record-Route");
        route.reverse();
        let call = Call {
            id: answer.header("Call-ID").to_owned(),
            to: answer.header("To").to_owned(),
            target: answer.contact(),
            route,
        };
        // An ACK has the number of its INVITE.
        self.sequence = self.sequence.saturating_sub(1);
        let message = self.request("ACK", &call.target, &call.id, &call.to);
        self.send(&message.with_all("Route", &call.route))?;
        Ok(call)
    }

    /// Hangs up.
    pub(crate) fn hang_up(&mut self, call: &Call) -> Result<(), Error> {
        let message = self.request("BYE", &call.target, &call.id, &call.to);
        self.send(&message.with_all("Route", &call.route))
    }

    /// Takes the first message that is wanted out of what came in.
    pub(crate) fn take(&mut self, wanted: impl Fn(&Message) -> bool) -> Option<Message> {
        let at = self.inbox.iter().position(wanted)?;
        Some(self.inbox.remove(at))
    }

    /// The last reply with a final status to a request of that method, taken out.
    pub(crate) fn answer(&mut self, method: &str) -> Option<Message> {
        let is_final = |it: &Message| it.status().is_some_and(|status| status >= 200);
        self.take(|it| is_final(it) && it.method() == method)
    }

    /// Notes what has come in, and answers requests.
    pub(crate) fn pump(&mut self) -> Result<(), Error> {
        while let Some(message) = message::next(&self.socket)? {
            self.receive(message)?;
        }
        Ok(())
    }

    fn receive(&mut self, message: Message) -> Result<(), Error> {
        if message.status().is_none() {
            let contact = format!("<{}>", self.contact());
            for status in match message.method() {
                "INVITE" => ["180 Ringing", "200 OK"].as_slice(),
                "ACK" => &[],
                _ => &["200 OK"],
            } {
                let reply = message.reply(status, self.name).with("Contact", &contact);
                let to = reply_address(message.header("Via"));
                self.socket.send_to(&reply.bytes(), to.unwrap_or(self.proxy))?;
            }
        }
        self.inbox.push(message);
        Ok(())
    }

    fn request(&mut self, method: &str, uri: &str, id: &str, to: &str) -> Message {
        self.sequence += 1;
        let (play, sequence) = (self.play, self.sequence);
        let branch = format!("z9hG4bK{}-{play}-{sequence}-{method}", self.name);
        Message::new(format!("{method} {uri} SIP/2.0"))
            .with("Via", format!("SIP/2.0/UDP {};branch={branch};rport", self.local))
            .with("Max-Forwards", 70)
            .with("From", format!("<{}>;tag={}-{play}", self.identity(), self.name))
            .with("To", to)
            .with("Call-ID", id)
            .with("CSeq", format!("{sequence} {method}"))
            .with("Contact", format!("<{}>", self.contact()))
    }

    fn send(&self, message: &Message) -> Result<(), Error> {
        self.socket.send_to(&message.bytes(), self.proxy)?;
        Ok(())
    }
}
