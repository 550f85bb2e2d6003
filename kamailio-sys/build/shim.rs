//! Compiles the C side: the shim and the wrappers that bindgen made.

use crate::{defines::Defines, failure::Failure};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Compiles `shim/*.c` and `generated` into one archive.
pub(crate) fn compile(src: &Path, defines: &Defines, generated: &[PathBuf]) -> Result<(), Failure> {
    let folder = Path::new("shim");
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| Failure::file(folder, &error))? {
        let path = entry.map_err(|error| Failure::file(folder, &error))?.path();
        files.extend(Some(path).filter(|path| path.extension().is_some_and(|e| e == "c")));
    }
    files.sort();
    files.extend_from_slice(generated);
    let mut cc = cc::Build::new();
    // The generated files name `shim/wrapper.h` as bindgen was given it.
    cc.files(files).include(src).include("shim").include(".");
    for flag in defines.flags() {
        cc.flag(flag);
    }
    // The headers of the core are not written for these warnings.
    cc.warnings(false).flag("-Wno-deprecated-declarations");
    cc.try_compile("kamailio_shim").map_err(|error| Failure::new(error.to_string()))
}
