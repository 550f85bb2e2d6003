//! Sets of methods, as bits that the host and the location store share.

use sip_text::scan::{self, Pieces};

/// All methods: nothing was said.
pub const ALL: u32 = u32::MAX;

/// The bit of a method that the host has no other bit for.
pub const OTHER: u32 = 1 << 19;

/// The methods in the order of their bits.
const NAMES: [&[u8]; 19] = [
    b"INVITE",
    b"CANCEL",
    b"ACK",
    b"BYE",
    b"INFO",
    b"REGISTER",
    b"SUBSCRIBE",
    b"NOTIFY",
    b"MESSAGE",
    b"OPTIONS",
    b"PRACK",
    b"UPDATE",
    b"REFER",
    b"PUBLISH",
    b"KDMQ",
    b"GET",
    b"POST",
    b"PUT",
    b"DELETE",
];

/// The bit of a method.
pub fn bit(name: &[u8]) -> u32 {
    let place = NAMES.iter().position(|known| known.eq_ignore_ascii_case(name));
    place.and_then(|place| u32::try_from(place).ok()).map_or(OTHER, |place| 1 << place)
}

/// The methods of a list; `None` when an element is no method.
pub fn read(list: &[u8]) -> Option<u32> {
    let mut methods = 0;
    for name in Pieces::new(list, b',') {
        let name = name.ok()?;
        if !name.iter().all(|byte| is_token(*byte)) {
            return None;
        }
        // `INVITE,` has an empty element, and an empty list is one.
        if !name.is_empty() {
            methods |= bit(name);
        }
    }
    Some(methods)
}

/// A byte of a token (RFC 3261 25.1).
pub fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte)
}

/// The methods of the bodies of Allow headers: all when there is none, or one cannot be read.
pub fn allowed<'h>(bodies: impl IntoIterator<Item = &'h [u8]>) -> u32 {
    let mut bodies = bodies.into_iter().peekable();
    if bodies.peek().is_none() {
        return ALL;
    }
    bodies.map(|body| read(scan::trim(body)).unwrap_or(ALL)).fold(0, |all, more| all | more)
}

#[cfg(test)]
mod tests {
    use super::{ALL, OTHER, allowed, bit, read};

    #[test]
    fn methods_are_the_bits_of_the_host() {
        assert_eq!((bit(b"INVITE"), bit(b"message"), bit(b"PUBLISH")), (1, 256, 8192));
        assert_eq!((bit(b"DELETE"), bit(b"FOO")), (1 << 18, OTHER));
        assert_eq!(read(b"INVITE, ACK,BYE"), Some(1 | 4 | 8));
        assert_eq!((read(b""), read(b"INVITE,")), (Some(0), Some(1)));
        for text in ["INVITE ACK", "IN\"VITE", "<x>"] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
        assert_eq!(allowed([]), ALL);
        assert_eq!(allowed([&b"INVITE"[..], b"BYE"]), 9);
        assert_eq!(allowed([&b"INVITE"[..], b"B YE"]), ALL);
    }
}
