//! The errors of this crate, and how an error leaves Rust.

use crate::{log::Level, script::Verdict};
use core::fmt;

/// What a call into the core can fail with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The shared memory of the host is used up: `-m` is too small or something leaks.
    #[error("out of shared memory")]
    OutOfShm,
    /// The private memory of this process is used up: `-M` is too small or something leaks.
    #[error("out of private memory")]
    OutOfPkg,
    /// A script argument holds no value, for example a pseudo-variable that is `$null`.
    #[error("argument {0} has no value")]
    NoArgument(usize),
    /// A script argument should be a number and is not.
    #[error("argument {0} is no number")]
    NoNumber(usize),
    /// There is no table of contacts of that name, and none can be made any more.
    #[error(
        "no domain {0:?}: name it in the configuration, so that it exists before the server forks"
    )]
    NoDomain(String),
    /// A function of the core or of another module returned its error code.
    #[error("{call} failed with {code}")]
    Core {
        /// The C function.
        call: &'static str,
        /// What it returned.
        code: i32,
    },
    /// Another module that this one needs is not loaded, or lacks the function asked for.
    #[error("module {module} is not loaded before this one, or does not export {export}")]
    NotLoaded {
        /// The module that is missing.
        module: &'static str,
        /// What was looked for in it.
        export: &'static str,
    },
    /// The server is not the one that this module was built for.
    #[error("this is {found}, the module is built for {built}")]
    OtherHost {
        /// The version of the running server.
        found: String,
        /// The version of the headers.
        built: String,
    },
}

impl From<allocator_api2::alloc::AllocError> for Error {
    fn from(_: allocator_api2::alloc::AllocError) -> Self {
        Self::OutOfShm
    }
}

/// Shorthand for the results of this crate.
pub type Result<T = (), E = Error> = core::result::Result<T, E>;

/// How an error shows outside: one line of log and one code for the script.
///
/// The boundary calls both, once; code below the boundary returns its error and logs nothing.
pub trait Report: fmt::Display {
    /// How loud the one line is.
    fn level(&self) -> Level {
        Level::Error
    }

    /// What the script gets.
    fn verdict(&self) -> Verdict {
        Verdict::FALSE
    }
}

impl Report for Error {}

impl Report for core::convert::Infallible {}
