//! Where C calls Rust: no panic and no `Err` passes here.

#[cfg(panic = "abort")]
compile_error!("a panic must unwind to this boundary: an abort ends the whole server");

use crate::{
    error::Report,
    log::{self, Level},
    script::Verdict,
};
use core::any::type_name;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};

/// Runs `body`; a panic becomes `fallback` and a line in the log that names `F`.
///
/// Unwinding drops the guards of locks on its way, so no other process is left waiting. What a
/// lock protects must therefore be whole at every point that can panic.
pub fn contain<F, R>(fallback: R, body: impl FnOnce() -> R) -> R {
    // Not observed after a panic: everything that `body` borrows ends with this call.
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
        let reason = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no message");
        log::write(Level::Critical, format_args!("{}: panic: {reason}", type_name::<F>()));
        fallback
    })
}

/// Runs a script function: an error is logged once and becomes the code of its [`Report`].
pub fn script<F, E: Report>(body: impl FnOnce() -> Result<Verdict, E>) -> Verdict {
    contain::<F, _>(Verdict::FALSE, || body().unwrap_or_else(|error| refuse::<F>(&error)))
}

/// Logs `error` under the name of `F`, at its level; gives the code that the script gets.
pub fn refuse<F>(error: &impl Report) -> Verdict {
    log::write(error.level(), format_args!("{}: {error}", type_name::<F>()));
    error.verdict()
}

/// Makes panics say in the log where they happened, before [`contain`] says in which call.
///
/// Each module has a standard library of its own, so this hook is for panics of this one only.
pub(crate) fn log_panics() {
    std::panic::set_hook(Box::new(|info: &PanicHookInfo<'_>| {
        if let Some(location) = info.location() {
            log::write(Level::Critical, format_args!("panic at {location}"));
        }
    }));
}
