//! The `Contact` of most telephones, read without the parser of the core, which takes memory for the
//! header, the address and each parameter.

use super::Binding;
use pcscf_core::scan::{self, Bytes};

/// The address in `body`, the value of a header, if it is one that no parser could take for something
/// else: `<uri>` and parameters without blanks, each of which has no value, a plain word or a quoted
/// text. Of anything else nothing is said.
pub(super) fn read(body: &[u8]) -> Option<Binding<'_>> {
    let (uri, mut rest) = match body {
        [b'<', uri @ .., b'>'] => (uri, &b""[..]),
        [b'<', rest @ ..] => scan::cut(rest, b'>')?,
        _ => return None,
    };
    if uri.is_empty() || scan::has_unfit_or_quote(uri) {
        return None;
    }
    let mut binding = Binding { uri, expires: None, instance: None, reg_id: None };
    while let [b';', parameter @ ..] = rest {
        let (name, value, behind) = split(parameter)?;
        let value = Some(value).filter(|value| !value.is_empty());
        // The last one of a name counts.
        match name.len() {
            6 if name.eq_ignore_ascii_case(b"reg-id") => binding.reg_id = value,
            7 if name.eq_ignore_ascii_case(b"expires") => binding.expires = value,
            13 if name.eq_ignore_ascii_case(b"+sip.instance") => binding.instance = value,
            _ => {}
        }
        rest = behind;
    }
    rest.is_empty().then_some(binding)
}

/// The name and the value of the first of some parameters, and what stands behind it.
fn split(parameters: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    static NAME: Bytes = Bytes::alphanumeric(b"-._+");
    static WORD: Bytes = Bytes::alphanumeric(b"-._+/:%*");
    let (name, behind) = word(parameters, &NAME)?;
    let (value, behind) = match behind {
        [b'=', b'"', quoted @ ..] => scan::cut(quoted, b'"').filter(|(text, _)| is_simple(text))?,
        [b'=', value @ ..] => word(value, &WORD)?,
        _ => (&b""[..], behind),
    };
    Some((name, value, behind))
}

/// The bytes of `set` that `text` begins with, at least one, and what stands behind them.
fn word<'t>(text: &'t [u8], set: &Bytes) -> Option<(&'t [u8], &'t [u8])> {
    let end = text.iter().position(|byte| !set.has(*byte)).unwrap_or(text.len());
    text.split_at_checked(end).filter(|(word, _)| !word.is_empty())
}

/// Whether a quoted text is all on one line and hides nothing.
fn is_simple(quoted: &[u8]) -> bool {
    quoted.iter().all(|byte| *byte != b'\\' && !byte.is_ascii_control())
}
