//! What all processes share.

use crate::params;
use kamailio::{Error, module::Rank, shared::Shared, sync::Mutex};

/// How often [`count`] was called, by all processes together.
static COUNT: Shared<Mutex<u64>> = Shared::empty();

pub(crate) fn init() -> Result<(), Error> {
    params::panic_in("init");
    COUNT.set(Mutex::new(0))?;
    kamailio::notice!("started with the text {}", bstr::BStr::new(params::TEXT.get()));
    Ok(())
}

pub(crate) fn child_init(rank: Rank) -> Result<(), Error> {
    if rank == Rank::FIRST_WORKER {
        params::panic_in("child");
        kamailio::notice!("the first worker runs");
    }
    Ok(())
}

pub(crate) fn destroy() {
    params::panic_in("destroy");
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

/// The statistic `locked`.
pub(crate) fn locked() -> i64 {
    COUNT.get().map_or(-1, |count| i64::try_from(*count.lock()).unwrap_or(i64::MAX))
}

/// The statistic `panic`.
#[expect(clippy::panic, reason = "what this module is for")]
pub(crate) fn panic() -> i64 {
    panic!("on purpose in a statistic")
}
