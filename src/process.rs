//! Processes of our own beside the workers of the core.

use crate::{
    boundary,
    error::{Error, Result},
    module::{Rank, is_loaded, item},
    timer,
};
use core::{
    ffi::{CStr, c_int},
    num::NonZeroU32,
    ptr,
    sync::atomic::{AtomicU64, Ordering},
};
use kamailio_sys as sys;

/// The number of this server, from the setting `server_id` of the core.
pub fn server_id() -> i32 {
    // SAFETY: the core sets it while it reads its configuration and never again.
    unsafe { sys::server_id }
}

/// The number of this process among those of the server, from 1 on.
pub(crate) fn number() -> u32 {
    // SAFETY: written when the process is forked and never again.
    let number = unsafe { sys::process_no };
    u32::try_from(number).unwrap_or(0).saturating_add(1)
}

/// The number of this process in the system, which is asked once in every process.
pub(crate) fn id() -> u32 {
    /// The number in the system above that among those of the server; a fork copies both, but has
    /// another of the latter.
    static KNOWN: AtomicU64 = AtomicU64::new(0);
    /// The main process has another number in the system once it is a daemon.
    const MAIN: u32 = 1;
    let (number, known) = (number(), KNOWN.load(Ordering::Relaxed));
    if number != MAIN && known & u64::from(u32::MAX) == number.into() {
        return u32::try_from(known >> 32).unwrap_or(0);
    }
    let id = std::process::id();
    KNOWN.store(u64::from(id) << 32 | u64::from(number), Ordering::Relaxed);
    id
}

/// Announces `count` processes that [`fork`]'s function makes. For `mod_init` only.
///
/// # Errors
///
/// [`Error::Core`] if the core refuses.
pub fn announce(count: u16) -> Result<()> {
    // SAFETY: counts up what the core sizes its tables by.
    let code = unsafe { sys::register_procs(count.into()) };
    if code < 0 { Err(Error::Core { call: "register_procs", code }) } else { Ok(()) }
}

/// Announces one process more than the module makes, where the module `cdp` is loaded: with an acceptor
/// and no peer in its configuration that one forks one more than it announces, and whoever forks last
/// would find no room. For `mod_init` only.
///
/// A place that nobody takes costs the core about four kilobytes of shared memory, and is a row without
/// a process where every place is listed (`pkg.stats`).
///
/// # Errors
///
/// [`Error::Core`] if the core refuses.
pub fn announce_spare() -> Result<()> {
    if is_loaded(c"cdp") { announce(1) } else { Ok(()) }
}

/// Forks a process that calls `F` again and again until the server stops: each call waits for
/// something and works on it.
///
/// For `child_init` of [`Rank::MAIN`] only, for as many as [`announce`] was told. In the new
/// process the modules run their `child_init` with `rank`. `name` is what the list of processes
/// shows. After a panic of `F` the process waits a second.
///
/// # Errors
///
/// [`Error::Core`] if there is no new process.
pub fn fork<F>(rank: Rank, name: &'static CStr, _: F) -> Result<()>
where
    F: Fn() + Copy,
{
    // SAFETY: the core copies the name; the new process gets a socket of its own to the process
    // that keeps TCP connections.
    let code = unsafe { sys::fork_process(rank.code(), name.as_ptr().cast_mut(), 1) };
    match code {
        0 => serve::<F>(),
        ..0 => Err(Error::Core { call: "fork_process", code }),
        _ => Ok(()),
    }
}

/// Takes over the settings that were changed since this process last did. To be called when a process
/// that serves no SIP begins with something, after it has waited for it: that may have taken hours.
pub(crate) fn renew_settings() {
    // SAFETY: a process of the core or of a module, outside of all work: nobody in it holds a setting.
    unsafe { sys::ks_cfg_update() };
}

/// What the new process does.
fn serve<F: Fn() + Copy>() -> ! {
    // SAFETY: the first thing in a new process. If it fails, the settings are those of the start.
    unsafe { sys::cfg_child_init() };
    loop {
        renew_settings();
        let whole = boundary::contain::<F, _>(false, || {
            item::<F>()();
            true
        });
        if !whole {
            std::thread::sleep(core::time::Duration::from_secs(1));
        }
    }
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
