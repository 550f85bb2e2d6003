//! Other processes.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// A process that runs one closure.
#[derive(Debug)]
#[must_use = "join it, or it stays behind"]
pub struct Child(libc::pid_t);

impl Child {
    /// Starts a process that runs `body` on the same shared memory and a copy of everything else.
    ///
    /// # Panics
    ///
    /// If the system has no room for another process.
    pub fn start(body: impl FnOnce()) -> Self {
        // SAFETY: the tests run on one thread, so the child may do what this process may do.
        match unsafe { libc::fork() } {
            0 => {
                let code = i32::from(catch_unwind(AssertUnwindSafe(body)).is_err());
                // SAFETY: ends the child at once, without the clean-up that is the parent's.
                unsafe { libc::_exit(code) }
            }
            pid if pid > 0 => Self(pid),
            _ => panic!("fork: {}", std::io::Error::last_os_error()),
        }
    }

    /// Its number in the system.
    pub fn pid(&self) -> u32 {
        self.0.unsigned_abs()
    }

    /// Waits for its end; true if `body` came to its end.
    ///
    /// # Panics
    ///
    /// If there is no such process.
    #[must_use]
    pub fn join(self) -> bool {
        let mut status = 0;
        // SAFETY: a child of this process, which nobody else waits for.
        let pid = unsafe { libc::waitpid(self.0, &raw mut status, 0) };
        assert_eq!(pid, self.0, "waitpid: {}", std::io::Error::last_os_error());
        status == 0
    }
}
