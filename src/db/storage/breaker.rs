//! A database that is down is left alone for a moment, so that requests do not wait for it one
//! after the other. All processes share what one of them found out.

use crate::{Error, shared::Shared, timer};
use core::{
    fmt::Display,
    sync::atomic::{AtomicBool, AtomicI64, Ordering},
};

/// Seconds until the next try.
const PAUSE: i64 = 2;

crate::shm_struct! {
    /// What is known of the database.
    #[derive(Debug)]
    struct State {
        /// The log says that it is down, and not yet that it is back.
        down: AtomicBool,
        /// When it may be tried again, in seconds since 1970.
        until: AtomicI64,
    }
}

#[derive(Debug)]
pub(super) struct Breaker {
    state: Shared<State>,
    what: &'static str,
}

impl Breaker {
    pub(super) const fn new(what: &'static str) -> Self {
        Self { state: Shared::empty(), what }
    }

    /// To be called before the host forks.
    pub(super) fn set_up(&self) -> Result<(), Error> {
        self.state.set(State { down: AtomicBool::new(false), until: AtomicI64::new(0) })
    }

    /// To be called when no other process is left.
    pub(super) fn tear_down(&self) {
        drop(self.state.take());
    }

    pub(super) fn is_open(&self) -> bool {
        self.state.get().is_some_and(|state| timer::now() < state.until.load(Ordering::Relaxed))
    }

    pub(super) fn trip(&self, error: &impl Display) {
        let Some(state) = self.state.get() else { return };
        state.until.store(retry_at(), Ordering::Relaxed);
        if !state.down.swap(true, Ordering::Relaxed) {
            let what = self.what;
            crate::error!(
                "the database cannot be used, {what} are served from memory and written later: \
                 {error}"
            );
        }
    }

    pub(super) fn reset(&self) {
        let Some(state) = self.state.get() else { return };
        if state.down.load(Ordering::Relaxed) && state.down.swap(false, Ordering::Relaxed) {
            state.until.store(0, Ordering::Relaxed);
            crate::notice!("the database can be used again");
        }
    }
}

/// When something that fails now may be tried again.
pub(super) fn retry_at() -> i64 {
    timer::now().saturating_add(PAUSE)
}
