//! Credentials of a client: HTTP Digest with MD5, RFC 2617, as SIP uses it.

use md5::{Digest as _, Md5};
use std::fmt::Write as _;

/// MD5 of `text` in hexadecimal digits.
fn hash(text: &str) -> String {
    let mut digits = String::new();
    for byte in Md5::digest(text) {
        write!(digits, "{byte:02x}").unwrap();
    }
    digits
}

/// H(A1): what a server keeps instead of the password.
pub fn secret(username: &str, realm: &str, password: &str) -> String {
    hash(&format!("{username}:{realm}:{password}"))
}

/// A parameter of a header such as WWW-Authenticate, without quotes.
pub fn parameter<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let (_, list) = header.split_once(' ')?;
    let mut rest = list.trim_start();
    while let Some((found, after)) = rest.split_once('=') {
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_once(',').map_or((after, ""), |(value, _)| {
                (value, after.get(value.len()..).unwrap_or_default())
            }),
        };
        if found.trim() == name {
            return Some(value.trim());
        }
        rest = after.trim_start_matches([',', ' ']);
    }
    None
}

/// Who a client says that it is, and what proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The private identity.
    pub username: String,
    /// Where it is known.
    pub realm: String,
    /// What only the client and its home know.
    pub password: String,
}

impl Credentials {
    /// The Authorization header before a challenge came: only the name (TS 24.229, 5.1.1.2.1).
    pub fn name(&self, uri: &str) -> String {
        let Self { username, realm, .. } = self;
        format!(
            "Digest username=\"{username}\", realm=\"{realm}\", nonce=\"\", uri=\"{uri}\", \
             response=\"\""
        )
    }

    /// The Authorization header that answers `challenge`, the value of WWW-Authenticate, for a
    /// request `method` to `uri`.
    ///
    /// # Panics
    ///
    /// When the challenge is none for MD5 with quality of protection `auth`.
    pub fn answer(&self, challenge: &str, method: &str, uri: &str) -> String {
        let get = |name| parameter(challenge, name);
        let nonce = get("nonce").expect("a nonce");
        assert!(get("algorithm").is_none_or(|name| name == "MD5"), "{challenge}");
        assert!(get("qop").is_some_and(|list| list.split(',').any(|it| it == "auth")));
        let Self { username, realm, password } = self;
        assert_eq!(get("realm"), Some(realm.as_str()), "{challenge}");
        let (count, own) = ("00000001", "0a4f113b");
        let first = secret(username, realm, password);
        let second = hash(&format!("{method}:{uri}"));
        let response = hash(&format!("{first}:{nonce}:{count}:{own}:auth:{second}"));
        format!(
            "Digest username=\"{username}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             response=\"{response}\", algorithm=MD5, cnonce=\"{own}\", qop=auth, nc={count}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{Credentials, parameter};

    const CHALLENGE: &str = "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
        algorithm=MD5, nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"a, b=c\"";

    #[test]
    fn parameters_are_found_with_and_without_quotes() {
        let found = ["realm", "algorithm", "opaque", "b"].map(|name| parameter(CHALLENGE, name));
        assert_eq!(found, [Some("testrealm@host.com"), Some("MD5"), Some("a, b=c"), None]);
    }

    #[test]
    fn the_answer_is_that_of_rfc_2617() {
        // RFC 2617, 3.5.
        let realm = "testrealm@host.com".to_owned();
        let mufasa = Credentials {
            username: "Mufasa".to_owned(),
            realm,
            password: "Circle Of Life".to_owned(),
        };
        let answer = mufasa.answer(CHALLENGE, "GET", "/dir/index.html");
        let response = parameter(&answer, "response");
        assert_eq!(response, Some("6629fae49393a05397450978507c4ef1"));
        assert!(mufasa.name("sip:h").ends_with("response=\"\""));
    }
}
