//! The symbols by which the loader knows a module.

use super::{Rank, Table, hooks};
use crate::{
    cfg::Group, error::Report, kemi::Kemi, param::Param, pv::Variable, rpc::Command,
    script::Function, stats::Stat,
};
use core::{
    cell::UnsafeCell,
    ffi::{CStr, c_char},
    fmt, ptr,
};
use kamailio_sys as sys;

/// The symbol `exports` of a module, built field by field.
#[repr(transparent)]
pub struct Exports(UnsafeCell<Parts>);

/// What the loader reads, and behind it what this crate registers.
#[repr(C)]
pub(super) struct Parts {
    pub(super) c: sys::module_exports,
    pub(super) kemi: *mut sys::sr_kemi_t,
    pub(super) stats: *mut sys::stat_export_t,
    pub(super) settings: Option<&'static Group>,
}

// SAFETY: only the host touches the rows, in its one process before the first fork.
unsafe impl Sync for Exports {}

impl Exports {
    /// A module that exports nothing yet.
    pub const fn new(name: &'static CStr) -> Self {
        Self(UnsafeCell::new(Parts {
            c: sys::module_exports {
                name: name.as_ptr().cast_mut(),
                dlflags: 0,
                cmds: ptr::null_mut(),
                params: ptr::null_mut(),
                rpc_methods: ptr::null_mut(),
                pv_items: ptr::null_mut(),
                response_f: None,
                init_mod_f: Some(hooks::init_only),
                init_child_f: None,
                destroy_mod_f: None,
            },
            kemi: ptr::null_mut(),
            stats: ptr::null_mut(),
            settings: None,
        }))
    }

    /// The functions for the script. Rows of one name and different numbers of arguments are
    /// forms of one function.
    pub const fn functions<const N: usize>(mut self, table: &'static Table<Function, N>) -> Self {
        self.0.get_mut().c.cmds = table.first();
        self
    }

    /// The functions for scripts in other languages.
    pub const fn kemi<const N: usize>(mut self, table: &'static Table<Kemi, N>) -> Self {
        self.0.get_mut().kemi = table.first();
        self
    }

    /// The parameters for `modparam`.
    pub const fn params<const N: usize>(mut self, table: &'static Table<Param, N>) -> Self {
        self.0.get_mut().c.params = table.first();
        self
    }

    /// The settings that `kamcmd cfg.set_now_int` and its like may change at run time.
    pub const fn settings(mut self, group: &'static Group) -> Self {
        self.0.get_mut().settings = Some(group);
        self
    }

    /// The RPC commands.
    pub const fn commands<const N: usize>(mut self, table: &'static Table<Command, N>) -> Self {
        self.0.get_mut().c.rpc_methods = table.first();
        self
    }

    /// The statistics, in a group of the name of the module.
    pub const fn stats<const N: usize>(mut self, table: &'static Table<Stat, N>) -> Self {
        self.0.get_mut().stats = table.first();
        self
    }

    /// The pseudo-variables.
    pub const fn variables<const N: usize>(mut self, table: &'static Table<Variable, N>) -> Self {
        self.0.get_mut().c.pv_items = table.first();
        self
    }

    /// Runs once, before the host forks and after all `modparam`; an error stops the host.
    pub const fn on_init<F, E>(mut self, _: F) -> Self
    where
        F: Fn() -> Result<(), E> + Copy,
        E: Report,
    {
        self.0.get_mut().c.init_mod_f = Some(hooks::init::<F, E>);
        self
    }

    /// Runs in every process that the host forks, and for [`Rank::INIT`] before the first.
    pub const fn on_child<F, E>(mut self, _: F) -> Self
    where
        F: Fn(Rank) -> Result<(), E> + Copy,
        E: Report,
    {
        self.0.get_mut().c.init_child_f = Some(hooks::child_init::<F, E>);
        self
    }

    /// Runs once, when all other processes have ended.
    ///
    /// Also after an `on_init` that failed, so it must cope with half of what that sets up.
    pub const fn on_destroy<F>(mut self, _: F) -> Self
    where
        F: Fn() + Copy,
    {
        self.0.get_mut().c.destroy_mod_f = Some(hooks::destroy::<F>);
        self
    }

    pub(super) const fn parts(&self) -> *mut Parts {
        self.0.get()
    }
}

impl fmt::Debug for Exports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exports")
    }
}

/// A `char *` symbol of a module.
#[repr(transparent)]
#[derive(Debug)]
pub struct Text(*const c_char);

// SAFETY: points to a constant.
unsafe impl Sync for Text {}

impl Text {
    /// The version of the host that this module was built for.
    pub const VERSION: Self = Self(sys::FULL_VERSION.as_ptr());
    /// The build flags of the host that this module was built for.
    pub const FLAGS: Self = Self(sys::FLAGS.as_ptr());
}

/// Gives the loader its symbols. Once per module, after the tables.
///
/// Not part of a unit test: a test executable has no host to link with.
#[macro_export]
macro_rules! export {
    ($exports:expr) => {
        #[cfg(not(test))]
        mod symbols {
            use super::*;
            use core::ffi::{c_char, c_int, c_uint, c_void};

            // For our own use. Modules of other script languages show their symbols to all, so the
            // name `exports` may mean theirs to everybody but the loader, who asks this file.
            static OWN: $crate::module::Exports = $exports;

            #[unsafe(no_mangle)]
            #[allow(non_upper_case_globals, reason = "the loader looks for this name")]
            static exports: $crate::module::Exports = $exports;
            #[unsafe(no_mangle)]
            #[allow(non_upper_case_globals, reason = "the loader looks for this name")]
            static module_version: $crate::module::Text = $crate::module::Text::VERSION;
            #[unsafe(no_mangle)]
            #[allow(non_upper_case_globals, reason = "the loader looks for this name")]
            static module_flags: $crate::module::Text = $crate::module::Text::FLAGS;
            // Every C module has it; no loader since 3.0 reads it.
            #[unsafe(no_mangle)]
            #[allow(non_upper_case_globals, reason = "the loader looks for this name")]
            static module_interface_ver: c_uint = 1;

            #[unsafe(no_mangle)]
            extern "C" fn mod_register(
                _path: *mut c_char,
                _dlflags: *mut c_int,
                _reserved: *mut c_void,
                _reserved_too: *mut c_void,
            ) -> c_int {
                $crate::module::register(&OWN)
            }
        }
        // Checks the tables and counts them as used; no code comes of it, so nothing to link.
        #[cfg(test)]
        const _: fn() -> $crate::module::Exports = || $exports;
    };
}
