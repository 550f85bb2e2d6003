//! When two contacts are the same: the parameter `matching_mode`, and the comparison of URIs of
//! RFC 3261 19.1.4.

use crate::keys::{self, Meaning, unescaped};
use sip_text::{Uri, uri::Scheme};

/// What of a contact is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// 0: the URI.
    #[default]
    Uri,
    /// 1: the URI and the `Call-ID`.
    UriAndCallId,
    /// 2: the URI and the `Path`; without a `Path` the URI.
    UriAndPath,
    /// 3: host and port of the URI.
    Place,
}

/// What is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted<'t> {
    /// The contact URI.
    pub uri: &'t [u8],
    /// The `Call-ID`; none: any, in mode 1 too.
    pub call_id: Option<&'t [u8]>,
    /// The `Path`; none: any.
    pub path: Option<&'t [u8]>,
}

/// How well a contact fits; the greater, the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// By the rules.
    Equal,
    /// The same bytes.
    Exact,
}

impl Mode {
    /// The mode with that number.
    pub fn of(number: i32) -> Option<Self> {
        [Self::Uri, Self::UriAndCallId, Self::UriAndPath, Self::Place]
            .into_iter()
            .zip(0..)
            .find_map(|(mode, own)| (own == number).then_some(mode))
    }

    /// Whether a contact with this URI, `Call-ID` and `Path` is the one that is `wanted`, and how well
    /// it fits.
    pub fn fit(self, wanted: &Wanted<'_>, uri: &[u8], call_id: &[u8], path: &[u8]) -> Option<Fit> {
        let other = match self {
            Self::Uri | Self::Place => true,
            Self::UriAndCallId => wanted.call_id.is_none_or(|wanted| wanted == call_id),
            Self::UriAndPath => wanted.path.is_none_or(|wanted| wanted == path),
        };
        if !other {
            return None;
        }
        if wanted.uri == uri {
            return Some(Fit::Exact);
        }
        let equal = match self {
            Self::Place => {
                let place = keys::place(wanted.uri);
                place.is_some() && place == keys::place(uri)
            }
            _ => same_contact(wanted.uri, uri),
        };
        equal.then_some(Fit::Equal)
    }
}

/// Whether two URIs are the same by RFC 3261 19.1.4; `tel` URIs by RFC 3966 4; others by their bytes.
pub fn same_uri(one: &[u8], two: &[u8]) -> bool {
    if one == two {
        return true;
    }
    if Meaning::of(one) != Meaning::of(two) {
        return false;
    }
    let (Ok(one), Ok(two)) = (Uri::parse(one), Uri::parse(two)) else { return false };
    match one.scheme {
        Scheme::Tel => {
            includes(&one, &two, Missing::Differs) && includes(&two, &one, Missing::Differs)
        }
        _ => {
            includes(&one, &two, Missing::of_sip)
                && includes(&two, &one, Missing::of_sip)
                && same_headers(one.headers, two.headers)
        }
    }
}

/// Whether two URIs are the same, and have the same parameters.
pub fn same_contact(one: &[u8], two: &[u8]) -> bool {
    one == two || same_uri(one, two) && same_names(one, two)
}

/// Which contact a URI means that ends one: that with the same parameters, if there is one, else any
/// that is the same by RFC 3261 19.1.4, which leaves out parameters that one of them has not.
#[derive(Clone, Copy, Debug)]
pub struct Meant<'u> {
    uri: &'u [u8],
    has_one: bool,
}

impl<'u> Meant<'u> {
    /// What `uri` means where there are contacts with the URIs `known`.
    pub fn of<'k>(uri: &'u [u8], known: impl IntoIterator<Item = &'k [u8]>) -> Self {
        let has_one = known.into_iter().any(|known| same_contact(uri, known));
        Self { uri, has_one }
    }

    /// Whether it means the contact with that URI.
    pub fn is(&self, known: &[u8]) -> bool {
        if self.has_one { same_contact(self.uri, known) } else { same_uri(self.uri, known) }
    }
}

/// Whether both URIs have the same parameters. RFC 3261 19.1.4 leaves those out that only one of them
/// has; but a telephone that registers with a new one (`alias`, `rinstance`) wants to be reached by it.
fn same_names(one: &[u8], two: &[u8]) -> bool {
    let (Ok(one), Ok(two)) = (Uri::parse(one), Uri::parse(two)) else { return false };
    let within = |one: &Uri<'_>, two: &Uri<'_>| {
        one.params().take(MOST).all(|(name, _)| two.param(name).is_some())
    };
    within(&one, &two) && within(&two, &one)
}

/// What it means that a parameter is missing on the other side.
struct Missing;

impl Missing {
    /// The URIs differ.
    #[expect(non_snake_case, reason = "reads as a case beside `of_sip`")]
    fn Differs(_: &[u8]) -> bool {
        true
    }

    /// They differ for the parameters that say how to get there.
    fn of_sip(name: &[u8]) -> bool {
        [&b"user"[..], b"ttl", b"method", b"maddr", b"transport"]
            .into_iter()
            .any(|known| known.eq_ignore_ascii_case(name))
    }
}

/// So many parameters of a URI are compared; a URI with more equals only itself.
const MOST: usize = 32;

/// Whether every parameter of `one` is in `two` with the same value, or may be missing there.
fn includes(one: &Uri<'_>, two: &Uri<'_>, differs: impl Fn(&[u8]) -> bool) -> bool {
    if one.params.is_empty() {
        return true;
    }
    one.params().nth(MOST).is_none()
        && two.params().nth(MOST).is_none()
        && one.params().all(|(name, value)| match two.param(name) {
            Some(other) => same_value(value, other),
            None => !differs(name),
        })
}

fn same_value(one: &[u8], two: &[u8]) -> bool {
    let fold = |character: u16| match u8::try_from(character) {
        Ok(byte) => u16::from(byte.to_ascii_lowercase()),
        Err(_) => character,
    };
    unescaped(one).map(fold).eq(unescaped(two).map(fold))
}

/// Headers in the same order; any other order is another URI, which no client sends.
fn same_headers(one: &[u8], two: &[u8]) -> bool {
    same_value(one, two)
}

#[cfg(test)]
mod tests {
    use super::{Fit, Mode, Wanted, same_uri};
    use crate::keys::Key;
    use proptest::prelude::{any, proptest};

    fn same(one: &str, two: &str) -> bool {
        let (one, two) = (one.as_bytes(), two.as_bytes());
        assert_eq!(same_uri(one, two), same_uri(two, one));
        same_uri(one, two)
    }

    #[test]
    fn the_examples_of_the_rfc() {
        for (one, two) in [
            ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
        ] {
            assert!(same(one, two), "{one} {two}");
        }
        for (one, two) in [
            ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
            ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ] {
            assert!(!same(one, two), "{one} {two}");
        }
    }

    #[test]
    fn numbers_differ_by_their_parameters() {
        assert!(same("tel:+1-23;ext=4", "tel:+123;EXT=4"));
        assert!(!same("tel:123;phone-context=a", "tel:123;phone-context=b"));
        assert!(!same("tel:123;phone-context=a", "tel:123"));
    }

    #[test]
    fn u16_modes_compare_what_they_say() {
        let wanted = Wanted { uri: b"sip:a@h:5070", call_id: Some(b"1"), path: Some(b"<sip:p>") };
        let fit = |mode: i32, uri: &str, call_id: &str, path: &str| {
            Mode::of(mode).unwrap().fit(
                &wanted,
                uri.as_bytes(),
                call_id.as_bytes(),
                path.as_bytes(),
            )
        };
        assert_eq!(fit(0, "sip:a@h:5070", "2", ""), Some(Fit::Exact));
        assert_eq!(fit(0, "SIP:%61@H:5070", "2", ""), Some(Fit::Equal));
        assert_eq!(fit(0, "sip:a@h:5070;ob", "2", ""), None, "reached by another URI");
        assert_eq!(fit(0, "sip:b@h:5070", "1", ""), None);
        assert_eq!(fit(1, "sip:a@h:5070", "1", ""), Some(Fit::Exact));
        assert_eq!(fit(1, "sip:a@h:5070", "2", ""), None);
        assert_eq!(fit(2, "sip:a@h:5070", "2", "<sip:p>"), Some(Fit::Exact));
        assert_eq!(fit(2, "sip:a@h:5070", "2", ""), None);
        assert_eq!(fit(3, "sips:b@H:5070", "2", ""), Some(Fit::Equal));
        assert_eq!(fit(3, "sip:a@h:5071", "1", ""), None);
        assert_eq!((Mode::of(4), Mode::of(9), Mode::of(-1)), (None, None, None));
    }

    #[test]
    fn what_is_not_asked_for_is_not_compared() {
        let wanted = Wanted { uri: b"sip:a@h", call_id: None, path: None };
        for mode in [Mode::UriAndCallId, Mode::UriAndPath] {
            assert_eq!(mode.fit(&wanted, b"sip:a@h", b"1", b"2"), Some(Fit::Exact));
        }
    }

    proptest! {
        #[test]
        fn what_is_the_same_has_the_same_key(
            one in "sips?:([a-b%4-6]{0,3}@)?[hH](:5060)?(;[xy](=[vV])?){0,3}",
            two in "sips?:([a-b%4-6]{0,3}@)?[hH](:5060)?(;[xy](=[vV])?){0,3}",
        ) {
            let (one, two) = (one.as_bytes(), two.as_bytes());
            if same_uri(one, two) && one != two {
                assert_eq!(Key::same_contact(one), Key::same_contact(two));
            }
            assert_eq!(same_uri(one, two), same_uri(two, one));
        }

        #[test]
        fn any_bytes_are_themselves(text in any::<Vec<u8>>()) {
            assert!(same_uri(&text, &text));
            assert_eq!(Key::identity(&text), Key::identity(&text));
        }
    }
}
