//! Text of any bytes inside of a document.

use std::collections::TryReserveError;

/// Where a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Between the quotes of an attribute, where line breaks would become blanks.
    Attribute,
    /// Between tags.
    Element,
}

/// Appends `bytes`.
pub(crate) fn push(text: &mut Vec<u8>, bytes: &[u8]) -> Result<(), TryReserveError> {
    text.try_reserve(bytes.len())?;
    text.extend_from_slice(bytes);
    Ok(())
}

/// Appends `bytes` so that they are read back as they are. What XML cannot hold at all, control
/// bytes and what is not UTF-8, is written as in a URI: `%01`.
pub(crate) fn push_text(
    text: &mut Vec<u8>,
    bytes: &[u8],
    place: Place,
) -> Result<(), TryReserveError> {
    for chunk in bytes.utf8_chunks() {
        push_valid(text, chunk.valid(), place)?;
        push_hex(text, chunk.invalid())?;
    }
    Ok(())
}

fn push_valid(text: &mut Vec<u8>, valid: &str, place: Place) -> Result<(), TryReserveError> {
    // Runs of plain characters are copied at once.
    let special = |c: char| written(c, place).is_some() || !is_legal(c);
    let mut rest = valid;
    while let Some(at) = rest.find(special) {
        let (plain, from) = rest.split_at(at);
        push(text, plain.as_bytes())?;
        let Some(c) = from.chars().next() else { break };
        match written(c, place) {
            Some(reference) => push(text, reference.as_bytes())?,
            None => push_hex(text, c.encode_utf8(&mut [0; 4]).as_bytes())?,
        }
        rest = from.get(c.len_utf8()..).unwrap_or_default();
    }
    push(text, rest.as_bytes())
}

fn push_hex(text: &mut Vec<u8>, bytes: &[u8]) -> Result<(), TryReserveError> {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |half: u8| DIGITS.get(usize::from(half)).copied().unwrap_or(b'0');
    for byte in bytes {
        push(text, &[b'%', digit(byte >> 4), digit(byte & 15)])?;
    }
    Ok(())
}

/// How a character is written, if not as itself.
fn written(c: char, place: Place) -> Option<&'static str> {
    Some(match (c, place) {
        ('&', _) => "&amp;",
        ('<', _) => "&lt;",
        ('>', _) => "&gt;",
        ('\r', _) => "&#13;",
        ('"', Place::Attribute) => "&quot;",
        ('\t', Place::Attribute) => "&#9;",
        ('\n', Place::Attribute) => "&#10;",
        _ => return None,
    })
}

/// XML 1.0, production 2.
fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::{Place, push_text};

    fn escaped(bytes: &[u8], place: Place) -> String {
        let mut text = Vec::new();
        push_text(&mut text, bytes, place).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn markup_is_escaped() {
        let text = b"sip:a&b@c;x=\"<y>\"\r\n\t";
        assert_eq!(
            escaped(text, Place::Attribute),
            "sip:a&amp;b@c;x=&quot;&lt;y&gt;&quot;&#13;&#10;&#9;"
        );
        assert_eq!(escaped(text, Place::Element), "sip:a&amp;b@c;x=\"&lt;y&gt;\"&#13;\n\t");
    }

    #[test]
    fn what_xml_cannot_hold_is_written_as_in_a_uri() {
        assert_eq!(escaped(b"a\x00\x1f\xff\xc3b", Place::Element), "a%00%1F%FF%C3b");
        assert_eq!(escaped("\u{FFFE}\u{FFFD}".as_bytes(), Place::Element), "%EF%BF%BE\u{FFFD}");
        assert_eq!(escaped("J\u{FC}rgen".as_bytes(), Place::Attribute), "J\u{FC}rgen");
    }
}
