//! The file that takes everything at every look of the timer.

use crate::{dump, params, start::StartError};
use std::{
    ffi::OsStr,
    fs::{File, OpenOptions},
    io,
    os::unix::ffi::OsStrExt,
    path::Path,
};

fn enabled() -> bool {
    params::ENABLE_DEBUG_FILE.get() != 0
}

fn path() -> &'static Path {
    Path::new(OsStr::from_bytes(params::USRLOC_DEBUG_FILE.get()))
}

fn open() -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path())
}

/// Refuses a file that cannot be written. To be called in `mod_init`.
pub(crate) fn check() -> Result<(), StartError> {
    if !enabled() {
        return Ok(());
    }
    let failed = |error| StartError::DebugFile { path: path().display().to_string(), error };
    open().map(drop).map_err(failed)
}

/// Appends what is known now.
pub(crate) fn write() {
    if !enabled() {
        return;
    }
    let written = open().and_then(|file| dump::write(&mut io::BufWriter::new(file)));
    if let Err(error) = written {
        kamailio::error!("{}: {error}", path().display());
    }
}
