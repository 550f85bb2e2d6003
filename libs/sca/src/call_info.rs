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
    /// The URI inside the brackets has no `;`; the appearance-uri is not looked at. A plus sign
    /// before the number counts for nothing, as where the core reads numbers.
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
        let digits = index.strip_prefix(b"+").unwrap_or(index);
        let index = number(digits).ok_or_else(|| BadCallInfo::Index(BString::from(index)))?;
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
    let elements = appearances.size_hint().0.saturating_add(1);
    let each = element_size(line).saturating_add(if uris { URI } else { 0 });
    let mut text = Vec::with_capacity(elements.saturating_mul(each));
    text.extend_from_slice(if registered { &b"Call-Info: "[..] } else { b"Call-Info:" });
    for appearance in appearances {
        element(&mut text, domain, Some(appearance.index), Some(appearance.state));
        if uris && !appearance.uri.is_empty() {
            text.extend_from_slice(b";appearance-uri=\"");
            text.extend_from_slice(&appearance.uri);
            text.push(b'"');
        }
        text.push(b',');
    }
    element(&mut text, domain, None, Some(State::Idle));
    text.extend_from_slice(b"\r\n");
    text
}

/// The header of a NOTIFY to the holder of a line-seize subscription, CRLF included.
pub(crate) fn single(line: &[u8], index: u32) -> Vec<u8> {
    let mut text = Vec::with_capacity(element_size(line).saturating_add(16));
    text.extend_from_slice(b"Call-Info: ");
    element(&mut text, aor::domain(line), Some(index), None);
    text.extend_from_slice(b"\r\n");
    text
}

/// The most bytes that one element without appearance-uri takes, its comma included.
pub(crate) fn element_size(line: &[u8]) -> usize {
    const AROUND: usize = "<sip:>;appearance-index=2147483647;appearance-state=held-private,".len();
    aor::domain(line).len().saturating_add(AROUND)
}

/// About what an appearance-uri takes with its name and quotes, in bytes.
const URI: usize = 96;

/// One element; that of all other appearances without an `index`.
fn element(text: &mut Vec<u8>, domain: &[u8], index: Option<u32>, state: Option<State>) {
    text.extend_from_slice(b"<sip:");
    text.extend_from_slice(domain);
    text.extend_from_slice(b">;appearance-index=");
    match index {
        Some(index) => text.extend_from_slice(itoa::Buffer::new().format(index).as_bytes()),
        None => text.push(b'*'),
    }
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
    let mut text = one_line(display);
    text.extend_from_slice(b" <");
    text.extend(until(aor, b"\r\n"));
    text.push(b'>');
    text
}

/// `text` with blanks for line ends, so that it ends no header early.
pub fn one_line(text: &[u8]) -> Vec<u8> {
    let unfold = |byte: &u8| if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte };
    text.iter().map(unfold).collect()
}

/// One element of a Call-Info body that this crate wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'t> {
    /// The appearance; none for `*`, all others.
    pub index: Option<u32>,
    /// Its state; none in a line-seize NOTIFY.
    pub state: Option<State>,
    /// Escaped text of its appearance-uri; may be empty.
    pub uri: &'t BStr,
}

/// Reads a Call-Info body that this crate wrote back; `None` when it is not one. The tests and the
/// fuzz targets judge NOTIFYs with it.
pub fn read_elements(body: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut elements = Vec::new();
    let mut rest = Some(body);
    while let Some(text) = rest {
        let (element, text) = read_element(text)?;
        elements.push(element);
        rest = match text {
            [] => None,
            [b',', text @ ..] => Some(text),
            _ => return None,
        };
    }
    Some(elements)
}

fn read_element(text: &[u8]) -> Option<(Element<'_>, &[u8])> {
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
    Some((Element { index, state, uri }, text))
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

#[cfg(test)]
mod tests {
    use super::{CallInfo, appearance_uri, asserted_identity, group, read_elements, single};
    use crate::{Appearance, State};
    use bstr::{BStr, BString};
    use proptest::prelude::*;
    use std::borrow::Cow;

    fn read(body: &str) -> Option<(u32, Option<State>)> {
        CallInfo::parse(body.as_bytes()).ok().map(|info| (info.index, info.state))
    }

    #[test]
    fn the_grammar_of_phones_is_read() {
        for (body, index, state) in [
            ("<sip:d>;appearance-index=1", 1, None),
            ("<sip:d>;appearance-index=", 0, None),
            ("<sip:215@d:5060>;appearance-index=007", 7, None),
            ("<sip:d>;appearance-index=4294967295", u32::MAX, None),
            ("<sip:d>;appearance-index=+1", 1, None),
            ("<sip:d>;appearance-index=2;appearance-state=held", 2, Some(State::Held)),
            (
                "<sip:d>;appearance-index=2;appearance-state=held-private;appearance-uri=x;y,z",
                2,
                Some(State::HeldPrivate),
            ),
        ] {
            assert_eq!(read(body), Some((index, state)), "{body}");
        }
    }

    #[test]
    fn case_19_whatever_else_is_refused() {
        for body in [
            "",
            "<sip:d>",
            "<sips:d>;appearance-index=1",
            "sip:d;appearance-index=1",
            "<SIP:d>;appearance-index=1",
            "<sip:d;x>;appearance-index=1",
            "<sip:d> ;appearance-index=1",
            "<sip:d>; appearance-index=1",
            "<sip:d>;appearance-index=1 ",
            "<sip:d>;Appearance-Index=1",
            "<sip:d>;appearance-index =1",
            "<sip:d>;appearance-index=*",
            "<sip:d>;appearance-index=\"1\"",
            "<sip:d>;appearance-index=-1",
            "<sip:d>;appearance-index=++1",
            "<sip:d>;appearance-index=4294967296",
            "<sip:d>;appearance-index=1,<sip:d>;appearance-index=2",
            "<sip:d>;appearance-index=1;",
            "<sip:d>;appearance-index=1;x=y",
            "<sip:d>;appearance-index=1;appearance-state=ringing",
            "<sip:d>;appearance-index=1;appearance-state=held;",
            "<sip:d>;appearance-index=1;appearance-state=held;appearance-uri=",
            "<sip:d>;appearance-index=1;appearance-uri=\"<sip:x>\"",
            "<sip:d>;appearance-state=held;appearance-index=1",
            "<http://www.example.com/icon.png>;purpose=icon",
        ] {
            assert_eq!(read(body), None, "{body}");
        }
    }

    #[test]
    fn index_0_without_a_state_says_nothing() {
        let empty = |body: &str| CallInfo::parse(body.as_bytes()).unwrap().is_empty();
        assert!(empty("<sip:d>;appearance-index=0"));
        assert!(!empty("<sip:d>;appearance-index=0;appearance-state=idle"));
        assert!(!empty("<sip:d>;appearance-index=1"));
    }

    #[test]
    fn case_35_a_display_name_is_escaped() {
        let uri = appearance_uri(br#""Ext \"q\"""#, b"sip:300@voice.example.com");
        assert_eq!(BStr::new(&uri), r#"\"Ext \\\"q\\\"\" <sip:300@voice.example.com>"#);
        assert_eq!(appearance_uri(b"it's\0\r\n x", b"sip:a\"@b"), b"it\\'s\\0   x <sip:a\\\"@b>");
        assert_eq!(appearance_uri(b"", b"sip:300@d"), b"<sip:300@d>");
    }

    #[test]
    fn case_34_the_asserted_identity_is_that_of_the_far_party() {
        let named = asserted_identity(b"\"Ext\"", b"sip:300@voice.example.com");
        assert_eq!(named, b"\"Ext\" <sip:300@voice.example.com>");
        // With the name of the header and its colon this makes two blanks, as it always did.
        assert_eq!(asserted_identity(b"", b"sip:300@d"), b" <sip:300@d>");
    }

    #[test]
    fn a_line_that_is_not_shared_is_written_without_the_blank() {
        assert_eq!(
            group(b"sip:215@d", false, [].iter(), true),
            b"Call-Info:<sip:d>;appearance-index=*;appearance-state=idle\r\n"
        );
        assert_eq!(
            group(b"tel:+123", true, [].iter(), true),
            b"Call-Info: <sip:+123>;appearance-index=*;appearance-state=idle\r\n"
        );
    }

    #[test]
    fn the_holder_of_an_appearance_is_told_its_index_only() {
        assert_eq!(single(b"sip:215@d", 7), b"Call-Info: <sip:d>;appearance-index=7\r\n");
    }

    fn appearances() -> impl Strategy<Value = Vec<(u32, State, Vec<u8>, Vec<u8>)>> {
        let state = proptest::sample::select(&State::ALL[..]);
        let one = (any::<u32>(), state, any::<Vec<u8>>(), any::<Vec<u8>>());
        proptest::collection::vec(one, 0..5)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(list in appearances()) {
            let list: Vec<_> = list
                .into_iter()
                .map(|(index, state, display, uri)| Appearance {
                    index,
                    state,
                    uri: Cow::Owned(appearance_uri(&display, &uri)),
                    ..Appearance::default()
                })
                .collect();
            let text = group(b"sip:215@d", true, list.iter(), true);
            prop_assert_eq!(text.iter().filter(|byte| **byte == b'\n').count(), 1);
            let body = text.strip_prefix(b"Call-Info: ").unwrap().strip_suffix(b"\r\n").unwrap();
            let elements = read_elements(body).unwrap();
            let (last, elements) = elements.split_last().unwrap();
            prop_assert_eq!((last.index, last.state), (None, Some(State::Idle)));
            prop_assert_eq!(elements.len(), list.len());
            for (element, appearance) in elements.iter().zip(&list) {
                prop_assert_eq!(element.index, Some(appearance.index));
                prop_assert_eq!(element.state.unwrap().name(), appearance.state.name());
                prop_assert_eq!(BString::from(element.uri), BString::from(&*appearance.uri));
            }
        }

        #[test]
        fn every_element_of_a_phone_prints_and_parses(index: u32, state in 0..8_u8) {
            let state = State::from_number(state).unwrap();
            let body = format!("<sip:d>;appearance-index={index};appearance-state={state}");
            prop_assert_eq!(read(&body), Some((index, State::parse(state.name().as_bytes()))));
        }
    }
}
