//! The requests that phones send.

use super::party::{CallId, DOMAIN, Purpose};
use std::{fmt::Write as _, net::SocketAddr};

/// Seconds that a call-info subscription asks for: longer than any run.
const CALL_INFO_EXPIRES: u32 = 3600;

/// Seconds that a line-seize subscription asks for: the most that the module grants by default.
const LINE_SEIZE_EXPIRES: u32 = 15;

/// What an offer says; the server looks into it for a hold.
const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
    m=audio 40000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n";

/// One request within or outside a dialog of a phone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    /// The dialog.
    pub(crate) id: CallId,
    /// The number of the `CSeq`.
    pub(crate) sequence: u32,
    /// The tag of the far side, empty outside a dialog.
    pub(crate) to_tag: &'a str,
    /// The socket of all phones.
    pub(crate) local: SocketAddr,
}

impl Request<'_> {
    /// A SUBSCRIBE to the event of the dialog's purpose; `seize` false ends the subscription.
    pub(crate) fn subscribe(self, keep: bool) -> String {
        let aor = self.id.party.aor();
        let mut text = self.head("SUBSCRIBE", &aor, &aor);
        let (event, expires) = match self.id.purpose {
            Purpose::LineSeize => ("line-seize", LINE_SEIZE_EXPIRES),
            Purpose::CallInfo | Purpose::Call => ("call-info", CALL_INFO_EXPIRES),
        };
        let expires = if keep { expires } else { 0 };
        text += &format!("Event: {event}\r\nExpires: {expires}\r\n");
        if self.id.purpose == Purpose::LineSeize {
            text += &call_info();
        }
        text + "Content-Length: 0\r\n\r\n"
    }

    /// The INVITE of a seized line to the outside party.
    pub(crate) fn invite(self) -> String {
        let to = self.outside();
        let mut text = self.head("INVITE", &to, &to);
        text += &call_info();
        let length = OFFER.len();
        text + &format!("Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{OFFER}")
    }

    /// The ACK or BYE of an answered call along the recorded `route`.
    pub(crate) fn within_call(self, method: &str, route: &str) -> String {
        let far = format!("sip:outside@{}", self.local);
        let mut text = self.head(method, &far, &self.outside());
        if !route.is_empty() {
            text += &format!("Route: {route}\r\n");
        }
        if method == "BYE" {
            text += &call_info();
        }
        text + "Content-Length: 0\r\n\r\n"
    }

    fn outside(&self) -> String {
        format!("sip:outside{:06}@{DOMAIN}", self.id.party.line)
    }

    fn head(&self, method: &str, target: &str, to: &str) -> String {
        let Self { id, sequence, to_tag, local } = self;
        let mut text = format!("{method} {target} SIP/2.0\r\n");
        let (aor, tag, contact) = (id.party.aor(), id.tag(), id.party.contact(*local));
        let branch = format_args!("z9hG4bK{id}.{sequence}.{method}");
        // Writing into a string cannot fail.
        let _ = write!(text, "Via: SIP/2.0/UDP {local};branch={branch};rport\r\n");
        let _ = write!(text, "Max-Forwards: 70\r\nFrom: <{aor}>;tag={tag}\r\nTo: <{to}>");
        if !to_tag.is_empty() {
            let _ = write!(text, ";tag={to_tag}");
        }
        let _ = write!(text, "\r\nCall-ID: {id}\r\nCSeq: {sequence} {method}\r\n");
        let _ = write!(text, "Contact: <{contact}>\r\n");
        text
    }
}

/// Every operation uses the first appearance: a line carries one call at a time.
fn call_info() -> String {
    format!("Call-Info: <sip:{DOMAIN}>;appearance-index=1\r\n")
}
