//! Blocks of the script, to run later.

use crate::shm::ShmSafe;
use core::ptr::NonNull;
use kamailio_sys as sys;
use std::ffi::CString;

/// A `route[name]` of the native script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block(NonNull<sys::action>);

// SAFETY: the core reads the script before it forks and never frees it: its parts have the same
// address and content in every process.
unsafe impl ShmSafe for Block {}
// SAFETY: as for `ShmSafe`.
unsafe impl Send for Block {}
// SAFETY: as for `ShmSafe`.
unsafe impl Sync for Block {}

impl Block {
    /// The `route[name]`; nothing if there is none, or an empty one.
    pub fn find(name: &[u8]) -> Option<Self> {
        let name = CString::new(name).ok()?;
        let routes = &raw mut sys::main_rt;
        // SAFETY: compares the name with those of the script.
        let index = unsafe { sys::route_lookup(routes, name.as_ptr().cast_mut()) };
        let index = usize::try_from(index).ok()?;
        // SAFETY: written while the core reads its script and never again.
        let list = unsafe { (*routes).rlist };
        // SAFETY: the list has an element for each name that the core knows.
        let place = unsafe { list.add(index) };
        // SAFETY: as above.
        NonNull::new(unsafe { place.read() }).map(Self)
    }

    pub(crate) fn as_raw(self) -> *mut sys::action {
        self.0.as_ptr()
    }
}

/// Whether the script is one of another language (KEMI): its functions are found by their names.
pub fn is_foreign() -> bool {
    // SAFETY: looks at what the core noted when it read its configuration.
    let engine = unsafe { sys::sr_kemi_eng_get() };
    !engine.is_null()
}
