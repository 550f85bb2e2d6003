//! Documents of RFC 3680 as a test writes them.

use std::fmt::Write as _;

/// A contact of a registration; texts are written as they are.
#[derive(Clone, Copy, Debug)]
pub struct Contact<'a> {
    /// Its URI.
    pub uri: &'a str,
    /// `active` or `terminated`.
    pub state: &'a str,
    /// What happened to it.
    pub event: &'a str,
    /// Attribute `expires`, if it has one.
    pub expires: Option<&'a str>,
}

impl<'a> Contact<'a> {
    /// An active contact for `expires` seconds.
    pub fn active(uri: &'a str, expires: &'a str) -> Self {
        Self { uri, state: "active", event: "registered", expires: Some(expires) }
    }

    /// A contact that is gone.
    pub fn gone(uri: &'a str) -> Self {
        Self { uri, state: "terminated", event: "unregistered", expires: Some("0") }
    }
}

/// A document with one registration of `aor`.
pub fn document(aor: &str, state: &str, contacts: &[Contact<'_>]) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\"?>\n<reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\" version=\"0\" \
         state=\"full\">\n<registration aor=\"{aor}\" id=\"r\" state=\"{state}\">\n"
    );
    for contact in contacts {
        let expires = contact.expires.map(|seconds| format!(" expires=\"{seconds}\""));
        writeln!(
            text,
            "<contact id=\"c\" state=\"{}\" event=\"{}\"{}><uri>{}</uri></contact>",
            contact.state,
            contact.event,
            expires.unwrap_or_default(),
            contact.uri
        )
        .unwrap();
    }
    text + "</registration>\n</reginfo>\n"
}
