//! Addresses with a display name and parameters: `From`, `To` and their like.

use super::{Header, Msg};
use crate::text;
use core::{ffi::c_char, mem};
use kamailio_sys as sys;

/// The value of a `From` or `To` header (RFC 3261 section 25.1, `name-addr` or `addr-spec`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameAddr<'m> {
    /// The display name as written, quotes included; empty if there is none.
    pub display: &'m [u8],
    /// The URI, without the angle brackets.
    pub uri: &'m [u8],
    /// The value of the parameter `tag`; nothing if it is missing or empty.
    pub tag: Option<&'m [u8]>,
    /// The whole value.
    pub body: &'m [u8],
}

impl<'m> NameAddr<'m> {
    /// Reads `text` as the core reads the value of a `To` header.
    ///
    /// A bare URI, `<uri>` and `"display" <uri>;tag=x` are addresses; a list is none.
    pub fn parse(text: &'m [u8]) -> Option<Self> {
        let text = text.trim_ascii();
        let line = Line::new(text)?;
        // SAFETY: zeroes are a value of this plain struct, and what the core starts from.
        let mut parsed: sys::to_body = unsafe { mem::zeroed() };
        let (start, end) = line.range();
        // SAFETY: the line is readable from `start` to `end`, and the core ends before `end`.
        unsafe { sys::parse_to(start, end, &raw mut parsed) };
        // SAFETY: gives back the list of parameters, which nothing below looks at.
        unsafe { sys::free_to_params(&raw mut parsed) };
        if parsed.error == sys::PARSE_ERROR {
            return None;
        }
        Self::of(&parsed, text, |part| line.part_of(text, part))
    }

    /// What the core found in `body`, each part shown by `part`.
    fn of(
        parsed: &sys::to_body,
        body: &'m [u8],
        part: impl Fn(sys::str_) -> Option<&'m [u8]>,
    ) -> Option<Self> {
        let uri = part(parsed.uri).filter(|uri| !uri.is_empty())?;
        let tag = part(parsed.tag_value).filter(|tag| !tag.is_empty());
        Some(Self { display: part(parsed.display).unwrap_or_default(), uri, tag, body })
    }
}

impl Msg<'_> {
    /// The address in `header`, a `From` or `To` of this message.
    pub(super) fn address<'m>(&'m self, header: &Header<'m>) -> Option<NameAddr<'m>> {
        // What hangs at a message in shared memory may lie in the memory of another process.
        let parsed = header.parsed::<sys::to_body>().filter(|_| !self.shared);
        let Some(parsed) = parsed else { return NameAddr::parse(header.body()) };
        // SAFETY: what the core attaches to such a header is such a body, of plain values.
        let parsed = unsafe { parsed.read() };
        if parsed.error == sys::PARSE_ERROR {
            return None;
        }
        NameAddr::of(&parsed, header.body(), |part| self.own(part))
    }
}

/// A text with a line end behind it, as the parsers of the core ask for.
///
/// They look at a few bytes beyond a value, which is safe in the buffer of a message and nowhere
/// else: so they get a copy, and what they found is looked up in the original.
#[derive(Debug)]
pub(super) struct Line<'r>(Room<'r>);

/// Where the bytes of a line are; they stay there when the line moves.
#[derive(Debug)]
enum Room<'r> {
    Own(Vec<u8>),
    Lent(&'r mut [u8]),
}

impl<'r> Line<'r> {
    const END: [u8; 4] = *b"\r\n\0\0";

    /// A copy of `text`; nothing if the core could not count its bytes.
    pub(super) fn new(text: &[u8]) -> Option<Self> {
        i32::try_from(text.len()).ok()?.checked_add(8)?;
        Some(Self(Room::Own([text, &Self::END].concat())))
    }

    /// As [`Line::new`], in `room` if that is large enough: a short text needs no memory then.
    pub(super) fn new_in(text: &[u8], room: &'r mut [u8]) -> Option<Self> {
        let Some((line, _)) = room.split_at_mut_checked(text.len() + Self::END.len()) else {
            return Self::new(text);
        };
        let (copy, end) = line.split_at_mut_checked(text.len())?;
        copy.copy_from_slice(text);
        end.copy_from_slice(&Self::END);
        Some(Self(Room::Lent(line)))
    }

    fn bytes(&self) -> &[u8] {
        match &self.0 {
            Room::Own(bytes) => bytes,
            Room::Lent(bytes) => bytes,
        }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        match &mut self.0 {
            Room::Own(bytes) => bytes,
            Room::Lent(bytes) => bytes,
        }
    }

    /// As [`Line::new`], with the first letter of another line behind it: there are parsers that
    /// take a zero byte for part of the value.
    pub(super) fn with_next(text: &[u8]) -> Option<Self> {
        let mut line = Self::new(text)?;
        let end = line.bytes().len() - 2;
        if let Some(next) = line.bytes_mut().get_mut(end) {
            *next = b'x';
        }
        Some(line)
    }

    /// The copy as a string of the core, which may write to it: without the line end.
    pub(super) fn text(&mut self) -> sys::str_ {
        let len = self.bytes().len() - Self::END.len();
        text::lend(self.bytes_mut().get_mut(..len).unwrap_or_default())
    }

    /// The copy and the first byte of its line end, as the core gives the value of a header.
    fn range(&self) -> (*mut c_char, *const c_char) {
        let len = self.bytes().len() - Self::END.len();
        let bytes = self.bytes().get(..=len).unwrap_or_default().as_ptr_range();
        (bytes.start.cast_mut().cast(), bytes.end.cast())
    }

    /// The copy with its line end, for parsers that stop behind it.
    pub(super) fn with_end(&self) -> (*mut c_char, *const c_char) {
        let bytes = self.bytes().as_ptr_range();
        (bytes.start.cast_mut().cast(), bytes.end.cast())
    }

    /// The bytes of `text`, whose copy this is, that `part` shows of the copy.
    pub(super) fn part_of<'m>(&self, text: &'m [u8], part: sys::str_) -> Option<&'m [u8]> {
        let start = part.s.addr().checked_sub(self.bytes().as_ptr().addr())?;
        let len = usize::try_from(part.len).ok()?;
        text.get(start..start.checked_add(len)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_copy_is_a_part_of_the_text() {
        let text = b"<sip:a@h>";
        let line = Line::new(text).unwrap();
        let all = text::lend(line.bytes().get(..text.len()).unwrap());
        let at = |skip: usize, len| {
            // SAFETY: not beyond the end of the text.
            let s = unsafe { all.s.add(skip) };
            line.part_of(text, sys::str_ { s, len })
        };
        assert_eq!(at(1, 7), Some(&b"sip:a@h"[..]));
        assert_eq!(at(9, 0), Some(&b""[..]));
        // The line end, a negative length and no address at all are no parts.
        assert_eq!(at(0, 10), None);
        assert_eq!(at(0, -1), None);
        assert_eq!(line.part_of(text, sys::str_ { s: core::ptr::null_mut(), len: 1 }), None);
    }
}
