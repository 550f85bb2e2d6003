//! An application server: it hears of calls and lets them pass.

use crate::{
    Error,
    sip::message::{self, Message, address_of, reply_address, uri_of},
};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

/// A proxy that sends each request on along its Route.
#[derive(Debug)]
pub(crate) struct Server {
    socket: UdpSocket,
    address: SocketAddr,
    branches: u32,
    /// The requests that came, without those that answer nothing.
    pub(crate) seen: Vec<Message>,
}

impl Server {
    /// Listens at a free port of `ip`.
    pub(crate) fn new(ip: Ipv4Addr) -> Result<Self, Error> {
        let socket = UdpSocket::bind((ip, 0))
            .map_err(|error| format!("application server at {ip}: {error}"))?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address, branches: 0, seen: Vec::new() })
    }

    /// Its name in filter criteria.
    pub(crate) fn uri(&self) -> String {
        format!("sip:{}", self.address)
    }

    /// Handles what has come in.
    pub(crate) fn pump(&mut self) -> Result<(), Error> {
        while let Some(message) = message::next(&self.socket)? {
            self.receive(message)?;
        }
        Ok(())
    }

    fn receive(&mut self, mut message: Message) -> Result<(), Error> {
        if message.status().is_some() {
            let vias = message.elements("Via");
            message.replace("Via", vias.get(1..).unwrap_or_default());
            return self.back(&message);
        }
        self.seen.push(message.clone());
        // What is said of registrations ends here.
        if message.method() == "REGISTER" {
            return self.back(&message.reply("200 OK", "server"));
        }
        let mut route = message.elements("Route");
        let own = |value: &&String| address_of(uri_of(value)) == Some(self.address);
        let passed = route.iter().take_while(own).count();
        route.drain(..passed);
        let next = route.first().map_or(message.uri(), |value| uri_of(value));
        let Some(next) = address_of(next) else { return Ok(()) };
        message.replace("Route", &route);
        self.branches = self.branches.wrapping_add(1);
        let via = format!("SIP/2.0/UDP {};branch=z9hG4bKas{}", self.address, self.branches);
        message.push("Via", via);
        self.socket.send_to(&message.bytes(), next)?;
        Ok(())
    }

    fn back(&self, reply: &Message) -> Result<(), Error> {
        let to = reply.elements("Via").first().and_then(|via| reply_address(via));
        let to = to.ok_or("a reply without a Via that leads anywhere")?;
        self.socket.send_to(&reply.bytes(), to)?;
        Ok(())
    }
}
