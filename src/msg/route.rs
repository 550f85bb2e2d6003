//! Route sets.

use super::{Malformed, Msg, address::Line};
use core::ptr;
use kamailio_sys as sys;
use pcscf_core::scan::is_word;

impl Msg<'_> {
    /// The route set that the `Record-Route` headers make, in the order of the message: the
    /// routes with commas between them, ready for `Route`. Empty if there is none; an empty header
    /// names none.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if a header is no list of addresses in angle brackets.
    pub fn record_route(&self) -> Result<Vec<u8>, Malformed> {
        let bodies = self.headers(b"Record-Route").map(|header| header.body());
        join_routes(bodies.filter(|body| !body.is_empty())).ok_or(Malformed("Record-Route"))
    }
}

/// One list of the routes that `bodies` list, spelled as they are, without the space around them
/// and on one line; nothing if one of them is no such list, or if a URI in it holds a blank or a
/// control byte.
pub fn join_routes<'b>(bodies: impl Iterator<Item = &'b [u8]>) -> Option<Vec<u8>> {
    let mut joined = Vec::new();
    for body in bodies.map(<[u8]>::trim_ascii) {
        let routes = Routes::parse(body)?;
        for route in routes.iter() {
            if !joined.is_empty() {
                joined.push(b',');
            }
            let (whole, uri) = route?;
            if !is_word(uri) {
                return None;
            }
            // What a header was folded with (RFC 3261 section 7.3.1) means a blank.
            let unfold = |byte: &u8| if byte.is_ascii_control() { b' ' } else { *byte };
            joined.extend(whole.iter().map(unfold));
        }
    }
    Some(joined)
}

/// A parsed route set that the core allocated; freed when dropped.
#[derive(Debug)]
pub(crate) struct Routes<'t> {
    first: *mut sys::rr_t,
    // The routes point into this copy.
    line: Line<'static>,
    text: &'t [u8],
}

impl<'t> Routes<'t> {
    /// Reads a list of routes; nothing if `text` is none, or empty.
    pub(crate) fn parse(text: &'t [u8]) -> Option<Self> {
        let mut routes = Self { first: ptr::null_mut(), line: Line::new(text)?, text };
        let whole = routes.line.text();
        // SAFETY: `whole` is a line of its own that lives as long as the list made of it.
        let code = unsafe { sys::parse_rr_body(whole.s, whole.len, &raw mut routes.first) };
        // The core frees what it made of a list that it refuses.
        if code < 0 {
            routes.first = ptr::null_mut();
        }
        Some(routes).filter(|routes| !routes.first.is_null())
    }

    /// The list, for calls of the core while this lives.
    pub(crate) fn as_raw(&self) -> *mut sys::rr_t {
        self.first
    }

    /// Each route with its parameters, and its URI; nothing in the place of one that is not found
    /// in the text.
    fn iter(&self) -> impl Iterator<Item = Option<(&'t [u8], &'t [u8])>> {
        let mut next = self.first;
        core::iter::from_fn(move || {
            let route = ptr::NonNull::new(next)?;
            // SAFETY: an element of the list, which stays until `self` is dropped.
            let route = unsafe { route.read() };
            next = route.next;
            let whole = sys::str_ { s: route.nameaddr.name.s, len: route.len };
            let part = |part| self.line.part_of(self.text, part);
            Some(part(whole).zip(part(route.nameaddr.uri)))
        })
    }
}

impl Drop for Routes<'_> {
    fn drop(&mut self) {
        // SAFETY: the list came from the core and is given back once.
        unsafe { sys::free_rr(&raw mut self.first) };
    }
}
