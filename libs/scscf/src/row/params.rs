//! The parameters of a contact as one text: `name=value;name="value with ; in it";name`.
//!
//! In memory a value is what stood between its quotes, with its escapes.

use bstr::BString;
use sip_text::scan::{Pieces, cut, trim};

/// The most parameters that are taken from a text.
const MOST: usize = 256;

/// The parameters as one text. Those that no text can say are left out.
pub fn join_params<'p>(params: impl IntoIterator<Item = (&'p [u8], &'p [u8])>) -> BString {
    let mut text = BString::default();
    for (name, body) in params {
        let Some(quote) = quote(body).filter(|_| is_name(name)) else { continue };
        if !text.is_empty() {
            text.push(b';');
        }
        text.extend(name);
        if !body.is_empty() {
            text.push(b'=');
            text.extend(quote);
            text.extend(body);
            text.extend(quote);
        }
    }
    text
}

/// The parameters of a text, as far as it has any.
pub fn split_params(text: &[u8]) -> Vec<(&[u8], &[u8])> {
    each_param(text).take(MOST).collect()
}

/// Names and values of the parameters of a text: a `;` between quotes ends none.
pub(crate) fn each_param(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let pieces = Pieces::new(text, b';').map_while(Result::ok).map(trim);
    let params = pieces.map(|piece| match cut(piece, b'=') {
        Some((name, body)) => (trim(name), unquoted(trim(body))),
        None => (piece, &b""[..]),
    });
    params.filter(|(name, _)| is_name(name))
}

fn is_name(name: &[u8]) -> bool {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"=;,\"<>".contains(byte);
    !name.is_empty() && !name.iter().any(ends)
}

/// What stands around a value; nothing if it cannot be told from what is around it.
fn quote(body: &[u8]) -> Option<&'static [u8]> {
    let mut escaped = false;
    for byte in body {
        match byte {
            b'\\' => escaped = !escaped,
            b'"' if !escaped => return None,
            _ => escaped = false,
        }
    }
    if escaped {
        return None;
    }
    let plain = |byte: &u8| byte.is_ascii_graphic() && !b";,\"\\<>".contains(byte);
    Some(if body.iter().all(plain) { b"" } else { b"\"" })
}

fn unquoted(body: &[u8]) -> &[u8] {
    let inner = body.strip_prefix(b"\"").and_then(|body| body.strip_suffix(b"\""));
    inner.unwrap_or(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    #[test]
    fn parameters_with_separators_are_quoted() {
        let params: [(&[u8], &[u8]); 4] = [
            (b"+sip.instance", b"<urn:uuid:1>"),
            (b"q", b"0.5"),
            (b"audio", b""),
            (b"methods", b"INVITE;ACK, BYE \\\"x"),
        ];
        let text = join_params(params);
        assert_eq!(
            text,
            r#"+sip.instance="<urn:uuid:1>";q=0.5;audio;methods="INVITE;ACK, BYE \"x""#
        );
        assert_eq!(split_params(&text), params);
    }

    #[test]
    fn u_23_what_c_wrote_without_quotes_is_read() {
        let read = split_params(b"+sip.instance=<urn:uuid:1>;expires=600;ob;");
        let wanted: [(&[u8], &[u8]); 3] =
            [(b"+sip.instance", b"<urn:uuid:1>"), (b"expires", b"600"), (b"ob", b"")];
        assert_eq!(read, wanted);
    }

    #[test]
    fn what_no_text_can_say_is_left_out() {
        let params: [(&[u8], &[u8]); 4] =
            [(b"a", b"x\"y"), (b"b", b"end\\"), (b"c;d", b""), (b"e", b"1")];
        assert_eq!(join_params(params), "e=1");
    }

    fn text(least: usize) -> impl Strategy<Value = Vec<u8>> {
        let odd =
            prop_oneof![Just(b';'), Just(b'"'), Just(b'\\'), Just(b'='), Just(b'<'), b' '..b'~'];
        vec(odd, least..12)
    }

    proptest! {
        #[test]
        fn what_can_be_said_comes_back(params in vec((text(1), text(0)), 0..6)) {
            let given = params.iter().map(|(name, body)| (&name[..], &body[..]));
            let sayable: Vec<_> =
                given.clone().filter(|(name, body)| is_name(name) && quote(body).is_some()).collect();
            let said = join_params(given);
            prop_assert_eq!(split_params(&said), sayable);
        }

        #[test]
        fn any_text_is_read_and_said_again(text in vec(any::<u8>(), 0..60)) {
            let read = split_params(&text);
            let said = join_params(read.iter().copied());
            let again = split_params(&said);
            prop_assert!(again.len() <= read.len());
        }
    }
}
