//! A telephone: it registers, calls, and answers calls.

use super::{
    core::HOME,
    message::{Message, reply_address},
};
use crate::Error;
use std::{
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
};

/// A telephone with an address of its own.
#[derive(Debug)]
pub(crate) struct Phone {
    /// User part of its address.
    pub(crate) name: &'static str,
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
    /// A telephone at `ip` that knows `proxy` only.
    pub(crate) fn new(name: &'static str, ip: Ipv4Addr, proxy: SocketAddr) -> Result<Self, Error> {
        let socket =
            UdpSocket::bind((ip, 0)).map_err(|error| format!("{name} at {ip}: {error}"))?;
        socket.set_nonblocking(true)?;
        let local = socket.local_addr()?;
        let play = std::process::id();
        Ok(Self { name, socket, proxy, local, play, sequence: 0, inbox: Vec::new() })
    }

    /// Its public identity.
    pub(crate) fn identity(&self) -> String {
        format!("sip:{}@{HOME}", self.name)
    }

    /// Where it is.
    pub(crate) fn contact(&self) -> String {
        format!("sip:{}@{}", self.name, self.local)
    }

    /// Asks for a registration.
    pub(crate) fn register(&mut self) -> Result<(), Error> {
        let id = format!("register-{}-{}", self.name, self.play);
        let to = format!("<{}>", self.identity());
        let message = self
            .request("REGISTER", &format!("sip:{HOME}"), &id, &to)
            .with("Expires", 600)
            .with("Supported", "path");
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
        let mut buffer = vec![0; 65_536];
        loop {
            match self.socket.recv(&mut buffer) {
                Ok(length) => {
                    let datagram = buffer.get(..length).unwrap_or_default();
                    if let Some(message) = Message::parse(datagram) {
                        self.receive(message)?;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
                Err(error) => return Err(error.into()),
            }
        }
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
