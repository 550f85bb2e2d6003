//! Why the bindings cannot be built, and what to do about it.

use std::{fmt, io, path::Path};

/// One line for the person who builds.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    /// A failure that says `text`.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A failure to read or write `path`.
    pub(crate) fn file(path: &Path, error: &io::Error) -> Self {
        Self(format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // cargo takes one line for one message.
        f.write_str(&self.0.replace('\n', " "))
    }
}

/// The folder for generated files.
pub(crate) fn out_dir() -> Result<std::path::PathBuf, Failure> {
    std::env::var_os("OUT_DIR")
        .map(Into::into)
        .ok_or_else(|| Failure::new("OUT_DIR is not set: this program is run by cargo only"))
}
