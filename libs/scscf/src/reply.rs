//! The answers to a REGISTER: code, phrase, and the headers behind those that every answer has.

use crate::{expires, quality, refusal::Refusal};
use sip_text::scan;

/// What is set about refusals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Parameter `precise_errors`: each cause has its own code and text.
    pub precise: bool,
    /// Parameter `error_reply_code`: what is answered for 500; 0: 500.
    pub error_code: u16,
    /// Parameter `retry_after`: seconds that answers of 500 and above ask to wait; 0: nothing.
    pub retry_after: u32,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its code.
    pub code: u16,
    /// Its phrase.
    pub reason: &'static str,
    /// Its headers, each with its line end.
    pub headers: Vec<u8>,
}

/// Why a REGISTER was refused, as an answer.
pub fn refused(refusal: &Refusal, settings: &Settings) -> Reply {
    let coarse = refusal.coarse();
    let refusal = if settings.precise { refusal } else { &coarse };
    let code = match refusal.code() {
        500 if settings.error_code != 0 => settings.error_code,
        code => code,
    };
    let mut headers = Headers::default();
    match refusal {
        Refusal::PathUnsupported(path) => {
            headers.add(b"Unsupported", b"path");
            headers.add(b"Path", path);
        }
        Refusal::Brief(min) => headers.add(b"Min-Expires", min.to_string().as_bytes()),
        _ => {}
    }
    if code != 200 {
        headers.add(b"P-Registrar-Error", refusal.text().as_bytes());
        if (500..600).contains(&code) && settings.retry_after > 0 {
            headers.add(b"Retry-After", settings.retry_after.to_string().as_bytes());
        }
    }
    Reply { code, reason: reason(code), headers: headers.0 }
}

/// What a 200 says.
#[derive(Clone, Debug)]
pub struct Accepted<'a> {
    /// The contacts.
    pub contacts: ContactList,
    /// The Path, if it is said back.
    pub path: Option<&'a [u8]>,
    /// Of [`service_route`].
    pub service_route: &'a [u8],
}

impl Accepted<'_> {
    /// The answer. `associated` are the identities of the user that are not barred, in the order
    /// of the user data; none of them: nothing is said.
    pub fn reply<'i>(self, associated: impl IntoIterator<Item = &'i [u8]>) -> Reply {
        let mut headers = Headers(self.contacts.finish());
        if let Some(path) = self.path {
            headers.add(b"Path", path);
        }
        let mut associated = associated.into_iter().peekable();
        if associated.peek().is_some() {
            headers.0.extend_from_slice(b"P-Associated-URI: ");
            for (at, identity) in associated.enumerate() {
                headers.0.extend_from_slice(if at == 0 { b"<" } else { b", <" });
                put(identity, &mut headers.0);
                headers.0.push(b'>');
            }
            headers.0.extend_from_slice(b"\r\n");
        }
        headers.add(b"Service-Route", self.service_route);
        Reply { code: 200, reason: reason(200), headers: headers.0 }
    }
}

/// Whether an identity of a profile can stand between angle brackets in a header: a scheme, and
/// nothing that ends the address or the line. Wildcarded identities can.
pub fn is_uri(identity: &[u8]) -> bool {
    scan::is_uri(identity) && identity.is_ascii()
}

/// The value of Service-Route for a server: `<sip:orig@server;lr>`.
pub fn service_route(scscf_name: &[u8]) -> Vec<u8> {
    let name = scscf_name.strip_prefix(b"sip:").unwrap_or(scscf_name);
    [b"<sip:orig@", name, b";lr>"].concat()
}

/// A contact as an answer shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown<'s> {
    /// Its URI.
    pub uri: &'s [u8],
    /// Its preference in thousandths, or [`quality::UNSAID`].
    pub q: i32,
    /// When it expires; 0: never.
    pub expires: i64,
    /// Where it was received from; empty: nothing is known.
    pub received: &'s [u8],
}

/// The Contact header of an answer, written contact by contact.
#[derive(Clone, Debug)]
pub struct ContactList {
    text: Vec<u8>,
    now: i64,
    percent: u32,
}

/// What a contact that never expires is said to have left.
const FOREVER: i64 = sip_text::moment::LAST;

impl ContactList {
    /// An empty one. `percent` is `expires_buffer_percent`.
    pub fn new(now: i64, percent: u32) -> Self {
        Self { text: Vec::new(), now, percent }
    }

    /// Adds a contact that is registered. `params` are its header parameters in the order of the
    /// answer, without quotes; `received_param` is the name of the parameter for
    /// [`Shown::received`].
    pub fn bound<'p>(
        &mut self,
        shown: &Shown<'_>,
        received_param: &[u8],
        params: impl IntoIterator<Item = (&'p [u8], &'p [u8])>,
    ) {
        self.uri(shown.uri);
        quality::write(shown.q, &mut self.text);
        let left = match shown.expires {
            0 => FOREVER,
            expires => expires.saturating_sub(self.now).max(0),
        };
        self.text.extend_from_slice(b";expires=");
        self.text.extend_from_slice(expires::told(left, self.percent).to_string().as_bytes());
        if !shown.received.is_empty() {
            self.param(received_param, shown.received);
        }
        let own = |name: &[u8]| {
            [&b"q"[..], b"expires", b"received"].iter().any(|own| own.eq_ignore_ascii_case(name))
        };
        for (name, body) in params.into_iter().filter(|(name, _)| !name.is_empty() && !own(name)) {
            self.param(name, body);
        }
    }

    /// Adds a contact that was just removed.
    pub fn removed(&mut self, uri: &[u8]) {
        self.uri(uri);
        self.text.extend_from_slice(b";expires=0");
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    fn uri(&mut self, uri: &[u8]) {
        self.text.extend_from_slice(if self.text.is_empty() { b"Contact: <" } else { b", <" });
        put(uri, &mut self.text);
        self.text.push(b'>');
    }

    fn param(&mut self, name: &[u8], body: &[u8]) {
        self.text.push(b';');
        put(name, &mut self.text);
        if !body.is_empty() {
            self.text.extend_from_slice(b"=\"");
            put(body, &mut self.text);
            self.text.push(b'"');
        }
    }

    /// The header with its line end; nothing when there is no contact.
    pub fn finish(mut self) -> Vec<u8> {
        if !self.text.is_empty() {
            self.text.extend_from_slice(b"\r\n");
        }
        self.text
    }
}

#[derive(Debug, Default)]
struct Headers(Vec<u8>);

impl Headers {
    fn add(&mut self, name: &[u8], body: &[u8]) {
        self.0.extend_from_slice(name);
        self.0.extend_from_slice(b": ");
        put(body, &mut self.0);
        self.0.extend_from_slice(b"\r\n");
    }
}

/// Copies a text of the client or the HSS; nothing of it ends the line.
fn put(text: &[u8], out: &mut Vec<u8>) {
    let clean = |byte: &u8| if byte.is_ascii_control() { b' ' } else { *byte };
    match text.iter().any(u8::is_ascii_control) {
        false => out.extend_from_slice(text),
        true => out.extend(text.iter().map(clean)),
    }
}

/// The phrase of a code.
pub const fn reason(code: u16) -> &'static str {
    match code {
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        410 => "Gone",
        413 => "Request Entity Too Large",
        420 => "Bad Extension",
        421 => "Extension Required",
        423 => "Interval Too Brief",
        480 => "Temporarily Unavailable",
        486 => "Busy Here",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        513 => "Message Too Large",
        580 => "Precondition Failure",
        600 => "Busy Everywhere",
        603 => "Decline",
        604 => "Does Not Exist Anywhere",
        606 => "Not Acceptable",
        _ => match code / 100 {
            1 => "Trying",
            2 => "OK",
            3 => "Redirected",
            4 => "Client Error",
            5 => "Server Error",
            _ => "Global Failure",
        },
    }
}

#[cfg(test)]
mod tests;
