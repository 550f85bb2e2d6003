//! Wildcarded identities (3GPP TS 23.003 13.5 and 13.4A): `sip:chat-!.*!@example.com` stands for every
//! identity that has something there that the expression between the marks describes.
//!
//! The marks are exclamation marks, the expression is an extended one of POSIX. It is compiled with
//! bounded memory and matches in time linear to the identity.

use bstr::BString;
use regex::bytes::{Regex, RegexBuilder};

/// A pattern, ready to compare with.
#[derive(Clone, Debug)]
pub struct Wildcard(Regex);

/// A text that is no wildcarded identity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadWildcard {
    /// It has no two exclamation marks.
    #[error("{0:?} has no expression between two exclamation marks")]
    NoMarks(BString),
    /// What stands between them is no expression, or a too long one.
    #[error("{0:?} has no usable expression between its exclamation marks: {1}")]
    Expression(BString, String),
}

/// Bytes that a compiled expression may take.
const SIZE: usize = 64 * 1024;

/// The marks and the expression between them.
fn split(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let start = text.iter().position(|byte| *byte == b'!')?;
    let end = text.iter().rposition(|byte| *byte == b'!').filter(|end| *end > start)?;
    let (before, rest) = text.split_at_checked(start)?;
    let inner = text.get(start.checked_add(1)?..end)?;
    let after = rest.get(end.checked_sub(start)?.checked_add(1)?..)?;
    Some((before, inner, after))
}

/// Whether `identity` is written as a wildcarded one.
pub fn is_wildcard(identity: &[u8]) -> bool {
    split(identity).is_some()
}

impl Wildcard {
    /// Reads `text`.
    ///
    /// # Errors
    ///
    /// [`BadWildcard`]
    pub fn parse(text: &[u8]) -> Result<Self, BadWildcard> {
        let (before, inner, after) =
            split(text).ok_or_else(|| BadWildcard::NoMarks(shown(text)))?;
        let bad = |why: String| BadWildcard::Expression(shown(text), why);
        let inner = core::str::from_utf8(inner).map_err(|error| bad(error.to_string()))?;
        let quoted = |part: &[u8]| match core::str::from_utf8(part) {
            Ok(part) => Ok(regex::escape(part)),
            Err(error) => Err(bad(error.to_string())),
        };
        let (user, host) = match after.iter().rposition(|byte| *byte == b'@') {
            Some(at) => after.split_at_checked(at).unwrap_or((after, b"")),
            None => (after, &b""[..]),
        };
        let expression =
            format!("^{}(?:{inner}){}(?i-u:{})$", quoted(before)?, quoted(user)?, quoted(host)?);
        let mut builder = RegexBuilder::new(&expression);
        builder.unicode(false).size_limit(SIZE).dfa_size_limit(SIZE).nest_limit(32);
        let compiled = builder.build().map_err(|error| bad(first_line(&error)))?;
        Ok(Self(compiled))
    }

    /// Whether it stands for `identity`.
    pub fn is_match(&self, identity: &[u8]) -> bool {
        self.0.is_match(identity)
    }
}

fn first_line(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(limit) => format!("it takes more than {limit} bytes"),
        other => other.to_string().lines().last().unwrap_or_default().to_owned(),
    }
}

fn shown(text: &[u8]) -> BString {
    sip_text::scan::shown(text)
}

#[cfg(test)]
mod tests {
    use super::{BadWildcard, Wildcard, is_wildcard};
    use proptest::prelude::{any, proptest};

    fn matches(pattern: &str, identity: &str) -> bool {
        Wildcard::parse(pattern.as_bytes()).unwrap().is_match(identity.as_bytes())
    }

    #[test]
    fn u28_the_example_of_the_specification() {
        let pattern = "sip:chatlist!.*!@example.com";
        for identity in
            ["sip:chatlist1@example.com", "sip:chatlist@example.com", "sip:chatlist42@EXAMPLE.com"]
        {
            assert!(matches(pattern, identity), "{identity}");
        }
        for identity in
            ["sip:chat1@example.com", "sip:chatlist1@example.org", "xsip:chatlist1@example.com"]
        {
            assert!(!matches(pattern, identity), "{identity}");
        }
    }

    #[test]
    fn numbers_of_a_company() {
        let pattern = "sip:+4930123!([0-9]{2,4})!@ims.example.com";
        assert!(matches(pattern, "sip:+49301234567@ims.example.com"));
        assert!(!matches(pattern, "sip:+493012345678@ims.example.com"));
        assert!(matches("tel:+49!1|2!", "tel:+492"));
        assert!(!matches("tel:+49!1|2!", "tel:+493"));
    }

    #[test]
    fn without_two_marks_it_is_an_identity() {
        for text in ["sip:alice@h", "sip:a!b@h", "", "!"] {
            assert!(!is_wildcard(text.as_bytes()));
            assert!(matches!(Wildcard::parse(text.as_bytes()), Err(BadWildcard::NoMarks(_))));
        }
        assert!(is_wildcard(b"sip:a!.*!@h"));
    }

    #[test]
    fn an_expression_that_grows_without_bounds_is_refused() {
        for pattern in ["sip:!(((x{1000}){1000}){1000})!@h", "sip:![!@h", "sip:!(!@h"] {
            assert!(matches!(
                Wildcard::parse(pattern.as_bytes()),
                Err(BadWildcard::Expression(..))
            ));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(text in any::<Vec<u8>>(), identity in any::<Vec<u8>>()) {
            if let Ok(wildcard) = Wildcard::parse(&text) {
                wildcard.is_match(&identity);
            }
        }
    }
}
