//! The home network behind the P-CSCF: it grants registrations and proxies between its users.

use crate::{
    Error,
    sip::message::{self, Message, address_of, reply_address, uri_of},
};
use std::{
    collections::{BTreeMap, VecDeque},
    net::{SocketAddr, UdpSocket},
};

/// The domain of the users.
pub(crate) const HOME: &str = "home.example.com";

/// Where a user is.
#[derive(Clone, Debug)]
struct Binding {
    contact: String,
    path: Vec<String>,
}

/// The registrar and proxy of the home network, in one address.
#[derive(Debug)]
pub(crate) struct Core {
    socket: UdpSocket,
    address: SocketAddr,
    bindings: BTreeMap<String, Binding>,
    /// Whether REGISTERs wait for [`Core::release`] or [`Core::open`].
    holding: bool,
    held: VecDeque<Message>,
    /// Seconds that it grants.
    grant: u32,
    /// Requests of telephones, as they came in.
    pub(crate) seen: Vec<Message>,
    branches: u32,
}

impl Core {
    /// Listens at `address` and holds registrations back.
    pub(crate) fn new(address: SocketAddr) -> Result<Self, Error> {
        let socket = UdpSocket::bind(address)
            .map_err(|error| format!("home network at {address}: {error}"))?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            address,
            bindings: BTreeMap::new(),
            holding: true,
            held: VecDeque::new(),
            grant: 3600,
            seen: Vec::new(),
            branches: 0,
        })
    }

    /// The route that it gives with each registration.
    pub(crate) fn service_route(&self) -> String {
        format!("<sip:orig@{};lr>", self.address)
    }

    /// How many REGISTERs wait.
    pub(crate) fn waiting(&self) -> usize {
        self.held.len()
    }

    /// Grants the REGISTER that waits longest, for `seconds`.
    pub(crate) fn release(&mut self, seconds: u32) -> Result<(), Error> {
        self.grant = seconds;
        let message = self.held.pop_front();
        message.map_or(Ok(()), |message| self.register(&message))
    }

    /// From now on grants registrations at once, for `seconds`.
    pub(crate) fn open(&mut self, seconds: u32) {
        self.holding = false;
        self.grant = seconds;
    }

    /// Handles what has come in.
    pub(crate) fn pump(&mut self) -> Result<(), Error> {
        while let Some(message) = message::next(&self.socket)? {
            self.receive(message)?;
        }
        Ok(())
    }

    fn receive(&mut self, message: Message) -> Result<(), Error> {
        if message.status().is_some() {
            return self.back(message);
        }
        self.seen.push(message.clone());
        if message.method() != "REGISTER" {
            return self.forward(message);
        }
        // Sent again while the first one waits.
        if self.held.iter().any(|it| it.header("Call-ID") == message.header("Call-ID")) {
            return Ok(());
        }
        if self.holding {
            self.held.push_back(message);
            return Ok(());
        }
        self.register(&message)
    }

    fn register(&mut self, message: &Message) -> Result<(), Error> {
        let user = uri_of(message.header("To"));
        let contact = message.contact();
        let path = message.elements("Path");
        self.bindings.insert(user.to_owned(), Binding { contact: contact.clone(), path });
        let name = user.trim_start_matches("sip:").split('@').next().unwrap_or_default();
        let number = name.bytes().fold(0_u32, |sum, byte| sum + u32::from(byte));
        let ids = format!("<{user}>, <tel:+4930{number:06}>, <sip:{name}.mobile@{HOME}>");
        let reply = message
            .reply("200 OK", "core")
            .with("Contact", format!("<{contact}>;expires={}", self.grant))
            .with_all("Path", &message.elements("Path"))
            .with("P-Associated-URI", ids)
            .with("Service-Route", self.service_route());
        self.back_as_is(&reply)
    }

    /// Sends a request on: along its Route, else to the telephone that has its URI.
    fn forward(&mut self, mut message: Message) -> Result<(), Error> {
        let mut route = message.elements("Route");
        let own = |value: &&String| address_of(uri_of(value)) == Some(self.address);
        let passed = route.iter().take_while(own).count();
        route.drain(..passed);
        if route.is_empty() && !message.header("To").contains(";tag=") {
            let Some(binding) = self.bindings.get(message.uri()) else {
                return self.back_as_is(&message.reply("404 Not Found", "core"));
            };
            message.first = format!("{} {} SIP/2.0", message.method(), binding.contact);
            route.clone_from(&binding.path);
            let address = self.address;
            message.push("Record-Route", format!("<sip:{address};lr>"));
        }
        let next = route.first().map_or(message.uri(), |value| uri_of(value));
        let Some(next) = address_of(next) else {
            // The ACK of a failure ends here; everything else has a way.
            return match message.method() {
                "ACK" => Ok(()),
                _ => Err(format!("the home network cannot reach {next}").into()),
            };
        };
        message.replace("Route", &route);
        self.branches += 1;
        let via = format!("SIP/2.0/UDP {};branch=z9hG4bKcore{}", self.address, self.branches);
        message.push("Via", via);
        self.socket.send_to(&message.bytes(), next)?;
        Ok(())
    }

    /// Sends a reply back to where its request came from, without our Via.
    fn back(&self, mut reply: Message) -> Result<(), Error> {
        let vias = reply.elements("Via");
        reply.replace("Via", vias.get(1..).unwrap_or_default());
        self.back_as_is(&reply)
    }

    fn back_as_is(&self, reply: &Message) -> Result<(), Error> {
        let to = reply.elements("Via").first().and_then(|via| reply_address(via));
        let to = to.ok_or("a reply without a Via that leads anywhere")?;
        self.socket.send_to(&reply.bytes(), to)?;
        Ok(())
    }
}
