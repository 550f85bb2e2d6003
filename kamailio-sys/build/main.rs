//! Finds the Kamailio that the modules are for, and binds its headers.
//!
//! | environment | meaning | default |
//! |---|---|---|
//! | `KAMAILIO_SRC` | the folder that holds `core/`, or its parent | `.host/kamailio-*/src` |
//! | `KAMAILIO_MODULES` | the folder of the installed C modules | the usual places |

mod bindings;
mod defines;
mod failure;
mod headers;
mod layout;
mod shim;
mod target;

use failure::Failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tell(format_args!("error={failure}"));
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), Failure> {
    tell(format_args!("rerun-if-changed=build"));
    let headers = headers::find()?;
    let target = target::find()?;
    let defines = defines::read(&headers)?;
    target.check(defines.version()?)?;
    let defines = defines.corrected(&target.flags, &headers)?;
    target.write(defines.number()?)?;
    let mut generated = bindings::generate(&headers, &defines)?.to_vec();
    for offer in [bindings::PCSCF, bindings::SCSCF, bindings::CDP] {
        generated.push(bindings::generate_offer(&offer, &headers, &defines)?);
    }
    shim::compile(&headers, &defines, &generated)?;
    tell(format_args!("metadata=version={}", defines.number()?));
    target.tell();
    Ok(())
}

/// Says one line to cargo.
#[expect(clippy::print_stdout, reason = "cargo listens on the standard output")]
fn tell(line: std::fmt::Arguments<'_>) {
    println!("cargo::{line}");
}
