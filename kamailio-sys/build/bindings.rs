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

/// What a group of modules offer each other: types of their headers, bound apart from the core.
#[derive(Debug)]
pub(crate) struct Offer {
    /// The header in `shim` that names the headers of the modules.
    header: &'static str,
    /// The file to be written.
    file: &'static str,
    /// The folders of the modules.
    folders: &'static [&'static str],
    /// Types of other folders that these headers use and the core's run does not bind.
    types: &'static str,
    /// Types that are not to be bound; none: empty.
    hidden: &'static str,
    /// Constants that the header in `shim` gives a name.
    constants: &'static str,
    /// The structs to be compared with the C compiler's.
    layout: layout::Run,
}

/// What the modules of a P-CSCF offer each other.
pub(crate) const PCSCF: Offer = Offer {
    header: "pcscf.h",
    file: "pcscf.rs",
    folders: &["ims_usrloc_pcscf", "ims_ipsec_pcscf", "pua"],
    types: "list_entry(_t)?",
    hidden: "",
    constants: "KS_PUA_.*",
    layout: layout::PCSCF,
};

/// What the location store of an S-CSCF offers, and the dialogs it looks at.
pub(crate) const SCSCF: Offer = Offer {
    header: "scscf.h",
    file: "scscf.rs",
    folders: &["ims_usrloc_scscf", "ims_dialog"],
    types: "",
    // Declared twice with two meanings, and used by nobody.
    hidden: "_?contact_ptr(_list)?",
    constants: "",
    layout: layout::SCSCF,
};

/// What the Diameter module offers.
pub(crate) const CDP: Offer = Offer {
    header: "cdp.h",
    file: "cdp.rs",
    folders: &["cdp"],
    types: "",
    // Of the system, and used by nobody.
    hidden: "gen_sem_t",
    constants: "",
    layout: layout::CDP,
};

/// Writes what `offer` says; gives the C file with its layouts. Types of the core in it are those of
/// `bindings.rs`.
pub(crate) fn generate_offer(
    offer: &Offer,
    src: &Path,
    defines: &Defines,
) -> Result<PathBuf, Failure> {
    let mut bindings = builder(offer.header, src, defines)
        .allowlist_recursively(false)
        .parse_callbacks(Box::new(PlainTypes))
        .raw_line("use crate::bindings::*;");
    if !offer.constants.is_empty() {
        bindings = bindings.allowlist_var(offer.constants);
    }
    if !offer.types.is_empty() {
        bindings = bindings.allowlist_type(offer.types);
    }
    if !offer.hidden.is_empty() {
        bindings = bindings.blocklist_type(offer.hidden);
    }
    for module in offer.folders {
        bindings = bindings.allowlist_file(format!("{}/(.*/)?{module}/[^/]*", escaped(src)));
    }
    // The variables and functions of those modules are their own: only types cross.
    let bindings = bindings.ignore_functions();
    let text = write(bindings, &out_dir()?.join(offer.file))?;
    layout::write(&offer.layout, &text)
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
