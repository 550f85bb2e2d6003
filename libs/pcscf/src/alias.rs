//! The parameter `alias` of a Contact URI, in which a proxy wrote where a request came from:
//! `alias=ADDRESS~PORT~PROTOCOL`.

use crate::decide::Place;
use crate::{Host, uri::Uri};
use bstr::BString;
use sip_text::scan;

/// Why the value of an alias is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAlias {
    /// Not three parts with `~` between them.
    #[error("alias {0:?} must be address~port~protocol")]
    Parts(BString),
    /// The first part is no IP address.
    #[error("address of alias is {0:?}, must be an ip address")]
    Address(BString),
    /// The second part is no port.
    #[error("port of alias is {0:?}, must be 1 to 65535")]
    Port(BString),
}

/// Reads the value of the parameter: host with or without brackets, port, and transport as the host
/// numbers it; 0 for one that nobody knows, since no search compares it.
///
/// # Errors
///
/// The part that is not as it must be.
pub fn parse(value: &[u8]) -> Result<Place<'_>, BadAlias> {
    let parts = || BadAlias::Parts(scan::shown(value));
    let (host, rest) = scan::cut(value, b'~').ok_or_else(parts)?;
    let (port, proto) = scan::cut(rest, b'~').ok_or_else(parts)?;
    let proto = match proto {
        [digit @ b'1'..=b'6'] => u16::from(digit.wrapping_sub(b'0')),
        _ => 0,
    };
    if !Host::of(host).is_address() {
        return Err(BadAlias::Address(scan::shown(host)));
    }
    // Five digits hold every port; more are nobody's honest alias.
    let number = scan::port(port).filter(|_| port.len() <= 5);
    let port = number.ok_or_else(|| BadAlias::Port(scan::shown(port)))?;
    Ok(Place { host, port, proto })
}

/// The alias of a URI; `None` when it has none.
pub fn of_uri<'u>(uri: &Uri<'u>) -> Option<Result<Place<'u>, BadAlias>> {
    uri.param(b"alias").map(parse)
}

#[cfg(test)]
mod tests {
    use super::{BadAlias, of_uri};
    use crate::uri::Uri;

    fn alias(uri: &str) -> Option<Result<String, BadAlias>> {
        let alias = of_uri(&Uri::parse(uri.as_bytes()).unwrap())?;
        Some(alias.map(|place| place.to_string()))
    }

    #[test]
    fn an_alias_names_address_port_and_transport() {
        for (uri, place) in [
            ("sip:a@10.0.0.1:5060;alias=127.0.0.1~22100~1", "udp:127.0.0.1:22100"),
            ("sip:a@b;transport=tcp;ALIAS=[2001:DB8::1]~65535~2;ob", "tcp:[2001:DB8::1]:65535"),
            ("sip:10.0.0.1;alias=2001:db8::1~1~6?x=y", "wss:[2001:db8::1]:1"),
            ("sip:a@b;alias=1.1.1.1~5~0", "any:1.1.1.1:5"),
            ("sip:a@b;alias=1.1.1.1~5~7", "any:1.1.1.1:5"),
            ("sip:a@b;alias=1.1.1.1~5~", "any:1.1.1.1:5"),
        ] {
            assert_eq!(alias(uri), Some(Ok(place.to_owned())), "{uri}");
        }
    }

    #[test]
    fn p24_p25_no7_no8_anything_else_is_refused() {
        let digits = |count: usize| format!("sip:a@b;alias=127.0.0.1~{}~1", "1".repeat(count));
        for uri in [
            "sip:a@b;alias",
            "sip:a@b;alias=",
            "sip:a@b;alias=~~",
            "sip:a@b;alias=1.1.1.1",
            "sip:a@b;alias=1.1.1.1~",
            "sip:a@b;alias=1.1.1.1~5",
            "sip:a@b;alias=~5~",
            "sip:a@b;alias=~5~1",
            "sip:a@b;alias=1.1.1.1~0~1",
            "sip:a@b;alias=1.1.1.1~65536~1",
            "sip:a@b;alias=1.1.1.1~99999999999~1",
            "sip:a@b;alias=1.1.1.1~000005060~1",
            "sip:a@b;alias=1.1.1.1~-5~1",
            "sip:a@b;alias=host~5~1",
            "sip:a@b;alias=[1.1.1.1]~5~1",
            "sip:a@b;alias=1.1.1.999~5~1",
            &digits(6),
            &digits(30),
            &digits(500),
        ] {
            assert!(matches!(alias(uri), Some(Err(_))), "{uri}");
        }
    }

    #[test]
    fn only_a_parameter_of_the_uri_is_an_alias() {
        for uri in [
            "sip:a@b",
            "sip:a;alias=1.1.1.1~5~1@b",
            "sip:a@b?alias=1.1.1.1~5~1",
            "sip:a@b;xalias=1.1.1.1~5~1",
            "sip:a@b;x=alias=1.1.1.1~5~1",
        ] {
            assert_eq!(alias(uri), None, "{uri}");
        }
    }
}
