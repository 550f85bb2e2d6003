//! A SIP message as a list of lines: enough to look into it, to change it and to send it on.

use crate::Error;
use std::{
    fmt,
    io::ErrorKind,
    net::{SocketAddr, UdpSocket},
};

/// The next message that has come in at `socket`, which does not block; `None` if none has.
pub(crate) fn next(socket: &UdpSocket) -> Result<Option<Message>, Error> {
    let mut buffer = vec![0; 65_536];
    loop {
        match socket.recv(&mut buffer) {
            Ok(length) => {
                let message = Message::parse(buffer.get(..length).unwrap_or_default());
                if message.is_some() {
                    return Ok(message);
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            // The answer of a closed port to something sent before.
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// A message.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// Request line or status line.
    pub(crate) first: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Message {
    /// A message with nothing but its first line.
    pub(crate) fn new(first: String) -> Self {
        Self { first, headers: Vec::new(), body: String::new() }
    }

    /// Reads a datagram; `None` if it is no SIP.
    pub(crate) fn parse(datagram: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(datagram).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let first = lines.next()?.to_owned();
        let split = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim().to_owned(), value.trim().to_owned()))
        };
        let headers = lines.map(split).collect::<Option<_>>()?;
        first.contains("SIP/2.0").then(|| Self { first, headers, body: body.to_owned() })
    }

    /// The body.
    pub(crate) fn body(&self) -> &str {
        &self.body
    }

    /// The method of a request, or of what a reply replies to.
    pub(crate) fn method(&self) -> &str {
        self.header("CSeq").split(' ').nth(1).unwrap_or_default()
    }

    /// The status of a reply; `None` for a request.
    pub(crate) fn status(&self) -> Option<u16> {
        self.first.strip_prefix("SIP/2.0 ")?.split(' ').next()?.parse().ok()
    }

    /// The URI of a request.
    pub(crate) fn uri(&self) -> &str {
        self.first.split(' ').nth(1).unwrap_or_default()
    }

    /// The first header of that name, empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// All headers of that name.
    pub(crate) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let name = name.to_owned();
        self.headers
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(&name))
            .map(|(_, value)| value.as_str())
    }

    /// The elements of all headers of that name, in order; none of them holds a comma of its own.
    pub(crate) fn elements(&self, name: &str) -> Vec<String> {
        let each = self.all(name).flat_map(|value| value.split(','));
        each.map(|element| element.trim().to_owned()).collect()
    }

    /// The URI in the first Contact.
    pub(crate) fn contact(&self) -> String {
        uri_of(self.header("Contact")).to_owned()
    }

    /// Adds a header at the end.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// Adds a header for each of `values`.
    #[must_use]
    pub(crate) fn with_all(self, name: &str, values: &[String]) -> Self {
        values.iter().fold(self, |message, value| message.with(name, value))
    }

    /// Puts a header before all others.
    pub(crate) fn push(&mut self, name: &str, value: impl fmt::Display) {
        self.headers.insert(0, (name.to_owned(), value.to_string()));
    }

    /// Replaces all headers of that name.
    pub(crate) fn replace(&mut self, name: &str, values: &[String]) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        for value in values.iter().rev() {
            self.push(name, value);
        }
    }

    /// A reply to this request, with the headers that every reply copies.
    pub(crate) fn reply(&self, status: &str, tag: &str) -> Self {
        let mut reply = Self::new(format!("SIP/2.0 {status}"));
        for name in ["Via", "Record-Route", "From", "To", "Call-ID", "CSeq"] {
            for value in self.all(name) {
                let tagged = name == "To" && !value.contains(";tag=");
                let tag = if tagged { format!(";tag={tag}") } else { String::new() };
                reply.headers.push((name.to_owned(), format!("{value}{tag}")));
            }
        }
        reply
    }

    /// The bytes for the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{}\r\n", self.first);
        for (name, value) in &self.headers {
            if !name.eq_ignore_ascii_case("Content-Length") {
                text.extend([name, ": ", value, "\r\n"]);
            }
        }
        text += &format!("Content-Length: {}\r\n\r\n{}", self.body.len(), self.body);
        text.into_bytes()
    }
}

/// The URI of a header value, without its angle brackets and what follows them.
pub(crate) fn uri_of(value: &str) -> &str {
    let inner = value.split_once('<').map_or(value, |(_, rest)| rest);
    inner.split('>').next().unwrap_or(inner)
}

/// Where a URI with a numeric host leads; `None` for any other.
pub(crate) fn address_of(uri: &str) -> Option<SocketAddr> {
    let rest = uri.split_once(':')?.1;
    let host = rest.split(';').next()?.rsplit('@').next()?;
    host.parse().ok().or_else(|| Some(SocketAddr::new(host.parse().ok()?, 5060)))
}

/// Where a reply goes, by the Via that is its topmost one.
pub(crate) fn reply_address(via: &str) -> Option<SocketAddr> {
    let (sent_by, parameters) = via.split_once(' ')?.1.split_once(';')?;
    let value = |name: &str| parameters.split(';').find_map(|word| word.strip_prefix(name));
    let sent_by = address_of(&format!("sip:{sent_by}"))?;
    let ip = value("received=").and_then(|ip| ip.parse().ok()).unwrap_or(sent_by.ip());
    let port = value("rport=").and_then(|port| port.parse().ok()).unwrap_or(sent_by.port());
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_what_was_sent() {
        let sent = Message::new("INVITE sip:b@d SIP/2.0".to_owned())
            .with("Via", "SIP/2.0/UDP 127.0.0.2:4000;branch=z9hG4bK1")
            .with("Route", "<sip:a;lr>, <sip:b;lr>")
            .with("Route", "<sip:c;lr>")
            .with("To", "<sip:b@d>")
            .with("CSeq", "1 INVITE");
        let read = Message::parse(&sent.bytes()).expect("what was sent");
        assert_eq!((read.uri(), read.method(), read.status()), ("sip:b@d", "INVITE", None));
        assert_eq!(read.elements("route"), ["<sip:a;lr>", "<sip:b;lr>", "<sip:c;lr>"]);
        let reply = read.reply("200 OK", "t");
        assert_eq!((reply.status(), reply.header("To")), (Some(200), "<sip:b@d>;tag=t"));
        assert!(Message::parse(b"\r\n\r\n").is_none());
    }

    #[test]
    fn uris_and_vias_lead_somewhere() {
        let uri = uri_of("<sip:orig@127.0.0.4:5062;lr>;x=1");
        assert_eq!(uri, "sip:orig@127.0.0.4:5062;lr");
        assert_eq!(address_of(uri), "127.0.0.4:5062".parse().ok());
        assert_eq!(address_of("sip:127.0.0.4;lr"), "127.0.0.4:5060".parse().ok());
        assert_eq!(address_of("sip:home.example.com"), None);
        let via = "SIP/2.0/UDP 10.0.0.9:5070;branch=z;received=127.0.0.2;rport=4000";
        assert_eq!(reply_address(via), "127.0.0.2:4000".parse().ok());
        assert_eq!(reply_address("SIP/2.0/UDP 127.0.0.3;branch=z"), "127.0.0.3:5060".parse().ok());
    }
}
