//! The file that takes the counts at every look of the timer.

use crate::{domains, params, start::StartError};
use bstr::BStr;
use std::{
    ffi::OsStr,
    fs::{File, OpenOptions},
    io::{self, Write},
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

/// Appends the counts of now.
pub(crate) fn write() {
    if !enabled() {
        return;
    }
    if let Err(error) = open().and_then(|mut file| dump(&mut file)) {
        kamailio::error!("{}: {error}", path().display());
    }
}

fn dump(out: &mut impl Write) -> io::Result<()> {
    let mut text = Vec::new();
    writeln!(text, "===Domain list===")?;
    domains::each(|domain| {
        let counts = domain.with(|_, state| {
            let directory = &state.directory;
            (directory.groups(), directory.longest(), directory.len())
        });
        let (size, longest, contacts) = counts.unwrap_or_default();
        let name = BStr::new(domain.name());
        // Writing to a vector cannot fail.
        let _ = write!(
            text,
            "---Domain---\nname : '{name}'\nsize : {size}\ntable: {domain:p}\n\n\
             Max slot: {longest} (0/{contacts})\n---/Domain---\n"
        );
    });
    writeln!(text, "===/Domain list===")?;
    out.write_all(&text)
}
