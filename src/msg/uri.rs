//! URIs.

use super::address::Line;
use crate::text;
use core::mem;
use kamailio_sys::{self as sys, _uri_type as kind};
use pcscf_core::scan::is_word;

/// The schemes that the core can take apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the schemes")]
pub enum Scheme {
    Sip,
    Sips,
    Tel,
    Tels,
    Urn,
}

/// Bytes of a line that is taken apart without memory of its own: most URIs of phones are shorter.
const SHORT: usize = 128;

/// A URI taken apart; what is absent is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uri<'m> {
    /// The scheme.
    pub scheme: Scheme,
    /// The user part without a password; the number of a `tel` URI.
    pub user: &'m [u8],
    /// The host: a name, or an address in the form of URIs.
    pub host: &'m [u8],
    /// The port, if the URI names one.
    pub port: Option<u16>,
    /// The transport that the URI asks for, by the number of the core; 0 if it leaves it open.
    pub transport: u16,
    /// The parameters without the first semicolon.
    pub params: &'m [u8],
    /// The headers behind the question mark.
    pub headers: &'m [u8],
}

impl<'m> Uri<'m> {
    /// Takes `text` apart as the core does; nothing if the core takes it for no URI.
    ///
    /// Nothing either for a text with a blank or a control byte, such as the line end of a folded
    /// header: the core lets them pass, but they would break the message they are copied into.
    pub fn parse(text: &'m [u8]) -> Option<Self> {
        if !is_word(text) {
            return None;
        }
        let mut room = [0; SHORT];
        let mut line = Line::new_in(text, &mut room)?;
        let whole = line.text();
        // SAFETY: zeroes are a value of this plain struct, and what the core starts from.
        let mut uri: sys::sip_uri = unsafe { mem::zeroed() };
        // SAFETY: `whole` is readable, and `uri` points into it only until the end of this call.
        let code = unsafe { sys::parse_uri(whole.s, whole.len, &raw mut uri) };
        if code < 0 {
            return None;
        }
        let scheme = match uri.type_ {
            kind::SIP_URI_T => Scheme::Sip,
            kind::SIPS_URI_T => Scheme::Sips,
            kind::TEL_URI_T => Scheme::Tel,
            kind::TELS_URI_T => Scheme::Tels,
            kind::URN_URI_T => Scheme::Urn,
            _ => return None,
        };
        let part = |part| line.part_of(text, part).unwrap_or_default();
        Some(Self {
            scheme,
            user: part(uri.user),
            host: part(uri.host),
            port: Some(uri.port_no).filter(|_| !part(uri.port).is_empty()),
            transport: uri.proto,
            params: part(uri.params),
            headers: part(uri.headers),
        })
    }

    /// Whether `text` is a URI, by the same rules.
    pub fn is_valid(text: &[u8]) -> bool {
        Uri::parse(text).is_some()
    }
}

/// Whether requests for `host` and `port` are for this server: its sockets and the `alias` lines of
/// its configuration.
pub fn is_self(host: &[u8], port: u16) -> bool {
    let mut host = text::lend(host);
    // SAFETY: the core only compares the text with the lists it made at its start.
    unsafe { sys::check_self(&raw mut host, port, 0) == 1 }
}
