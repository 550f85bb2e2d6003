//! How a phone's messages travel.

use crate::message::Message;
use parking_lot::Mutex;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::{
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream, UdpSocket},
    time::Duration,
};

/// How long one look for a message takes at most.
const LOOK: Duration = Duration::from_millis(200);

/// What the kernel may hold for a phone, in bytes, if it lets it have as much: a host that was held up
/// may send hundreds of messages at once.
const RECEIVE_BUFFER: usize = 4 << 20;

/// A socket that carries SIP messages.
#[derive(Debug)]
pub(crate) enum Link {
    /// One message a datagram.
    Udp(UdpSocket),
    /// One connection, and what of it is not a whole message yet.
    Tcp(TcpStream, Mutex<Vec<u8>>),
}

impl Link {
    /// A datagram socket at `local`.
    pub(crate) fn udp(local: SocketAddr) -> Self {
        let socket = UdpSocket::bind(local).unwrap();
        SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER).unwrap();
        socket.set_read_timeout(Some(LOOK)).unwrap();
        Self::Udp(socket)
    }

    /// A connection from `local` to `host`.
    pub(crate) fn tcp(local: SocketAddr, host: SocketAddr) -> Self {
        let socket =
            Socket::new(Domain::for_address(host), Type::STREAM, Some(Protocol::TCP)).unwrap();
        socket.set_reuse_address(true).unwrap();
        socket.bind(&local.into()).unwrap();
        socket.connect(&host.into()).unwrap();
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(LOOK)).unwrap();
        Self::Tcp(stream, Mutex::default())
    }

    /// Its own address.
    pub(crate) fn local(&self) -> SocketAddr {
        match self {
            Self::Udp(socket) => socket.local_addr().unwrap(),
            Self::Tcp(stream, _) => stream.local_addr().unwrap(),
        }
    }

    /// What a Via calls it.
    pub(crate) fn transport(&self) -> &'static str {
        match self {
            Self::Udp(_) => "UDP",
            Self::Tcp(..) => "TCP",
        }
    }

    /// Sends one message: to `to` if this is a datagram socket.
    pub(crate) fn send(&self, bytes: &[u8], to: SocketAddr) -> io::Result<()> {
        match self {
            Self::Udp(socket) => socket.send_to(bytes, to).map(drop),
            Self::Tcp(stream, _) => (&*stream).write_all(bytes),
        }
    }

    /// The next message and its sender. `Some(None)` when none came for a moment, `None` when none
    /// can come any more.
    pub(crate) fn receive(&self) -> Option<Option<(Vec<u8>, SocketAddr)>> {
        let mut buffer = vec![0; 1 << 16];
        match self {
            Self::Udp(socket) => match socket.recv_from(&mut buffer) {
                Ok((length, from)) => {
                    buffer.truncate(length);
                    Some(Some((buffer, from)))
                }
                // The host does not listen, for the moment.
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => Some(None),
                Err(error) if passes(&error) => Some(None),
                Err(error) => panic!("a phone's socket: {error}"),
            },
            Self::Tcp(stream, rest) => {
                let mut rest = rest.lock();
                if let Some(whole) = cut(&mut rest) {
                    return Some(Some((whole, stream.peer_addr().ok()?)));
                }
                match (&*stream).read(&mut buffer) {
                    Ok(0) => None,
                    Ok(length) => {
                        rest.extend_from_slice(&buffer[..length]);
                        Some(None)
                    }
                    Err(error) if passes(&error) => Some(None),
                    // The host closed the connection.
                    Err(_) => None,
                }
            }
        }
    }
}

fn passes(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

/// Takes the first message out of `stream` if it is whole.
fn cut(stream: &mut Vec<u8>) -> Option<Vec<u8>> {
    let head = stream.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let length = Message::new(&stream[..head]).find("Content-Length")?.parse::<usize>().unwrap();
    let whole = head + length;
    (stream.len() >= whole).then(|| stream.drain(..whole).collect())
}
