//! What all processes share.

use crate::{
    params,
    services::{self, ServiceError},
};
use kamailio::{module::Rank, shared::Shared, sync::Mutex};
use std::sync::atomic::{AtomicU32, Ordering};

/// How often [`count`] was called, by all processes together.
static COUNT: Shared<Mutex<u64>> = Shared::empty();

/// How often the timer of the core came.
static TICKS: Shared<AtomicU32> = Shared::empty();

pub(crate) fn init() -> Result<(), ServiceError> {
    params::panic_in("init");
    COUNT.set(Mutex::new(0))?;
    TICKS.set(AtomicU32::new(0))?;
    services::bind()?;
    kamailio::notice!("started with the text {}", bstr::BStr::new(params::TEXT.get()));
    Ok(())
}

pub(crate) fn child_init(rank: Rank) -> Result<(), ServiceError> {
    if rank == Rank::FIRST_WORKER {
        params::panic_in("child");
        kamailio::notice!("the first worker runs");
    }
    Ok(())
}

pub(crate) fn destroy() {
    params::panic_in("destroy");
    drop(TICKS.take());
    let count = COUNT.take().map(|count| *count.lock());
    kamailio::notice!("counted to {count:?} before the end");
}

/// Counts one more under the lock, and runs `then` there.
pub(crate) fn count(then: impl FnOnce()) -> u64 {
    let Some(count) = COUNT.get() else { return 0 };
    let mut count = count.lock();
    *count += 1;
    then();
    *count
}

pub(crate) fn tick() {
    if let Some(ticks) = TICKS.get() {
        ticks.fetch_add(1, Ordering::Relaxed);
    }
}

pub(crate) fn ticks() -> u32 {
    TICKS.get().map_or(0, |ticks| ticks.load(Ordering::Relaxed))
}

/// The statistic `locked`.
pub(crate) fn locked() -> i64 {
    COUNT.get().map_or(-1, |count| i64::try_from(*count.lock()).unwrap_or(i64::MAX))
}

/// The statistic `panic`.
#[expect(clippy::panic, reason = "what this module is for")]
pub(crate) fn panic() -> i64 {
    panic!("on purpose in a statistic")
}
