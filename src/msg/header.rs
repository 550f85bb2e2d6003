//! Header fields.

use super::{Msg, scan};
use crate::text;
use core::{iter, marker::PhantomData, ptr::NonNull};
use kamailio_sys as sys;

/// One header field of a message.
#[derive(Debug, Clone, Copy)]
pub struct Header<'m> {
    raw: NonNull<sys::hdr_field>,
    _msg: PhantomData<&'m sys::sip_msg>,
}

impl<'m> Header<'m> {
    /// The name as the message spells it: in any case, possibly in its compact form.
    pub fn name(&self) -> &'m [u8] {
        // SAFETY: a header of a message stays for as long as the message.
        let name = unsafe { (*self.raw.as_ptr()).name };
        // SAFETY: its text lies in the buffer of the message.
        unsafe { text::bytes(name) }.unwrap_or_default()
    }

    /// The value, without the white space around it.
    pub fn body(&self) -> &'m [u8] {
        // SAFETY: as in `name`.
        let body = unsafe { (*self.raw.as_ptr()).body };
        // SAFETY: as in `name`.
        unsafe { text::bytes(body) }.unwrap_or_default().trim_ascii()
    }

    /// Whether RFCs call it `name`, in whatever case or form.
    #[inline]
    pub fn is_called(&self, name: &[u8]) -> bool {
        scan::same_name(self.name(), name)
    }

    /// The number that the core has for its name.
    fn kind(&self) -> sys::_hdr_types_t::Type {
        // SAFETY: as in `name`.
        unsafe { (*self.raw.as_ptr()).type_ }
    }

    /// What the core made of the value, of the type that belongs to the name; nothing
    /// if it has not looked yet.
    pub(super) fn parsed<T>(&self) -> Option<NonNull<T>> {
        // SAFETY: as in `name`.
        NonNull::new(unsafe { (*self.raw.as_ptr()).parsed }).map(NonNull::cast)
    }

    /// The field, for calls of the core.
    pub(super) fn as_raw(&self) -> *mut sys::hdr_field {
        self.raw.as_ptr()
    }

    /// The length of the whole field, line end included.
    pub(super) fn len(&self) -> core::ffi::c_int {
        // SAFETY: as in `name`.
        unsafe { (*self.raw.as_ptr()).len }
    }

    fn next(&self) -> Option<Self> {
        // SAFETY: as in `name`.
        NonNull::new(unsafe { (*self.raw.as_ptr()).next }).map(|raw| Self { raw, ..*self })
    }
}

/// The header fields of one name, in the order of the message.
#[derive(Debug)]
pub struct Headers<'m> {
    next: Option<Header<'m>>,
    wanted: Wanted<'m>,
}

/// What tells the header fields of one name apart from others.
#[derive(Debug)]
enum Wanted<'m> {
    /// The number that the core has for their name.
    Kind(sys::_hdr_types_t::Type),
    /// Their name, for which the core has no number.
    Other(&'m [u8]),
    Name(&'m [u8]),
}

/// Names for which the core has no number, and which are often asked for.
const UNNUMBERED: [&[u8]; 4] =
    [b"P-Associated-URI", b"Security-Client", b"Security-Verify", b"Service-Route"];

/// What all fields have whose name the core has no number for.
const OTHER: sys::_hdr_types_t::Type = sys::_hdr_types_t::HDR_OTHER_T;

impl<'m> Iterator for Headers<'m> {
    type Item = Header<'m>;

    fn next(&mut self) -> Option<Header<'m>> {
        let mut all = iter::successors(self.next, Header::next);
        let found = match self.wanted {
            Wanted::Kind(kind) => all.find(|header| header.kind() == kind),
            Wanted::Other(name) => {
                all.find(|header| header.kind() == OTHER && header.is_called(name))
            }
            Wanted::Name(name) => all.find(|header| header.is_called(name)),
        };
        self.next = found.and_then(|header| header.next());
        found
    }
}

/// The value of an `Expires` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expires {
    /// There is no such header.
    Absent,
    /// Seconds; a number beyond 32 bits counts as the greatest.
    Seconds(u32),
    /// The header is empty or holds no number.
    Malformed,
}

impl Msg<'_> {
    /// The parsed header fields called `name`, in any case and also in compact form.
    pub fn headers<'m>(&'m self, name: &'m [u8]) -> Headers<'m> {
        // The core knows where the first one of some is.
        let first = match name {
            b"Contact" => self.header_at(|msg| msg.contact),
            b"Event" => self.header_at(|msg| msg.event),
            b"Expires" => self.header_at(|msg| msg.expires),
            b"P-Asserted-Identity" => self.header_at(|msg| msg.pai),
            b"Path" => self.header_at(|msg| msg.path),
            b"Record-Route" => self.header_at(|msg| msg.record_route),
            b"Route" => self.header_at(|msg| msg.route),
            _ => {
                let is_unnumbered = UNNUMBERED.contains(&name);
                let wanted = if is_unnumbered { Wanted::Other(name) } else { Wanted::Name(name) };
                return Headers { next: self.header_at(|msg| msg.headers), wanted };
            }
        };
        let wanted = first.map_or(Wanted::Name(name), |first| Wanted::Kind(first.kind()));
        Headers { next: first, wanted }
    }

    /// All parsed header fields whose name the core has no number for, in the order of the message.
    pub fn unnumbered(&self) -> impl Iterator<Item = Header<'_>> {
        let all = iter::successors(self.header_at(|msg| msg.headers), Header::next);
        all.filter(|header| header.kind() == OTHER)
    }

    /// The value of the first header field called `name`.
    pub fn header<'m>(&'m self, name: &'m [u8]) -> Option<&'m [u8]> {
        self.headers(name).next().map(|header| header.body())
    }

    /// The `Expires` header. It has no parameters (RFC 3261 section 20.19), but the core reads the
    /// number before them, and so do we.
    pub fn expires(&self) -> Expires {
        let number = |body: &[u8]| seconds(body.split(|byte| *byte == b';').next().unwrap_or(body));
        self.header(b"Expires").map_or(Expires::Absent, number)
    }

    /// The value of the `Event` header with its parameters; nothing if there is none.
    pub fn event(&self) -> Option<&[u8]> {
        self.header(b"Event")
    }

    /// The header that a member of the message points to.
    pub(super) fn header_at(
        &self,
        member: impl Fn(&sys::sip_msg) -> *mut sys::hdr_field,
    ) -> Option<Header<'_>> {
        // SAFETY: `raw` is a message for as long as `self` lives, and nobody changes it meanwhile.
        let raw = member(unsafe { &*self.as_raw() });
        NonNull::new(raw).map(|raw| Header { raw, _msg: PhantomData })
    }
}

/// The number by which the core knows the header `name`: another one in each version.
pub fn header_type(name: &[u8]) -> i16 {
    // The parser looks at four bytes at a time, also behind the colon.
    let mut line = [name, b":\0\0\0\0"].concat();
    let end = line.len().saturating_sub(4).max(4);
    let start: *mut core::ffi::c_char = line.as_mut_ptr().cast();
    // SAFETY: a struct of addresses and numbers, for which zeroes are none.
    let mut header: sys::hdr_field = unsafe { core::mem::zeroed() };
    // SAFETY: within the line, or one behind it.
    let end = unsafe { start.add(end) };
    // SAFETY: reads the line and writes to `header` only.
    unsafe { sys::parse_hname2(start, end, &raw mut header) };
    i16::try_from(header.type_).unwrap_or(0)
}

/// Those of the names that [`Msg::headers`] takes for unnumbered for which the core has a number
/// nevertheless: none, or their fields would not be found.
pub fn misnumbered() -> impl Iterator<Item = &'static [u8]> {
    UNNUMBERED.into_iter().filter(|name| i32::from(header_type(name)) != OTHER)
}

/// Reads delta-seconds of RFC 3261 section 25.1.
pub(crate) fn seconds(text: &[u8]) -> Expires {
    let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    let digits = text.get(..end).filter(|digits| !digits.is_empty());
    let Some(digits) = digits.filter(|digits| digits.iter().all(u8::is_ascii_digit)) else {
        return Expires::Malformed;
    };
    let number = digits.iter().fold(0_u32, |number, digit| {
        number.saturating_mul(10).saturating_add(u32::from(digit - b'0'))
    });
    Expires::Seconds(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_digits_and_too_many_are_the_most() {
        assert_eq!(seconds(b"3600"), Expires::Seconds(3600));
        assert_eq!(seconds(b"3600 trailing"), Expires::Seconds(3600));
        assert_eq!(seconds(b"0"), Expires::Seconds(0));
        assert_eq!(seconds(b"4294967295"), Expires::Seconds(u32::MAX));
        assert_eq!(seconds(b"4294967296"), Expires::Seconds(u32::MAX));
        assert_eq!(seconds(&[b'9'; 60_000]), Expires::Seconds(u32::MAX));
    }

    #[test]
    fn what_is_no_number_is_malformed() {
        for text in [&b""[..], b"-1", b"1h", b"+5", b"Thu, 01 Dec", b"\xff"] {
            assert_eq!(seconds(text), Expires::Malformed, "{text:?}");
        }
    }
}
