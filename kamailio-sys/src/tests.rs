//! What the C compiler and bindgen made of the same headers.

use core::ffi::{CStr, c_char, c_ulong};

/// Each struct with its size, each of its fields with its offset, as bindgen has them.
const LAYOUT: &[(&str, c_ulong)] = include!(concat!(env!("OUT_DIR"), "/layout.rs"));
/// As [`LAYOUT`], of what the modules of a P-CSCF offer each other.
const PCSCF: &[(&str, c_ulong)] = include!(concat!(env!("OUT_DIR"), "/layout_pcscf.rs"));
/// As [`LAYOUT`], of what the location store of an S-CSCF offers.
const SCSCF: &[(&str, c_ulong)] = include!(concat!(env!("OUT_DIR"), "/layout_scscf.rs"));
/// As [`LAYOUT`], of what the Diameter module offers.
const CDP: &[(&str, c_ulong)] = include!(concat!(env!("OUT_DIR"), "/layout_cdp.rs"));

unsafe extern "C" {
    /// The same list, as the C compiler has it.
    static ks_layout: [c_ulong; LAYOUT.len()];
    static ks_layout_len: c_ulong;
    static ks_layout_pcscf: [c_ulong; PCSCF.len()];
    static ks_layout_pcscf_len: c_ulong;
    static ks_layout_scscf: [c_ulong; SCSCF.len()];
    static ks_layout_scscf_len: c_ulong;
    static ks_layout_cdp: [c_ulong; CDP.len()];
    static ks_layout_cdp_len: c_ulong;
    /// The flags that the headers give with the defines of this build.
    static ks_visible_flags: [c_char; 0];
}

#[test]
fn every_field_lies_where_the_c_compiler_puts_it() {
    // SAFETY: a constant of the shim.
    assert_eq!(usize::try_from(unsafe { ks_layout_len }), Ok(LAYOUT.len()));
    // SAFETY: as above, with as many elements as were just counted.
    compare(LAYOUT, unsafe { &ks_layout });
    assert!(LAYOUT.len() > 500, "{} sizes and offsets were compared", LAYOUT.len());
}

#[test]
fn every_field_of_a_pcscf_lies_where_the_c_compiler_puts_it() {
    // SAFETY: a constant of the shim.
    assert_eq!(usize::try_from(unsafe { ks_layout_pcscf_len }), Ok(PCSCF.len()));
    // SAFETY: as above, with as many elements as were just counted.
    compare(PCSCF, unsafe { &ks_layout_pcscf });
    assert!(PCSCF.len() > 120, "{} sizes and offsets were compared", PCSCF.len());
}

#[test]
fn every_field_of_an_scscf_lies_where_the_c_compiler_puts_it() {
    // SAFETY: a constant of the shim.
    assert_eq!(usize::try_from(unsafe { ks_layout_scscf_len }), Ok(SCSCF.len()));
    // SAFETY: as above, with as many elements as were just counted.
    compare(SCSCF, unsafe { &ks_layout_scscf });
    assert!(SCSCF.len() > 250, "{} sizes and offsets were compared", SCSCF.len());
}

#[test]
fn every_field_of_the_diameter_module_lies_where_the_c_compiler_puts_it() {
    // SAFETY: a constant of the shim.
    assert_eq!(usize::try_from(unsafe { ks_layout_cdp_len }), Ok(CDP.len()));
    // SAFETY: as above, with as many elements as were just counted.
    compare(CDP, unsafe { &ks_layout_cdp });
    assert!(CDP.len() > 50, "{} sizes and offsets were compared", CDP.len());
}

fn compare(bindgen: &[(&str, c_ulong)], in_c: &[c_ulong]) {
    let wrong: Vec<_> = bindgen
        .iter()
        .zip(in_c)
        .filter(|((_, bindgen), c)| bindgen != *c)
        .map(|((name, bindgen), c)| format!("{name}: {bindgen} here, {c} in C"))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_headers_give_the_flags_of_the_installed_modules() {
    // SAFETY: a constant text of the shim.
    let visible = unsafe { CStr::from_ptr((&raw const ks_visible_flags).cast()) };
    assert_eq!(visible, super::FLAGS);
}
