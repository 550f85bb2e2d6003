//! The identity that a URI means, in one form: all that mean the same have the same bytes
//! (RFC 3261 19.1.4, RFC 3966 3).

use crate::{
    identity,
    scan::Bytes,
    uri::{self, Uri},
};
use std::borrow::Cow;

/// What becomes of `sips`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// It stays what it is.
    Kept,
    /// It counts as `sip`.
    Sip,
}

/// The identity of a header or of a Request-URI: scheme and host in lower case, without password,
/// port, parameters and headers, escapes of characters that need none undone. `sips` stays what it
/// is. A telephone number loses its visual separators; one that is not global keeps its
/// `phone-context`. None if it is no `sip`, `sips` or `tel` URI.
pub fn exact(uri: &[u8]) -> Option<Cow<'_, [u8]>> {
    match is_plain(uri) {
        true => Some(Cow::Borrowed(uri)),
        false => form(uri, Scheme::Kept, b"").map(Cow::Owned),
    }
}

/// As [`exact`], for who does not tell the case of users apart either; what is no such URI is only
/// itself, in any case.
pub fn folded(uri: &[u8]) -> Cow<'_, [u8]> {
    let mut form = exact(uri).unwrap_or(Cow::Borrowed(uri));
    if form.iter().any(u8::is_ascii_uppercase) {
        form.to_mut().make_ascii_lowercase();
    }
    form
}

/// Whether two texts mean the same identity, in any case and however they are spelled. All that
/// [`identity::same`] takes for the same is.
pub fn same_user(one: &[u8], other: &[u8]) -> bool {
    identity::same(one, other) || folded(one) == folded(other)
}

/// The one form of `text`, its host without `prefix`; none if it is no `sip`, `sips` or `tel` URI.
pub fn form(text: &[u8], schemes: Scheme, prefix: &[u8]) -> Option<Vec<u8>> {
    let uri = Uri::parse(text).ok()?;
    let mut out = Vec::with_capacity(text.len());
    match uri.scheme {
        uri::Scheme::Urn => return None,
        uri::Scheme::Tel => {
            out.extend_from_slice(b"tel:");
            let digits = uri.user.iter().filter(|byte| !b"-.()".contains(byte));
            out.extend(digits.map(u8::to_ascii_lowercase));
            if out.len() == b"tel:".len() {
                return None;
            }
            if let Some(context) =
                uri.param(b"phone-context").filter(|_| !uri.user.starts_with(b"+"))
            {
                out.extend_from_slice(b";phone-context=");
                out.extend(context.iter().map(u8::to_ascii_lowercase));
            }
        }
        uri::Scheme::Sip | uri::Scheme::Sips => {
            let secure = uri.scheme == uri::Scheme::Sips && schemes == Scheme::Kept;
            out.extend_from_slice(if secure { b"sips:" } else { b"sip:" });
            if !uri.user.is_empty() {
                unescape(uri.user, &mut out);
                out.push(b'@');
            }
            let without = uri.host.strip_prefix(prefix).filter(|rest| !rest.is_empty());
            let host = without.unwrap_or(uri.host);
            out.extend(host.iter().map(u8::to_ascii_lowercase));
        }
    }
    Some(out)
}

/// Undoes the escapes of characters that mean the same without one (RFC 3261 19.1.4, and `+`, which
/// clients escape in numbers); those that stay are in upper case.
fn unescape(user: &[u8], out: &mut Vec<u8>) {
    if !is_well_escaped(user) {
        // Else what is left could be an escape again.
        return out.extend_from_slice(user);
    }
    let mut rest = user;
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = match (byte, after) {
            (b'%', [high, low, rest @ ..]) => {
                hex([*high, *low]).map(|meant| (meant, [*high, *low], rest))
            }
            _ => None,
        };
        rest = match escaped {
            Some((meant, _, after))
                if meant.is_ascii_alphanumeric() || b"-_.!~*'()+".contains(&meant) =>
            {
                out.push(meant);
                after
            }
            Some((_, digits, after)) => {
                out.push(b'%');
                out.extend(digits.map(|digit| digit.to_ascii_uppercase()));
                after
            }
            None => {
                out.push(byte);
                after
            }
        };
    }
}

/// Whether `uri` is an identity in its one form, `sip:user@host` or `tel:+number`, seen without taking
/// it apart: nearly all are.
pub fn is_plain(uri: &[u8]) -> bool {
    static USER: Bytes = Bytes::alphanumeric(b"-_.+");
    static HOST: Bytes = Bytes::lowercase(b"-._");
    if let Some(number) = uri.strip_prefix(b"tel:+") {
        return !number.is_empty() && number.iter().all(u8::is_ascii_digit);
    }
    let Some(rest) = uri.strip_prefix(b"sip:").or_else(|| uri.strip_prefix(b"sips:")) else {
        return false;
    };
    let user = rest.iter().position(|byte| !USER.has(*byte));
    let host = match user.and_then(|end| rest.split_at_checked(end)) {
        None => rest,
        Some(([_, ..], [b'@', host @ ..])) => host,
        Some(_) => return false,
    };
    !host.is_empty() && host.iter().all(|byte| HOST.has(*byte))
}

/// Whether every `%` begins an escape.
pub fn is_well_escaped(text: &[u8]) -> bool {
    let mut pieces = text.split(|byte| *byte == b'%').skip(1);
    pieces.all(|piece| piece.first_chunk::<2>().is_some_and(|digits| hex(*digits).is_some()))
}

/// The byte that two digits of an escape write.
pub fn hex(digits: [u8; 2]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let [high, low] = digits;
    Some(digit(high)? << 4 | digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::{exact, folded, same_user};
    use crate::identity;
    use proptest::prelude::*;

    #[test]
    fn an_identity_is_the_same_in_every_spelling() {
        for (one, other) in [
            ("sip:alice@ims.test", "SIP:ALICE@IMS.TEST"),
            ("sip:alice@ims.test", "sip:%61lic%65@ims.test"),
            ("sip:alice@ims.test", "sip:alice@ims.test;user=phone"),
            ("sip:alice@ims.test", "sip:alice:secret@Ims.test:5060;x?y=z"),
            ("sip:+4930123456@ims.test", "sip:%2B4930123456@ims.test;user=phone"),
            ("tel:+4930123456", "TEL:+49-30-(123).456"),
            ("tel:7042;phone-context=ims.test", "tel:70-42;x=y;Phone-Context=IMS.test"),
            ("urn:service:sos", "URN:service:SOS"),
            ("no uri", "NO URI"),
        ] {
            assert!(same_user(one.as_bytes(), other.as_bytes()), "{one} {other}");
            assert!(same_user(other.as_bytes(), one.as_bytes()), "{other} {one}");
        }
    }

    #[test]
    fn another_identity_is_another_one() {
        for (one, other) in [
            ("sip:alice@ims.test", "sips:alice@ims.test"),
            ("sip:alice@ims.test", "sip:alice@ims.tes"),
            ("sip:alice@ims.test", "sip:bob@ims.test"),
            ("sip:a%40b@ims.test", "sip:a@ims.test"),
            ("sip:+49301@ims.test", "tel:+49301"),
            ("tel:+49301", "tel:49301"),
            ("tel:7042;phone-context=a.test", "tel:7042;phone-context=b.test"),
            ("no uri", "no-uri"),
        ] {
            assert!(!same_user(one.as_bytes(), other.as_bytes()), "{one} {other}");
        }
    }

    proptest! {
        #[test]
        fn what_differs_in_case_alone_has_one_form(
            uri in "(sip|sips|tel|urn|x):[a3%6fF:;?@+ -]{0,12}(@[a-z0-9.%-]{1,8})?(;[a-z=-]{0,16})?",
        ) {
            let upper = uri.to_ascii_uppercase();
            prop_assert!(identity::same(uri.as_bytes(), upper.as_bytes()));
            prop_assert_eq!(folded(uri.as_bytes()), folded(upper.as_bytes()), "{}", uri);
        }

        #[test]
        fn the_one_form_is_its_own(user in "[a3%6fF:;?+ -]{0,12}", host in "[a-zA-Z0-9.%-]{1,8}") {
            for uri in [format!("sip:{user}@{host}"), format!("tel:{user}")] {
                if let Some(form) = exact(uri.as_bytes()) {
                    prop_assert_eq!(exact(&form), Some(form.clone()), "{}", uri);
                }
            }
        }
    }
}
