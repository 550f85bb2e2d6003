//! The few parts of a URI that a shared line looks at.

use bstr::{BStr, BString, ByteSlice as _};
use sip_text::scan::is_word;
use std::fmt;

/// The schemes that the host knows, as it writes them.
const SCHEMES: [&str; 5] = ["sip", "sips", "tel", "tels", "urn"];

/// A URI taken apart; password, parameters and headers are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uri<'u> {
    /// `sip`, `sips`, `tel`, `tels` or `urn`.
    pub scheme: &'static str,
    /// User part or telephone number; may be empty.
    pub user: &'u [u8],
    /// Host; empty for `tel`.
    pub host: &'u [u8],
    /// Port digits; empty when there are none.
    pub port: &'u [u8],
}

/// A text that is not a URI.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a sip, sips, tel or urn uri")]
pub struct BadUri(pub BString);

impl<'u> Uri<'u> {
    /// Takes `text` apart.
    ///
    /// # Errors
    ///
    /// No known scheme, no host where the scheme has one, a port that is no number up to 65535,
    /// or a blank or control byte anywhere.
    pub fn parse(text: &'u [u8]) -> Result<Self, BadUri> {
        Self::split(text).ok_or_else(|| BadUri(BString::from(text)))
    }

    fn split(text: &'u [u8]) -> Option<Self> {
        if !is_word(text) {
            return None;
        }
        let (name, rest) = cut(text, b':')?;
        let scheme =
            SCHEMES.into_iter().find(|known| known.as_bytes().eq_ignore_ascii_case(name))?;
        if scheme.starts_with("tel") {
            let number = until(rest, b";?");
            return (!number.is_empty()).then_some(Self {
                scheme,
                user: number,
                host: b"",
                port: b"",
            });
        }
        if scheme == "urn" {
            let host = until(rest, b";?");
            return (!host.is_empty()).then_some(Self { scheme, user: b"", host, port: b"" });
        }
        let (user, place) = match cut(rest, b'@') {
            Some((info, place)) => (until(info, b":"), place),
            None => (&b""[..], rest),
        };
        let (host, port) = host_and_port(until(place, b";?"))?;
        Some(Self { scheme, user, host, port })
    }
}

impl fmt::Display for Uri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = if self.user.is_empty() || self.host.is_empty() { "" } else { "@" };
        let colon = if self.port.is_empty() { "" } else { ":" };
        let (user, host, port) = (BStr::new(self.user), BStr::new(self.host), BStr::new(self.port));
        write!(f, "{}:{user}{at}{host}{colon}{port}", self.scheme)
    }
}

fn host_and_port(place: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = match place {
        // The colons of an IPv6 address are inside its brackets.
        [b'[', ..] => place.iter().position(|byte| *byte == b']')?.checked_add(1)?,
        _ => place.iter().position(|byte| *byte == b':').unwrap_or(place.len()),
    };
    let (host, rest) = place.split_at_checked(end)?;
    let port = match rest {
        [] => rest,
        [b':', digits @ ..] if is_port(digits) => digits,
        _ => return None,
    };
    (!host.is_empty() && !host.contains(&b'@')).then_some((host, port))
}

fn is_port(digits: &[u8]) -> bool {
    digits.is_empty() || number(digits).is_some_and(|port| u16::try_from(port).is_ok())
}

/// The number that `digits` write; no digits are 0, as the host reads them.
pub(crate) fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| u32::from(byte.wrapping_sub(b'0')))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

/// The texts before and after the first `byte`.
pub(crate) fn cut(text: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let at = text.find_byte(byte)?;
    let (before, after) = text.split_at_checked(at)?;
    Some((before, after.get(1..)?))
}

/// The text before the first of `ends`, or all of it.
pub(crate) fn until<'t>(text: &'t [u8], ends: &[u8]) -> &'t [u8] {
    let at = text.find_byteset(ends).unwrap_or(text.len());
    text.get(..at).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::{Uri, number};

    fn parts(text: &str) -> Option<[String; 4]> {
        let uri = Uri::parse(text.as_bytes()).ok()?;
        let owned = |part: &[u8]| String::from_utf8_lossy(part).into_owned();
        Some([uri.scheme.into(), owned(uri.user), owned(uri.host), owned(uri.port)])
    }

    #[test]
    fn a_uri_falls_into_scheme_user_host_and_port() {
        for (text, expected) in [
            ("sip:215@voice.example.com", ["sip", "215", "voice.example.com", ""]),
            ("sip:215@127.0.0.1:5062;alias=1~2", ["sip", "215", "127.0.0.1", "5062"]),
            ("SIPS:a:secret@h?x=y", ["sips", "a", "h", ""]),
            ("sip:h", ["sip", "", "h", ""]),
            ("sip:a@[::1]:5060", ["sip", "a", "[::1]", "5060"]),
            ("sip:a;x=1@h", ["sip", "a;x=1", "h", ""]),
            ("sip:a@h:", ["sip", "a", "h", ""]),
            ("tel:+1-23;ext=4", ["tel", "+1-23", "", ""]),
            ("urn:service:sos", ["urn", "", "service:sos", ""]),
        ] {
            assert_eq!(parts(text), Some(expected.map(String::from)), "{text}");
        }
    }

    #[test]
    fn what_is_no_uri_is_refused() {
        for text in [
            "",
            "sip",
            "sip:",
            "sip:a@",
            "http://h",
            "sip:a@h:x",
            "sip:a@h:65536",
            "sip:a b@h",
            "sip:a@[::1",
            "sip:a@[::1]x",
            "tel:",
            "urn:",
            "sip:a@b@h",
            "sip:a@h\r\nX: y",
            "*",
        ] {
            assert_eq!(parts(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_uri_prints_without_what_was_left_out() {
        for (text, printed) in
            [("SIP:215:pw@h:5;x", "sip:215@h:5"), ("sip:h;lr", "sip:h"), ("tel:+1;ext=2", "tel:+1")]
        {
            assert_eq!(Uri::parse(text.as_bytes()).unwrap().to_string(), printed);
        }
    }

    #[test]
    fn numbers_end_at_32_bits() {
        assert_eq!(number(b""), Some(0));
        assert_eq!(number(b"4294967295"), Some(u32::MAX));
        for text in ["4294967296", "-1", "+1", "1x", " 1", "99999999999999999999"] {
            assert_eq!(number(text.as_bytes()), None, "{text:?}");
        }
    }
}
