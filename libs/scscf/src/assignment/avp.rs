//! Attribute-value pairs (RFC 6733 4).

use std::borrow::Cow;

/// Flag: a vendor follows.
pub const VENDOR_SPECIFIC: u8 = 0x80;

/// Flag: who does not know it must refuse.
pub const MANDATORY: u8 = 0x40;

/// The most AVPs of one group or message that are looked at.
pub const MOST: usize = 4096;

/// An AVP that is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Avp<'a> {
    /// Its code.
    pub code: u32,
    /// Its vendor; 0: none.
    pub vendor: u32,
    /// Its flags.
    pub flags: u8,
    /// Its value, without padding.
    pub data: Cow<'a, [u8]>,
}

impl<'a> Avp<'a> {
    /// A mandatory one of the base protocol.
    pub fn base(code: u32, data: impl Into<Cow<'a, [u8]>>) -> Self {
        Self { code, vendor: 0, flags: MANDATORY, data: data.into() }
    }

    /// A mandatory one of 3GPP.
    pub fn of_3gpp(code: u32, data: impl Into<Cow<'a, [u8]>>) -> Self {
        let flags = VENDOR_SPECIFIC | MANDATORY;
        Self { code, vendor: super::VENDOR, flags, data: data.into() }
    }

    /// A mandatory one of the base protocol that has others in it.
    pub fn group(code: u32, members: &[Avp<'_>]) -> Self {
        let mut data = Vec::new();
        for member in members {
            member.write(&mut data);
        }
        Self::base(code, data)
    }

    /// How many bytes it takes with header and padding.
    pub fn size(&self) -> usize {
        let header = if self.vendor == 0 { 8 } else { 12_usize };
        header.saturating_add(self.data.len()).saturating_add(3) & !3
    }

    /// Adds its bytes. What is too long for the 24 bits of a length is cut there.
    fn write(&self, out: &mut Vec<u8>) {
        const LONGEST: usize = 0xff_ffff - 12;
        let data = self.data.get(..LONGEST).unwrap_or(&self.data);
        let header = if self.vendor == 0 { 8 } else { 12_usize };
        let length = u32::try_from(data.len().saturating_add(header)).unwrap_or(0xff_ffff);
        let [_, high, middle, low] = length.to_be_bytes();
        out.extend_from_slice(&self.code.to_be_bytes());
        out.extend_from_slice(&[self.flags, high, middle, low]);
        if self.vendor != 0 {
            out.extend_from_slice(&self.vendor.to_be_bytes());
        }
        out.extend_from_slice(data);
        let padding = data.len().wrapping_neg() & 3;
        out.resize(out.len().saturating_add(padding), 0);
    }
}

/// Numbers of 32 bits, as they are on the wire.
pub fn number(value: u32) -> Vec<u8> {
    value.to_be_bytes().to_vec()
}

/// An AVP that was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AvpRef<'a> {
    /// Its code.
    pub code: u32,
    /// Its vendor; 0: none.
    pub vendor: u32,
    /// Its value, without padding.
    pub data: &'a [u8],
}

impl<'a> AvpRef<'a> {
    /// Whether it is that one.
    pub fn is(&self, code: u32, vendor: u32) -> bool {
        self.code == code && self.vendor == vendor
    }

    /// The number it carries; `None` unless it has exactly 32 bits.
    pub fn number(&self) -> Option<u32> {
        self.data.try_into().ok().map(u32::from_be_bytes)
    }

    /// The AVPs in it.
    pub fn members(&self) -> Group<'a> {
        Group::new(self.data)
    }
}

/// The AVPs of a group, as far as their lengths fit. Groups in it are values until they are asked
/// for, so that depth costs nothing.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Group<'a> {
    /// The AVPs in the value of a group.
    pub fn new(data: &'a [u8]) -> Self {
        Self { rest: data, left: MOST }
    }

    /// The first one of that kind.
    pub fn find(mut self, code: u32, vendor: u32) -> Option<AvpRef<'a>> {
        Iterator::find(&mut self, |avp| avp.is(code, vendor))
    }
}

impl<'a> Iterator for Group<'a> {
    type Item = AvpRef<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let (code, after) = self.rest.split_first_chunk::<4>()?;
        let ([flags, high, middle, low], after) = after.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes([0, *high, *middle, *low])).ok()?;
        let (vendor, header) = match flags & VENDOR_SPECIFIC {
            0 => (0, 8),
            _ => (u32::from_be_bytes(*after.first_chunk()?), 12),
        };
        let data = self.rest.get(header..length)?;
        // The padding of the last one may be missing.
        let padded = length.checked_add(3)? & !3;
        self.rest = self.rest.get(padded..).unwrap_or(b"");
        Some(AvpRef { code: u32::from_be_bytes(*code), vendor, data })
    }
}
