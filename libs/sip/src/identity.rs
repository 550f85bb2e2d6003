//! Public identities: how they are compared, and the clean one of a P-Called-Party-ID header.

use crate::scan::{self, Open};
use bstr::BString;
use std::collections::TryReserveError;

/// Whether two public identities are the same: all bytes, in any case, `sip` and `tel` alike.
pub fn same(one: &[u8], other: &[u8]) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// Whether `uri` is a telephone number: nothing can be sent to it.
pub fn is_tel(uri: &[u8]) -> bool {
    uri.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"tel:"))
}

/// The first identity that is no telephone number.
pub fn first_routable<'i>(ids: impl IntoIterator<Item = &'i [u8]>) -> Option<&'i [u8]> {
    ids.into_iter().find(|id| !is_tel(id))
}

/// The identity that a script function was given: without the brackets of exactly `<...>`.
pub fn argument(text: &[u8]) -> &[u8] {
    match text {
        [b'<', uri @ .., b'>'] => uri,
        _ => text,
    }
}

/// Why a P-Called-Party-ID header names nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadIdentity {
    /// Nothing in it.
    #[error("empty")]
    Empty,
    /// A quote or bracket is left open.
    #[error(transparent)]
    Open(#[from] Open),
    /// Not a `sip`, `sips` or `tel` URI.
    #[error("{0:?} is not a sip, sips or tel uri")]
    NotUri(BString),
}

/// The URI of a P-Called-Party-ID header (RFC 7315 4.2) without display name, URI parameters and
/// URI headers.
///
/// # Errors
///
/// There is none.
pub fn called_party(body: &[u8]) -> Result<&[u8], BadIdentity> {
    let body = scan::trim(body);
    if body.is_empty() {
        return Err(BadIdentity::Empty);
    }
    let start = match body.first() {
        Some(b'"') => scan::find(body, b'<')?,
        _ => body.iter().position(|byte| *byte == b'<'),
    };
    let text = match start.and_then(|start| body.get(start..)?.get(1..)) {
        Some(inner) => scan::cut(inner, b'>').ok_or(Open::Bracket)?.0,
        None => body,
    };
    let uri = without_parameters(scan::trim(text));
    let known = [&b"sip:"[..], b"sips:", b"tel:"].into_iter().any(|scheme| {
        uri.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    let good = known && scan::is_uri(uri) && !uri.ends_with(b"@");
    good.then_some(uri).ok_or_else(|| BadIdentity::NotUri(scan::shown(body)))
}

/// A `;` of the user part is part of the identity, one of the host ends it.
fn without_parameters(uri: &[u8]) -> &[u8] {
    let user = scan::cut(uri, b'@').map_or(0, |(user, _)| user.len());
    let (_, place) = uri.split_at_checked(user).unwrap_or((b"", uri));
    let length = user.saturating_add(scan::until(place, b";?").len());
    uri.get(..length).unwrap_or(uri)
}

/// The header that asserts `uri`, with its line end.
///
/// # Errors
///
/// Out of memory.
pub fn asserted_header(uri: &[u8]) -> Result<Vec<u8>, TryReserveError> {
    const NAME: &[u8] = b"P-Asserted-Identity: <";
    let mut header = Vec::new();
    header.try_reserve_exact(uri.len().saturating_add(NAME.len()).saturating_add(3))?;
    header.extend_from_slice(NAME);
    header.extend_from_slice(uri);
    header.extend_from_slice(b">\r\n");
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::{argument, asserted_header, called_party, first_routable, same};
    use bstr::BStr;

    #[test]
    fn ai1_an_identity_is_compared_in_any_case() {
        let id = b"sip:+4930123456@ims.test";
        assert!(same(argument(b"<sip:+4930123456@ims.test>"), id));
        assert!(same(argument(b"SIP:+4930123456@IMS.TEST"), id));
        assert!(same(argument(b"<tel:+4930123456>"), b"tel:+4930123456"));
    }

    #[test]
    fn ai2_only_a_text_in_exact_brackets_loses_them() {
        for text in ["<sip:a@b>;x=1", "", "<", ">", "\"A\" <sip:a@b>"] {
            assert_eq!(argument(text.as_bytes()), text.as_bytes());
        }
        assert_eq!(argument(b"<>"), b"");
        assert_eq!(argument(b"<<a>>"), b"<a>");
        assert!(!same(argument(b"<sip:a@b>;x=1"), b"sip:a@b"));
    }

    #[test]
    fn ai4_ai5_the_called_identity_is_a_clean_uri() {
        for (body, uri) in [
            ("<sip:bob@ims.test;user=phone>", "sip:bob@ims.test"),
            ("\"Bob\" <sip:bob@ims.test>", "sip:bob@ims.test"),
            ("\"<x>, \\\"B\" <sip:bob@ims.test>;y", "sip:bob@ims.test"),
            (" Bob B. <sip:bob@ims.test?a=b> ", "sip:bob@ims.test"),
            ("sip:bob@ims.test;user=phone", "sip:bob@ims.test"),
            ("< tel:+49;phone-context=x >", "tel:+49"),
            ("<sips:b;x=1@h;y=2>", "sips:b;x=1@h"),
        ] {
            let read = called_party(body.as_bytes());
            assert_eq!(read.map(BStr::new), Ok(BStr::new(uri)), "{body}");
        }
    }

    #[test]
    fn ai6_without_a_uri_there_is_none() {
        for body in [
            "",
            " \r\n ",
            "<>",
            "<sip:>",
            "<sip:bob@ims.test",
            "\"Bob <sip:b@h>",
            "bob",
            "<http://x>",
            "<sip:a b@h>",
            "<sip:;x>",
            "<sip:a@;x>",
            "*",
        ] {
            assert!(called_party(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn su4_telephone_numbers_are_passed_over() {
        let ids = [&b"TEL:+1"[..], b"tel:+2", b"sip:a@b", b"sip:c@d"];
        assert_eq!(first_routable(ids), Some(&b"sip:a@b"[..]));
        assert_eq!(first_routable([&b"tel:+1"[..]]), None);
    }

    #[test]
    fn the_header_is_a_line() {
        assert_eq!(asserted_header(b"sip:a@b").unwrap(), b"P-Asserted-Identity: <sip:a@b>\r\n");
    }
}
