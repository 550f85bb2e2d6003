//! The `Contact` header.

mod plain;

use super::{Header, Msg, address::Line};
use crate::few::Few;
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

/// One address of a list, with the parameters that the registrars ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding<'m> {
    /// The URI, without angle brackets and header parameters.
    pub uri: &'m [u8],
    /// The value of the parameter `expires` of the header, unless it is missing or empty.
    pub expires: Option<&'m [u8]>,
    /// The same of the parameter `+sip.instance`, without its quotes.
    pub instance: Option<&'m [u8]>,
    /// The same of the parameter `reg-id`.
    pub reg_id: Option<&'m [u8]>,
}

/// The addresses that one `Contact` header of a REGISTER or its reply lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bindings<'m> {
    /// All bindings: `*`.
    Star,
    /// In the order of the header, at least one.
    List(Few<Binding<'m>, 1>),
    /// No list of addresses.
    Malformed,
}

impl Msg<'_> {
    /// What each `Contact` header lists, in the order of the message.
    pub fn bindings(&self) -> impl Iterator<Item = Bindings<'_>> {
        self.headers(b"Contact").map(|header| self.bindings_in(&header))
    }

    fn bindings_in<'m>(&'m self, header: &Header<'m>) -> Bindings<'m> {
        let body = header.body();
        if body.is_empty() {
            return Bindings::Malformed;
        }
        if let Some(only) = plain::read(body) {
            return Bindings::List(Few::one(only));
        }
        if self.shared {
            return bindings_of_text(body);
        }
        // SAFETY: a header of a message of this process; the core frees with it what it attaches.
        let code = unsafe { sys::parse_contact(header.as_raw()) };
        let parsed = header.parsed::<sys::contact_body>().filter(|_| code == 0);
        let Some(parsed) = parsed else { return Bindings::Malformed };
        // SAFETY: what the core attaches to such a header is such a body, of plain values.
        let parsed = unsafe { parsed.read() };
        if parsed.star != 0 {
            return Bindings::Star;
        }
        // SAFETY: the list hangs at the header.
        unsafe { bindings_of_list(parsed.contacts, |text| self.own(text)) }
    }

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
        if let Some(only) = plain::read(body) {
            return Contact::One(only.uri);
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

/// As [`of_text`], with every address.
fn bindings_of_text(body: &[u8]) -> Bindings<'_> {
    if body.starts_with(b"*") {
        return Bindings::Star;
    }
    let Some(mut line) = Line::new(body) else { return Bindings::Malformed };
    let mut text = line.text();
    let mut list = ptr::null_mut();
    // SAFETY: `text` is a line of its own that outlives the list made of it.
    let code = unsafe { sys::parse_contacts(&raw mut text, &raw mut list) };
    let found = match code {
        // SAFETY: the core just made this list.
        0 => unsafe { bindings_of_list(list, |text| line.part_of(body, text)) },
        _ => Bindings::Malformed,
    };
    // SAFETY: gives back the list, also an empty one; nothing of it is kept.
    unsafe { sys::free_contacts(&raw mut list) };
    found
}

/// # Safety
///
/// `list` is null or a list of the core.
unsafe fn bindings_of_list<'m>(
    list: *mut sys::contact,
    show: impl Fn(sys::str_) -> Option<&'m [u8]>,
) -> Bindings<'m> {
    let mut all = Few::new(Binding { uri: b"", expires: None, instance: None, reg_id: None });
    let mut next = list;
    while let Some(contact) = NonNull::new(next) {
        // SAFETY: by the contract of this function; an element is plain values.
        let contact = unsafe { contact.read() };
        next = contact.next;
        let Some(uri) = show(contact.uri).filter(|uri| !uri.is_empty()) else {
            return Bindings::Malformed;
        };
        let value = |parameter: *mut sys::param| {
            // SAFETY: a parameter that hangs at the element, of plain values.
            let parameter = NonNull::new(parameter).map(|found| unsafe { found.read() });
            parameter.and_then(|found| show(found.body)).filter(|text| !text.is_empty())
        };
        let (expires, instance) = (value(contact.expires), value(contact.instance));
        all.push(Binding { uri, expires, instance, reg_id: value(contact.reg_id) });
    }
    // Up to 5.8 the core lists them from the end.
    all.sort_by_key(|binding| binding.uri.as_ptr().addr());
    if all.is_empty() { Bindings::Malformed } else { Bindings::List(all) }
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
