//! Hosts, compared as what they mean.

use crate::scan;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::net::{Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

/// The host of a URI, of a Via or of a packet.
///
/// An address compares as an address, whatever its spelling: brackets, zeros and case of an IPv6
/// address do not matter. Everything else is a name and compares without case. A mapped address
/// (`::ffff:192.0.2.1`) is an IPv6 address, because packets to it take another way.
#[derive(Clone, Copy, Debug)]
pub enum Host<'t> {
    /// An IPv4 address.
    V4([u8; 4]),
    /// An IPv6 address.
    V6([u8; 16]),
    /// A name, or whatever else is no address; empty if there is no host.
    Name(&'t [u8]),
}

/// The longest text of an address, `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255`.
const LONGEST_ADDRESS: usize = 45;

impl<'t> Host<'t> {
    /// No host.
    pub const NONE: Self = Host::Name(b"");

    /// The host that `text` writes, with or without brackets.
    pub fn of(text: &'t [u8]) -> Self {
        // First, because nearly every host is one.
        if let Some(octets) = v4(text) {
            return Host::V4(octets);
        }
        let inner = match text {
            [b'[', inner @ .., b']'] => inner,
            _ => text,
        };
        if inner.contains(&b':') {
            return parse::<Ipv6Addr>(inner).map_or(Host::Name(text), |ip| Host::V6(ip.octets()));
        }
        Host::Name(text)
    }

    /// The host that `text` writes, where `other` writes `host`: nearly always both are the same text,
    /// which need not be read twice.
    pub fn of_either(text: &'t [u8], other: &[u8], host: Self) -> Self {
        if text == other { host } else { Self::of(text) }
    }

    /// Whether this is an address and not a name.
    pub fn is_address(&self) -> bool {
        !matches!(self, Host::Name(_))
    }

    /// Whether there is no host at all.
    pub fn is_empty(&self) -> bool {
        matches!(self, Host::Name([]))
    }
}

/// Four numbers of 0 to 255 without leading zeros, as the standard library reads an [`Ipv4Addr`], in
/// a fraction of its time.
fn v4(text: &[u8]) -> Option<[u8; 4]> {
    let (first, rest) = before_dot(text)?;
    let (second, rest) = before_dot(rest)?;
    let (third, rest) = before_dot(rest)?;
    let fourth = match *rest {
        [a] => one(a),
        [a, b] => two(a, b),
        [a, b, c] => three(a, b, c),
        _ => None,
    };
    Some([first, second, third, fourth?])
}

/// The number of up to three digits before the first dot, and what stands behind that.
#[inline]
fn before_dot(text: &[u8]) -> Option<(u8, &[u8])> {
    let (number, rest) = match text {
        [a, b'.', rest @ ..] => (one(*a), rest),
        [a, b, b'.', rest @ ..] => (two(*a, *b), rest),
        [a, b, c, b'.', rest @ ..] => (three(*a, *b, *c), rest),
        _ => return None,
    };
    Some((number?, rest))
}

#[inline]
fn one(digit: u8) -> Option<u8> {
    scan::digit(digit)
}

#[inline]
fn two(tens: u8, ones: u8) -> Option<u8> {
    let (tens, ones) = (one(tens)?, one(ones)?);
    (tens > 0).then_some(tens * 10 + ones)
}

#[inline]
fn three(hundreds: u8, tens: u8, ones: u8) -> Option<u8> {
    let (hundreds, tens, ones) = (one(hundreds)?, one(tens)?, one(ones)?);
    let number = u16::from(hundreds) * 100 + u16::from(tens * 10 + ones);
    u8::try_from(number).ok().filter(|_| hundreds > 0)
}

fn parse<T: FromStr>(text: &[u8]) -> Option<T> {
    if text.len() > LONGEST_ADDRESS {
        return None;
    }
    core::str::from_utf8(text).ok()?.parse().ok()
}

impl PartialEq for Host<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Host::V4(ours), Host::V4(theirs)) => ours == theirs,
            (Host::V6(ours), Host::V6(theirs)) => ours == theirs,
            (Host::Name(ours), Host::Name(theirs)) => ours.eq_ignore_ascii_case(theirs),
            _ => false,
        }
    }
}

impl Eq for Host<'_> {}

impl Hash for Host<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Host::V4(octets) => {
                let [a, b, c, d] = *octets;
                state.write(&[4, a, b, c, d]);
            }
            Host::V6(octets) => {
                state.write_u8(6);
                state.write(octets);
            }
            Host::Name(name) => {
                state.write_u8(0);
                hash_without_case(name, state);
            }
        }
    }
}

/// Feeds `text` in lower case and its length, in pieces that need no memory.
fn hash_without_case<H: Hasher>(text: &[u8], state: &mut H) {
    for piece in text.chunks(32) {
        let mut lower = [0; 32];
        for (place, byte) in lower.iter_mut().zip(piece) {
            *place = byte.to_ascii_lowercase();
        }
        state.write(lower.get(..piece.len()).unwrap_or(&lower));
    }
    state.write_usize(text.len());
}

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Host::V4(octets) => Ipv4Addr::from(octets).fmt(f),
            Host::V6(octets) => Ipv6Addr::from(octets).fmt(f),
            Host::Name(name) => fmt::Display::fmt(bstr::BStr::new(name), f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Host;
    use core::net::Ipv4Addr;

    fn host(text: &str) -> Host<'_> {
        Host::of(text.as_bytes())
    }

    #[test]
    fn u_33_one_address_has_many_spellings() {
        let one = host("2001:db8::1");
        for other in [
            "[2001:db8::1]",
            "[2001:DB8:0::1]",
            "2001:0db8:0000:0000:0000:0000:0000:0001",
            "2001:db8:0:0:0:0:0.0.0.1",
        ] {
            assert_eq!(one, host(other), "{other}");
        }
        for other in ["2001:db8::2", "2001:db8::1%eth0", "[2001:db8::1", "2001:db8::1]", "::1"] {
            assert_ne!(one, host(other), "{other}");
        }
    }

    #[test]
    fn an_address_is_never_a_name_or_of_the_other_family() {
        assert_eq!(host("192.0.2.1"), host("192.0.2.1"));
        for other in ["192.0.2.10", "[192.0.2.1]", "192.0.2.1.", "::ffff:192.0.2.1", "192.0.2.01"] {
            assert_ne!(host("192.0.2.1"), host(other), "{other}");
        }
        assert!(host("192.0.2.1").is_address() && host("[::1]").is_address());
    }

    #[test]
    fn an_ipv4_address_is_what_the_standard_library_takes_for_one() {
        for text in [
            "0.0.0.0",
            "255.255.255.255",
            "10.20.30.40",
            "1.2.3",
            "1.2.3.4.5",
            "256.1.1.1",
            "1.2.3.999",
            "00.0.0.0",
            "1.02.3.4",
            "1..2.3",
            ".1.2.3",
            "1.2.3.",
            "a.b.c.d",
            "1.2.3.4 ",
            "+1.2.3.4",
            "1.2.3.4444",
            "1.2.3.-4",
            "",
            ".",
            "1",
        ] {
            let expected = text.parse::<Ipv4Addr>().ok();
            assert_eq!(super::v4(text.as_bytes()).map(Ipv4Addr::from), expected, "{text}");
        }
    }

    #[test]
    fn names_have_no_case() {
        assert_eq!(host("UE1.Example.COM"), host("ue1.example.com"));
        assert_ne!(host("ue1.example.com"), host("ue1.example.co"));
        assert!(!host("ue1").is_address());
        assert!(host("").is_empty() && !host("ue1").is_empty() && !host("::").is_empty());
    }

    #[test]
    fn what_is_printed_is_the_same_host() {
        for text in ["192.0.2.1", "[2001:DB8:0::1]", "UE1.example.com", "", "[", "[]", ":"] {
            let printed = host(text).to_string();
            assert_eq!(host(&printed), host(text), "{text}");
        }
    }
}
