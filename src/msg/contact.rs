//! The `Contact` header.

use super::{Header, Msg, address::Line};
use core::ptr;
use kamailio_sys as sys;

/// Where a peer wants to be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contact<'m> {
    /// There is no such header.
    Absent,
    /// There is one without an address.
    Empty,
    /// All bindings: `*`, for a REGISTER.
    Star,
    /// The URI of the only address, without angle brackets and header parameters.
    One(&'m [u8]),
    /// More than one address.
    Many,
    /// No list of addresses.
    Malformed,
}

impl Msg<'_> {
    /// The addresses of all `Contact` headers together.
    pub fn contact(&self) -> Contact<'_> {
        let mut headers = self.headers(b"Contact");
        match (headers.next(), headers.next()) {
            (None, _) => Contact::Absent,
            (Some(header), None) => of_body(header.body()),
            (Some(first), Some(second)) => {
                let rest = [first, second].into_iter().chain(headers);
                several(rest)
            }
        }
    }
}

/// Several headers are one list; a header without an address adds nothing to it.
fn several<'m>(headers: impl Iterator<Item = Header<'m>>) -> Contact<'m> {
    headers.map(|header| of_body(header.body())).fold(Contact::Empty, |all, one| match (all, one) {
        (Contact::Malformed, _) | (_, Contact::Malformed) => Contact::Malformed,
        (Contact::Empty, one) => one,
        (all, Contact::Empty) => all,
        _ => Contact::Many,
    })
}

/// Reads the value of one header as the core does.
fn of_body(body: &[u8]) -> Contact<'_> {
    if body.is_empty() {
        return Contact::Empty;
    }
    if body.starts_with(b"*") {
        return Contact::Star;
    }
    let Some(mut line) = Line::new(body) else { return Contact::Malformed };
    let mut text = line.text();
    let mut list = ptr::null_mut();
    // SAFETY: `text` is a line of its own that outlives the list made of it.
    let code = unsafe { sys::parse_contacts(&raw mut text, &raw mut list) };
    let found = match (code, list.is_null()) {
        (0, false) => first(&line, body, list),
        _ => Contact::Malformed,
    };
    // SAFETY: gives back the list, also an empty one; nothing of it is kept.
    unsafe { sys::free_contacts(&raw mut list) };
    found
}

fn first<'m>(line: &Line, body: &'m [u8], list: *mut sys::contact) -> Contact<'m> {
    // SAFETY: the core just made this list, and it is not empty.
    let contact = unsafe { list.read() };
    if !contact.next.is_null() {
        return Contact::Many;
    }
    match line.part_of(body, contact.uri) {
        None => Contact::Malformed,
        Some(b"") => Contact::Empty,
        Some(uri) => Contact::One(uri),
    }
}
