//! The application servers that may watch everybody: the parameter `trusted_as`.

use bstr::BString;
use sip_text::{Host, Uri, scan};

/// Servers that are trusted, by their SIP URIs or hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trusted(Vec<BString>);

/// An entry that names no server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} must be a host or a sip uri")]
pub struct BadTrusted(BString);

impl Trusted {
    /// Reads hosts (`as.ims.test`, `192.0.2.1:5070`) and SIP URIs with commas or blanks between.
    ///
    /// # Errors
    ///
    /// The first entry that is neither.
    pub fn parse(list: &[u8]) -> Result<Self, BadTrusted> {
        let mut entries = Vec::new();
        let between = |byte: &u8| *byte == b',' || byte.is_ascii_whitespace();
        for entry in list.split(between).filter(|entry| !entry.is_empty()) {
            let uri = match entry.get(..4).map(<[u8]>::to_ascii_lowercase).as_deref() {
                Some(b"sip:" | b"sips") => BString::from(entry),
                _ => [b"sip:", entry].concat().into(),
            };
            if Uri::parse(&uri).map_or(true, |uri| uri.host().is_empty()) {
                return Err(BadTrusted(scan::shown(entry)));
            }
            entries.push(uri);
        }
        Ok(Self(entries))
    }

    /// Whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `asserted` is one of them.
    pub fn has(&self, asserted: &[u8]) -> bool {
        self.0.iter().any(|entry| is_server(entry, asserted))
    }
}

/// Whether `asserted` is the server that `named` names: the host is the same, and so are the user
/// and the port as far as `named` has them.
pub(super) fn is_server(named: &[u8], asserted: &[u8]) -> bool {
    let (Ok(named), Ok(asserted)) = (Uri::parse(named), Uri::parse(asserted)) else {
        return false;
    };
    let host = named.host();
    host != Host::NONE
        && host == asserted.host()
        && (named.user.is_empty() || named.user == asserted.user)
        && named.port.is_none_or(|port| port == asserted.port_or_default())
}

#[cfg(test)]
mod tests {
    use super::Trusted;

    #[test]
    fn a_server_is_known_by_what_its_entry_says() {
        let trusted =
            Trusted::parse(b"as.ims.test, sip:mmtel@192.0.2.1:5070\tSIP:[2001:db8::1]").unwrap();
        for good in [
            "sip:as.ims.test",
            "sip:anyone@AS.ims.test:7000;x",
            "sip:mmtel@192.0.2.1:5070",
            "sip:x@[2001:DB8:0::1]",
        ] {
            assert!(trusted.has(good.as_bytes()), "{good}");
        }
        for bad in [
            "sip:as.ims.test.evil",
            "sip:as.ims.test@evil",
            "sip:other@192.0.2.1:5070",
            "sip:mmtel@192.0.2.1",
            "tel:+1",
            "",
        ] {
            assert!(!trusted.has(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn what_names_no_server_is_refused() {
        assert!(Trusted::parse(b" , ").unwrap().is_empty());
        for bad in ["tel:+1", "a/b", "sip:", "[::1", "as.ims.test,<sip:a@b>"] {
            assert!(Trusted::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        let message = Trusted::parse(b"a/b").unwrap_err().to_string();
        assert_eq!(message, "\"a/b\" must be a host or a sip uri");
    }
}
