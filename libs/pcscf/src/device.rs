//! Which device registered a contact (RFC 5626): its instance, and which of its flows it is.
//!
//! A user has one binding for each instance and flow: what a device registers takes the place of
//! what it registered before, from whatever address that was.

use bstr::ByteSlice;
use core::hash::Hasher;
use siphasher::sip::SipHasher24;

/// A number for the pair of the header parameters `+sip.instance` and `reg-id` of a Contact, as they
/// stand there, with or without their quotes: the same for the same device and flow, also after a
/// restart. Without `reg-id` the device has one flow.
///
/// 0 stands for "not known": there is no instance, or `reg-id` is no number from 1 to 2^31-1.
pub fn key(instance: Option<&[u8]>, reg_id: Option<&[u8]>) -> u64 {
    let Some(instance) = instance.map(bare).filter(|text| !text.is_empty()) else { return 0 };
    let Some(flow) = reg_id.map_or(Some(0), |text| flow(unquoted(text))) else { return 0 };
    let is_urn = instance.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"urn:"));
    let mut hasher = SipHasher24::new();
    for byte in instance {
        // Devices spell the digits of their UUID in either case, and not always the same.
        hasher.write_u8(if is_urn { byte.to_ascii_lowercase() } else { *byte });
    }
    hasher.write_u32(flow);
    hasher.finish().max(1)
}

/// Whether the values of Contact headers may name an instance: without one there is nothing to be
/// read of them for [`key`].
pub fn is_named(contacts: &[u8]) -> bool {
    const NAME: &[u8] = b"+sip.instance";
    let mut rest = contacts;
    while let Some(found) = rest.find_byte(b'+').and_then(|at| rest.get(at..)) {
        if found.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME)) {
            return true;
        }
        rest = found.get(1..).unwrap_or_default();
    }
    false
}

/// What the text of a number in a row begins with.
const TEXT: &[u8] = b"device:";

/// The number as a row keeps it: its 16 hexadecimal digits behind the word.
pub fn to_text(device: u64) -> Vec<u8> {
    let mut text = Vec::with_capacity(TEXT.len() + 16);
    text.extend_from_slice(TEXT);
    for place in (0..16).rev() {
        let digit = u8::try_from((device >> (4 * place)) & 0xf).unwrap_or(0);
        text.push(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 });
    }
    text
}

/// The number of [`to_text`]; nothing if `text` is something else.
pub fn of_text(text: &[u8]) -> Option<u64> {
    let digits = core::str::from_utf8(text.strip_prefix(TEXT)?).ok()?;
    let plain = digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u64::from_str_radix(digits, 16).ok().filter(|_| plain)
}

/// The instance without quotes and angle brackets.
fn bare(text: &[u8]) -> &[u8] {
    let text = unquoted(text);
    match text {
        [b'<', inner @ .., b'>'] => inner.trim_ascii(),
        _ => text,
    }
}

fn unquoted(text: &[u8]) -> &[u8] {
    match text.trim_ascii() {
        [b'"', inner @ .., b'"'] => inner.trim_ascii(),
        text => text,
    }
}

fn flow(digits: &[u8]) -> Option<u32> {
    let digits = core::str::from_utf8(digits).ok()?;
    let plain = digits.bytes().all(|digit| digit.is_ascii_digit());
    digits.parse().ok().filter(|number| plain && (1..=0x7fff_ffff).contains(number))
}

#[cfg(test)]
mod tests {
    use super::{is_named, key};

    const UUID: &[u8] = b"\"<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>\"";

    #[test]
    fn an_instance_is_seen_wherever_it_stands() {
        for (contacts, named) in [
            ("<sip:+49@h>;+sip.instance=\"<urn:x>\"", true),
            ("<sip:a@h>;+SIP.Instance=x, <sip:b@h>", true),
            ("++sip.instance", true),
            ("<sip:+49301234@h>;+sip.instanc", false),
            ("<sip:a@h>;reg-id=1;sip.instance=x", false),
            ("+", false),
            ("", false),
        ] {
            assert_eq!(is_named(contacts.as_bytes()), named, "{contacts}");
        }
    }

    #[test]
    fn a_device_is_the_same_in_every_spelling() {
        let other = b"<URN:UUID:00000000-0000-1000-8000-aabbccddeeff>";
        assert_ne!(key(Some(UUID), None), 0);
        assert_eq!(key(Some(UUID), Some(b"1")), key(Some(other), Some(b" \"001\" ")));
        assert_eq!(key(Some(UUID), None), key(Some(other), None));
    }

    #[test]
    fn flows_and_devices_are_told_apart() {
        let imei: &[u8] = b"\"<urn:gsma:imei:35824005-694465-0>\"";
        let mut all = [
            key(Some(UUID), None),
            key(Some(UUID), Some(b"1")),
            key(Some(UUID), Some(b"2")),
            key(Some(UUID), Some(b"2147483647")),
            key(Some(imei), None),
            key(Some(imei), Some(b"1")),
            key(Some(b"\"abc\""), None),
            key(Some(b"\"ABC\""), None),
        ];
        all.sort_unstable();
        assert!(all.is_sorted_by(|one, next| one < next), "{all:?}");
    }

    #[test]
    fn what_is_no_device_is_not_known() {
        for instance in [None, Some(&b""[..]), Some(b"\"\""), Some(b"\"<>\""), Some(b" ")] {
            assert_eq!(key(instance, Some(b"1")), 0, "{instance:?}");
        }
        for reg_id in ["", "0", "-1", "+1", "x", "1x", "2147483648", "99999999999999999999", "\""] {
            assert_eq!(key(Some(UUID), Some(reg_id.as_bytes())), 0, "{reg_id}");
        }
    }

    #[test]
    fn a_key_stays_the_same_from_build_to_build() {
        assert_eq!(key(Some(b"<urn:x>"), Some(b"1")), key(Some(b"urn:X"), Some(b"1")));
    }
}
