//! Messages, RFC 6733 section 3.

use super::avp::{self, Avp, Avps};

/// Bytes of the header.
const HEADER: usize = 20;

/// Bit of the flags that a request has.
const REQUEST: u8 = 0x80;

/// Bit of the flags that says that the message may be relayed.
const PROXIABLE: u8 = 0x40;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Whether it is a request.
    pub request: bool,
    /// What is asked for, such as 265 for AA.
    pub command: u32,
    /// The application, 0 for the base protocol.
    pub application: u32,
    /// What ties an answer to its request on one connection.
    pub hop_by_hop: u32,
    /// What tells two requests of one sender apart.
    pub end_to_end: u32,
    /// The list of AVPs.
    pub avps: Vec<Avp>,
}

impl Message {
    /// A request without identifiers; the node that sends it gives it some.
    pub fn request(application: u32, command: u32, avps: Vec<Avp>) -> Self {
        Self { request: true, command, application, hop_by_hop: 0, end_to_end: 0, avps }
    }

    /// The answer to this request.
    pub fn answer(&self, avps: Vec<Avp>) -> Self {
        Self { request: false, avps, ..*self }
    }

    /// Its Session-Id, empty when it has none.
    pub fn session(&self) -> String {
        self.avps.text(263)
    }

    /// The Result-Code of an answer, or else its Experimental-Result-Code.
    pub fn result(&self) -> Option<u32> {
        let inner = || self.avps.find(297).and_then(Avp::members)?.value(298);
        self.avps.value(268).or_else(inner)
    }

    /// The bytes to send.
    pub fn bytes(&self) -> Vec<u8> {
        let avps = avp::write(&self.avps);
        let length = u32::try_from(HEADER + avps.len()).expect("a message of a test");
        let [_, high, middle, low] = length.to_be_bytes();
        let mut out = vec![1, high, middle, low];
        let [_, high, middle, low] = self.command.to_be_bytes();
        let request = if self.request { REQUEST } else { 0 };
        let proxiable = if self.application == 0 { 0 } else { PROXIABLE };
        out.extend([request | proxiable, high, middle, low]);
        for number in [self.application, self.hop_by_hop, self.end_to_end] {
            out.extend(number.to_be_bytes());
        }
        out.extend(avps);
        out
    }

    /// How many bytes the message that starts with `bytes` has; `None` when more are needed to
    /// tell.
    ///
    /// # Panics
    ///
    /// When this is no Diameter.
    pub fn length(bytes: &[u8]) -> Option<usize> {
        let &[version, high, middle, low] = bytes.get(..4)? else { return None };
        let length = usize::try_from(u32::from_be_bytes([0, high, middle, low])).ok()?;
        assert!(version == 1 && length >= HEADER, "no Diameter: {}", bytes.escape_ascii());
        Some(length)
    }

    /// Reads one whole message; `None` when it is not in order.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        let flags = bytes.get(4)?;
        Some(Self {
            request: flags & REQUEST != 0,
            command: number(4)? & 0x00ff_ffff,
            application: number(8)?,
            hop_by_hop: number(12)?,
            end_to_end: number(16)?,
            avps: avp::read(bytes.get(HEADER..)?)?,
        })
    }
}

/// An application that a node speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Application {
    /// Its number.
    pub id: u32,
    /// Who defined it.
    pub vendor: u32,
}

impl Application {
    /// Rx, between a P-CSCF and the node that authorizes media: 3GPP TS 29.214.
    pub const RX: Self = Self { id: 16_777_236, vendor: super::VENDOR_3GPP };

    /// Cx, between an I- or S-CSCF and the HSS: 3GPP TS 29.229.
    pub const CX: Self = Self { id: 16_777_216, vendor: super::VENDOR_3GPP };

    /// It as a capability with and without its vendor (RFC 6733, 6.8 and 6.11): clients look for
    /// either.
    pub fn offered(self) -> [Avp; 2] {
        let id = Avp::number(258, self.id);
        [id.clone(), Avp::group(260, &[Avp::number(266, self.vendor), id])]
    }
}

#[cfg(test)]
mod tests {
    use super::{Avp, Message};

    #[test]
    fn what_is_written_is_read() {
        let mut sent = Message::request(16_777_236, 265, vec![Avp::new(263, *b"p;1;2")]);
        (sent.hop_by_hop, sent.end_to_end) = (0x0102_0304, 0xfffe_fdfc);
        let bytes = sent.bytes();
        assert_eq!(Message::length(&bytes), Some(bytes.len()));
        assert_eq!(Message::read(&bytes), Some(sent.clone()));
        let answer = sent.answer(vec![Avp::number(268, 2001)]);
        assert!(!Message::read(&answer.bytes()).unwrap().request);
        assert_eq!(answer.hop_by_hop, sent.hop_by_hop);
    }
}
