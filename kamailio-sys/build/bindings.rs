//! Runs bindgen over the headers.

use crate::{
    defines::Defines,
    failure::{Failure, out_dir},
    layout, tell,
};
use bindgen::callbacks::{DeriveTrait, ImplementsTrait, ParseCallbacks};
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
    let bindings = builder("wrapper.h", src, defines)
        .allowlist_file(format!("{}/.*", escaped(src)))
        .allowlist_file(".*shim/shim\\.h")
        .allowlist_var("KS_.*")
        .allowlist_function("ks_.*")
        .wrap_static_fns(true)
        .wrap_static_fns_path(&wrappers);
    let text = write(bindings, &out.join("bindings.rs"))?;
    Ok([wrappers.with_extension("c"), layout::write(&layout::CORE, &text)?])
}

/// The folders whose headers `shim/pcscf.h` is there for.
const PCSCF: [&str; 3] = ["ims_usrloc_pcscf", "ims_ipsec_pcscf", "pua"];

/// Writes `pcscf.rs`, what the modules of a P-CSCF offer each other; gives the C file with its
/// layouts. Types of the core in it are those of `bindings.rs`.
pub(crate) fn generate_pcscf(src: &Path, defines: &Defines) -> Result<PathBuf, Failure> {
    let mut bindings = builder("pcscf.h", src, defines)
        .allowlist_recursively(false)
        .parse_callbacks(Box::new(PlainTypes))
        .allowlist_var("KS_PUA_.*")
        .allowlist_type("list_entry(_t)?")
        .raw_line("use crate::bindings::*;");
    for module in PCSCF {
        bindings = bindings.allowlist_file(format!("{}/(.*/)?{module}/[^/]*", escaped(src)));
    }
    // The variables and functions of those modules are their own: only types cross.
    let bindings = bindings.ignore_functions();
    let text = write(bindings, &out_dir()?.join("pcscf.rs"))?;
    layout::write(&layout::PCSCF, &text)
}

/// The types of the core, which bindgen has bound in the other run: plain ones.
#[derive(Debug)]
struct PlainTypes;

impl ParseCallbacks for PlainTypes {
    fn blocklisted_type_implements_trait(
        &self,
        _: &str,
        derived: DeriveTrait,
    ) -> Option<ImplementsTrait> {
        match derived {
            DeriveTrait::Copy | DeriveTrait::Debug => Some(ImplementsTrait::Yes),
            _ => None,
        }
    }
}

fn builder(header: &str, src: &Path, defines: &Defines) -> bindgen::Builder {
    bindgen::Builder::default()
        .header(format!("shim/{header}"))
        .clang_args(defines.flags())
        .clang_arg(format!("-I{}", src.display()))
        .clang_arg("-Ishim")
        .default_enum_style(bindgen::EnumVariation::ModuleConsts)
        .generate_comments(false)
        .layout_tests(true)
}

/// Runs bindgen; gives the text that it wrote to `path`.
fn write(bindings: bindgen::Builder, path: &Path) -> Result<String, Failure> {
    let bindings = bindings
        .generate()
        .map_err(|error| Failure::new(format!("bindgen: {error}: is libclang installed?")))?;
    bindings.write_to_file(path).map_err(|error| Failure::file(path, &error))?;
    fs::read_to_string(path).map_err(|error| Failure::file(path, &error))
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
