//! Addresses as they may stand in a table.

use crate::Host;
use core::net::Ipv6Addr;

/// The ways in which servers write `host`, each once: as it is given, and of an IPv6 address the
/// long form of the core and the short one of RFC 5952, without brackets and with them.
pub fn spellings(host: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![host.to_vec()];
    if let Host::V6(bytes) = Host::of(host) {
        let address = Ipv6Addr::from(bytes);
        let long = address.segments().map(|part| format!("{part:x}")).join(":");
        for text in [long, address.to_string()] {
            let bare = text.into_bytes();
            let bracketed = [b"[", &*bare, b"]"].concat();
            for text in [bare, bracketed] {
                if !all.contains(&text) {
                    all.push(text);
                }
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(host: &str) -> Vec<String> {
        let texts = spellings(host.as_bytes()).into_iter();
        texts.map(|text| String::from_utf8(text).unwrap()).collect()
    }

    #[test]
    fn a_name_or_an_ipv4_address_is_written_in_one_way() {
        assert_eq!(texts("192.0.2.1"), ["192.0.2.1"]);
        assert_eq!(texts("phone.example"), ["phone.example"]);
        assert_eq!(texts(""), [""]);
    }

    #[test]
    fn an_ipv6_address_is_written_in_several_ways() {
        let (long, short) = ("2001:db8:0:0:0:0:0:1", "2001:db8::1");
        let (in_long, in_short) = (&*format!("[{long}]"), &*format!("[{short}]"));
        assert_eq!(texts("2001:DB8::1"), ["2001:DB8::1", long, in_long, short, in_short]);
        assert_eq!(texts(in_short), [in_short, long, in_long, short]);
    }
}
