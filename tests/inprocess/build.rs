//! Makes a library of the installed Kamailio, for the tests to link with.
//!
//! The program exports every symbol that its modules use. It is a position independent executable,
//! which linkers refuse as a library for three marks only; a copy without them will do.
//!
//! The program is the one that `KAMAILIO` names, or the first of the usual places.

use std::{env, fs, path::PathBuf, process::ExitCode};

fn main() -> ExitCode {
    println!("cargo::rerun-if-env-changed=KAMAILIO");
    match make() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            println!("cargo::error={failure}");
            ExitCode::FAILURE
        }
    }
}

fn make() -> Result<(), String> {
    let program = program()?;
    println!("cargo::rerun-if-changed={}", program.display());
    let mut bytes =
        fs::read(&program).map_err(|error| format!("{}: {error}", program.display()))?;
    unmark(&mut bytes)
        .ok_or_else(|| format!("{}: no 64-bit little-endian program", program.display()))?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let library = out.join("libkamailio_host.so");
    fs::write(&library, bytes).map_err(|error| format!("{}: {error}", library.display()))?;
    let out = out.display();
    for arg in [
        // The C library comes first: the host has copies of its `stdout` and `stderr`, which must
        // be made from the originals.
        "-Wl,--no-as-needed",
        "-lc",
        &format!("-L{out}"),
        "-l:libkamailio_host.so",
        &format!("-Wl,-rpath,{out}"),
        // What the runtime calls in libraries of the host that these tests do not touch.
        "-Wl,--unresolved-symbols=ignore-all",
    ] {
        println!("cargo::rustc-link-arg-tests={arg}");
    }
    Ok(())
}

fn program() -> Result<PathBuf, String> {
    let named = env::var_os("KAMAILIO").map_or_else(|| PathBuf::from("kamailio"), PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    // An absolute name replaces the folder it is joined to.
    let mut places = env::split_paths(&path).chain(usual).map(|folder| folder.join(&named));
    places.find(|place| place.is_file()).ok_or_else(|| {
        format!("no program {} on the path: run `make deps`, or set KAMAILIO", named.display())
    })
}

/// Takes the marks of a program away: the flag for position independence, the interpreter, and the
/// versions of the variables that it has copies of, such as `stdout`: a version that a file asks
/// for is not one that it can offer.
fn unmark(elf: &mut [u8]) -> Option<()> {
    const PT_NULL: u32 = 0;
    const PT_LOAD: u32 = 1;
    const PT_DYNAMIC: u32 = 2;
    const PT_INTERP: u32 = 3;
    elf.starts_with(b"\x7fELF\x02\x01").then_some(())?;
    let headers = word(elf, 32)?;
    let count = usize::from(u16::from_le_bytes(array(elf, 56)?));
    let (mut loads, mut dynamic) = (Vec::new(), None);
    for header in (0..count).map(|index| headers + 56 * index) {
        let (offset, address) = (word(elf, header + 8)?, word(elf, header + 16)?);
        let size = word(elf, header + 32)?;
        match u32::from_le_bytes(array(elf, header)?) {
            PT_LOAD => loads.push((address, size, offset)),
            PT_DYNAMIC => dynamic = Some((offset, size)),
            PT_INTERP => put(elf, header, PT_NULL.to_le_bytes())?,
            _ => {}
        }
    }
    let (dynamic, size) = dynamic?;
    let at = |address: usize| {
        let of = |&(start, size, offset): &(usize, usize, usize)| {
            address.checked_sub(start).filter(|skip| *skip < size).map(|skip| offset + skip)
        };
        loads.iter().find_map(of)
    };
    unmark_dynamic(elf, dynamic, size, at)
}

fn unmark_dynamic(
    elf: &mut [u8],
    dynamic: usize,
    size: usize,
    at: impl Fn(usize) -> Option<usize>,
) -> Option<()> {
    const DT_RELA: usize = 7;
    const DT_RELASZ: usize = 8;
    const DT_VERSYM: usize = 0x6fff_fff0;
    const DT_FLAGS_1: usize = 0x6fff_fffb;
    const DF_1_PIE: usize = 0x0800_0000;
    // On x86-64 and on 64-bit Arm; each means nothing to do with symbols on the other.
    const R_COPY: [u32; 2] = [5, 1024];
    const GLOBAL: u16 = 1;
    let (mut relocations, mut length, mut versions) = (None, 0, None);
    for entry in (dynamic..dynamic + size).step_by(16) {
        let value = word(elf, entry + 8)?;
        match word(elf, entry)? {
            DT_RELA => relocations = at(value),
            DT_RELASZ => length = value,
            DT_VERSYM => versions = at(value),
            DT_FLAGS_1 => put(elf, entry + 8, (value & !DF_1_PIE).to_le_bytes())?,
            _ => {}
        }
    }
    let (relocations, versions) = (relocations?, versions?);
    for relocation in (relocations..relocations + length).step_by(24) {
        let kind = u32::from_le_bytes(array(elf, relocation + 8)?);
        let symbol = u32::from_le_bytes(array(elf, relocation + 12)?);
        if R_COPY.contains(&kind) {
            put(elf, versions + 2 * usize::try_from(symbol).ok()?, GLOBAL.to_le_bytes())?;
        }
    }
    Some(())
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u64::from_le_bytes(array(bytes, at)?)).ok()
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

fn put<const N: usize>(bytes: &mut [u8], at: usize, value: [u8; N]) -> Option<()> {
    *bytes.get_mut(at..)?.first_chunk_mut()? = value;
    Some(())
}
