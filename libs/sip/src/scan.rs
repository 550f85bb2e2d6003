//! Splitting header bodies: lists and parameters outside of quotes and angle brackets, in one pass.

use bstr::ByteSlice;
use std::borrow::Cow;

/// A quoted string or a `<` that is never closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Open {
    /// A quote has no partner.
    #[error("a quoted string has no end")]
    Quote,
    /// A `<` has no `>`.
    #[error("a '<' has no '>'")]
    Bracket,
}

/// The pieces of a text between the separators that stand outside of quotes and of `<...>`,
/// without the blanks around them. Ends after the first error.
#[derive(Clone, Debug)]
pub struct Pieces<'t> {
    rest: Option<&'t [u8]>,
    separator: u8,
}

impl<'t> Pieces<'t> {
    /// The pieces of `text`.
    pub fn new(text: &'t [u8], separator: u8) -> Self {
        Self { rest: Some(text), separator }
    }
}

impl<'t> Iterator for Pieces<'t> {
    type Item = Result<&'t [u8], Open>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest.take()?;
        let end = match find(text, self.separator) {
            Ok(Some(end)) => end,
            Ok(None) => return Some(Ok(trim(text))),
            Err(open) => return Some(Err(open)),
        };
        let (piece, rest) = text.split_at_checked(end)?;
        self.rest = rest.get(1..);
        Some(Ok(trim(piece)))
    }
}

/// Place of the first `wanted` outside of quotes and of `<...>`.
///
/// # Errors
///
/// A quote or bracket before it that is never closed.
pub fn find(text: &[u8], wanted: u8) -> Result<Option<usize>, Open> {
    let mut start = 0;
    while let Some(rest) = text.get(start..)
        && let Some((before, [met, inner @ ..])) =
            rest.find_byteset([wanted, b'"', b'<']).and_then(|at| rest.split_at_checked(at))
    {
        let at = start + before.len();
        let inside = match met {
            met if *met == wanted => return Ok(Some(at)),
            b'"' => end_of_quote(inner).ok_or(Open::Quote)?,
            _ => inner.find_byte(b'>').ok_or(Open::Bracket)?,
        };
        // Behind the byte that opened, what stands inside, and the byte that closed.
        start = at + inside + 2;
    }
    Ok(None)
}

/// Place of the quote that ends a quoted string, of which `inner` is the rest.
fn end_of_quote(inner: &[u8]) -> Option<usize> {
    let mut hidden = false;
    inner.iter().position(|&byte| {
        let ends = byte == b'"' && !hidden;
        hidden = byte == b'\\' && !hidden;
        ends
    })
}

/// `text` without linear white space at its ends; folded lines count as blanks.
pub fn trim(text: &[u8]) -> &[u8] {
    let text = trim_start(text);
    let end = text.iter().rposition(|byte| !is_blank(*byte)).map_or(0, |last| last + 1);
    text.get(..end).unwrap_or(b"")
}

/// As [`trim`], at the beginning only.
pub fn trim_start(mut text: &[u8]) -> &[u8] {
    while let [byte, rest @ ..] = text
        && is_blank(*byte)
    {
        text = rest;
    }
    text
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// `text` as one line: each line end with the blanks around it is one blank (RFC 3261 7.3.1).
pub fn unfolded(text: &[u8]) -> Cow<'_, [u8]> {
    let ends = |byte: &u8| matches!(byte, b'\r' | b'\n');
    if !text.iter().any(ends) {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    for line in text.split(ends).map(trim).filter(|line| !line.is_empty()) {
        if !out.is_empty() {
            out.push(b' ');
        }
        out.extend_from_slice(line);
    }
    Cow::Owned(out)
}

/// The texts before and after the first `byte`.
pub fn cut(text: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let (before, after) = text.split_at_checked(text.find_byte(byte)?)?;
    Some((before, after.get(1..)?))
}

/// A set of bytes, asked faster than a list of comparisons.
#[derive(Debug)]
pub struct Bytes([bool; 256]);

impl Bytes {
    /// Letters, digits and each byte of `more`.
    pub const fn alphanumeric(more: &[u8]) -> Self {
        Self::with(true, more)
    }

    /// As [`Bytes::alphanumeric`], without letters in upper case.
    pub const fn lowercase(more: &[u8]) -> Self {
        Self::with(false, more)
    }

    const fn with(uppercase: bool, more: &[u8]) -> Self {
        let mut set = [false; 256];
        let (mut rest, mut byte): (&mut [bool], u8) = (&mut set, 0);
        while let [has, others @ ..] = rest {
            let fits = byte.is_ascii_alphanumeric() && (uppercase || !byte.is_ascii_uppercase());
            *has = fits || contains(more, byte);
            byte = byte.wrapping_add(1);
            rest = others;
        }
        Self(set)
    }

    /// Whether `byte` is one of them.
    #[inline]
    pub fn has(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte)).is_some_and(|has| *has)
    }
}

const fn contains(text: &[u8], byte: u8) -> bool {
    let mut left = text;
    while let [one, rest @ ..] = left {
        if *one == byte {
            return true;
        }
        left = rest;
    }
    false
}

/// The text before the first of `ends`, or all of it.
pub fn until<'t>(text: &'t [u8], ends: &[u8]) -> &'t [u8] {
    let at = text.iter().position(|byte| ends.contains(byte)).unwrap_or(text.len());
    text.get(..at).unwrap_or(text)
}

/// The value of a decimal digit.
#[inline]
pub fn digit(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte.wrapping_sub(b'0'))
}

/// The number that all of `text` writes; `None` without digits, with anything else, or above
/// `u64::MAX`.
pub fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter()
        .try_fold(0_u64, |sum, byte| sum.checked_mul(10)?.checked_add(u64::from(digit(*byte)?)))
}

/// A port of 1 to 65535.
pub fn port(text: &[u8]) -> Option<u16> {
    number(text).and_then(|port| u16::try_from(port).ok()).filter(|port| *port != 0)
}

/// Whether `text` has neither blanks nor control bytes, so that it stays one word of the message it
/// is copied into.
pub fn is_word(text: &[u8]) -> bool {
    // Without a way out in the middle, so that many bytes are looked at in one step.
    !text.iter().fold(false, |bad, byte| bad | byte.is_ascii_control() | (*byte == b' '))
}

/// Whether `text` has a blank, a control byte, a `<` or a `>`, which no URI has.
pub fn has_unfit(text: &[u8]) -> bool {
    has_any(text, unfit_of_block)
}

/// As [`has_unfit`], or a `"`, which would begin a quoted text.
pub fn has_unfit_or_quote(text: &[u8]) -> bool {
    has_any(text, |block| unfit_of_block(block) | equal_of_block(block, b'"'))
}

/// Whether `of_block` says something else than 0 of any eight bytes of `text`.
#[inline]
fn has_any(text: &[u8], of_block: impl Fn(u64) -> u64) -> bool {
    let any = |block: &[u8; BLOCK]| of_block(u64::from_ne_bytes(*block));
    let found = match text.last_chunk() {
        // The last block may overlap the one before: that costs less than single bytes.
        Some(last) => text.as_chunks().0.iter().fold(any(last), |found, block| found | any(block)),
        None => {
            let mut block = [b'a'; BLOCK];
            block.iter_mut().zip(text).for_each(|(to, byte)| *to = *byte);
            any(&block)
        }
    };
    found != 0
}

/// Bytes that are looked at in one go.
const BLOCK: usize = 8;

const fn eight(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; BLOCK])
}

/// The high bits of bytes of `block`, not 0 if one of the eight is below `limit`: subtracting borrows
/// from the high bit of a byte, unless that had it before; a borrow from the next byte only comes
/// after one was found.
const fn below_of_block(block: u64, limit: u8) -> u64 {
    block.wrapping_sub(eight(limit)) & !block & eight(0x80)
}

/// Not 0 if one of the eight bytes of `block` is `byte`.
const fn equal_of_block(block: u64, byte: u8) -> u64 {
    below_of_block(block ^ eight(byte), 1)
}

/// Not 0 if one of the eight bytes of `block` is unfit.
const fn unfit_of_block(block: u64) -> u64 {
    // The two brackets differ in one bit.
    let bracket = equal_of_block(block | eight(b'<' ^ b'>'), b'<' | b'>');
    below_of_block(block, b' ' + 1) | equal_of_block(block, 0x7f) | bracket
}

/// Whether a URI may stand between `<` and `>`: a scheme, something behind it, and nothing that
/// ends the brackets or the line.
pub fn is_uri(text: &[u8]) -> bool {
    !has_unfit_or_quote(text) && has_scheme(text)
}

/// As [`is_uri`], or one with quoted texts (`;received="sip:..."`), as the parsers of the core take it.
/// Most have none, which one look at the text shows.
pub fn is_uri_or_quotes(text: &[u8]) -> bool {
    is_uri(text) || (has_scheme(text) && !has_unfit(text) && closes_quotes(text))
}

/// Whether every quoted text of `text` has its end.
pub fn closes_quotes(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some((_, quoted)) = cut(rest, b'"') {
        let behind = end_of_quote(quoted).and_then(|end| quoted.get(end..)?.get(1..));
        let Some(behind) = behind else { return false };
        rest = behind;
    }
    true
}

/// Whether `text` begins with a scheme and goes on behind it.
fn has_scheme(text: &[u8]) -> bool {
    static SCHEME: Bytes = Bytes::alphanumeric(b"+-.");
    let scheme = text.iter().position(|byte| !SCHEME.has(*byte));
    let behind = scheme.and_then(|end| text.get(end..));
    text.first().is_some_and(u8::is_ascii_alphabetic) && matches!(behind, Some([b':', _, ..]))
}

/// Up to 80 bytes of foreign text for a log line.
pub fn shown(text: &[u8]) -> bstr::BString {
    const MOST: usize = 80;
    let mut shown = bstr::BString::from(text.get(..MOST).unwrap_or(text));
    if text.len() > MOST {
        shown.extend_from_slice(b"...");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{Open, Pieces, is_uri, is_uri_or_quotes, number, port, trim, unfolded};

    fn pieces(text: &str) -> Result<Vec<&str>, Open> {
        let read = |piece| std::str::from_utf8(piece).unwrap();
        Pieces::new(text.as_bytes(), b',').map(|piece| piece.map(read)).collect()
    }

    #[test]
    fn separators_in_quotes_and_brackets_do_not_split() {
        for (text, expected) in [
            ("a, b ,c", &["a", "b", "c"][..]),
            ("<a,b>;x=\"y,z\",c", &["<a,b>;x=\"y,z\"", "c"]),
            ("\"a\\\",\" <b>, c", &["\"a\\\",\" <b>", "c"]),
            ("\"a\\\\\",b", &["\"a\\\\\"", "b"]),
            ("<a\",b>,c", &["<a\",b>", "c"]),
            ("", &[""]),
            (",", &["", ""]),
        ] {
            assert_eq!(pieces(text), Ok(expected.to_vec()), "{text}");
        }
        assert_eq!(pieces("a,\"b,c"), Err(Open::Quote));
        assert_eq!(pieces("a,<b,c"), Err(Open::Bracket));
    }

    #[test]
    fn blanks_of_folded_lines_are_trimmed() {
        assert_eq!(trim(b" \t\r\n a b\r\n "), b"a b");
        assert_eq!(trim(b" \r\n "), b"");
    }

    #[test]
    fn folded_lines_become_one() {
        for (text, line) in
            [("a, b", "a, b"), ("a,\r\n\t b", "a, b"), (" a\n b \r\n\r\n c", "a b c"), ("\r\n", "")]
        {
            assert_eq!(&*unfolded(text.as_bytes()), line.as_bytes(), "{text:?}");
        }
    }

    #[test]
    fn numbers_and_ports_are_digits_only() {
        assert_eq!(number(b"18446744073709551615"), Some(u64::MAX));
        for text in ["", "18446744073709551616", "-1", "+1", "1 ", "0x1"] {
            assert_eq!(number(text.as_bytes()), None, "{text}");
        }
        assert_eq!(port(b"065535"), Some(65535));
        for text in ["", "0", "65536", "1x"] {
            assert_eq!(port(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn what_no_uri_has_is_seen_wherever_it_stands() {
        for len in 1..50 {
            let plain = vec![b'a'; len];
            assert!(!super::has_unfit(&plain));
            for at in 0..len {
                for (byte, unfit) in
                    [(0, true), (b' ', true), (0x7f, true), (b'<', true), (b'>', true)]
                        .into_iter()
                        .chain([b'!', b';', b'=', b'?', b'~', 0x80, 0xff].map(|byte| (byte, false)))
                {
                    let mut text = plain.clone();
                    text[at] = byte;
                    assert_eq!(super::has_unfit(&text), unfit, "{byte} at {at} of {len}");
                    assert_eq!(super::has_unfit_or_quote(&text), unfit, "{byte} at {at} of {len}");
                    text[at] = b'"';
                    assert!(!super::has_unfit(&text), "quote at {at} of {len}");
                    assert!(super::has_unfit_or_quote(&text), "quote at {at} of {len}");
                }
            }
        }
    }

    #[test]
    fn a_uri_has_a_scheme_and_nothing_that_ends_its_brackets() {
        for text in ["sip:a@b", "tel:+1", "urn:service:sos", "x-y.z+1:a"] {
            assert!(is_uri(text.as_bytes()), "{text}");
        }
        for text in ["", ":", "sip:", "1:a", "a", "sip:a b", "sip:a>", "sip:a\r\nX: y", "a b:c"] {
            assert!(!is_uri(text.as_bytes()), "{text}");
        }
        for text in ["sip:a@b;x=\"c\"", "sip:a@b;x=\"c\\\"\";y=\"\""] {
            assert!(!is_uri(text.as_bytes()) && is_uri_or_quotes(text.as_bytes()), "{text}");
        }
        for text in
            ["sip:a@b;x=\"c", "sip:a@b;x=\"c\\\"", "sip:a@b;x=\"c d\"", "\"a\":b", "sip:a\""]
        {
            assert!(!is_uri_or_quotes(text.as_bytes()), "{text}");
        }
    }
}
