//! Jobs that the timer of the core runs.

use crate::{
    boundary,
    error::{Error, Result},
    module::item,
};
use core::{
    ffi::{c_uint, c_void},
    num::NonZeroU32,
    ptr,
};
use kamailio_sys as sys;
use std::time::Duration;

/// Seconds since 1970.
#[expect(clippy::disallowed_types, reason = "this is where `now` comes from")]
pub fn now() -> i64 {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Lets others have a lock that this process takes again and again: who waits for it looks more often
/// than this lasts. For jobs that go over many records, between two turns of the lock.
pub fn give_way() {
    std::thread::sleep(Duration::from_micros(250));
}

/// Has the process of the slow timer call `F` every `seconds`. For `mod_init` only.
///
/// Jobs of all modules run one after the other in that process, so a long one delays the rest.
///
/// # Errors
///
/// [`Error::Core`] if the core refuses, which it does when memory is short.
pub fn every<F>(seconds: NonZeroU32, _: F) -> Result<()>
where
    F: Fn() + Copy,
{
    // SAFETY: the callback is code of a module that is never unloaded, and uses no parameter.
    let code = unsafe { sys::register_timer(Some(tick::<F>), ptr::null_mut(), seconds.get()) };
    if code < 0 { Err(Error::Core { call: "register_timer", code }) } else { Ok(()) }
}

/// # Safety
///
/// For the timer of the core only.
pub(crate) unsafe extern "C" fn tick<F>(_: c_uint, _: *mut c_void)
where
    F: Fn() + Copy,
{
    boundary::contain::<F, _>((), || item::<F>()());
}
