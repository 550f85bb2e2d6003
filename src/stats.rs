//! Statistics, as `kamcmd stats.get_statistics` and the core's exporters read them.

use crate::{
    boundary,
    module::{Row, item},
    shm::ShmSafe,
};
use core::{
    cell::UnsafeCell,
    ffi::{CStr, c_int, c_void},
    fmt, ptr,
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

/// A count that is registered at run time, for what is known only then; as [`Counter`] otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registered(u16);

// SAFETY: a number that is the same in all processes.
unsafe impl ShmSafe for Registered {}

impl Registered {
    /// Counts `events`.
    pub fn add(self, events: i32) {
        // SAFETY: the host gave the number.
        unsafe { sys::counter_add(sys::counter_handle_t { id: self.0 }, events) };
    }
}

/// What stands between the parts of the name of a statistic: a setting of the core.
pub fn separator() -> &'static [u8] {
    // SAFETY: the core sets it while it reads its configuration and never again.
    let text = unsafe { sys::ksr_stats_namesep };
    if text.is_null() {
        return b"_";
    }
    // SAFETY: a C string that stays.
    unsafe { CStr::from_ptr(text) }.to_bytes()
}

/// Why a statistic cannot be registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRegistered {
    /// Another module has one of that name.
    #[error("another module has a statistic {0}.{1}")]
    Taken(String, String),
    /// The host refuses: after its processes were forked, or for lack of memory.
    #[error("the core refuses statistic {0}.{1}")]
    Refused(String, String),
}

/// Registers a count, which an operator may set back to zero. Before the host forks only.
///
/// # Errors
///
/// [`NotRegistered`]
pub fn register_counter(group: &CStr, name: &CStr) -> Result<Registered, NotRegistered> {
    register(group, name, 0, None, 0).map(|handle| Registered(handle.id))
}

/// Registers a value that is asked for when somebody reads it; `F` gets `number`. Before the host
/// forks only.
///
/// # Errors
///
/// [`NotRegistered`]
pub fn register_value<F>(
    group: &CStr,
    name: &CStr,
    number: usize,
    _: F,
) -> Result<(), NotRegistered>
where
    F: Fn(usize) -> i64 + Copy,
{
    let flags = c_int::try_from(sys::CNT_F_NO_RESET).unwrap_or(1);
    register(group, name, flags, Some(read_number::<F>), number).map(drop)
}

/// What gives the value of a statistic.
type Read = unsafe extern "C" fn(sys::counter_handle_t, *mut c_void) -> sys::counter_val_t;

fn register(
    group: &CStr,
    name: &CStr,
    flags: c_int,
    read: Option<Read>,
    number: usize,
) -> Result<sys::counter_handle_t, NotRegistered> {
    let mut handle = sys::counter_handle_t { id: 0 };
    let number = ptr::without_provenance_mut(number);
    let (group_name, none) = (group.as_ptr(), ptr::null());
    // SAFETY: the core copies both names; the callback is code of a module that is never unloaded.
    let code = unsafe {
        let place = &raw mut handle;
        sys::counter_register(place, group_name, name.as_ptr(), flags, read, number, none, 0)
    };
    let text = |text: &CStr| text.to_string_lossy().into_owned();
    match code {
        0 => Ok(handle),
        -2 => Err(NotRegistered::Taken(text(group), text(name))),
        _ => Err(NotRegistered::Refused(text(group), text(name))),
    }
}

/// # Safety
///
/// For the host only, with the number that was registered.
unsafe extern "C" fn read_number<F>(
    _: sys::counter_handle_t,
    number: *mut c_void,
) -> sys::counter_val_t
where
    F: Fn(usize) -> i64 + Copy,
{
    boundary::contain::<F, _>(0, || item::<F>()(number.addr()))
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
