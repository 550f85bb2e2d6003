//! The list of security associations in use, as `ims_ipsec_pcscf` reads it.
//!
//! One record after the other without gaps, numbers in the order of the machine: length of the
//! address as 32 bits, the address as text, four SPIs as 32 bits, four ports as 16 bits. A length of
//! 0 ends the list.

/// The end of the list, in bytes.
const END: usize = size_of::<i32>();

/// The associations of one contact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Associations<'r> {
    /// The address that the REGISTER came from, as text.
    pub host: &'r [u8],
    /// SPIs: of the client's client, the client's server, the proxy's client, the proxy's server.
    pub spis: [u32; 4],
    /// Ports, in the same order.
    pub ports: [u16; 4],
}

impl Associations<'_> {
    /// How many bytes they take.
    fn size(&self) -> usize {
        size_of::<i32>() + self.host.len() + size_of_val(&self.spis) + size_of_val(&self.ports)
    }
}

/// Writes the list into memory of the caller.
#[derive(Debug)]
pub struct Packer<'b> {
    free: &'b mut [u8],
    missing: usize,
    part: (u32, u32),
}

impl<'b> Packer<'b> {
    /// A packer for contacts whose number leaves `part` when divided by `parts`; all of them if
    /// `parts` is 0. `buffer` may be empty, to learn how much is needed.
    pub fn new(buffer: &'b mut [u8], part: u32, parts: u32) -> Self {
        Self { free: buffer, missing: 0, part: (part, parts) }
    }

    /// Whether the contact with this number belongs to the part.
    pub fn wants(&self, number: u32) -> bool {
        let (part, parts) = self.part;
        number.checked_rem(parts).is_none_or(|rest| rest == part)
    }

    /// Adds the associations of one contact, or counts what is missing for them. An address longer
    /// than 2 to the power of 31 is left out.
    pub fn push(&mut self, record: &Associations<'_>) {
        let Ok(length) = i32::try_from(record.host.len()) else { return };
        let size = record.size();
        // The end of the list always has its place.
        if self.free.len() < size.saturating_add(END) {
            self.missing = self.missing.saturating_add(size);
            return;
        }
        self.write(&length.to_ne_bytes());
        self.write(record.host);
        for spi in record.spis {
            self.write(&spi.to_ne_bytes());
        }
        for port in record.ports {
            self.write(&port.to_ne_bytes());
        }
    }

    /// Ends the list. 0 if all of it is there, else how many bytes more would do.
    pub fn finish(mut self) -> i32 {
        let room = self.free.len();
        if room >= END {
            self.write(&0_i32.to_ne_bytes());
        }
        let short = (self.missing + END).saturating_sub(room);
        let short = if self.missing == 0 && room >= END { 0 } else { short };
        i32::try_from(short).unwrap_or(i32::MAX)
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(place) = self.free.split_off_mut(..bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Associations, Packer};

    const ONE: Associations<'_> =
        Associations { host: b"10.0.0.1", spis: [1, 2, 3, 4], ports: [5, 6, 7, 8] };

    #[test]
    fn u_38_a_list_has_the_form_that_the_reader_expects() {
        let mut buffer = [0xff; 40];
        let mut packer = Packer::new(&mut buffer, 0, 1);
        packer.push(&ONE);
        assert_eq!(packer.finish(), 0);
        let mut expected = Vec::from(8_i32.to_ne_bytes());
        expected.extend_from_slice(b"10.0.0.1");
        expected.extend([1_u32, 2, 3, 4].iter().flat_map(|number| number.to_ne_bytes()));
        expected.extend([5_u16, 6, 7, 8].iter().flat_map(|number| number.to_ne_bytes()));
        expected.extend_from_slice(&0_i32.to_ne_bytes());
        assert_eq!(buffer[..], expected);
    }

    #[test]
    fn without_room_the_answer_is_how_much_is_missing() {
        assert_eq!(Packer::new(&mut [], 0, 1).finish(), 4);
        let mut asking = Packer::new(&mut [], 0, 1);
        asking.push(&ONE);
        asking.push(&ONE);
        assert_eq!(asking.finish(), 76);
        let mut buffer = [0xff; 75];
        let mut short = Packer::new(&mut buffer, 0, 1);
        short.push(&ONE);
        short.push(&ONE);
        assert_eq!(short.finish(), 1, "the first is there, and an end behind it");
        assert_eq!(buffer[36..40], [0; 4]);
        let mut exact = [0xff; 76];
        let mut enough = Packer::new(&mut exact, 0, 1);
        enough.push(&ONE);
        enough.push(&ONE);
        assert_eq!(enough.finish(), 0);
    }

    #[test]
    fn parts_share_the_contacts_out() {
        let parts =
            |number| (0..3).filter(|part| Packer::new(&mut [], *part, 3).wants(number)).count();
        assert!((0..100).all(|number| parts(number) == 1));
        assert!(Packer::new(&mut [], 0, 0).wants(7), "no parts are one part");
    }
}
