//! Waiting with a limit for what another process does.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

/// How long a test waits for a message or a state that must come (busy machines included).
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How long a test listens before it says that nothing comes.
pub const SILENCE: Duration = Duration::from_millis(300);

/// Asks `probe` until it gives a value.
///
/// # Panics
///
/// When `limit` is over; the text names `what` was waited for.
pub fn until<T>(what: &str, limit: Duration, mut probe: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(value) = probe() {
            return value;
        }
        assert!(Instant::now() < end, "waited {limit:?} in vain for {what}");
        sleep(Duration::from_millis(20));
    }
}
