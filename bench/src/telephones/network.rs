//! The sockets of all telephones and of the home network.
//!
//! Telephones with an address each share one socket: it is bound to no address, and each datagram
//! names the one that it leaves from. Telephones behind one address have a port each, and a socket
//! while they wait for an answer.

use anyhow::{Context as _, Result, ensure};
use rustix::event::{Timespec, epoll};
use socket2::{Domain, MsgHdr, SockAddr, Socket, Type};
use std::{
    cell::RefCell,
    collections::HashMap,
    io::{ErrorKind, IoSlice, Read as _},
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket},
    os::fd::OwnedFd,
};

/// What the kernel may hold for the load while it is busy, in bytes.
const RECEIVE_BUFFER: usize = 4 << 20;
/// The address that a crowd shares.
const GATEWAY: Ipv4Addr = Ipv4Addr::new(127, 240, 0, 1);
/// The first port of a crowd.
const FIRST_PORT: u16 = 4_000;
/// The longest wait for a datagram.
const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
/// The mark of the shared socket; a telephone's socket has its number.
const SHARED: u64 = u64::MAX;
/// Sockets are looked at in groups of this many.
const GROUP: usize = 64;

/// How telephones are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// Each has an address of its own.
    Spread,
    /// All are behind one address, with a port each.
    Crowd,
}

/// The sockets.
#[derive(Debug)]
pub(crate) struct Network {
    server: SocketAddr,
    core: SocketAddrV4,
    shared: Socket,
    /// The ports of a crowd.
    ports: Vec<u16>,
    /// The sockets of those of a crowd that wait for an answer.
    open: RefCell<HashMap<usize, UdpSocket>>,
    poll: OwnedFd,
}

impl Network {
    /// Sockets for `users` telephones that speak to `server`, with the home network at `core`'s
    /// address.
    pub(crate) fn new(
        place: Place,
        users: usize,
        server: SocketAddr,
        core: Ipv4Addr,
    ) -> Result<Self> {
        let shared = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
        shared.set_recv_buffer_size(RECEIVE_BUFFER)?;
        shared.set_nonblocking(true)?;
        shared.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)).into())?;
        let port = shared.local_addr()?.as_socket().context("no port")?.port();
        let poll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&poll, &shared, epoll::EventData::new_u64(SHARED), epoll::EventFlags::IN)?;
        let ports = if place == Place::Crowd { free_ports(users)? } else { Vec::new() };
        let core = SocketAddrV4::new(core, port);
        Ok(Self { server, core, shared, ports, open: RefCell::default(), poll })
    }

    /// Where the home network is.
    pub(crate) fn core(&self) -> SocketAddr {
        SocketAddr::V4(self.core)
    }

    /// Where a telephone is.
    pub(crate) fn address(&self, user: usize) -> Result<SocketAddrV4> {
        if self.ports.is_empty() {
            return Ok(SocketAddrV4::new(own_address(user)?, self.core.port()));
        }
        let port = self.ports.get(user).with_context(|| format!("no telephone {user}"))?;
        Ok(SocketAddrV4::new(GATEWAY, *port))
    }

    /// Sends as a telephone.
    pub(crate) fn send(&self, user: usize, text: &[u8]) -> Result<()> {
        if self.ports.is_empty() {
            return self.send_from(own_address(user)?, text);
        }
        let mut open = self.open.borrow_mut();
        if let Some(socket) = open.get(&user) {
            socket.send_to(text, self.server)?;
            return Ok(());
        }
        let address = self.address(user)?;
        let socket = UdpSocket::bind(address).with_context(|| address.to_string())?;
        socket.set_nonblocking(true)?;
        let mark = epoll::EventData::new_u64(u64::try_from(user)?);
        epoll::add(&self.poll, &socket, mark, epoll::EventFlags::IN)?;
        socket.send_to(text, self.server)?;
        open.insert(user, socket);
        Ok(())
    }

    /// A telephone waits for nothing any more.
    pub(crate) fn leave(&self, user: usize) {
        self.open.borrow_mut().remove(&user);
    }

    /// Sends as the home network.
    pub(crate) fn answer(&self, text: &[u8]) -> Result<()> {
        self.send_from(*self.core.ip(), text)
    }

    fn send_from(&self, source: Ipv4Addr, text: &[u8]) -> Result<()> {
        let (to, data, control) =
            (SockAddr::from(self.server), [IoSlice::new(text)], leaving(source));
        let message = MsgHdr::new().with_addr(&to).with_buffers(&data).with_control(&control);
        self.shared.sendmsg(&message, 0).context("cannot send")?;
        Ok(())
    }

    /// Hands every datagram that is there to `take`; waits a moment if there is none.
    pub(crate) fn receive(&self, mut take: impl FnMut(&Self, &[u8]) -> Result<()>) -> Result<()> {
        let mut ready = Vec::with_capacity(GROUP);
        epoll::wait(&self.poll, rustix::buffer::spare_capacity(&mut ready), Some(&TICK))?;
        let mut buffer = [0; 8_192];
        for event in &ready {
            let mark = event.data.u64();
            loop {
                let received = if mark == SHARED {
                    // One datagram a call, as with a socket of the standard library.
                    (&self.shared).read(&mut buffer)
                } else {
                    let open = self.open.borrow();
                    let user = usize::try_from(mark)?;
                    // It may have left meanwhile.
                    let Some(socket) = open.get(&user) else { break };
                    socket.recv(&mut buffer)
                };
                match received {
                    Ok(length) => take(self, buffer.get(..length).unwrap_or_default())?,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    // The answer of a closed port to something sent before.
                    Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
                    Err(error) => return Err(error).context("cannot receive"),
                }
            }
        }
        Ok(())
    }
}

/// The address of a telephone that has one of its own.
fn own_address(user: usize) -> Result<Ipv4Addr> {
    let [zero, high, middle, low] = u32::try_from(user)?.to_be_bytes();
    ensure!(zero == 0 && high < 64, "telephone {user} has no address, at most 4194304 have one");
    Ok(Ipv4Addr::new(127, 64 + high, middle, low))
}

/// Free ports of the address of a crowd.
fn free_ports(users: usize) -> Result<Vec<u16>> {
    let is_free = |port: &u16| UdpSocket::bind((GATEWAY, *port)).is_ok();
    let ports: Vec<_> = (FIRST_PORT..=u16::MAX).filter(is_free).take(users).collect();
    ensure!(ports.len() == users, "{} ports of {GATEWAY} are free, need {users}", ports.len());
    Ok(ports)
}

/// The control message that gives a datagram its source address (ip(7), `IP_PKTINFO`).
fn leaving(source: Ipv4Addr) -> [u8; 32] {
    const LEVEL_IP: i32 = 0;
    const PKTINFO: i32 = 8;
    let mut bytes = [0; 32];
    // cmsghdr: length, level, type; in_pktinfo: interface, source, destination.
    let fields = [
        28_u64.to_ne_bytes().as_slice(),
        &LEVEL_IP.to_ne_bytes(),
        &PKTINFO.to_ne_bytes(),
        &[0; 4],
        &source.octets(),
    ]
    .concat();
    for (to, from) in bytes.iter_mut().zip(fields) {
        *to = from;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_telephone_leaves_from_its_own_address() {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let core = Ipv4Addr::new(127, 251, 0, 9);
        let network = Network::new(Place::Spread, 3, server.local_addr().unwrap(), core).unwrap();
        network.send(70_000, b"a").unwrap();
        network.answer(b"b").unwrap();
        let mut buffer = [0; 8];
        let expected = SocketAddr::V4(network.address(70_000).unwrap());
        assert_eq!(server.recv_from(&mut buffer).unwrap(), (1, expected));
        assert_eq!(server.recv_from(&mut buffer).unwrap(), (1, network.core()));
        assert_eq!(expected.ip(), Ipv4Addr::new(127, 65, 17, 112));
        assert!(own_address(1 << 22).is_err());
    }

    #[test]
    fn a_crowd_shares_an_address_and_hears_each_its_own() {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let core = Ipv4Addr::new(127, 251, 0, 8);
        let network = Network::new(Place::Crowd, 2, server.local_addr().unwrap(), core).unwrap();
        let [one, two] = [0, 1].map(|user| network.address(user).unwrap());
        assert!(one.ip() == two.ip() && one.port() != two.port());
        network.send(1, b"a").unwrap();
        assert_eq!(server.recv_from(&mut [0; 8]).unwrap().1, SocketAddr::V4(two));
        server.send_to(b"x", two).unwrap();
        let mut heard = Vec::new();
        network
            .receive(|_, datagram| {
                heard.push(datagram.to_vec());
                Ok(())
            })
            .unwrap();
        assert_eq!(heard, [b"x"]);
    }
}
