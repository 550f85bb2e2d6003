//! The file that a location store writes what it knows into, for people.

use crate::param::{Int, Text};
use std::{
    ffi::OsStr,
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write as _},
    os::unix::ffi::OsStrExt,
    path::Path,
};

/// The file, by the parameters that say whether there is one and where it is.
#[derive(Debug, Clone, Copy)]
pub struct DebugFile {
    /// Not 0: there is one.
    pub enabled: &'static Int,
    /// Its path.
    pub path: &'static Text,
}

/// The file cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("modparam usrloc_debug_file is {path}, which cannot be written: {error}")]
pub struct Unwritable {
    path: String,
    error: io::Error,
}

impl DebugFile {
    fn path(&self) -> &'static Path {
        Path::new(OsStr::from_bytes(self.path.get()))
    }

    fn open(&self) -> io::Result<File> {
        OpenOptions::new().create(true).append(true).open(self.path())
    }

    /// Refuses a file that cannot be written. To be called in `mod_init`.
    ///
    /// # Errors
    ///
    /// [`Unwritable`]
    pub fn check(&self) -> Result<(), Unwritable> {
        if self.enabled.get() == 0 {
            return Ok(());
        }
        let failed = |error| Unwritable { path: self.path().display().to_string(), error };
        self.open().map(drop).map_err(failed)
    }

    /// Appends what `dump` writes; what goes wrong is logged. Nothing if there is no file.
    pub fn append(&self, dump: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) {
        if self.enabled.get() == 0 {
            return;
        }
        let written = self.open().and_then(|file| {
            let mut out = BufWriter::new(file);
            dump(&mut out)?;
            out.flush()
        });
        if let Err(error) = written {
            crate::error!("{}: {error}", self.path().display());
        }
    }
}
