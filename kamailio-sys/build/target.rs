//! The installed Kamailio, told by the C modules that its loader accepts.
//!
//! The loader compares two texts of a module with its own. They are read from an installed module,
//! because what `kamailio -V` prints differs from them in some releases.

use crate::{
    failure::{Failure, out_dir},
    tell,
};
use object::{
    Endianness, Object, ObjectSymbol,
    elf::{DT_NEEDED, FileHeader64},
    read::elf::{Dyn, ElfFile64, FileHeader},
};
use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// Modules of the stock packages that use the database library, if it is one of its own.
const DATABASE_USERS: [&str; 5] = ["usrloc.so", "auth_db.so", "acc.so", "domain.so", "sca.so"];

/// What the build must fit.
#[derive(Debug)]
pub(crate) struct Target {
    modules: PathBuf,
    full_version: String,
    /// The flags as the loader compares them.
    pub(crate) flags: String,
    database: Option<(PathBuf, String)>,
}

/// Reads the installed modules.
pub(crate) fn find() -> Result<Target, Failure> {
    tell(format_args!("rerun-if-env-changed=KAMAILIO_MODULES"));
    let modules =
        match env::var_os("KAMAILIO_MODULES") {
            Some(given) => PathBuf::from(given),
            None => usual_places().into_iter().find(|dir| dir.join("tm.so").is_file()).ok_or_else(
                || Failure::new("no installed Kamailio: run `make deps`, or set KAMAILIO_MODULES"),
            )?,
        };
    let module = ["tm.so", "sl.so", "pv.so"].map(|name| modules.join(name));
    let module = module.into_iter().find(|path| path.is_file()).ok_or_else(|| {
        Failure::new(format!(
            "{}: neither tm.so, sl.so nor pv.so in it: \
             KAMAILIO_MODULES must be the folder of the installed C modules",
            modules.display()
        ))
    })?;
    tell(format_args!("rerun-if-changed={}", module.display()));
    let bytes = fs::read(&module).map_err(|error| Failure::file(&module, &error))?;
    let file = parse(&module, &bytes)?;
    let full_version = text_of(&file, &bytes, "module_version");
    let flags = text_of(&file, &bytes, "module_flags");
    let (Some(full_version), Some(flags)) = (full_version, flags) else {
        return Err(Failure::new(format!("{}: not a module of Kamailio", module.display())));
    };
    let database = database(&modules)?;
    Ok(Target { modules, full_version, flags, database })
}

fn usual_places() -> Vec<PathBuf> {
    let roots = ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64"];
    let multiarch = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let mut places: Vec<_> = multiarch.map(|entry| entry.path()).collect();
    places.sort();
    places.splice(0..0, roots.map(PathBuf::from));
    places.into_iter().map(|lib| lib.join("kamailio/modules")).collect()
}

impl Target {
    /// Refuses headers of another version than the installed one.
    pub(crate) fn check(&self, headers: &str) -> Result<(), Failure> {
        let installed = self.full_version.split_whitespace().nth(1).unwrap_or_default();
        if installed == headers {
            return Ok(());
        }
        Err(Failure::new(format!(
            "the headers are of Kamailio {headers}, the modules in {} of {installed}, and a server \
             loads modules of its own version only: set KAMAILIO_SRC to the source of {installed} \
             (`make deps` fetches it) or KAMAILIO_MODULES to the modules of {headers}",
            self.modules.display()
        )))
    }

    /// Writes the two texts and the version, also as the number `code`, down for the crate.
    pub(crate) fn write(&self, code: &str) -> Result<(), Failure> {
        let path = out_dir()?.join("target.rs");
        let number = self.full_version.split_whitespace().nth(1).unwrap_or_default();
        let text = format!(
            "/// The version that the loader compares.\n\
             pub const FULL_VERSION: &core::ffi::CStr = c{:?};\n\
             /// The build flags that the loader compares.\n\
             pub const FLAGS: &core::ffi::CStr = c{:?};\n\
             /// The version of the host, for people.\n\
             pub const VERSION: &str = {number:?};\n\
             /// The version of the host, for comparisons: 5006003 is 5.6.3.\n\
             pub const VERSION_NUMBER: u32 = {code};\n",
            self.full_version, self.flags
        );
        fs::write(&path, text).map_err(|error| Failure::file(&path, &error))
    }

    /// Tells dependents what they may need to know.
    ///
    /// The library of the database functions is an argument for the linker of the modules and not
    /// a library of this crate, because nothing but a module can link with it: it needs the host.
    pub(crate) fn tell(&self) {
        tell(format_args!("metadata=modules={}", self.modules.display()));
        if let Some((dir, name)) = &self.database {
            let dir = dir.display();
            tell(format_args!("metadata=link=-L{dir};-l:{name};-Wl,-rpath,{dir}"));
        }
    }
}

/// The library of the database functions: the core has them from 6.0 on.
fn database(modules: &Path) -> Result<Option<(PathBuf, String)>, Failure> {
    for path in DATABASE_USERS.map(|name| modules.join(name)) {
        let Ok(bytes) = fs::read(&path) else { continue };
        let Some(name) = needed(&path, &bytes)?.into_iter().find(|n| n.starts_with("libsrdb1."))
        else {
            return Ok(None);
        };
        let dirs = [modules.join(".."), modules.join("../.."), modules.to_path_buf()];
        let dir = dirs.into_iter().find(|dir| dir.join(&name).is_file());
        let dir = dir.and_then(|dir| dir.canonicalize().ok()).ok_or_else(|| {
            Failure::new(format!("{} needs {name}, which is not beside it", path.display()))
        })?;
        return Ok(Some((dir, name)));
    }
    Ok(None)
}

type Elf<'a> = ElfFile64<'a, Endianness>;

fn parse<'a>(path: &Path, bytes: &'a [u8]) -> Result<Elf<'a>, Failure> {
    Elf::parse(bytes)
        .map_err(|error| Failure::new(format!("{}: no 64-bit module: {error}", path.display())))
}

/// The C string that the `char *` called `name` points to once the file is loaded.
fn text_of(file: &Elf<'_>, bytes: &[u8], name: &str) -> Option<String> {
    let symbol = file.dynamic_symbols().find(|symbol| symbol.name() == Ok(name))?;
    let address = symbol.address();
    let relocated = file.dynamic_relocations()?.find(|(place, _)| *place == address);
    // A relocation against a symbol adds to that symbol's address, a relative one to zero.
    let text = match relocated {
        Some((_, relocation)) => {
            let base = match relocation.target() {
                object::RelocationTarget::Symbol(index) => file
                    .dynamic_symbol_table()
                    .and_then(|table| {
                        object::ObjectSymbolTable::symbol_by_index(&table, index).ok()
                    })?
                    .address(),
                _ => 0,
            };
            base.checked_add_signed(relocation.addend())?
        }
        None => u64::from_le_bytes(at(file, bytes, address)?.get(..8)?.try_into().ok()?),
    };
    let text = at(file, bytes, text)?;
    let text = text.split(|&byte| byte == 0).next()?;
    String::from_utf8(text.to_vec()).ok()
}

/// The bytes of the file that are loaded at `address`.
fn at<'a>(file: &Elf<'_>, bytes: &'a [u8], address: u64) -> Option<&'a [u8]> {
    use object::ObjectSegment;
    file.segments().find_map(|segment| {
        let skip = address.checked_sub(segment.address())?;
        let (offset, size) = segment.file_range();
        let start = offset.checked_add(skip).filter(|_| skip < size)?;
        bytes.get(usize::try_from(start).ok()?..)
    })
}

fn needed(path: &Path, bytes: &[u8]) -> Result<Vec<String>, Failure> {
    let broken = |error| Failure::new(format!("{}: {error}", path.display()));
    let header = FileHeader64::<Endianness>::parse(bytes).map_err(broken)?;
    let endian = header.endian().map_err(broken)?;
    let sections = header.sections(endian, bytes).map_err(broken)?;
    let Some((entries, link)) = sections.dynamic(endian, bytes).map_err(broken)? else {
        return Ok(Vec::new());
    };
    let strings = sections.strings(endian, bytes, link).map_err(broken)?;
    let mut names = Vec::new();
    for entry in entries.iter().filter(|entry| entry.tag(endian) == DT_NEEDED) {
        let name = entry.string(endian, strings).map_err(broken)?;
        names.push(String::from_utf8_lossy(name).into_owned());
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(full_version: &str) -> Target {
        Target {
            modules: PathBuf::from("/modules"),
            full_version: full_version.to_owned(),
            flags: String::new(),
            database: None,
        }
    }

    #[test]
    fn headers_of_another_version_are_refused_with_both_versions_and_a_way_out() {
        let target = target("kamailio 5.6.3 (x86_64/linux)");
        assert!(target.check("5.6.3").is_ok());
        for other in ["5.6.4", "5.6", "6.0.1", ""] {
            let text = target.check(other).unwrap_err().to_string();
            assert!(text.contains(&format!("headers are of Kamailio {other},")), "{text}");
            assert!(text.contains("/modules of 5.6.3"), "{text}");
            assert!(text.contains("set KAMAILIO_SRC to the source of 5.6.3"), "{text}");
        }
    }

    #[test]
    fn the_texts_of_an_installed_module_are_read_without_loading_it() {
        let found = find().unwrap();
        assert!(found.full_version.starts_with("kamailio "), "{}", found.full_version);
        assert!(found.flags.contains("USE_TCP"), "{}", found.flags);
    }

    #[test]
    fn a_file_that_is_no_module_is_refused() {
        let path = Path::new("x.so");
        assert!(parse(path, b"").is_err());
        assert!(parse(path, b"\x7fELF\x02\x01\x01 and no more").is_err());
    }
}
