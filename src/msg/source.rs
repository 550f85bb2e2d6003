//! Where a message came from.

use super::Msg;
use core::{ffi::c_int, net::IpAddr};
use kamailio_sys as sys;

/// Room for every address as the core writes it.
pub const SOURCE_MAX: usize = 50;

impl Msg<'_> {
    /// The address and the port that the message came from; nothing if the core does not know,
    /// as for a message it made itself.
    pub fn source(&self) -> Option<(IpAddr, u16)> {
        // SAFETY: `raw` is a message for as long as `self` lives; the address is a plain value.
        let address = unsafe { (*self.as_raw()).rcv.src_ip };
        // SAFETY: as above.
        let port = unsafe { (*self.as_raw()).rcv.src_port };
        // SAFETY: every part of this union is plain bytes, 16 of them.
        let bytes: [u8; 16] = unsafe { address.u.addr };
        let [a, b, c, d, ..] = bytes;
        match address.len {
            4 => Some(([a, b, c, d].into(), port)),
            16 => Some((bytes.into(), port)),
            _ => None,
        }
    }

    /// The address that the message came from as the core writes it, in `buffer`; empty if the core
    /// does not know it.
    pub fn source_text<'b>(&self, buffer: &'b mut [u8; SOURCE_MAX]) -> &'b [u8] {
        if let Some((IpAddr::V4(address), _)) = self.source() {
            let len = write(address.octets(), buffer);
            return buffer.get(..len).unwrap_or_default();
        }
        // SAFETY: as in `source`.
        let mut address = unsafe { (*self.as_raw()).rcv.src_ip };
        let room = c_int::try_from(buffer.len()).unwrap_or(0);
        // SAFETY: the core writes no more than there is room for.
        let len = unsafe { sys::ip_addr2sbuf(&raw mut address, buffer.as_mut_ptr().cast(), room) };
        usize::try_from(len).ok().and_then(|len| buffer.get(..len)).unwrap_or_default()
    }
}

/// Writes an IPv4 address as the core does, in a fraction of its time; how long it is.
fn write(octets: [u8; 4], buffer: &mut [u8; SOURCE_MAX]) -> usize {
    let mut len = 0;
    let mut put = |byte: u8| {
        if let Some(place) = buffer.get_mut(len) {
            *place = byte;
            len += 1;
        }
    };
    for (at, octet) in octets.into_iter().enumerate() {
        if at > 0 {
            put(b'.');
        }
        if octet >= 100 {
            put(b'0' + octet / 100);
        }
        if octet >= 10 {
            put(b'0' + octet / 10 % 10);
        }
        put(b'0' + octet % 10);
    }
    len
}

#[cfg(test)]
mod tests {
    use super::{SOURCE_MAX, write};
    use core::net::Ipv4Addr;

    #[test]
    fn an_address_is_written_as_the_standard_library_writes_it() {
        for octet in 0..=u8::MAX {
            for octets in [[octet, 0, 10, 100], [255, octet, octet, 9], [1, 99, 200, octet]] {
                let mut buffer = [b'x'; SOURCE_MAX];
                let len = write(octets, &mut buffer);
                assert_eq!(&buffer[..len], Ipv4Addr::from(octets).to_string().as_bytes());
            }
        }
    }
}
