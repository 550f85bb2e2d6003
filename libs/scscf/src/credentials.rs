//! The private identity of a REGISTER: the user name of its credentials (TS 24.229 5.4.1.2).

use sip_text::scan::{self, Pieces};

/// The longest private identity, in bytes.
pub const MAX: usize = 255;

/// The user name of the first credentials for `realm`, or of the first ones without `realm`.
///
/// `bodies` are those of the Authorization headers, then those of the Proxy-Authorization headers.
/// `None` when there are no such credentials, or their user name is no `user@realm`.
pub fn username<'m>(
    bodies: impl IntoIterator<Item = &'m [u8]>,
    realm: Option<&[u8]>,
) -> Option<&'m [u8]> {
    let of_realm = |body: &&'m [u8]| match realm {
        Some(realm) => param(body, b"realm").is_some_and(|own| own.eq_ignore_ascii_case(realm)),
        None => true,
    };
    let body = bodies.into_iter().find(of_realm)?;
    param(body, b"username").filter(|name| is_private(name))
}

/// Whether a text may be a private identity: a realm, not too long, nothing that breaks a line.
fn is_private(name: &[u8]) -> bool {
    name.len() <= MAX && name.contains(&b'@') && !name.iter().any(u8::is_ascii_control)
}

/// The value of a parameter of `Digest name=value, …`, without quotes.
fn param<'m>(body: &'m [u8], name: &[u8]) -> Option<&'m [u8]> {
    let (_, params) = scan::cut(scan::trim(body), b' ')?;
    Pieces::new(params, b',').map_while(Result::ok).find_map(|piece| {
        let (own, value) = scan::cut(piece, b'=')?;
        let value = match scan::trim(value) {
            [b'"', inner @ .., b'"'] => inner,
            value => value,
        };
        scan::trim(own).eq_ignore_ascii_case(name).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::username;

    const BODY: &[u8] =
        b"Digest username=\"bob@ims.example\", Realm=\"Example.org\", uri=\"sip:x,y\", response=\"\"";

    #[test]
    fn the_user_name_of_the_realm_is_the_private_identity() {
        assert_eq!(username([BODY], Some(b"example.org")), Some(&b"bob@ims.example"[..]));
        assert_eq!(username([BODY], None), Some(&b"bob@ims.example"[..]));
        assert_eq!(username([BODY], Some(b"other.org")), None);
        let other = &b"Digest realm=\"other.org\",username=\"bob@other\""[..];
        assert_eq!(username([BODY, other], Some(b"other.org")), Some(&b"bob@other"[..]));
    }

    #[test]
    fn r_33_r_34_without_a_realm_in_it_a_user_name_is_none() {
        assert_eq!(username([], None), None);
        for body in
            ["Digest username=\"bob\", realm=\"r\"", "Digest", "", "Digest username", "x\"y"]
        {
            assert_eq!(username([body.as_bytes()], None), None, "{body}");
        }
        let long = format!("Digest username=\"{}@x\"", "u".repeat(300));
        assert_eq!(username([long.as_bytes()], None), None);
    }
}
