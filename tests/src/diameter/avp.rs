//! Attribute-value pairs, RFC 6733 section 4.

use std::{fmt, net::Ipv4Addr};

/// Bit of the flags that says that a vendor number follows.
const VENDOR: u8 = 0x80;

/// Bit of the flags that says that a receiver must know this AVP.
const MANDATORY: u8 = 0x40;

/// One attribute with its value as it is on the wire.
#[derive(Clone, PartialEq, Eq)]
pub struct Avp {
    /// Its number; the vendor's own if there is one.
    pub code: u32,
    /// Who defined it, `None` for the base protocol.
    pub vendor: Option<u32>,
    /// Whether a receiver must know it.
    pub mandatory: bool,
    /// Its value without padding.
    pub data: Vec<u8>,
}

impl fmt::Debug for Avp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}={}", self.code, self.vendor.unwrap_or(0), self.data.escape_ascii())
    }
}

impl Avp {
    /// A mandatory AVP of the base protocol.
    pub fn new(code: u32, data: impl Into<Vec<u8>>) -> Self {
        Self { code, vendor: None, mandatory: true, data: data.into() }
    }

    /// An AVP whose value is a number of 32 bits.
    pub fn number(code: u32, value: u32) -> Self {
        Self::new(code, value.to_be_bytes())
    }

    /// An AVP whose value is an IPv4 address in the format of RFC 6733, 4.3.1.
    pub fn address(code: u32, ip: Ipv4Addr) -> Self {
        Self::new(code, [&[0, 1][..], &ip.octets()].concat())
    }

    /// An AVP that holds others.
    pub fn group(code: u32, members: &[Self]) -> Self {
        Self::new(code, write(members))
    }

    /// The same AVP, defined by `vendor`.
    #[must_use]
    pub fn of(self, vendor: u32) -> Self {
        Self { vendor: Some(vendor), ..self }
    }

    /// Its value as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.data).into_owned()
    }

    /// Its value as a number, if it has 32 bits.
    pub fn value(&self) -> Option<u32> {
        self.data.as_slice().try_into().ok().map(u32::from_be_bytes)
    }

    /// What a grouped AVP holds; `None` when its value is no list of AVPs. Groups in the group
    /// stay values until they are asked for, so that depth costs nothing.
    pub fn members(&self) -> Option<Vec<Self>> {
        read(&self.data)
    }

    fn write(&self, out: &mut Vec<u8>) {
        let header = if self.vendor.is_some() { 12 } else { 8 };
        let length = u32::try_from(self.data.len() + header).expect("an AVP of a test");
        let [_, high, middle, low] = length.to_be_bytes();
        let vendor = if self.vendor.is_some() { VENDOR } else { 0 };
        let mandatory = if self.mandatory { MANDATORY } else { 0 };
        out.extend(self.code.to_be_bytes());
        out.extend([vendor | mandatory, high, middle, low]);
        out.extend(self.vendor.into_iter().flat_map(u32::to_be_bytes));
        out.extend(&self.data);
        out.resize(out.len().next_multiple_of(4), 0);
    }
}

/// Looks for AVPs in a list of them.
pub trait Avps {
    /// The first AVP `code` of any vendor.
    fn find(&self, code: u32) -> Option<&Avp>;

    /// The value of the first AVP `code` as text, empty when there is none.
    fn text(&self, code: u32) -> String {
        self.find(code).map(Avp::text).unwrap_or_default()
    }

    /// The value of the first AVP `code` as a number.
    fn value(&self, code: u32) -> Option<u32> {
        self.find(code)?.value()
    }
}

impl Avps for [Avp] {
    fn find(&self, code: u32) -> Option<&Avp> {
        self.iter().find(|avp| avp.code == code)
    }
}

/// The bytes of a list.
pub(crate) fn write(avps: &[Avp]) -> Vec<u8> {
    let mut out = Vec::new();
    for avp in avps {
        avp.write(&mut out);
    }
    out
}

/// The list in `bytes`; `None` when a length does not fit.
pub(crate) fn read(mut bytes: &[u8]) -> Option<Vec<Avp>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let code = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?);
        let &[flags, high, middle, low] = bytes.get(4..8)? else { return None };
        let length = usize::try_from(u32::from_be_bytes([0, high, middle, low])).ok()?;
        let has_vendor = flags & VENDOR != 0;
        let vendor = if has_vendor { Some(bytes.get(8..12)?) } else { None };
        let vendor = vendor.and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
        let header = if has_vendor { 12 } else { 8 };
        let data = bytes.get(header..length)?.to_vec();
        found.push(Avp { code, vendor, mandatory: flags & MANDATORY != 0, data });
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::{Avp, Avps, read, write};

    #[test]
    fn what_is_written_is_read() {
        let inner = [Avp::number(266, 10_415), Avp::new(1, *b"abcde").of(10_415)];
        let list = vec![Avp::group(260, &inner), Avp::new(263, *b"s;1")];
        let bytes = write(&list);
        assert_eq!(bytes.len() % 4, 0);
        let back = read(&bytes).unwrap();
        assert_eq!(back, list);
        assert_eq!(back.find(260).and_then(Avp::members).unwrap(), inner);
        assert_eq!((back.text(263), inner.value(266)), ("s;1".to_owned(), Some(10_415)));
    }

    #[test]
    fn lengths_that_do_not_fit_are_refused() {
        let bytes = write(&[Avp::new(1, *b"abcd").of(7)]);
        for length in [0, 4, 7, 11, 200] {
            let mut bad = bytes.clone();
            bad[7] = length;
            assert_eq!(read(&bad), None, "{length}");
        }
        for cut in 1..bytes.len() {
            assert_eq!(read(&bytes[..cut]), None, "{cut}");
        }
    }
}
