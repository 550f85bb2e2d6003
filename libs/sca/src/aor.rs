//! Addresses of record: how a line is named by the URIs of a message.

use crate::Text;
use crate::uri::{BadUri, Uri, cut, until};
use sip_text::scan::is_word;
use std::borrow::Cow;

/// The address of record of a URI: everything before the first `;`. Scheme, port and headers stay;
/// case stays.
pub fn of_uri(uri: &[u8]) -> &[u8] {
    until(uri, b";")
}

/// The address of record that a SUBSCRIBE is about: of the Request-URI without its parameters, or,
/// within a dialog, the To URI as it is.
pub fn of_subscribe<'u>(request_uri: &'u [u8], to_uri: &'u [u8], in_dialog: bool) -> &'u [u8] {
    if in_dialog { to_uri } else { of_uri(request_uri) }
}

/// The address of record of the phone that sent a message with `uri` in From (request) or To
/// (reply) and this Contact.
///
/// A phone that gives a Contact with another user part is a line of its own at the same host:
/// `<scheme of Contact>:<user of Contact>@<host of uri>[:<port of uri>]`. At a URI without a host,
/// as of a telephone number, there are no other lines.
///
/// # Errors
///
/// One of the two is not a URI.
pub fn canonical<'u>(uri: &'u [u8], contact: Option<&[u8]>) -> Result<Text<'u>, BadUri> {
    let named = Uri::parse(uri)?;
    let Some(contact) = contact else { return Ok(Cow::Borrowed(of_uri(uri))) };
    let contact = Uri::parse(contact)?;
    if contact.user.is_empty() || contact.user == named.user || named.host.is_empty() {
        return Ok(Cow::Borrowed(of_uri(uri)));
    }
    let colon: &[u8] = if named.port.is_empty() { b"" } else { b":" };
    let scheme = contact.scheme.as_bytes();
    Ok(Cow::Owned([scheme, b":", contact.user, b"@", named.host, colon, named.port].concat()))
}

/// The text after the first `@`, else after the first `:`: what stands in Call-Info as the domain.
pub fn domain(aor: &[u8]) -> &[u8] {
    cut(aor, b'@').or_else(|| cut(aor, b':')).map_or(aor, |(_, domain)| domain)
}

/// The line that a phone with this Contact has at the domain of `aor`; none without a user part.
pub fn of_contact_at(contact: &[u8], aor: &[u8]) -> Option<Vec<u8>> {
    let (user, _) = cut(contact, b'@')?;
    Some([user, b"@", domain(aor)].concat())
}

/// Whether a text that an operator gave can stand in a message as an address of record or a
/// Contact: not empty, no blanks, no control bytes.
pub fn is_plain(text: &[u8]) -> bool {
    !text.is_empty() && is_word(text)
}

#[cfg(test)]
mod tests {
    use super::{canonical, domain, is_plain, of_contact_at, of_subscribe, of_uri};

    fn line(uri: &str, contact: &str) -> Option<String> {
        let contact = (!contact.is_empty()).then_some(contact.as_bytes());
        let aor = canonical(uri.as_bytes(), contact).ok()?;
        Some(String::from_utf8(aor.into_owned()).unwrap())
    }

    #[test]
    fn case_15_an_address_of_record_ends_at_the_first_semicolon() {
        assert_eq!(of_uri(b"sip:215@d:5080;transport=udp"), b"sip:215@d:5080");
        assert_eq!(of_uri(b"sip:215@d?x=y"), b"sip:215@d?x=y");
        assert_eq!(of_subscribe(b"sip:215@d;p", b"sip:1@e;q", false), b"sip:215@d");
        assert_eq!(of_subscribe(b"sip:215@d;p", b"sip:1@e;q", true), b"sip:1@e;q");
    }

    #[test]
    fn cases_75_and_76_the_contact_user_names_the_line() {
        for (uri, contact, aor) in [
            ("sip:215@d;user=phone", "sip:215@10.0.0.1", "sip:215@d"),
            ("sip:215@d:5080", "sip:216@10.0.0.1:5060", "sip:216@d:5080"),
            ("sip:215@d", "sips:216@10.0.0.1", "sips:216@d"),
            ("sip:215@d", "sip:10.0.0.1", "sip:215@d"),
            ("sip:215@d", "", "sip:215@d"),
            ("tel:+4930123;ext=1", "sip:215@10.0.0.1", "tel:+4930123"),
        ] {
            assert_eq!(line(uri, contact).as_deref(), Some(aor), "{uri} {contact}");
        }
    }

    #[test]
    fn a_line_is_not_guessed_from_texts_that_are_no_uris() {
        assert_eq!(line("215", "sip:215@h"), None);
        assert_eq!(line("sip:215@d", "<sip:215@h>"), None);
    }

    #[test]
    fn the_domain_is_all_after_the_user() {
        for (aor, expected) in [
            ("sip:215@voice.example.com", "voice.example.com"),
            ("sips:215@d:5061?x=y", "d:5061?x=y"),
            ("sip:d", "d"),
            ("tel:+123", "+123"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(domain(aor.as_bytes()), expected.as_bytes(), "{aor}");
        }
    }

    #[test]
    fn the_line_of_the_far_phone_lies_in_the_same_domain() {
        let far = of_contact_at(b"sip:220@10.0.0.1:5060", b"sip:215@d");
        assert_eq!(far.as_deref(), Some(&b"sip:220@d"[..]));
        assert_eq!(of_contact_at(b"sip:10.0.0.1", b"sip:215@d"), None);
    }

    #[test]
    fn case_82_an_empty_or_broken_text_of_an_operator_is_no_address() {
        assert!(is_plain(b"sip:215@d"));
        for text in ["", "sip:215@d\r\nX: y", "sip: 215@d", "sip:\0@d"] {
            assert!(!is_plain(text.as_bytes()), "{text:?}");
        }
    }
}
