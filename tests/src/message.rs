//! A SIP message as it arrived.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

/// One received message; text that is not UTF-8 shows as replacement characters.
#[derive(Clone)]
pub struct Message {
    /// Everything as it came.
    pub raw: Vec<u8>,
    /// The first line.
    pub start: String,
    headers: Vec<(String, String)>,
    /// What follows the empty line.
    pub body: String,
    /// Its place among all messages that this phone got.
    pub order: usize,
}

impl fmt::Debug for Message {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", String::from_utf8_lossy(&self.raw))
    }
}

impl Message {
    /// Splits `raw` into lines; never fails.
    pub fn new(raw: &[u8]) -> Self {
        let text = String::from_utf8_lossy(raw).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.split("\r\n");
        let start = lines.next().unwrap_or_default().to_owned();
        let headers = lines
            .map(|line| {
                let (name, value) = line.split_once(':').unwrap_or((line, ""));
                (name.to_owned(), value.to_owned())
            })
            .collect();
        let body = body.to_owned();
        Self { raw: raw.to_vec(), start, headers, body, order: 0 }
    }

    /// Method of a request, empty for a reply.
    pub fn method(&self) -> &str {
        if self.is_reply() { "" } else { self.start.split(' ').next().unwrap_or_default() }
    }

    /// Request-URI.
    pub fn uri(&self) -> &str {
        self.start.split(' ').nth(1).unwrap_or_default()
    }

    /// Whether this is a reply.
    pub fn is_reply(&self) -> bool {
        self.start.starts_with("SIP/2.0 ")
    }

    /// Status of a reply, 0 for a request.
    pub fn status(&self) -> u16 {
        let status = self.start.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3));
        status.and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    /// Status and reason of a reply, such as `202 Accepted`.
    pub fn status_line(&self) -> &str {
        self.start.strip_prefix("SIP/2.0 ").unwrap_or_default()
    }

    /// Values of all headers called `name`, without blanks around.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.trim()).collect()
    }

    /// Value of the first header `name`, if there is one.
    pub fn find(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    /// Value of the only header `name`.
    ///
    /// # Panics
    ///
    /// When there is none, or more than one.
    pub fn header(&self, name: &str) -> &str {
        match self.all(name)[..] {
            [value] => value,
            ref values => panic!("{} headers {name} in\n{self:?}", values.len()),
        }
    }

    /// Names and values of all headers, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.trim()))
    }

    /// Branch of the first Via without the magic cookie, or nothing.
    pub fn branch(&self) -> &str {
        let via = self.find("Via").unwrap_or_default();
        let branch = via.split_once(";branch=z9hG4bK").map_or("", |(_, rest)| rest);
        branch.split([';', ',']).next().unwrap_or_default()
    }

    /// The address that Via number `place` names, with the default port if it names none.
    pub fn sent_by(&self, place: usize) -> Option<SocketAddr> {
        let text = self.all("Via").get(place)?.split([' ', ';']).nth(1)?;
        let ip = || text.trim_matches(['[', ']']).parse().map(|ip: IpAddr| (ip, 5060).into());
        text.parse().or_else(|_| ip()).ok()
    }

    /// Header names as written, in order.
    pub fn names(&self) -> Vec<&str> {
        self.headers.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The whole line of the only header `name`, as written.
    pub fn line(&self, name: &str) -> String {
        self.header(name);
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(name, value)| format!("{name}:{value}")).unwrap_or_default()
    }

    /// Tag of the header `name`, if it has one.
    pub fn tag(&self, name: &str) -> Option<&str> {
        let tag = self.find(name)?.rsplit_once(";tag=")?.1;
        tag.split(';').next()
    }

    /// Number and method in CSeq.
    pub fn cseq(&self) -> (u32, &str) {
        let (number, method) = self.header("CSeq").split_once(' ').unwrap_or_default();
        (number.parse().unwrap_or(0), method)
    }

    /// The address in angle brackets of the only Contact, or the whole value.
    pub fn contact(&self) -> &str {
        let value = self.header("Contact");
        value.split_once('<').and_then(|(_, rest)| rest.split('>').next()).unwrap_or(value)
    }

    /// What makes a request or reply the same as one that came before.
    pub(crate) fn key(&self) -> String {
        let via = self.find("Via").unwrap_or_default();
        format!("{} {via} {:?} {:?}", self.start, self.find("CSeq"), self.find("To"))
    }
}

#[cfg(test)]
mod tests {
    use super::Message;

    const REPLY: &[u8] =
        b"SIP/2.0 202 Accepted\r\nCall-Info:<sip:d>\r\nTo: <sip:u@d>;tag=a;x=1\r\n\
        CSeq: 7 SUBSCRIBE\r\nContact: \"n\" <sip:u@h>;q=1\r\n\r\nbody";

    #[test]
    fn parts_are_found_and_lines_kept_as_written() {
        let message = Message::new(REPLY);
        assert_eq!((message.status(), message.status_line()), (202, "202 Accepted"));
        assert_eq!(message.line("call-info"), "Call-Info:<sip:d>");
        assert_eq!(message.tag("To"), Some("a"));
        assert_eq!(message.cseq(), (7, "SUBSCRIBE"));
        assert_eq!((message.contact(), &*message.body), ("sip:u@h", "body"));
    }

    #[test]
    fn a_via_names_an_address_with_or_without_a_port() {
        let message = Message::new(
            b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKa;rport\r\n\
            Via: SIP/2.0/UDP [::1]:5070;branch=z9hG4bKb\r\nVia: SIP/2.0/UDP [::1]\r\n\r\n",
        );
        let named = [0, 1, 2].map(|place| message.sent_by(place).unwrap().to_string());
        assert_eq!(named, ["127.0.0.1:5060", "[::1]:5070", "[::1]:5060"]);
        assert_eq!((message.sent_by(3), message.branch()), (None, "a"));
    }
}
