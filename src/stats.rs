//! Statistics, as `kamcmd stats.get_statistics` and the core's exporters read them.

use crate::{
    boundary,
    module::{Row, item},
};
use core::{
    cell::UnsafeCell,
    ffi::{CStr, c_int},
    fmt,
};
use kamailio_sys as sys;

/// A count of events, of all processes together.
///
/// Each process counts in a place of its own, so counting waits for nobody; reading adds up.
#[repr(transparent)]
pub struct Counter(UnsafeCell<*mut sys::stat_var>);

// SAFETY: the host writes it once, when it registers the statistic before the first fork.
unsafe impl Sync for Counter {}

impl Counter {
    /// A counter that counts nothing until the module that exports it is initialised.
    pub const fn new() -> Self {
        Self(UnsafeCell::new(core::ptr::null_mut()))
    }

    /// Counts one event.
    pub fn increment(&self) {
        self.add(1);
    }

    /// Counts `events`.
    pub fn add(&self, events: i32) {
        if let Some(handle) = self.handle() {
            // SAFETY: the host made the handle.
            unsafe { sys::update_stat(handle, events) };
        }
    }

    /// The count so far.
    pub fn get(&self) -> u64 {
        // SAFETY: the host made the handle.
        self.handle().map_or(0, |handle| unsafe { sys::get_stat_val(handle) })
    }

    /// The number of the counter in the place of a pointer; zero is no counter of a module.
    fn handle(&self) -> Option<*mut sys::stat_var> {
        // SAFETY: no one writes any more, see `Sync` above.
        Some(unsafe { *self.0.get() }).filter(|handle| !handle.is_null())
    }
}

impl Default for Counter {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Counter").field(&self.handle()).finish()
    }
}

/// A row of the table of statistics.
#[repr(transparent)]
#[derive(Debug)]
pub struct Stat(sys::stat_export_t);

impl Stat {
    /// A count, which an operator may set back to zero.
    pub const fn counter(name: &'static CStr, counter: &'static Counter) -> Self {
        Self::row(name, 0, counter.0.get())
    }

    /// A value that is asked for when somebody reads it, from any process.
    pub const fn value<F>(name: &'static CStr, _: F) -> Self
    where
        F: Fn() -> i64 + Copy,
    {
        Self::row(name, sys::STAT_IS_FUNC | sys::STAT_NO_RESET, read::<F> as *mut _)
    }

    const fn row(name: &'static CStr, flags: u32, target: *mut *mut sys::stat_var) -> Self {
        Self(sys::stat_export_t {
            name: name.as_ptr().cast_mut(),
            flags: flags as c_int,
            stat_pointer: target,
        })
    }
}

impl Row for Stat {
    fn name(&self) -> &'static CStr {
        // SAFETY: every constructor takes the name as a `&'static CStr`.
        unsafe { CStr::from_ptr(self.0.name) }
    }
}

unsafe extern "C" fn read<F>() -> sys::counter_val_t
where
    F: Fn() -> i64 + Copy,
{
    boundary::contain::<F, _>(0, item::<F>())
}
