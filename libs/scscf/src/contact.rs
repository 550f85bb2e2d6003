//! The Contact headers of a REGISTER.

use crate::methods::is_token;
use sip_text::scan::{self, Open, Pieces};

/// The most contacts that one REGISTER may have: as many as an identity may have.
pub const MOST: usize = 100;

/// The longest Contact URI, in bytes.
pub const MAX_URI: usize = 1024;

/// The longest parameters of one Contact, in bytes.
pub const MAX_PARAMS: usize = 32 * 1024;

/// What the Contact headers of a REGISTER say together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing<'m> {
    /// `*`: all contacts of the user.
    Star,
    /// In their order; empty when there is no header.
    List(Vec<Listed<'m>>),
}

/// One contact of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed<'m> {
    /// Its URI, without brackets.
    pub uri: &'m [u8],
    /// Its header parameters.
    pub params: Params<'m>,
}

/// Why Contact headers cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadContact {
    /// A quote or bracket is left open.
    #[error("contact: {0}")]
    Open(#[from] Open),
    /// No address.
    #[error("contact {0:?} must be * or [name] <uri>[;parameters]")]
    NotAddress(bstr::BString),
    /// A parameter that is no `name[=value]`.
    #[error("contact: parameter {0:?} must be name[=value]")]
    Param(bstr::BString),
    /// `*` beside something else.
    #[error("contact * must be the only one")]
    NotAlone,
    /// Too much of something.
    #[error("{0} has {1} bytes, must have at most {2}")]
    Long(&'static str, usize, usize),
    /// Too many.
    #[error("more than {MOST} contacts")]
    TooMany,
}

/// Reads the bodies of all Contact headers.
///
/// # Errors
///
/// One of them is no list of addresses, or is too much.
pub fn read<'m>(bodies: impl IntoIterator<Item = &'m [u8]>) -> Result<Listing<'m>, BadContact> {
    let (mut star, mut list) = (false, Vec::new());
    for body in bodies {
        for element in Pieces::new(body, b',') {
            let element = element?;
            if star || (element == b"*" && !list.is_empty()) {
                return Err(BadContact::NotAlone);
            }
            if element == b"*" {
                star = true;
            } else if list.len() == MOST {
                return Err(BadContact::TooMany);
            } else {
                list.push(address(element)?);
            }
        }
    }
    Ok(if star { Listing::Star } else { Listing::List(list) })
}

/// One address of a list.
fn address(element: &[u8]) -> Result<Listed<'_>, BadContact> {
    let not_address = || BadContact::NotAddress(scan::shown(element));
    let (uri, rest) = match scan::find(element, b'<')? {
        Some(start) => {
            let (_, rest) = element.split_at_checked(start).ok_or_else(not_address)?;
            let (uri, after) =
                rest.get(1..).and_then(|rest| scan::cut(rest, b'>')).ok_or(Open::Bracket)?;
            (scan::trim(uri), scan::trim(after))
        }
        // Without brackets everything behind the first `;` belongs to the header.
        None => {
            let uri = scan::until(element, b";");
            let (_, rest) = element.split_at_checked(uri.len()).ok_or_else(not_address)?;
            (scan::trim(uri), rest)
        }
    };
    // A quote that is left open would take the rest of a header that the address is written to.
    if uri.is_empty() || !scan::closes_quotes(uri) {
        return Err(not_address());
    }
    if uri.len() > MAX_URI {
        return Err(BadContact::Long("a contact uri", uri.len(), MAX_URI));
    }
    let params = match rest {
        [] => b"",
        [b';', params @ ..] => params,
        _ => return Err(not_address()),
    };
    Ok(Listed { uri, params: Params::read(params)? })
}

/// Parameters of a Contact header, without the first `;`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Params<'m>(&'m [u8]);

impl<'m> Params<'m> {
    /// The parameters in `text`.
    ///
    /// # Errors
    ///
    /// One of them is no `name[=value]` where the value is a token, a host or a quoted string.
    pub fn read(text: &'m [u8]) -> Result<Self, BadContact> {
        if text.len() > MAX_PARAMS {
            return Err(BadContact::Long("parameters of a contact", text.len(), MAX_PARAMS));
        }
        for piece in Pieces::new(text, b';') {
            let piece = piece?;
            if !piece.is_empty() && !is_param(piece) {
                return Err(BadContact::Param(scan::shown(piece)));
            }
        }
        Ok(Self(text))
    }

    /// The text that they were read from.
    pub fn text(&self) -> &'m [u8] {
        self.0
    }

    /// As [`Params::read`] gave them; of a text that was read before.
    pub(crate) fn kept(text: &'m [u8]) -> Self {
        Self(text)
    }

    /// Names and values in their order, values without their quotes and empty when there is none.
    pub fn iter(&self) -> impl Iterator<Item = (&'m [u8], &'m [u8])> + use<'m> {
        Pieces::new(self.0, b';').map_while(Result::ok).filter(|piece| !piece.is_empty()).map(split)
    }

    /// The value of the first parameter `name`, in any case.
    pub fn get(&self, name: &[u8]) -> Option<&'m [u8]> {
        self.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

fn split(piece: &[u8]) -> (&[u8], &[u8]) {
    let (name, value) = scan::cut(piece, b'=').unwrap_or((piece, b""));
    let value = match scan::trim(value) {
        [b'"', inner @ .., b'"'] => inner,
        value => value,
    };
    (scan::trim(name), value)
}

fn is_param(piece: &[u8]) -> bool {
    let (name, value) = scan::cut(piece, b'=').unwrap_or((piece, b""));
    let name = scan::trim(name);
    let good_value = match scan::trim(value) {
        [b'"', inner @ .., b'"'] => ends_once(inner),
        value => !value.iter().any(|byte| *byte <= b' ' || *byte == 0x7f || *byte == b'"'),
    };
    !name.is_empty() && name.iter().all(|byte| is_token(*byte)) && good_value
}

/// Whether a text may stand between quotes: no quote in it that is not escaped, no escape of the
/// last one.
fn ends_once(inner: &[u8]) -> bool {
    let mut hidden = false;
    let open = inner.iter().any(|&byte| {
        let ends = byte == b'"' && !hidden;
        hidden = byte == b'\\' && !hidden;
        ends
    });
    !open && !hidden
}

#[cfg(test)]
mod tests {
    use super::{BadContact, Listing, MOST, Params, read};

    fn list(bodies: &[&str]) -> Vec<(String, Vec<(String, String)>)> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let Listing::List(list) = read(bodies.iter().map(|body| body.as_bytes())).unwrap() else {
            panic!("a star")
        };
        list.into_iter()
            .map(|one| {
                (text(one.uri), one.params.iter().map(|(n, v)| (text(n), text(v))).collect())
            })
            .collect()
    }

    fn bad(body: &str) -> BadContact {
        read([body.as_bytes()]).unwrap_err()
    }

    #[test]
    fn r_14_parameters_come_with_or_without_a_value() {
        let found = list(&["<sip:a@b>;+sip.instance=\"<urn:x;y>\";video;foo = bar; q=0.5 "]);
        let (uri, params) = found.first().unwrap();
        assert_eq!(uri, "sip:a@b");
        let expected =
            [("+sip.instance", "<urn:x;y>"), ("video", ""), ("foo", "bar"), ("q", "0.5")];
        assert_eq!(params.iter().map(|(n, v)| (&**n, &**v)).collect::<Vec<_>>(), expected);
        let params = Params::read(b"Expires=60;;EXPIRES=70").unwrap();
        assert_eq!((params.get(b"expires"), params.get(b"q")), (Some(&b"60"[..]), None));
        assert_eq!(params.iter().count(), 2);
    }

    #[test]
    fn several_headers_are_one_list() {
        let uris = |bodies: &[&str]| list(bodies).into_iter().map(|one| one.0).collect::<Vec<_>>();
        assert_eq!(
            uris(&["\"a, <b>\" <sip:a@b;x=1,2>;q=1, sip:c@d;expires=5", "<sip:e@f>"]),
            ["sip:a@b;x=1,2", "sip:c@d", "sip:e@f"]
        );
        assert_eq!(uris(&["Bob <sip:a@b>"]), ["sip:a@b"]);
        assert!(uris(&[]).is_empty());
    }

    #[test]
    fn r_26_a_star_stands_alone() {
        assert_eq!(read([&b"*"[..]]), Ok(Listing::Star));
        for bodies in [&["*", "<sip:a@b>"][..], &["<sip:a@b>", "*"], &["*", "*"], &["*, <sip:a@b>"]]
        {
            let bodies = bodies.iter().map(|body| body.as_bytes());
            assert_eq!(read(bodies), Err(BadContact::NotAlone));
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for body in ["", "<>", "<sip:a@b", "<sip:a@b>x", ";q=1", "\"open <sip:a@b>", "<sip:a@b>,"] {
            assert!(read([body.as_bytes()]).is_err(), "{body:?}");
        }
        for body in ["<sip:a@b>;=1", "<sip:a@b>;q= 1 2", "<sip:a@b>;a b=1", "<sip:a@b>;x=\"a\"b\""]
        {
            assert!(matches!(bad(body), BadContact::Param(_) | BadContact::Open(_)), "{body:?}");
        }
    }

    #[test]
    fn r_80_a_contact_may_be_long_but_not_without_end() {
        let of = |uri: usize, params: usize| {
            let body = format!("<sip:{}@b>;x={}", "a".repeat(uri), "y".repeat(params));
            read([body.as_bytes()]).map(|_| ())
        };
        assert_eq!(of(300, 20_000), Ok(()));
        assert_eq!(of(1024, 1), Err(BadContact::Long("a contact uri", 1030, 1024)));
        assert!(matches!(of(1, 40_000), Err(BadContact::Long("parameters of a contact", ..))));
        let many = vec![&b"<sip:a@b>"[..]; MOST + 1];
        assert_eq!(read(many), Err(BadContact::TooMany));
    }
}
