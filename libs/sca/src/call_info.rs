//! The Call-Info header of shared lines: what phones send, and what NOTIFYs say.

use crate::uri::{cut, number, until};
use crate::{Appearance, State, aor};
use bstr::{BStr, BString};

/// A Call-Info body that a phone sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallInfo {
    /// `appearance-index`: 0 to 4294967295, 0 also for an empty value.
    pub index: u32,
    /// `appearance-state`, when it is given.
    pub state: Option<State>,
}

impl CallInfo {
    /// Reads the body of one Call-Info header.
    ///
    /// The grammar is positional and knows no blanks, no other case and no other parameters:
    /// `<sip:…>;appearance-index=N[;appearance-state=STATE[;appearance-uri=…]]`.
    /// The URI inside the brackets has no `;`; the appearance-uri is not looked at.
    ///
    /// # Errors
    ///
    /// The first part that does not fit.
    pub fn parse(body: &[u8]) -> Result<Self, BadCallInfo> {
        let rest = body.strip_prefix(b"<sip:").ok_or(BadCallInfo::Start)?;
        let (uri, rest) = cut(rest, b';').ok_or(BadCallInfo::Start)?;
        if !uri.ends_with(b">") {
            return Err(BadCallInfo::Start);
        }
        let (index, rest) = parameter(rest, b"appearance-index=").ok_or(BadCallInfo::NoIndex)?;
        let index = number(index).ok_or_else(|| BadCallInfo::Index(BString::from(index)))?;
        let Some(rest) = rest else { return Ok(Self { index, state: None }) };

        let (name, rest) = parameter(rest, b"appearance-state=").ok_or(BadCallInfo::NoState)?;
        let state = State::parse(name).ok_or_else(|| BadCallInfo::State(BString::from(name)))?;
        match rest.map(|rest| rest.strip_prefix(b"appearance-uri=")) {
            None | Some(Some([_, ..])) => Ok(Self { index, state: Some(state) }),
            Some(_) => Err(BadCallInfo::Uri),
        }
    }

    /// Whether it says nothing: index 0 and no state. Such a header takes part in no call.
    pub fn is_empty(&self) -> bool {
        self.index == 0 && self.state.is_none()
    }
}

/// Value and following parameters, when `text` starts with `name`.
fn parameter<'t>(text: &'t [u8], name: &[u8]) -> Option<(&'t [u8], Option<&'t [u8]>)> {
    let rest = text.strip_prefix(name)?;
    Some(cut(rest, b';').map_or((rest, None), |(value, rest)| (value, Some(rest))))
}

/// Why a Call-Info body is not one of a shared line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCallInfo {
    /// No `<sip:…>;` at the start.
    #[error("call-info does not start with <sip:...>;")]
    Start,
    /// No `appearance-index=` next.
    #[error("call-info has no appearance-index after its uri")]
    NoIndex,
    /// The index is not a number of 32 bits.
    #[error("appearance-index is {0:?}, must be 0 to 4294967295")]
    Index(BString),
    /// Something else than `appearance-state=` follows the index.
    #[error("call-info has no appearance-state after its appearance-index")]
    NoState,
    /// The state has no such name.
    #[error("appearance-state is {0:?}, must be a state of an appearance")]
    State(BString),
    /// Something else than `appearance-uri=…` follows the state.
    #[error("call-info has no appearance-uri after its appearance-state")]
    Uri,
}

/// The header of the NOTIFYs to all members, CRLF included: all appearances in the order given,
/// then `*` for the others.
///
/// An address of record that is not `registered` as a shared line is written without the blank
/// after the colon, as handsets have always got it.
pub(crate) fn group<'a>(
    line: &[u8],
    registered: bool,
    appearances: impl Iterator<Item = &'a Appearance<'a>>,
    uris: bool,
) -> Vec<u8> {
    let domain = aor::domain(line);
    let mut text = Vec::from(if registered { &b"Call-Info: "[..] } else { b"Call-Info:" });
    for appearance in appearances {
        element(&mut text, domain, &appearance.index.to_string(), Some(appearance.state));
        if uris && !appearance.uri.is_empty() {
            text.extend_from_slice(b";appearance-uri=\"");
            text.extend_from_slice(&appearance.uri);
            text.push(b'"');
        }
        text.push(b',');
    }
    element(&mut text, domain, "*", Some(State::Idle));
    text.extend_from_slice(b"\r\n");
    text
}

/// The header of a NOTIFY to the holder of a line-seize subscription, CRLF included.
pub(crate) fn single(line: &[u8], index: u32) -> Vec<u8> {
    let mut text = Vec::from(&b"Call-Info: "[..]);
    element(&mut text, aor::domain(line), &index.to_string(), None);
    text.extend_from_slice(b"\r\n");
    text
}

/// The most bytes that one element without appearance-uri takes, its comma included.
pub(crate) fn element_size(line: &[u8]) -> usize {
    const AROUND: usize =
        "<sip:>;appearance-index=2147483647;appearance-state=held-private,".len();
    aor::domain(line).len().saturating_add(AROUND)
}

fn element(text: &mut Vec<u8>, domain: &[u8], index: &str, state: Option<State>) {
    text.extend_from_slice(b"<sip:");
    text.extend_from_slice(domain);
    text.extend_from_slice(b">;appearance-index=");
    text.extend_from_slice(index.as_bytes());
    if let Some(state) = state {
        text.extend_from_slice(b";appearance-state=");
        text.extend_from_slice(state.name().as_bytes());
    }
}

/// The text of an appearance-uri, ready to stand between its quotes: `<uri>` or `DISPLAY <uri>`.
///
/// The display name comes raw from the header, with its own quotes. Quotes, apostrophes,
/// backslashes and NUL in it get a backslash, in the URI only what would end the text does; a line
/// break of a folded header becomes a blank.
pub fn appearance_uri(display: &[u8], uri: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(display.len().saturating_add(uri.len()).saturating_add(8));
    for byte in display {
        match byte {
            b'\'' | b'"' | b'\\' => text.extend_from_slice(&[b'\\', *byte]),
            0 => text.extend_from_slice(b"\\0"),
            b'\r' | b'\n' => text.push(b' '),
            _ => text.push(*byte),
        }
    }
    if !text.is_empty() {
        text.push(b' ');
    }
    text.push(b'<');
    for byte in uri {
        match byte {
            b'"' | b'\\' => text.extend_from_slice(&[b'\\', *byte]),
            0 | b'\r' | b'\n' => text.push(b' '),
            _ => text.push(*byte),
        }
    }
    text.push(b'>');
    text
}

/// The P-Asserted-Identity value that tells the caller whom it reached: `DISPLAY <aor>`. Without a
/// display name it begins with the blank.
pub fn asserted_identity(display: &[u8], aor: &[u8]) -> Vec<u8> {
    let line_break = |byte: &u8| if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte };
    let mut text: Vec<u8> = display.iter().map(line_break).collect();
    text.extend_from_slice(b" <");
    text.extend(until(aor, b"\r\n"));
    text.push(b'>');
    text
}

/// The elements of a Call-Info body that this module wrote: index (`None` for `*`) and state.
///
/// Reads the sending grammar back; the tests and the fuzz targets judge NOTIFYs with it.
pub fn read_group(body: &[u8]) -> Option<Vec<(Option<u32>, Option<State>, &BStr)>> {
    let mut elements = Vec::new();
    let mut rest = Some(body);
    while let Some(text) = rest {
        let (_, text) = cut(text.strip_prefix(b"<sip:")?, b'>')?;
        let text = text.strip_prefix(b";appearance-index=")?;
        let index = until(text, b";,");
        let mut text = text.get(index.len()..)?;
        let index = if index == b"*" { None } else { Some(number(index)?) };
        let mut state = None;
        if let Some(after) = text.strip_prefix(b";appearance-state=") {
            let name = until(after, b";,");
            state = Some(State::parse(name)?);
            text = after.get(name.len()..)?;
        }
        let mut uri = BStr::new("");
        if let Some(after) = text.strip_prefix(b";appearance-uri=\"") {
            let length = quoted_length(after)?;
            uri = BStr::new(after.get(..length)?);
            text = after.get(length.checked_add(1)?..)?;
        }
        elements.push((index, state, uri));
        rest = match text {
            [] => None,
            [b',', text @ ..] => Some(text),
            _ => return None,
        };
    }
    Some(elements)
}

/// Bytes before the quote that ends a quoted text; a backslash hides the byte after it.
fn quoted_length(text: &[u8]) -> Option<usize> {
    let mut hidden = false;
    text.iter().position(|byte| {
        let ends = *byte == b'"' && !hidden;
        hidden = *byte == b'\\' && !hidden;
        ends
    })
}
