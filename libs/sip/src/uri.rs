//! The parts of a URI that decide who registered where.
//!
//! The parser reads each byte a bounded number of times, whatever the length, and never calls
//! itself. It is stricter than the grammar in one point: a blank or a control byte anywhere is no
//! URI, since such a text would break the message it is copied into.

use crate::{
    Host,
    scan::{self, Bytes, cut},
};
use bstr::{BString, ByteSlice};

/// The port of a URI that names none.
///
/// It is 5060 for `sips`, too: that is what the location store of the host assumes, and it only
/// decides whether two contacts are the same.
pub const DEFAULT_PORT: u16 = 5060;

/// What kind of URI it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `sip:`
    Sip,
    /// `sips:`
    Sips,
    /// `tel:`
    Tel,
    /// `urn:`
    Urn,
}

impl Scheme {
    /// The scheme of `uri`, if it is one of these.
    pub fn of(uri: &[u8]) -> Option<Self> {
        split(uri).map(|(scheme, _)| scheme)
    }

    /// Its name in lower case, without the colon.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sip => "sip",
            Self::Sips => "sips",
            Self::Tel => "tel",
            Self::Urn => "urn",
        }
    }
}

/// A URI taken apart; all parts borrow from its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uri<'u> {
    /// `sip`, `sips`, `tel` or `urn`.
    pub scheme: Scheme,
    /// User part with its parameters, or the number of a `tel`; may be empty. Case matters.
    pub user: &'u [u8],
    /// Host as written, with the brackets of an IPv6 address; the name of a `urn`; empty for `tel`.
    pub host: &'u [u8],
    /// Port, if one is written.
    pub port: Option<u16>,
    /// Everything between the first `;` and the headers, without that `;`.
    pub params: &'u [u8],
    /// Everything after the `?`.
    pub headers: &'u [u8],
}

/// A text that is no URI.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no sip, sips, tel or urn uri")]
pub struct BadUri(BString);

/// How much of a bad URI an error repeats, in bytes.
const REPEATED: usize = 120;

impl<'u> Uri<'u> {
    /// Takes `text` apart.
    ///
    /// # Errors
    ///
    /// No known scheme, no host or number, a host that is neither a name nor an address, a port
    /// that is no number up to 65535, or a blank or control byte anywhere.
    pub fn parse(text: &'u [u8]) -> Result<Self, BadUri> {
        read(text).ok_or_else(|| BadUri(text.get(..REPEATED).unwrap_or(text).into()))
    }

    /// The host as what it means; no host for `tel` and `urn`.
    pub fn host(&self) -> Host<'u> {
        match self.scheme {
            Scheme::Sip | Scheme::Sips => Host::of(self.host),
            Scheme::Tel | Scheme::Urn => Host::NONE,
        }
    }

    /// Whether there is a host, which [`Uri::host`] reads.
    pub fn has_host(&self) -> bool {
        // No URI of these is without one.
        matches!(self.scheme, Scheme::Sip | Scheme::Sips)
    }

    /// The port that is written, or else the default one.
    pub fn port_or_default(&self) -> u16 {
        self.port.unwrap_or(DEFAULT_PORT)
    }

    /// The value of the first parameter `name`, without regard to the case of the name; empty if
    /// the parameter has no value.
    pub fn param(&self, name: &[u8]) -> Option<&'u [u8]> {
        self.params().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Names and values of the parameters in their order.
    pub fn params(&self) -> impl Iterator<Item = (&'u [u8], &'u [u8])> + use<'u> {
        self.params
            .split(|byte| *byte == b';')
            .filter(|param| !param.is_empty())
            .map(|param| cut(param, b'=').unwrap_or((param, b"")))
    }
}

fn split(text: &[u8]) -> Option<(Scheme, &[u8])> {
    Some(match text {
        [b's' | b'S', b'i' | b'I', b'p' | b'P', b':', rest @ ..] => (Scheme::Sip, rest),
        [b's' | b'S', b'i' | b'I', b'p' | b'P', b's' | b'S', b':', rest @ ..] => {
            (Scheme::Sips, rest)
        }
        [b't' | b'T', b'e' | b'E', b'l' | b'L', b':', rest @ ..] => (Scheme::Tel, rest),
        [b'u' | b'U', b'r' | b'R', b'n' | b'N', b':', rest @ ..] => (Scheme::Urn, rest),
        _ => return None,
    })
}

fn read(text: &[u8]) -> Option<Uri<'_>> {
    let (scheme, rest) = split(text)?;
    match scheme {
        Scheme::Tel | Scheme::Urn => {
            if scan::has_unfit(rest) {
                return None;
            }
            let (name, params, headers) = parts(rest);
            let (user, host) =
                if scheme == Scheme::Tel { (name, &b""[..]) } else { (b"".as_slice(), name) };
            (!name.is_empty()).then_some(Uri { scheme, user, host, port: None, params, headers })
        }
        Scheme::Sip | Scheme::Sips => {
            // A user may contain `;` and `?`; a host, a parameter or a header has no bare `@`.
            let (user, place) = cut(rest, b'@').unwrap_or((b"", rest));
            let (host, port, behind) = host_and_port(place)?;
            // The host and the port have been looked at.
            if scan::has_unfit(user) || !behind.is_empty() && scan::has_unfit(behind) {
                return None;
            }
            let (nothing, params, headers) = match behind {
                [] => (behind, behind, behind),
                more => parts(more),
            };
            let user = cut(user, b':').map_or(user, |(user, _password)| user);
            nothing.is_empty().then_some(Uri { scheme, user, host, port, params, headers })
        }
    }
}

/// What stands before the parameters, the parameters, and what stands behind the first `?`.
fn parts(text: &[u8]) -> (&[u8], &[u8], &[u8]) {
    let (text, headers) = cut(text, b'?').unwrap_or((text, b""));
    let (name, params) = cut(text, b';').unwrap_or((text, b""));
    (name, params, headers)
}

/// The host and the port that `place` begins with, and what stands behind them.
fn host_and_port(place: &[u8]) -> Option<(&[u8], Option<u16>, &[u8])> {
    static NAME: Bytes = Bytes::alphanumeric(b"-._");
    let is_address = place.starts_with(b"[");
    let end = match is_address {
        // The colons of an IPv6 address are inside its brackets.
        true => place.find_byte(b']')?.checked_add(1)?,
        false => place.iter().position(|byte| !NAME.has(*byte)).unwrap_or(place.len()),
    };
    let (host, rest) = place.split_at_checked(end)?;
    if host.is_empty() || is_address && !Host::of(host).is_address() {
        return None;
    }
    let [b':', digits @ ..] = rest else { return Some((host, None, rest)) };
    let (mut port, mut rest) = (0_u32, digits);
    while let [digit @ b'0'..=b'9', behind @ ..] = rest {
        // What is multiplied is a port, so that nothing can wrap.
        port = port.wrapping_mul(10).wrapping_add(u32::from(digit.wrapping_sub(b'0')));
        if port > u32::from(u16::MAX) {
            return None;
        }
        rest = behind;
    }
    let is_written = rest.len() < digits.len();
    Some((host, if is_written { Some(u16::try_from(port).ok()?) } else { None }, rest))
}

/// The port that `digits` write, 0 to 65535 without a sign.
pub fn port(digits: &[u8]) -> Option<u16> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u16, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| u16::from(byte.wrapping_sub(b'0')))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::{Scheme, Uri, port};
    use crate::Host;

    fn parts(text: &str) -> Option<(&'static str, &str, &str, Option<u16>, &str)> {
        let uri = Uri::parse(text.as_bytes()).ok()?;
        let utf8 = |part| std::str::from_utf8(part).unwrap();
        Some((uri.scheme.name(), utf8(uri.user), utf8(uri.host), uri.port, utf8(uri.params)))
    }

    #[test]
    fn a_uri_falls_into_its_parts() {
        for (text, expected) in [
            ("sip:alice@192.0.2.1:5070;ob", ("sip", "alice", "192.0.2.1", Some(5070), "ob")),
            ("SIPS:a:secret@h?x=y", ("sips", "a", "h", None, "")),
            ("sip:h", ("sip", "", "h", None, "")),
            ("sip:a@[2001:DB8::1]:5060", ("sip", "a", "[2001:DB8::1]", Some(5060), "")),
            ("sip:a@[::1]", ("sip", "a", "[::1]", None, "")),
            ("sip:a;x=1?z@h;y", ("sip", "a;x=1?z", "h", None, "y")),
            ("sip:a@h:", ("sip", "a", "h", None, "")),
            ("sip:a@h;transport=tcp;lr?h=1", ("sip", "a", "h", None, "transport=tcp;lr")),
            ("tel:+1-23;ext=4", ("tel", "+1-23", "", None, "ext=4")),
            ("urn:service:sos;x", ("urn", "", "service:sos", None, "x")),
        ] {
            assert_eq!(parts(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_uri_is_refused() {
        for text in [
            "",
            "foo",
            "sip",
            "sip:",
            "sip:a@",
            "http://h",
            "sip:a@h:x",
            "sip:a@h:65536",
            "sip:a@h:99999999",
            "sip:a@h:-1",
            "sip:a b@h",
            "sip:a@[::1",
            "sip:a@[::1]x",
            "sip:a@[no]",
            "sip:a@h%",
            "tel:",
            "urn:",
            "sip:a@b@h",
            "sip:a@h\r\nX: y",
            "*",
            "sip:a@h;x=\u{7f}",
            "<sip:a@h>",
            "sip:a@::1",
            "sips5:a@h",
            ":a@h",
        ] {
            assert_eq!(parts(text), None, "{text:?}");
        }
        let long = [b"http:".as_slice(), &[b'x'; 60_000]].concat();
        assert!(Uri::parse(&long).unwrap_err().to_string().len() < 200);
    }

    #[test]
    fn u_35_a_port_that_is_left_out_is_5060() {
        for text in ["sip:a@h", "sip:a@h:", "sip:a@h:5060", "sips:a@h"] {
            assert_eq!(Uri::parse(text.as_bytes()).unwrap().port_or_default(), 5060, "{text}");
        }
        assert_eq!(Uri::parse(b"sip:a@h:0").unwrap().port_or_default(), 0);
    }

    #[test]
    fn parameters_are_found_by_name() {
        let uri = Uri::parse(b"sip:a@h;rinstance=AbC;;OB;x==;alias=192.0.2.1~5060~1").unwrap();
        assert_eq!(uri.param(b"RINSTANCE"), Some(&b"AbC"[..]));
        assert_eq!(uri.param(b"ob"), Some(&b""[..]));
        assert_eq!(uri.param(b"x"), Some(&b"="[..]));
        assert_eq!(uri.param(b"instance"), None);
        assert_eq!(uri.params().count(), 4);
    }

    #[test]
    fn the_host_is_what_it_means() {
        let host = |text| Uri::parse(text).unwrap().host();
        assert_eq!(host(b"sip:a@[2001:DB8:0::1]"), Host::of(b"2001:db8::1"));
        assert_eq!(host(b"sip:a@UE.example"), Host::of(b"ue.EXAMPLE"));
        assert_eq!(host(b"tel:+1"), Host::NONE);
        assert_eq!(Scheme::of(b"SIPS:x"), Some(Scheme::Sips));
        assert_eq!(Scheme::of(b"mailto:x"), None);
    }

    #[test]
    fn ports_end_at_65535() {
        assert_eq!(
            (port(b"0"), port(b"65535"), port(b"065535")),
            (Some(0), Some(65535), Some(65535))
        );
        for text in ["", "65536", "-1", "+1", "1x", " 1", "99999999999999999999"] {
            assert_eq!(port(text.as_bytes()), None, "{text:?}");
        }
    }
}
