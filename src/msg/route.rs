//! Route sets.

use super::{Malformed, Msg, address::Line};
use core::ptr;
use kamailio_sys as sys;

impl Msg<'_> {
    /// The route set that the `Record-Route` headers make, in the order of the message: the
    /// routes with commas between them, ready for `Route`. Empty if there is none.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if a header is no list of addresses in angle brackets.
    pub fn record_route(&self) -> Result<Vec<u8>, Malformed> {
        join_routes(self.headers(b"Record-Route").map(|header| header.body()))
            .ok_or(Malformed("Record-Route"))
    }
}

/// One list of the routes that `bodies` list, spelled as they are, without the space around them;
/// nothing if one of them is no such list.
pub fn join_routes<'b>(bodies: impl Iterator<Item = &'b [u8]>) -> Option<Vec<u8>> {
    let mut joined = Vec::new();
    for body in bodies.map(<[u8]>::trim_ascii) {
        let routes = Routes::parse(body)?;
        for route in routes.iter() {
            if !joined.is_empty() {
                joined.push(b',');
            }
            joined.extend_from_slice(route);
        }
    }
    Some(joined)
}

/// A parsed route set that the core allocated; freed when dropped.
#[derive(Debug)]
pub(crate) struct Routes<'t> {
    first: *mut sys::rr_t,
    // The routes point into this copy.
    line: Line,
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

    /// Each route with its parameters.
    fn iter(&self) -> impl Iterator<Item = &'t [u8]> {
        let mut next = self.first;
        core::iter::from_fn(move || {
            let route = ptr::NonNull::new(next)?;
            // SAFETY: an element of the list, which stays until `self` is dropped.
            let route = unsafe { route.read() };
            next = route.next;
            let shown = sys::str_ { s: route.nameaddr.name.s, len: route.len };
            Some(self.line.part_of(self.text, shown).unwrap_or_default())
        })
    }
}

impl Drop for Routes<'_> {
    fn drop(&mut self) {
        // SAFETY: the list came from the core and is given back once.
        unsafe { sys::free_rr(&raw mut self.first) };
    }
}
