//! Header fields in the raw text of a message, for texts that the core does not parse.

/// Names that have a compact form, of RFC 3261 section 7.3.3 and its extensions.
const COMPACT: [(&[u8], u8); 15] = [
    (b"allow-events", b'u'),
    (b"call-id", b'i'),
    (b"contact", b'm'),
    (b"content-encoding", b'e'),
    (b"content-length", b'l'),
    (b"content-type", b'c'),
    (b"event", b'o'),
    (b"from", b'f'),
    (b"refer-to", b'r'),
    (b"referred-by", b'b'),
    (b"session-expires", b'x'),
    (b"subject", b's'),
    (b"supported", b'k'),
    (b"to", b't'),
    (b"via", b'v'),
];

/// Whether a header called `found` is the one that RFCs call `name`.
#[inline]
pub(super) fn same_name(found: &[u8], name: &[u8]) -> bool {
    // Nearly all are others, of another length.
    let (len, wanted) = (found.len(), name.len());
    if len < wanted && len != 1 {
        return false;
    }
    match found {
        [_] => is_variant(found, name),
        [.., last] if *last <= b' ' => is_variant(found, name),
        _ => len == wanted && found.eq_ignore_ascii_case(name),
    }
}

/// As [`same_name`], for compact forms and for names with white space behind them.
fn is_variant(found: &[u8], name: &[u8]) -> bool {
    let found = match found {
        [.., last] if last.is_ascii_whitespace() => found.trim_ascii_end(),
        _ => found,
    };
    if let [letter] = found {
        let letter = letter.to_ascii_lowercase();
        let compact = COMPACT.iter().find(|(_, compact)| *compact == letter);
        return name.eq_ignore_ascii_case(compact.map_or(found, |(full, _)| *full));
    }
    found.eq_ignore_ascii_case(name)
}

/// The value of the first header called `name` in `message`, a message as it is on the wire.
///
/// White space around the value is left out; a value that is folded over several lines keeps its
/// line ends.
pub fn header_of<'m>(message: &'m [u8], name: &[u8]) -> Option<&'m [u8]> {
    let (_, mut rest) = line(message);
    loop {
        let (field, after) = field(rest);
        if field.trim_ascii().is_empty() {
            return None;
        }
        if let Some(value) = value_of(field, name) {
            return Some(value);
        }
        rest = after;
    }
}

/// The value of `field`, a whole header field, if it is called `name`.
pub(crate) fn value_of<'m>(field: &'m [u8], name: &[u8]) -> Option<&'m [u8]> {
    let colon = field.iter().position(|&byte| byte == b':')?;
    let (found, value) = field.split_at_checked(colon)?;
    same_name(found, name).then(|| value.get(1..).unwrap_or_default().trim_ascii())
}

/// Splits after the first line end.
fn line(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|&byte| byte == b'\n').map_or(text.len(), |end| end + 1);
    text.split_at_checked(end).unwrap_or((text, &[]))
}

/// Splits after the first line and those that continue it.
fn field(text: &[u8]) -> (&[u8], &[u8]) {
    let (_, mut rest) = line(text);
    // The empty line before the body is continued by nothing.
    let empty = text.starts_with(b"\r\n") || text.starts_with(b"\n");
    while !empty && matches!(rest.first(), Some(b' ' | b'\t')) {
        (_, rest) = line(rest);
    }
    text.split_at_checked(text.len() - rest.len()).unwrap_or((text, &[]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &[u8] = b"NOTIFY sip:a@h SIP/2.0\r\n\
        t: <sip:b@h>;tag=1\r\n\
        CALL-ID :  x@y  \r\n\
        Subject: one\r\n two\r\n\
        Empty:\r\n\
        \r\n\
        Event: not a header\r\n";

    #[test]
    fn a_header_is_found_in_any_case_and_in_compact_form() {
        assert_eq!(header_of(REQUEST, b"To"), Some(&b"<sip:b@h>;tag=1"[..]));
        assert_eq!(header_of(REQUEST, b"call-id"), Some(&b"x@y"[..]));
        assert_eq!(header_of(REQUEST, b"Empty"), Some(&b""[..]));
    }

    #[test]
    fn a_folded_value_is_one_value() {
        assert_eq!(header_of(REQUEST, b"Subject"), Some(&b"one\r\n two"[..]));
    }

    #[test]
    fn the_body_and_the_first_line_hold_no_headers() {
        assert_eq!(header_of(REQUEST, b"Event"), None);
        assert_eq!(header_of(REQUEST, b"NOTIFY sip"), None);
    }

    #[test]
    fn text_that_is_no_message_has_no_headers() {
        for text in [&b""[..], b"\n", b"x", b"x\r\ny", b"\r\n\r\nTo: z", b"To: z"] {
            assert_eq!(header_of(text, b"To"), None, "{text:?}");
        }
    }

    #[test]
    fn a_line_that_is_no_header_hides_none() {
        assert_eq!(header_of(b"x\r\nbroken\r\nTo: z", b"To"), Some(&b"z"[..]));
    }

    #[test]
    fn a_compact_name_stands_for_one_name_only() {
        assert!(same_name(b"M", b"Contact"));
        assert!(!same_name(b"m", b"m"));
        assert!(!same_name(b"Contact", b"m"));
        assert!(same_name(b"z", b"Z"));
    }
}
