//! What the host calls once per server or once per process.

use super::{Exports, Rank};
use crate::{Error, Result, boundary, error::Report, script::Verdict};
use core::{
    ffi::{CStr, c_int},
    ptr::{self, NonNull},
    sync::atomic::{AtomicPtr, Ordering},
};
use kamailio_sys as sys;

/// The exports of this module: a shared object holds one module.
static MODULE: AtomicPtr<Exports> = AtomicPtr::new(ptr::null_mut());

/// What `mod_register` does: runs when the module is loaded, before its parameters are read.
pub fn register(exports: &'static Exports) -> c_int {
    MODULE.store(ptr::from_ref(exports).cast_mut(), Ordering::Release);
    let parts = exports.parts();
    // SAFETY: nobody writes the fields of a loaded module, not even the loader.
    let parts = unsafe { &*parts };
    let (name, kemi) = (parts.c.name, parts.kemi);
    // SAFETY: every constructor of `Exports` takes the name as a `&'static CStr`.
    let len = unsafe { CStr::from_ptr(name) }.count_bytes();
    // SAFETY: the name lives as long as the module.
    unsafe { sys::ks_set_module_name(name, c_int::try_from(len).unwrap_or(0)) };
    if kemi.is_null() {
        return 0;
    }
    // SAFETY: a table that ends with a zero row and lives as long as the module.
    unsafe { sys::sr_kemi_modules_add(kemi) }
}

/// Registers what is not in the table of the loader.
fn prepare() -> Result {
    boundary::log_panics();
    check_host()?;
    let Some(exports) = NonNull::new(MODULE.load(Ordering::Acquire)) else { return Ok(()) };
    // SAFETY: `register` stored a `&'static`.
    let parts = unsafe { exports.as_ref() }.parts();
    // SAFETY: nobody writes the fields of a loaded module, not even the loader.
    let parts = unsafe { &*parts };
    let (name, stats, settings) = (parts.c.name, parts.stats, parts.settings);
    if !stats.is_null() {
        // SAFETY: a table that ends with a zero row and lives as long as the module.
        match unsafe { sys::register_module_stats(name, stats) } {
            0 => {}
            code => return Err(Error::Core { call: "register_module_stats", code }),
        }
    }
    settings.map_or(Ok(()), crate::cfg::Group::declare)
}

/// The loader compares the texts of this module with its own, and this compares with the texts of
/// the server that runs: a server and modules of different builds can lie in one place.
fn check_host() -> Result {
    let found = (&raw const sys::full_version).cast();
    // SAFETY: a constant text of the core.
    let found = unsafe { CStr::from_ptr(found) };
    // The text of the core has the state of its repository behind the version.
    let (found, built) = (found.to_string_lossy(), sys::FULL_VERSION.to_string_lossy());
    if found.trim_end().starts_with(built.trim_end()) {
        return Ok(());
    }
    Err(Error::OtherHost { found: found.into_owned(), built: built.into_owned() })
}

/// `mod_init` of a module that has nothing of its own to do.
pub(super) unsafe extern "C" fn init_only() -> c_int {
    boundary::script::<fn(), _>(|| prepare().map(|()| Verdict::DROP)).code()
}

pub(super) unsafe extern "C" fn init<F, E>() -> c_int
where
    F: Fn() -> Result<(), E> + Copy,
    E: Report,
{
    let prepared = boundary::script::<F, _>(|| prepare().map(|()| Verdict::DROP));
    if prepared != Verdict::DROP {
        return prepared.code();
    }
    status(boundary::script::<F, E>(|| item::<F>()().map(|()| Verdict::DROP)))
}

pub(super) unsafe extern "C" fn child_init<F, E>(rank: c_int) -> c_int
where
    F: Fn(Rank) -> Result<(), E> + Copy,
    E: Report,
{
    status(boundary::script::<F, E>(|| item::<F>()(Rank::new(rank)).map(|()| Verdict::DROP)))
}

/// The host takes negative numbers for failures only, and an error may have any verdict.
fn status(verdict: Verdict) -> c_int {
    if verdict == Verdict::DROP { 0 } else { -1 }
}

pub(super) unsafe extern "C" fn destroy<F>()
where
    F: Fn() + Copy,
{
    boundary::contain::<F, _>((), item::<F>());
}

/// The one value of the type of a function or of a closure that captures nothing.
pub(crate) fn item<F: Copy>() -> F {
    const { assert!(size_of::<F>() == 0, "give the function itself, not a pointer to it") };
    // SAFETY: `F` has no bytes; that a value of it exists was shown when its row was built.
    unsafe { NonNull::<F>::dangling().read() }
}
