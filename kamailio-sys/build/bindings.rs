//! Runs bindgen over the headers.

use crate::{
    defines::Defines,
    failure::{Failure, out_dir},
    layout, tell,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Writes `bindings.rs`; gives the C files that go with it: the wrappers around inline functions,
/// and the layouts as the C compiler sees them.
pub(crate) fn generate(src: &Path, defines: &Defines) -> Result<[PathBuf; 2], Failure> {
    tell(format_args!("rerun-if-changed=shim"));
    let out = out_dir()?;
    let wrappers = out.join("inline_functions");
    let bindings = bindgen::Builder::default()
        .header("shim/wrapper.h")
        .clang_args(defines.flags())
        .clang_arg(format!("-I{}", src.display()))
        .clang_arg("-Ishim")
        .allowlist_file(format!("{}/.*", escaped(src)))
        .allowlist_file(".*shim/shim\\.h")
        .allowlist_var("KS_.*")
        .allowlist_function("ks_.*")
        .default_enum_style(bindgen::EnumVariation::ModuleConsts)
        .generate_comments(false)
        .wrap_static_fns(true)
        .wrap_static_fns_path(&wrappers)
        .layout_tests(true)
        .generate()
        .map_err(|error| Failure::new(format!("bindgen: {error}: is libclang installed?")))?;
    let path = out.join("bindings.rs");
    bindings.write_to_file(&path).map_err(|error| Failure::file(&path, &error))?;
    let text = fs::read_to_string(&path).map_err(|error| Failure::file(&path, &error))?;
    Ok([wrappers.with_extension("c"), layout::write(&text)?])
}

/// `path` as a regular expression that matches it alone.
fn escaped(path: &Path) -> String {
    let mut out = String::new();
    for c in path.to_string_lossy().chars() {
        if !c.is_alphanumeric() && c != '/' {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
