//! A received SIP message, as far as a phone of the benchmark looks into it.

/// A message that lends from the datagram it came in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    /// The request method or the reply's status.
    pub(crate) kind: Kind<'a>,
    head: &'a str,
}

/// Request or reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind<'a> {
    /// A request and its method.
    Request(&'a str),
    /// A reply: its status code, and the method of its `CSeq`.
    Reply(u16, &'a str),
}

impl<'a> Message<'a> {
    /// Splits a datagram; `None` if it is not SIP.
    pub(crate) fn parse(datagram: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(datagram).ok()?;
        let head = text.split_once("\r\n\r\n").map_or(text, |(head, _)| head);
        let mut first = head.split("\r\n").next()?.split(' ');
        let word = first.next()?;
        let mut message = Self { kind: Kind::Request(word), head };
        if word == "SIP/2.0" {
            let status = first.next()?.parse().ok()?;
            let (_, method) = message.header("CSeq")?.split_once(' ')?;
            message.kind = Kind::Reply(status, method);
        }
        Some(message)
    }

    /// The bodies of all headers with this name, in order.
    pub(crate) fn headers(self, name: &str) -> impl Iterator<Item = &'a str> {
        self.head.split("\r\n").skip(1).filter_map(move |line| {
            let (found, body) = line.split_once(':')?;
            found.trim_end().eq_ignore_ascii_case(name).then(|| body.trim())
        })
    }

    /// The body of the first header with this name.
    pub(crate) fn header(self, name: &str) -> Option<&'a str> {
        self.headers(name).next()
    }

    /// The number of the `CSeq`.
    pub(crate) fn sequence(self) -> Option<u32> {
        self.header("CSeq")?.split(' ').next()?.parse().ok()
    }

    /// The tag of the To header.
    pub(crate) fn to_tag(self) -> Option<&'a str> {
        let (_, tag) = self.header("To")?.split_once(";tag=")?;
        tag.split(';').next()
    }

    /// A reply to this request: the headers that RFC 3261 section 8.2.6 asks to copy, `to_tag`
    /// where the request has none, then `more` (complete lines).
    pub(crate) fn reply(self, status: &str, to_tag: &str, more: &str) -> String {
        let mut reply = format!("SIP/2.0 {status}\r\n");
        let mut line = |name: &str, body: &str| {
            reply.extend([name, ": ", body, "\r\n"]);
        };
        for name in ["Via", "Record-Route", "From", "Call-ID", "CSeq"] {
            self.headers(name).for_each(|body| line(name, body));
        }
        let to = self.header("To").unwrap_or_default();
        if to_tag.is_empty() || self.to_tag().is_some() {
            line("To", to);
        } else {
            line("To", &format!("{to};tag={to_tag}"));
        }
        reply.push_str(more);
        reply.push_str("Content-Length: 0\r\n\r\n");
        reply
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INVITE: &str = "INVITE sip:300@x SIP/2.0\r\nVia: SIP/2.0/UDP b\r\nVia: SIP/2.0/UDP a\r\n\
        Record-Route: <sip:p;lr>\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:300@x>\r\nCall-ID: c\r\n\
        CSeq: 7 INVITE\r\n\r\nCall-ID: body";

    #[test]
    fn a_reply_copies_the_headers_of_its_request_and_adds_the_tag() {
        let request = Message::parse(INVITE.as_bytes()).unwrap();
        assert_eq!(request.kind, Kind::Request("INVITE"));
        let text = request.reply("180 Ringing", "t2", "Contact: <sip:x>\r\n");
        let reply = Message::parse(text.as_bytes()).unwrap();
        assert_eq!(reply.kind, Kind::Reply(180, "INVITE"));
        assert_eq!(reply.headers("via").collect::<Vec<_>>(), ["SIP/2.0/UDP b", "SIP/2.0/UDP a"]);
        assert_eq!(reply.header("Record-Route"), Some("<sip:p;lr>"));
        assert_eq!(reply.to_tag(), Some("t2"));
        assert_eq!(reply.sequence(), Some(7));
        assert_eq!(reply.header("Call-ID"), Some("c"));
        assert_eq!(reply.header("Contact"), Some("<sip:x>"));
    }

    #[test]
    fn what_is_not_sip_gives_nothing() {
        assert!(Message::parse(b"\xff\xfe").is_none());
        assert!(Message::parse(b"SIP/2.0 200 OK\r\n\r\n").is_none());
        assert!(Message::parse(b"SIP/2.0 abc OK\r\nCSeq: 1 X\r\n\r\n").is_none());
    }
}
