//! A SIP message that a phone is about to send, every byte of it at the test's will.

use crate::{DOMAIN, message::Message};

/// A request or reply in the making.
#[derive(Clone, Debug)]
pub struct Draft {
    start: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Draft {
    /// A message with the given first line and no header.
    pub fn new(start: &str) -> Self {
        Self { start: start.to_owned(), headers: Vec::new(), body: String::new() }
    }

    /// A reply to `request` with what RFC 3261, 8.2.6.2 asks for; the To header gets `tag`.
    pub fn reply(request: &Message, status: u16, tag: &str) -> Self {
        let mut draft = Self::new(&format!("SIP/2.0 {status} {}", reason(status)));
        for name in ["Record-Route", "Via", "From", "Call-ID", "CSeq"] {
            for value in request.all(name) {
                draft = draft.add(name, value);
            }
        }
        let to = request.header("To");
        let tagged = status == 100 || tag.is_empty() || request.tag("To").is_some();
        draft.add("To", &if tagged { to.to_owned() } else { format!("{to};tag={tag}") })
    }

    /// Appends a header.
    #[must_use]
    pub fn add(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Gives the first header `name` another value, or appends it.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        match self.headers.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => value.clone_into(old),
            None => self.headers.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// Takes out every header `name`.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    /// Sets the Request-URI.
    #[must_use]
    pub fn uri(mut self, uri: &str) -> Self {
        self.start = format!("{} {uri} SIP/2.0", self.method());
        self
    }

    /// Names an appearance in Call-Info, as a phone of the group does.
    #[must_use]
    pub fn index(self, index: u32) -> Self {
        self.set("Call-Info", &format!("<sip:{DOMAIN}>;appearance-index={index}"))
    }

    /// Names an appearance and its state.
    #[must_use]
    pub fn state(self, index: u32, state: &str) -> Self {
        let value = format!("<sip:{DOMAIN}>;appearance-index={index};appearance-state={state}");
        self.set("Call-Info", &value)
    }

    /// Offers or answers one audio stream with `direction`, such as `sendrecv`.
    #[must_use]
    pub fn sdp(mut self, direction: &str) -> Self {
        self.body = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio 4000 RTP/AVP 0\r\na={direction}\r\n"
        );
        self.set("Content-Type", "application/sdp")
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, kind: &str, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self.set("Content-Type", kind)
    }

    /// Method of a request.
    pub fn method(&self) -> &str {
        self.start.split(' ').next().unwrap_or_default()
    }

    /// Value of the first header `name`.
    pub fn find(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The bytes to send; Content-Length is added.
    pub fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{}\r\n", self.start);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n{}", self.body.len(), self.body));
        text.into_bytes()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        180 => "Ringing",
        181 => "Call Is Being Forwarded",
        183 => "Session Progress",
        200 => "OK",
        302 => "Moved Temporarily",
        481 => "Call/Transaction Does Not Exist",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        603 => "Decline",
        _ => "As Wanted",
    }
}
