//! The other modules of the server.

use core::{
    ffi::{CStr, c_int},
    ptr::NonNull,
};
use kamailio_sys as sys;

/// Whether a module of this name is loaded.
pub(crate) fn is_loaded(name: &CStr) -> bool {
    find(name).is_some()
}

/// The number that the parameter `name` of the loaded module `module` has; nothing without such a module
/// or parameter.
pub(crate) fn parameter(module: &CStr, name: &CStr) -> Option<c_int> {
    let (module, mut kind) = (find(module)?, 0);
    let name = name.as_ptr().cast_mut();
    // SAFETY: a loaded module, and a name that is compared with those of its parameters.
    let found =
        unsafe { sys::find_param_export(module.as_ptr(), name, sys::PARAM_INT, &raw mut kind) };
    let number = NonNull::new(found.cast::<c_int>())?;
    // SAFETY: a parameter of this kind is a C `int`, which nobody writes after the start.
    Some(unsafe { number.read() })
}

fn find(name: &CStr) -> Option<NonNull<sys::sr_module_t>> {
    // SAFETY: compares the name with those of the loaded modules, a list that ends with null.
    NonNull::new(unsafe { sys::find_module_by_name(name.as_ptr().cast_mut()) })
}
