//! A server of this part: how it starts, and what it says of its subscriptions.

use super::config;
use crate::server::Server;
use anyhow::{Context as _, Result};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

/// What differs between two servers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup<'a> {
    /// The value of `mpath`.
    pub(crate) modules: &'a str,
    /// The memory manager, as for `-x`.
    pub(crate) manager: &'a str,
    /// The database of the subscriptions.
    pub(crate) database: &'a str,
}

/// Starts a server with `shared` megabytes that sends calls to the phones at `outside`; does not wait
/// for it.
///
/// # Errors
///
/// A run folder that cannot be written.
pub(crate) fn spawn(
    setup: Setup<'_>,
    shared: u64,
    address: SocketAddr,
    outside: SocketAddr,
) -> Result<Server> {
    Server::launch(setup.manager, shared, |socket| {
        config::text(setup.modules, address, outside, socket.display(), setup.database)
    })
}

/// Starts a server and waits until it answers commands.
///
/// # Errors
///
/// As [`spawn`], and a server that ends or says nothing for 20 seconds.
pub(crate) fn start(
    setup: Setup<'_>,
    shared: u64,
    address: SocketAddr,
    outside: SocketAddr,
) -> Result<Server> {
    let mut server = spawn(setup, shared, address, outside)?;
    server.wait_until_up()?;
    Ok(server)
}

/// How many call-info subscriptions it holds.
///
/// # Errors
///
/// No answer, or one that begins with no number.
pub(crate) fn subscriptions(server: &Server) -> Result<usize> {
    let line = server.call("sca.subscription_count", &["call-info"])?;
    let count = line.as_str().and_then(|text| text.split(' ').next()?.parse().ok());
    count.with_context(|| format!("no count of subscriptions in {line}"))
}

/// A free address for a server.
///
/// # Errors
///
/// No port is left.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
