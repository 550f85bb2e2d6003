//! What of a Contact URI a location store keeps and is searched by: who has taken the URI apart to
//! decide something hands this on, so that nobody reads it again.

use crate::uri::{BadUri, Scheme, Uri};

/// The parts of a Contact URI, which borrow from its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts<'u> {
    /// Its scheme.
    pub scheme: Scheme,
    /// Its user; may be empty.
    pub user: &'u [u8],
    /// Its host as written; empty if it has none.
    pub host: &'u [u8],
    /// Its port, 5060 if none is written.
    pub port: u16,
    /// The value of its parameter `rinstance`; may be empty.
    pub rinstance: &'u [u8],
}

impl<'u> Parts<'u> {
    /// Those of `uri`.
    pub fn of(uri: &Uri<'u>) -> Self {
        Self {
            scheme: uri.scheme,
            user: uri.user,
            host: uri.host,
            port: uri.port_or_default(),
            rinstance: uri.param(b"rinstance").unwrap_or_default(),
        }
    }

    /// Those of the URI `text`.
    ///
    /// # Errors
    ///
    /// It is no URI.
    pub fn parse(text: &'u [u8]) -> Result<Self, BadUri> {
        Uri::parse(text).map(|uri| Self::of(&uri))
    }
}
