//! The identity that a URI means: one form for everything that looks a user up.
//!
//! Two URIs are the same identity when their forms are the same bytes. An identity that is written
//! plainly, `sip:user@host` or `tel:+number`, is its own form, so that records of other modules are
//! found by it.

use sip_text::{
    aor::{self, Scheme},
    scan, uri,
};
use std::borrow::Cow;

/// The longest URI that is read as an identity.
pub const MAX: usize = 1024;

/// The longest user, host and text that a script may name, in bytes.
const LOOSE: (usize, usize, usize) = (64, 128, 256);

/// How freely a script may name an identity: `unregister`, `term_impu_has_contact`,
/// `reg_fetch_contacts`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules<'p> {
    /// Parameter `case_sensitive`: the user part is taken as it is written, and nothing else.
    pub case_sensitive: bool,
    /// Parameter `realm_prefix`: what is left out at the start of a host; empty: nothing.
    pub realm_prefix: &'p [u8],
}

/// Why a text is no identity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAor {
    /// Too long to be one.
    #[error("uri has {0} bytes, must have at most {1}")]
    Long(usize, usize),
    /// No `sip`, `sips` or `tel` URI.
    #[error("{0:?} is no sip, sips or tel uri")]
    NotUri(bstr::BString),
    /// A part of it is too long.
    #[error("{0} of {1:?} has {2} bytes, must have at most {3}")]
    LongPart(&'static str, bstr::BString, usize, usize),
}

/// An identity in its one form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aor<'u> {
    text: Cow<'u, [u8]>,
    lower: Option<Vec<u8>>,
}

impl<'u> Aor<'u> {
    /// The identity of a header or of a Request-URI (`save`, `lookup`, `impu_registered`,
    /// `term_impu_registered`, the reg event): scheme and host in lower case, without password,
    /// port, parameters and headers, escapes of characters that need none undone. `sips` stays
    /// what it is. A telephone number loses its visual separators; one that is not global keeps
    /// its `phone-context`.
    ///
    /// # Errors
    ///
    /// No such URI, or a very long one.
    pub fn exact(uri: &'u [u8]) -> Result<Self, BadAor> {
        let uri = bounded(uri)?;
        let text = aor::exact(uri).ok_or_else(|| BadAor::NotUri(scan::shown(uri)))?;
        Ok(Self { text, lower: None })
    }

    /// The identity that a script names: as [`Aor::exact`], `sips` counts as `sip`, and unless case
    /// matters there is a second text to try.
    ///
    /// # Errors
    ///
    /// As [`Aor::exact`]; user, host or all of it too long.
    pub fn loose(uri: &'u [u8], rules: &Rules<'_>) -> Result<Self, BadAor> {
        let uri = bounded(uri)?;
        let text = aor::form(uri, Scheme::Sip, rules.realm_prefix);
        let text = text.ok_or_else(|| BadAor::NotUri(scan::shown(uri)))?;
        limits(&text)?;
        let lower = (!rules.case_sensitive).then(|| text.to_ascii_lowercase());
        let lower = lower.filter(|lower| *lower != text);
        let text = if text == uri { Cow::Borrowed(uri) } else { Cow::Owned(text) };
        Ok(Self { text, lower })
    }

    /// The key under which the store keeps it.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// What to try when there is no record under [`Aor::text`].
    pub fn lower(&self) -> Option<&[u8]> {
        self.lower.as_deref()
    }

    /// The key, borrowed where the URI already was one.
    pub fn into_text(self) -> Cow<'u, [u8]> {
        self.text
    }

    /// The realm of the user: the host, or the `phone-context` of a number that has a name in it.
    pub fn realm(&self) -> Option<&[u8]> {
        realm(&self.text)
    }
}

/// Whether two texts are the same identity. What is no URI is only itself.
pub fn same(one: &[u8], other: &[u8]) -> bool {
    one == other
        || matches!((Aor::exact(one), Aor::exact(other)), (Ok(one), Ok(other)) if one.text == other.text)
}

/// The realm of an identity in its one form.
fn realm(text: &[u8]) -> Option<&[u8]> {
    let realm = match text.strip_prefix(b"tel:") {
        Some(number) => uri::Uri::parse(text)
            .ok()
            .filter(|_| !number.is_empty())?
            .param(b"phone-context")
            .filter(|context| !context.starts_with(b"+"))?,
        None => {
            let rest = scan::cut(text, b':')?.1;
            scan::cut(rest, b'@').map_or(rest, |(_, host)| host)
        }
    };
    (!realm.is_empty()).then_some(realm)
}

fn bounded(uri: &[u8]) -> Result<&[u8], BadAor> {
    if uri.len() > MAX { Err(BadAor::Long(uri.len(), MAX)) } else { Ok(uri) }
}

/// The bounds of what a script may name.
fn limits(text: &[u8]) -> Result<(), BadAor> {
    let (most_user, most_host, most) = LOOSE;
    let rest = scan::cut(text, b':').map_or(text, |(_, rest)| rest);
    let (user, host) = match text.starts_with(b"tel:") {
        true => (rest, &b""[..]),
        false => scan::cut(rest, b'@').unwrap_or((b"", rest)),
    };
    let parts = [("user", user, most_user), ("host", host, most_host), ("uri", text, most)];
    for (what, part, most) in parts {
        if part.len() > most {
            return Err(BadAor::LongPart(what, scan::shown(text), part.len(), most));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Aor, BadAor, Rules, same};
    use proptest::prelude::*;
    use std::borrow::Cow;

    fn exact(uri: &str) -> Option<String> {
        let aor = Aor::exact(uri.as_bytes()).ok()?;
        Some(String::from_utf8(aor.text().to_vec()).unwrap())
    }

    fn loose(uri: &str, case_sensitive: bool, realm_prefix: &str) -> Vec<String> {
        let rules = Rules { case_sensitive, realm_prefix: realm_prefix.as_bytes() };
        let Ok(aor) = Aor::loose(uri.as_bytes(), &rules) else { return Vec::new() };
        let texts = [Some(aor.text()), aor.lower()];
        texts.into_iter().flatten().map(|t| String::from_utf8(t.to_vec()).unwrap()).collect()
    }

    #[test]
    fn r_31_an_identity_has_neither_parameters_nor_a_port() {
        for (uri, key) in [
            ("sip:bob@example.org", "sip:bob@example.org"),
            ("sip:bob@example.org;user=phone", "sip:bob@example.org"),
            ("sip:bob@example.org:5080;x?y=z", "sip:bob@example.org"),
            ("SIP:Bob:secret@EXAMPLE.org", "sip:Bob@example.org"),
            ("sip:example.org", "sip:example.org"),
            ("sip:b%6fb@example.org", "sip:bob@example.org"),
            ("sip:a%40b@example.org", "sip:a%40b@example.org"),
            ("sip:a%2fb@example.org", "sip:a%2Fb@example.org"),
            ("sip:%2B1001@example.org", "sip:+1001@example.org"),
            ("sip:100%@example.org", "sip:100%@example.org"),
            ("sip:%%33%6f@example.org", "sip:%%33%6f@example.org"),
            ("sip:%33%@example.org", "sip:%33%@example.org"),
            ("sip:bob@[2001:DB8::1]:5060", "sip:bob@[2001:db8::1]"),
            ("sip:1;phone-context=x@example.org;user=phone", "sip:1;phone-context=x@example.org"),
        ] {
            assert_eq!(exact(uri).as_deref(), Some(key), "{uri}");
            assert_eq!(exact(key).as_deref(), Some(key), "the form is its own form");
        }
    }

    #[test]
    fn what_is_plain_is_borrowed() {
        for uri in ["sip:bob@example.org", "sips:+1001@a.b", "tel:+1001", "sip:example.org"] {
            let aor = Aor::exact(uri.as_bytes()).unwrap();
            assert!(matches!(aor.text, Cow::Borrowed(text) if text == uri.as_bytes()), "{uri}");
        }
    }

    #[test]
    fn r_47_sips_is_another_identity_and_the_case_of_a_user_counts() {
        assert_eq!(exact("sips:bob@example.org").as_deref(), Some("sips:bob@example.org"));
        assert!(!same(b"sips:bob@example.org", b"sip:bob@example.org"));
        assert!(!same(b"sip:Bob@example.org", b"sip:bob@example.org"));
        assert!(same(b"sip:bob@EXAMPLE.org", b"SIP:bob@example.org;x"));
    }

    #[test]
    fn r_32_a_number_is_its_digits_and_only_a_local_one_has_a_realm() {
        for (uri, key, realm) in [
            ("tel:+1-(0)0.1", "tel:+1001", None),
            ("TEL:+1001;ext=4", "tel:+1001", None),
            (
                "tel:7042;phone-context=Example.COM",
                "tel:7042;phone-context=example.com",
                Some("example.com"),
            ),
            ("tel:7042;phone-context=+1", "tel:7042;phone-context=+1", None),
            ("tel:7042", "tel:7042", None),
        ] {
            let aor = Aor::exact(uri.as_bytes()).unwrap();
            assert_eq!(aor.text(), key.as_bytes(), "{uri}");
            assert_eq!(aor.realm(), realm.map(str::as_bytes), "{uri}");
        }
        assert_eq!(
            Aor::exact(b"sip:bob@Example.org:5").unwrap().realm(),
            Some(&b"example.org"[..])
        );
        assert_eq!(exact("tel:-"), None);
    }

    #[test]
    fn r_55_a_script_names_a_user_freely() {
        let found = loose("sip:BOB@EXAMPLE.org:5080;x", false, "");
        assert_eq!(found, ["sip:BOB@example.org", "sip:bob@example.org"]);
        assert_eq!(loose("sip:BOB@EXAMPLE.org", true, ""), ["sip:BOB@example.org"]);
        assert_eq!(loose("sips:bob@sip.example.org", false, "sip."), ["sip:bob@example.org"]);
        assert_eq!(loose("sip:bob@sip.", false, "sip."), ["sip:bob@sip."]);
        assert_eq!(loose("tel:+1001", false, ""), ["tel:+1001"]);
        let long = |user: usize, host: usize| {
            loose(&format!("sip:{}@{}", "u".repeat(user), "h".repeat(host)), false, "").len()
        };
        assert_eq!((long(64, 128), long(65, 1), long(1, 129)), (1, 0, 0));
    }

    #[test]
    fn what_names_nobody_is_refused() {
        for uri in ["", "bob", "urn:service:sos", "sip:", "sip:@", "http://x", "sip:a b@c", "*"] {
            assert_eq!(exact(uri), None, "{uri:?}");
        }
        let long = format!("sip:{}@x", "u".repeat(2000));
        assert_eq!(Aor::exact(long.as_bytes()), Err(BadAor::Long(2006, 1024)));
        assert!(same(b"*", b"*") && !same(b"*", b"sip:a@b"));
    }

    proptest! {
        #[test]
        fn the_one_form_is_its_own(user in "[a3%6fF:;?+ -]{0,12}", host in "[a-zA-Z0-9.%-]{1,8}") {
            for uri in [format!("sip:{user}@{host}"), format!("sips:{host}"), format!("tel:{user}")] {
                if let Some(key) = exact(&uri) {
                    prop_assert_eq!(exact(&key), Some(key), "{}", uri);
                }
            }
        }
    }
}
