//! Lists of URIs in angle brackets: Service-Route, Route, Path and P-Associated-URI headers, the
//! text of such lists in the database, and the Route header that is made of one.

use crate::scan::{self, Open, Pieces};
use bstr::{BString, ByteSlice};
use std::collections::TryReserveError;

/// The most URIs that one list may have.
pub const MAX: usize = 255;

/// Why header bodies are not a list of URIs in angle brackets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRoutes {
    /// A quote or bracket is left open.
    #[error(transparent)]
    Open(#[from] Open),
    /// An element has no `<...>`, or something else than a display name before it.
    #[error("{0:?} must be [name] <uri>[;parameters]")]
    NotNameAddr(BString),
    /// What stands in the brackets is no URI.
    #[error("<{0}> is not a uri")]
    NotUri(BString),
    /// More URIs than [`MAX`].
    #[error("more than {MAX} uris")]
    TooMany,
}

/// The URIs of the given header bodies in their order, without brackets, with the parameters that
/// stand inside of them. Display names and parameters behind the brackets are left out, empty
/// elements skipped (RFC 3261 7.3.1: several headers are one list).
///
/// # Errors
///
/// The first element that is none; nothing of the list is to be used then.
pub fn parse<'h>(bodies: impl IntoIterator<Item = &'h [u8]>) -> Result<Vec<&'h [u8]>, BadRoutes> {
    let mut uris = Vec::new();
    bodies.into_iter().try_for_each(|body| add(&mut uris, body))?;
    Ok(uris)
}

/// Adds the URIs of one more header to those of [`parse`].
///
/// # Errors
///
/// As for [`parse`].
pub fn add<'h>(uris: &mut Vec<&'h [u8]>, body: &'h [u8]) -> Result<(), BadRoutes> {
    let mut add = |uri: Result<&'h [u8], BadRoutes>| {
        if uris.len() == MAX {
            return Err(BadRoutes::TooMany);
        }
        uris.push(uri?);
        Ok(())
    };
    let mut rest = body;
    while let Some((uri, behind)) = bare(rest) {
        add(checked(uri))?;
        rest = behind;
    }
    for element in Pieces::new(rest, b',') {
        let element = element?;
        if !element.is_empty() {
            add(uri(element))?;
        }
    }
    Ok(())
}

/// What stands between the brackets of the first element of `list`, and the list behind it, if it
/// is nothing but brackets, as nearly all are.
fn bare(list: &[u8]) -> Option<(&[u8], &[u8])> {
    let (uri, behind) = scan::cut(scan::trim_start(list).strip_prefix(b"<")?, b'>')?;
    match scan::trim_start(behind) {
        [] => Some((uri, b"")),
        [b',', more @ ..] => Some((uri, more)),
        _ => None,
    }
}

/// `uri`, if it is one.
fn checked(uri: &[u8]) -> Result<&[u8], BadRoutes> {
    if scan::is_uri_or_quotes(uri) { Ok(uri) } else { Err(BadRoutes::NotUri(scan::shown(uri))) }
}

/// The URI of one element.
fn uri(element: &[u8]) -> Result<&[u8], BadRoutes> {
    let not_name_addr = || BadRoutes::NotNameAddr(scan::shown(element));
    // A `<` inside of a quoted display name is none.
    let start = if element.starts_with(b"\"") {
        scan::find(element, b'<')?
    } else {
        element.find_byte(b'<')
    };
    let (name, rest) =
        start.and_then(|start| element.split_at_checked(start)).ok_or_else(not_name_addr)?;
    let (uri, after) = rest.get(1..).and_then(|rest| scan::cut(rest, b'>')).ok_or(Open::Bracket)?;
    let after = scan::trim(after);
    if !is_display_name(scan::trim(name)) || !(after.is_empty() || after.starts_with(b";")) {
        return Err(not_name_addr());
    }
    checked(uri)
}

/// Tokens with blanks between them, or one quoted string.
fn is_display_name(name: &[u8]) -> bool {
    let quoted = |inner: &[u8]| {
        let mut hidden = false;
        let closed_early = inner.iter().any(|&byte| {
            let ends = byte == b'"' && !hidden;
            hidden = byte == b'\\' && !hidden;
            ends
        });
        !closed_early && !hidden
    };
    match name {
        [b'"', inner @ .., b'"'] => quoted(inner),
        _ => !name.iter().any(|byte| b"\"<>;,:@".contains(byte)),
    }
}

/// Whether two lists have the same URIs, byte by byte, in the same order.
pub fn same(one: &[impl AsRef<[u8]>], other: &[impl AsRef<[u8]>]) -> bool {
    let pairs = one.iter().zip(other);
    one.len() == other.len() && pairs.into_iter().all(|(a, b)| a.as_ref() == b.as_ref())
}

/// The text of a list for the database: `<a><b>`.
///
/// # Errors
///
/// Out of memory.
pub fn encode(
    uris: impl IntoIterator<Item: AsRef<[u8]>, IntoIter: Clone>,
) -> Result<Vec<u8>, TryReserveError> {
    joined(b"", uris, b"", b"")
}

/// The URIs of a database text. Whatever other program wrote it: only what stands between a `<`
/// and the next `>`, with no `<` between, is one.
pub fn decode(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'>')
        .rev()
        .skip(1) // behind the last `>` nothing is closed
        .filter_map(|piece| {
            piece.rsplit(|byte| *byte == b'<').next().filter(|_| piece.contains(&b'<'))
        })
        .filter(|uri| !uri.is_empty())
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
}

/// The Route header of a list, with its line end: `Route: <a>, <b>`.
///
/// # Errors
///
/// Out of memory.
pub fn route_header(
    uris: impl IntoIterator<Item: AsRef<[u8]>, IntoIter: Clone>,
) -> Result<Vec<u8>, TryReserveError> {
    joined(b"Route: ", uris, b", ", b"\r\n")
}

fn joined(
    before: &[u8],
    uris: impl IntoIterator<Item: AsRef<[u8]>, IntoIter: Clone>,
    between: &[u8],
    after: &[u8],
) -> Result<Vec<u8>, TryReserveError> {
    let each = between.len().saturating_add(2);
    let uris = uris.into_iter();
    let size = uris.clone().fold(before.len().saturating_add(after.len()), |sum, uri| {
        sum.saturating_add(uri.as_ref().len()).saturating_add(each)
    });
    let mut text = Vec::new();
    text.try_reserve_exact(size)?;
    text.extend_from_slice(before);
    for (at, uri) in uris.enumerate() {
        if at > 0 {
            text.extend_from_slice(between);
        }
        text.push(b'<');
        text.extend_from_slice(uri.as_ref());
        text.push(b'>');
    }
    text.extend_from_slice(after);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::{BadRoutes, MAX, Open, decode, encode, parse, route_header, same};
    use proptest::{collection::vec, prelude::*, sample};

    fn read<'t>(bodies: &[&'t str]) -> Result<Vec<&'t str>, BadRoutes> {
        let uris = parse(bodies.iter().map(|body| body.as_bytes()))?;
        Ok(uris.into_iter().map(|uri| std::str::from_utf8(uri).unwrap()).collect())
    }

    #[test]
    fn p18_uris_of_all_headers_come_in_order() {
        assert_eq!(
            read(&["<sip:sr1@h:1;lr>, <sip:sr2@h:2;lr>;x=\"a,<b>\"", "\"A, <x>\" <sip:sr3@h;lr>"]),
            Ok(vec!["sip:sr1@h:1;lr", "sip:sr2@h:2;lr", "sip:sr3@h;lr"])
        );
        assert_eq!(
            read(&["Alice Smith <sip:a@b>,", " \r\n <tel:+1>"]),
            Ok(vec!["sip:a@b", "tel:+1"])
        );
        assert_eq!(read(&[]), Ok(vec![]));
        assert_eq!(read(&["", " , "]), Ok(vec![]));
    }

    #[test]
    fn p19_p20_garbage_is_refused_as_a_whole() {
        for body in [
            "garbage",
            "sip:a@b",
            "<>",
            "<garbage>",
            "<sip:>",
            "<sip:a b>",
            "<sip:a@b> x",
            "<sip:a@b>, garbage",
            "sip:x <sip:a@b>",
            "\"A\" x\" <sip:a@b>",
            "<<sip:a@b>",
            "<sip:a@b>>",
            "*",
        ] {
            assert!(read(&[body]).is_err(), "{body}");
        }
        assert_eq!(read(&["<sip:a@b"]), Err(Open::Bracket.into()));
        assert_eq!(read(&["\"A <sip:a@b>"]), Err(Open::Quote.into()));
    }

    #[test]
    fn bare_elements_are_what_they_are_behind_one_with_a_name() {
        let pieces = "<|>|sip:a|,| |\r\n |;|x|\"|:|<sip:b>|<tel:1>,|<sip:c> , |<>,|\t<a,b:>";
        let pieces = sample::select(pieces.split('|').collect::<Vec<_>>());
        proptest!(ProptestConfig::with_cases(4000), |(list in vec(pieces, 0..8))| {
            let list = list.concat();
            let behind = format!("name <sip:first>,{list}");
            let expected = read(&[&list]).map(|uris| [vec!["sip:first"], uris].concat());
            prop_assert_eq!(read(&[&behind]), expected, "{}", list);
        });
    }

    #[test]
    fn sr8_a_list_has_an_end() {
        let header = vec!["<sip:a@b>"; 4096].join(",");
        assert_eq!(read(&[&header]), Err(BadRoutes::TooMany));
        let long = format!("<sip:a@{}>", "b".repeat(30_000));
        assert_eq!(read(&[&long]).unwrap()[0].len(), 30_006);
        assert_eq!(read(&vec!["<sip:a@b>"; MAX]).unwrap().len(), MAX);
    }

    #[test]
    fn sr5_lists_are_compared_byte_by_byte() {
        assert!(same(&["sip:a@b", "sip:c@d"], &["sip:a@b", "sip:c@d"]));
        assert!(!same(&["sip:a@b"], &["sip:A@b"]));
        assert!(!same(&["sip:a@b"], &["sip:a@b", "sip:c@d"]));
        assert!(!same(&["sip:c@d", "sip:a@b"], &["sip:a@b", "sip:c@d"]));
    }

    #[test]
    fn u26_any_database_text_is_read() {
        for (text, expected) in [
            ("<sip:a@b><tel:+1>", &["sip:a@b", "tel:+1"][..]),
            ("<<<a>b>", &["a"]),
            ("", &[]),
            ("a", &[]),
            ("<>", &[]),
            ("<a", &[]),
            ("><a><", &["a"]),
            ("<a>, <b>", &["a", "b"]),
        ] {
            let uris: Vec<_> = decode(text.as_bytes()).collect();
            let expected: Vec<_> = expected.iter().map(|uri| uri.as_bytes()).collect();
            assert_eq!(uris, expected, "{text}");
        }
    }

    #[test]
    fn texts_are_as_captured() {
        let uris = ["sip:sr1@h:1;lr", "sip:sr2@h:2;lr"];
        assert_eq!(encode(&uris).unwrap(), b"<sip:sr1@h:1;lr><sip:sr2@h:2;lr>");
        assert_eq!(route_header(&uris).unwrap(), b"Route: <sip:sr1@h:1;lr>, <sip:sr2@h:2;lr>\r\n");
    }
}
