//! The numbers that the core has for header names.

use core::ptr;
use kamailio_sys as sys;

/// The longest name of a header that is looked up.
const NAME_MAX: usize = 128;

/// What the parser of the core knows a header by; 0 for one that it does not know. `ims_isc` compares
/// the headers of a message by this number where there is one.
pub fn header_type(name: &[u8]) -> i16 {
    // The parser reads a name with its colon, and some bytes beyond it.
    let mut line = [0_u8; NAME_MAX + 16];
    let Some(place) = line.get_mut(..name.len()).filter(|_| name.len() <= NAME_MAX) else {
        return 0;
    };
    place.copy_from_slice(name);
    if let Some(rest) = line.get_mut(name.len()..) {
        for (place, byte) in rest.iter_mut().zip(b": \r\n") {
            *place = *byte;
        }
    }
    // SAFETY: a struct of numbers and addresses, for which zeroes are none.
    let mut header: sys::hdr_field = unsafe { core::mem::zeroed() };
    let start: *mut core::ffi::c_char = line.as_mut_ptr().cast();
    let end = start.wrapping_add(name.len() + 4);
    // SAFETY: the text ends where it says, and there is room behind it.
    let read = unsafe { sys::parse_hname2(start, end, ptr::from_mut(&mut header)) };
    if read.is_null() {
        return 0;
    }
    i16::try_from(header.type_).unwrap_or(0).max(0)
}
