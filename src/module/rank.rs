//! Which process of the host a call is in.

use core::ffi::c_int;

/// The rank that the host gives to a process when it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rank(c_int);

impl Rank {
    /// The main process, once, after all of `mod_init` and before the first fork: the place to
    /// announce processes and to use what other modules set up in their `mod_init`.
    pub const INIT: Self = Self(-127);
    /// The main process again, when the SIP workers run: the place to fork own processes.
    pub const MAIN: Self = Self(0);
    /// A process that runs timers.
    pub const TIMER: Self = Self(-1);
    /// A process that serves RPC.
    pub const RPC: Self = Self(-2);
    /// The process that accepts TCP connections.
    pub const TCP_MAIN: Self = Self(-4);
    /// A process that serves a Unix socket.
    pub const UNIX_SOCKET: Self = Self(-5);
    /// The process that waits for all others.
    pub const ATTENDANT: Self = Self(-10);
    /// The first SIP worker: does what must happen once after the fork.
    pub const FIRST_WORKER: Self = Self(1);

    pub(crate) const fn new(rank: c_int) -> Self {
        Self(rank)
    }

    /// The number that the host uses.
    pub const fn code(self) -> c_int {
        self.0
    }

    /// Whether SIP messages come to this process.
    pub const fn is_worker(self) -> bool {
        self.0 > 0
    }
}
