//! A server and the telephones that use it.

use super::{
    network::Network,
    operation::{Job, Operations, Outcome, Talk},
};
use crate::server::Server;
use anyhow::Result;
use std::{
    net::Ipv4Addr,
    sync::atomic::{AtomicU8, Ordering},
    time::{Duration, Instant},
};

/// How many requests are under way at a time.
pub(crate) const WINDOW: usize = 16;
/// Steps over the telephones so that neighbours in time are not neighbours in a table; a prime, so
/// that every one gets its turn.
const STRIDE: usize = 7919;
/// How long one question to a server that starts waits for its answer.
const PAUSE: Duration = Duration::from_millis(25);
/// How often it is asked before the server is looked at again.
const TRIES: u32 = 40;

/// A server and its telephones.
#[derive(Debug)]
pub(crate) struct Site<T> {
    /// The server.
    pub(crate) server: Server,
    /// The sockets of the telephones.
    pub(crate) network: Network,
    operations: Operations<T>,
}

impl<T: Talk> Site<T> {
    /// Telephones that say what `talk` says.
    pub(crate) fn new(server: Server, network: Network, talk: T) -> Self {
        Self { server, network, operations: Operations::new(talk) }
    }

    /// Lets telephones do `jobs`, `window` at a time.
    pub(crate) fn play(
        &mut self,
        jobs: impl IntoIterator<Item = Job>,
        window: usize,
        deadline: Option<Instant>,
    ) -> Result<Outcome> {
        self.operations.play(&self.network, jobs, window, deadline)
    }

    /// Only answers what comes, for that long.
    pub(crate) fn listen(&mut self, time: Duration) -> Result<()> {
        self.operations.listen(&self.network, time)
    }

    /// Whether `job` is answered well by a server that may still be starting.
    pub(crate) fn finds(&mut self, job: Job) -> Result<bool> {
        self.operations.insist(PAUSE, TRIES);
        Ok(self.play([job], 1, None)?.tally.done > 0)
    }

    /// A statistic of the server.
    pub(crate) fn statistic(&self, name: &str) -> Result<usize> {
        Ok(usize::try_from(self.server.statistic(name)?)?)
    }
}

/// Telephones for `count` operations, far from one another.
pub(crate) fn turns(users: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |turn| turn.wrapping_mul(STRIDE) % users.max(1))
}

/// How many telephones come new in a measurement: a tenth of `users`, so that they add little, but enough
/// to measure (a fifth, from 100 to 200), and at most `most`.
pub(crate) fn newcomers(users: usize, most: usize) -> usize {
    (users / 10).max((users / 5).clamp(100, 200)).min(most)
}

/// Addresses of this machine that no other server of this or another run has: for the server and
/// for the network behind it.
pub(crate) fn addresses() -> [Ipv4Addr; 2] {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let [_, _, high, low] = std::process::id().to_be_bytes();
    // Processes whose numbers are 32 apart may share an address; they rarely live together.
    let third = high.wrapping_mul(31) ^ low;
    [Ipv4Addr::new(127, 250, third, number), Ipv4Addr::new(127, 251, third, number)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_telephone_gets_its_turn_and_every_server_its_address() {
        let mut users: Vec<_> = turns(1_000, 1_000).collect();
        users.sort_unstable();
        assert!(users.into_iter().eq(0..1_000));
        assert_ne!(addresses(), addresses());
    }

    #[test]
    fn newcomers_are_few_but_enough() {
        let counts = [250, 1_000, 5_000, 90_000].map(|users| newcomers(users, 4_000));
        assert_eq!(counts, [100, 200, 500, 4_000]);
    }
}
