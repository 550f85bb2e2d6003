//! A database that is down is left alone for a moment, so that requests do not wait for it one
//! after the other. All processes share what one of them found out.

use core::{
    fmt::Display,
    sync::atomic::{AtomicBool, AtomicI64, Ordering},
};
use kamailio::{Error, shared::Shared, timer};

/// Seconds until the next try.
const PAUSE: i64 = 2;

kamailio::shm_struct! {
    /// What is known of the database.
    #[derive(Debug)]
    struct Breaker {
        /// The log says that it is down, and not yet that it is back.
        down: AtomicBool,
        /// When it may be tried again, in seconds since 1970.
        until: AtomicI64,
    }
}

static BREAKER: Shared<Breaker> = Shared::empty();

/// To be called before the host forks.
pub(super) fn set_up() -> Result<(), Error> {
    BREAKER.set(Breaker { down: AtomicBool::new(false), until: AtomicI64::new(0) })
}

/// To be called when no other process is left.
pub(super) fn tear_down() {
    drop(BREAKER.take());
}

/// Whether the database is to be left alone now.
pub(super) fn is_open() -> bool {
    BREAKER.get().is_some_and(|breaker| timer::now() < breaker.until.load(Ordering::Relaxed))
}

/// The database does not answer.
pub(super) fn trip(error: &impl Display) {
    let Some(breaker) = BREAKER.get() else { return };
    breaker.until.store(retry_at(), Ordering::Relaxed);
    if !breaker.down.swap(true, Ordering::Relaxed) {
        kamailio::error!(
            "the database cannot be used, contacts are served from memory and written later: {error}"
        );
    }
}

/// The database did what it was asked.
pub(super) fn reset() {
    let Some(breaker) = BREAKER.get() else { return };
    if breaker.down.load(Ordering::Relaxed) && breaker.down.swap(false, Ordering::Relaxed) {
        breaker.until.store(0, Ordering::Relaxed);
        kamailio::notice!("the database can be used again");
    }
}

/// When something that fails now may be tried again.
pub(super) fn retry_at() -> i64 {
    timer::now().saturating_add(PAUSE)
}
