//! Where the headers of the host are.

use crate::{failure::Failure, tell};
use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// The folder that holds `core/`, `lib/` and `modules/`.
pub(crate) fn find() -> Result<PathBuf, Failure> {
    tell(format_args!("rerun-if-env-changed=KAMAILIO_SRC"));
    let src = match env::var_os("KAMAILIO_SRC") {
        Some(given) => {
            let given = PathBuf::from(given);
            [given.clone(), given.join("src")].into_iter().find(|dir| is_source(dir)).ok_or_else(
                || {
                    Failure::new(format!(
                        "KAMAILIO_SRC is {}, which holds no core/ver_defs.h: \
                         give the source tree of the Kamailio to build for",
                        given.display()
                    ))
                },
            )?
        }
        None => unpacked()?.ok_or_else(|| {
            Failure::new("no headers of Kamailio: run `make deps`, or set KAMAILIO_SRC")
        })?,
    };
    tell(format_args!("rerun-if-changed={}", src.join("core/ver_defs.h").display()));
    Ok(src)
}

fn is_source(dir: &Path) -> bool {
    dir.join("core/ver_defs.h").is_file()
}

/// The newest tree that `make deps` unpacked.
fn unpacked() -> Result<Option<PathBuf>, Failure> {
    let root = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    let host = root.join("../.host");
    let Ok(entries) = fs::read_dir(&host) else { return Ok(None) };
    let mut found = Vec::new();
    for entry in entries {
        let dir = entry.map_err(|error| Failure::file(&host, &error))?.path();
        let named = dir.file_name().is_some_and(|n| n.to_string_lossy().starts_with("kamailio-"));
        found.extend(Some(dir.join("src")).filter(|src| named && is_source(src)));
    }
    found.sort();
    Ok(found.pop())
}
