//! Processes of our own beside the workers of the core.

use crate::{
    error::{Error, Result},
    module::Rank,
    timer,
};
use core::{
    ffi::{CStr, c_int},
    num::NonZeroU32,
    ptr,
};
use kamailio_sys as sys;

/// The number of this server, from the setting `server_id` of the core.
pub fn server_id() -> i32 {
    // SAFETY: the core sets it while it reads its configuration and never again.
    unsafe { sys::server_id }
}

/// Announces `count` processes that call [`fork_timer`]'s function. For `mod_init` only.
///
/// # Errors
///
/// [`Error::Core`] if the core refuses.
pub fn announce_timers(count: u16) -> Result<()> {
    // SAFETY: counts up what the core sizes its tables by.
    let code = unsafe { sys::register_basic_timers(count.into()) };
    if code < 0 { Err(Error::Core { call: "register_basic_timers", code }) } else { Ok(()) }
}

/// Forks a process that sleeps `seconds`, calls `F`, and so on until the server stops.
///
/// For `child_init` of [`Rank::MAIN`] only, for as many as [`announce_timers`] was told. In the new
/// process the modules run their `child_init` with `rank`. `name` is what the list of processes
/// shows. The first call comes after the first sleep.
///
/// # Errors
///
/// [`Error::Core`] if there is no new process.
pub fn fork_timer<F>(rank: Rank, name: &'static CStr, seconds: NonZeroU32, _: F) -> Result<()>
where
    F: Fn() + Copy,
{
    let interval = c_int::try_from(seconds.get()).unwrap_or(c_int::MAX);
    let (name, none) = (name.as_ptr().cast_mut(), ptr::null_mut());
    // SAFETY: the core copies the name; the callback uses no parameter.
    let code = unsafe {
        sys::fork_basic_timer(rank.code(), name, 1, Some(timer::tick::<F>), none, interval)
    };
    if code < 0 { Err(Error::Core { call: "fork_basic_timer", code }) } else { Ok(()) }
}
