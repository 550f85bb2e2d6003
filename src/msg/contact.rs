//! The `Contact` header.

use super::{Header, Msg, address::Line};
use core::ptr::{self, NonNull};
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
        let Some(first) = headers.next() else { return Contact::Absent };
        headers.fold(self.contacts_in(&first), |all, header| {
            match (all, self.contacts_in(&header)) {
                (Contact::Malformed, _) | (_, Contact::Malformed) => Contact::Malformed,
                (Contact::Empty, one) => one,
                (all, Contact::Empty) => all,
                _ => Contact::Many,
            }
        })
    }

    /// The addresses of one header, read as the core does.
    fn contacts_in<'m>(&'m self, header: &Header<'m>) -> Contact<'m> {
        let body = header.body();
        if body.is_empty() {
            return Contact::Empty;
        }
        if self.shared {
            return of_text(body);
        }
        // SAFETY: a header of a message of this process; the core frees with it what it attaches.
        let code = unsafe { sys::parse_contact(header.as_raw()) };
        let parsed = header.parsed::<sys::contact_body>().filter(|_| code == 0);
        let Some(parsed) = parsed else { return Contact::Malformed };
        // SAFETY: what the core attaches to such a header is such a body, of plain values.
        let parsed = unsafe { parsed.read() };
        if parsed.star != 0 {
            return Contact::Star;
        }
        // SAFETY: the list hangs at the header.
        unsafe { of_list(parsed.contacts, |uri| self.own(uri)) }
    }
}

/// Reads the value of a header that nothing may be attached to.
fn of_text(body: &[u8]) -> Contact<'_> {
    if body.starts_with(b"*") {
        return Contact::Star;
    }
    let Some(mut line) = Line::new(body) else { return Contact::Malformed };
    let mut text = line.text();
    let mut list = ptr::null_mut();
    // SAFETY: `text` is a line of its own that outlives the list made of it.
    let code = unsafe { sys::parse_contacts(&raw mut text, &raw mut list) };
    let found = match code {
        // SAFETY: the core just made this list.
        0 => unsafe { of_list(list, |uri| line.part_of(body, uri)) },
        _ => Contact::Malformed,
    };
    // SAFETY: gives back the list, also an empty one; nothing of it is kept.
    unsafe { sys::free_contacts(&raw mut list) };
    found
}

/// # Safety
///
/// `list` is null or a list of the core.
unsafe fn of_list<'m>(
    list: *mut sys::contact,
    show: impl Fn(sys::str_) -> Option<&'m [u8]>,
) -> Contact<'m> {
    let Some(contact) = NonNull::new(list) else { return Contact::Malformed };
    // SAFETY: by the contract of this function; an element is plain values.
    let contact = unsafe { contact.read() };
    if !contact.next.is_null() {
        return Contact::Many;
    }
    match show(contact.uri) {
        None => Contact::Malformed,
        Some(b"") => Contact::Empty,
        Some(uri) => Contact::One(uri),
    }
}
