//! A number that tells whether somebody else has written a row since.

use super::Cell;

/// A checksum over columns, in their order (FNV-1a). It stands in tables, so it must stay what it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checksum(u32);

impl Default for Checksum {
    fn default() -> Self {
        Self(0x811c_9dc5)
    }
}

impl Checksum {
    /// Adds a text; null is as an empty one.
    pub(super) fn text(&mut self, text: &[u8]) {
        // No text that can be stored has this byte.
        for byte in text.iter().chain(&[0]) {
            self.0 = (self.0 ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
    }

    /// Adds a number.
    pub(super) fn number(&mut self, number: i64) {
        self.text(number.to_string().as_bytes());
    }

    /// Adds what is written into a column.
    pub(super) fn cell(&mut self, cell: &Cell<'_>) {
        match cell {
            Cell::Int(number) | Cell::Time(number) => self.number(*number),
            Cell::Text(text) => self.text(text),
            Cell::Blob(bytes) => self.text(bytes),
            Cell::Null => self.text(b""),
        }
    }

    /// The number.
    pub(super) const fn bits(self) -> u32 {
        self.0
    }
}
