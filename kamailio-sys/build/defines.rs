//! The `-D` flags that the headers must be read with.
//!
//! Some of them change the layout of structs without showing in the flags that the loader
//! compares, so they are asked from the makefiles of the source tree and never written by hand.

use crate::failure::{Failure, out_dir};
use std::{collections::BTreeSet, fs, path::Path, process::Command};

/// Prints what the makefiles of Kamailio hand to the compiler; changes nothing in the source tree.
const PRINT: &str = "main_makefile=1\n\
    override quiet:=silent\n\
    include Makefile.defs\n\
    .PHONY: print\n\
    print: ; @printf '%s\\n' 'C_DEFS=$(subst ','\\'',$(C_DEFS)) $(subst ','\\'',$(CC_PMUTEX_OPTS))'\n";

/// The flags, each as `-DNAME` or `-DNAME=value`.
#[derive(Debug)]
pub(crate) struct Defines(Vec<String>);

/// Asks the source tree at `src`.
pub(crate) fn read(src: &Path) -> Result<Defines, Failure> {
    let makefile = out_dir()?.join("print-defines.mk");
    fs::write(&makefile, PRINT).map_err(|error| Failure::file(&makefile, &error))?;
    let output = Command::new("make")
        .args(["-s", "-C"])
        .arg(src)
        .arg("-f")
        .arg(&makefile)
        .args(["print", "FLAVOUR=kamailio", "prefix=/usr", "cfg_target=/etc/kamailio/"])
        // The jobserver of an outer make is not for this one.
        .env_remove("MAKEFLAGS")
        .env_remove("MFLAGS")
        .output()
        .map_err(|error| Failure::new(format!("make: {error}: install GNU make")))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.strip_prefix("C_DEFS="));
    let words = line.and_then(shlex::split).ok_or_else(|| {
        let reason = String::from_utf8_lossy(&output.stderr);
        Failure::new(format!("{}: make printed no flags: {reason}", src.display()))
    })?;
    Ok(Defines(words.into_iter().filter(|word| word.starts_with("-D")).collect()))
}

impl Defines {
    /// The flags, for a compiler.
    pub(crate) fn flags(&self) -> &[String] {
        &self.0
    }

    /// The version of the headers as text, for example `5.6.3`.
    pub(crate) fn version(&self) -> Result<&str, Failure> {
        self.value("VERSION").map(|text| text.trim_matches('"'))
    }

    /// The version of the headers as a number, for example `5006003`.
    pub(crate) fn number(&self) -> Result<&str, Failure> {
        self.value("VERSIONVAL")
    }

    fn value(&self, name: &str) -> Result<&str, Failure> {
        let value = self
            .0
            .iter()
            .find_map(|flag| flag.strip_prefix("-D")?.strip_prefix(name)?.strip_prefix('='));
        value.ok_or_else(|| Failure::new(format!("the makefiles of Kamailio define no {name}")))
    }

    /// These flags, with those that the loader can see set as in `visible`, the flags of the
    /// installed modules: the makefiles guess some of them from the machine they run on.
    pub(crate) fn corrected(self, visible: &str, src: &Path) -> Result<Self, Failure> {
        let set = defined_by(visible);
        let mut flags: Vec<String> = self.0;
        for name in seen_by_loader(src)? {
            let flag = format!("-D{name}");
            let given = flags.iter().any(|known| is_flag(known, &flag));
            match set.contains(&name) {
                true if !given => flags.push(flag),
                false if given => flags.retain(|known| !is_flag(known, &flag)),
                _ => {}
            }
        }
        Ok(Self(flags))
    }
}

fn is_flag(known: &str, flag: &str) -> bool {
    known.strip_prefix(flag).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
}

/// The macros behind the text of `SER_COMPILE_FLAGS`, read from the header that builds it.
fn seen_by_loader(src: &Path) -> Result<Vec<String>, Failure> {
    let header = src.join("core/ver_defs.h");
    let text = fs::read_to_string(&header).map_err(|error| Failure::file(&header, &error))?;
    let list = text.split_once("#define SER_COMPILE_FLAGS").map(|(_, list)| list);
    let list = list
        .ok_or_else(|| Failure::new(format!("{}: no SER_COMPILE_FLAGS in it", header.display())))?;
    let mut names: Vec<String> = list
        .split_whitespace()
        .filter_map(|word| word.strip_suffix("_STR"))
        .map(str::to_owned)
        .collect();
    // Shown as a suffix of FAST_LOCK.
    names.extend(["ADAPTIVE_WAIT", "BUSY_WAIT"].map(str::to_owned));
    Ok(names)
}

/// The macros that must be defined for the headers to give the text `visible`.
fn defined_by(visible: &str) -> BTreeSet<String> {
    visible
        .split([',', ' ', '-'])
        .filter(|name| !name.is_empty())
        .map(|name| match name {
            "TLS_PTHREAD_MUTEX_SHARED" => "KSR_PTHREAD_MUTEX_SHARED",
            same => same,
        })
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defines(flags: &[&str]) -> Defines {
        Defines(flags.iter().map(|flag| (*flag).to_owned()).collect())
    }

    /// A source tree whose loader sees these flags.
    fn source(flags: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("core")).unwrap();
        let text = format!("#define A_STR \"\"\n#define SER_COMPILE_FLAGS \\\n\t{flags}\n#endif\n");
        fs::write(folder.path().join("core/ver_defs.h"), text).unwrap();
        folder
    }

    #[test]
    fn flags_that_the_loader_sees_are_those_of_the_installed_modules() {
        let source = source("USE_TCP_STR USE_FUTEX_STR FAST_LOCK_STR KSR_PTHREAD_MUTEX_SHARED_STR");
        let guessed = defines(&["-DUSE_TCP", "-DUSE_FUTEX_TOO", "-DVERSION=\"5.6.3\"", "-DHIDDEN"]);
        let visible = "USE_FUTEX, FAST_LOCK-ADAPTIVE_WAIT, TLS_PTHREAD_MUTEX_SHARED";
        let corrected = guessed.corrected(visible, source.path()).unwrap();
        assert_eq!(
            corrected.flags(),
            [
                "-DUSE_FUTEX_TOO",
                "-DVERSION=\"5.6.3\"",
                "-DHIDDEN",
                "-DUSE_FUTEX",
                "-DFAST_LOCK",
                "-DKSR_PTHREAD_MUTEX_SHARED",
                "-DADAPTIVE_WAIT",
            ]
        );
    }

    #[test]
    fn a_version_is_read_and_its_lack_is_told() {
        let known = defines(&["-DVERSIONVAL=5006003", "-DVERSION=\"5.6.3\""]);
        assert_eq!((known.version().unwrap(), known.number().unwrap()), ("5.6.3", "5006003"));
        let failure = defines(&["-DUSE_TCP"]).version().unwrap_err();
        assert_eq!(failure.to_string(), "the makefiles of Kamailio define no VERSION");
    }
}
