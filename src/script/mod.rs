//! Functions for the script.

mod after;
mod arg;
mod block;
mod call;

pub use after::{after_script, around_requests};
pub use arg::{AnyText, Arg, Args, Fixup, Flags, Format};
pub use block::{Block, is_foreign};
pub use call::{Script, Variadic};

use crate::module::Row;
use core::ffi::{CStr, c_int};
use kamailio_sys as sys;

/// What a function tells the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict(c_int);

impl Verdict {
    /// The script goes on in the true branch.
    pub const TRUE: Self = Self(1);
    /// The script goes on in the false branch.
    pub const FALSE: Self = Self(-1);
    /// The script ends here.
    pub const DROP: Self = Self(0);

    /// A code that the manual of the module documents; the script reads it from `$rc`.
    pub const fn other(code: c_int) -> Self {
        Self(code)
    }

    /// The number that the core gets.
    pub const fn code(self) -> c_int {
        self.0
    }
}

impl From<bool> for Verdict {
    fn from(yes: bool) -> Self {
        if yes { Self::TRUE } else { Self::FALSE }
    }
}

/// The routes of the script that may call a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Routes(u32);

impl Routes {
    /// `request_route` and the routes it calls.
    pub const REQUEST: Self = Self(sys::REQUEST_ROUTE);
    /// `failure_route`.
    pub const FAILURE: Self = Self(sys::FAILURE_ROUTE);
    /// `onreply_route`, with a transaction and without.
    pub const ONREPLY: Self = Self(sys::ONREPLY_ROUTE);
    /// `branch_route`.
    pub const BRANCH: Self = Self(sys::BRANCH_ROUTE);
    /// `onsend_route`.
    pub const ONSEND: Self = Self(sys::ONSEND_ROUTE);
    /// `event_route`.
    pub const EVENT: Self = Self(sys::EVENT_ROUTE);
    /// Every route.
    pub const ANY: Self = Self(u32::MAX);

    /// These routes and those of `other`.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A row of the table of script functions.
#[repr(transparent)]
#[derive(Debug)]
pub struct Function(sys::cmd_export_t);

impl Function {
    /// Exports `body` as `name`, with the arguments that `body` takes after the message.
    ///
    /// An argument of the type [`BString`](bstr::BString) is a text, in which the script may use
    /// pseudo-variables; one of the type `i32` is a number or one pseudo-variable. A number that
    /// the script gives as a literal is checked when the server starts.
    ///
    /// ```
    /// # use kamailio::{Error, msg::Msg, script::{Function, Routes, Verdict}};
    /// # use bstr::BString;
    /// fn update(_: &Msg<'_>, mask: i32, to: BString) -> Result<Verdict, Error> {
    ///     Ok(Verdict::from(mask > 0 && !to.is_empty()))
    /// }
    /// # let _ = || {
    /// Function::new(c"update", Routes::REQUEST.and(Routes::ONREPLY), update)
    /// # };
    /// ```
    pub const fn new<F: Script<Sig>, Sig>(name: &'static CStr, routes: Routes, _: F) -> Self {
        Self::row(name, F::CALL, F::ARITY, F::FIXUP, F::EXPRESSIONS, routes)
    }

    /// Exports `body` as `name` with any number of texts as arguments.
    pub const fn variadic<F: Variadic<E>, E>(name: &'static CStr, routes: Routes, _: F) -> Self {
        Self::row(name, F::CALL, sys::VAR_PARAM_NO, F::FIXUP, true, routes)
    }

    /// A function for other modules, which look it up by name and number of arguments: scripts may
    /// call it from no route.
    pub(crate) const fn api(
        name: &'static CStr,
        function: sys::cmd_function,
        param_no: c_int,
    ) -> Self {
        Self::row(name, function, param_no, None, false, Routes(0))
    }

    /// The row itself. The arguments of a fixup are freed in one way whatever their types are,
    /// and without that function the core refuses expressions as arguments.
    const fn row(
        name: &'static CStr,
        function: sys::cmd_function,
        param_no: c_int,
        fixup: sys::fixup_function,
        expressions: bool,
        routes: Routes,
    ) -> Self {
        Self(sys::cmd_export_t {
            name: name.as_ptr().cast_mut(),
            function,
            param_no,
            fixup,
            free_fixup: if expressions { Some(sys::fixup_free_fparam_all) } else { None },
            flags: routes.0,
        })
    }
}

impl Row for Function {
    fn name(&self) -> &'static CStr {
        // SAFETY: every constructor takes the name as a `&'static CStr`.
        unsafe { CStr::from_ptr(self.0.name) }
    }
}
