//! How long a registration lasts: from the text of a header or parameter to a moment, in 64 bits.

use super::Asked;
use sip_text::scan;

pub use sip_text::moment::after;

/// The number that the first digits of `text` write, at most `u32::MAX`; `None` without a digit at
/// the start.
pub fn seconds(text: &[u8]) -> Option<u32> {
    let text = scan::trim(text);
    let digits = text.iter().map_while(|byte| scan::digit(*byte));
    digits.fold(None, |sum: Option<u32>, digit| {
        Some(sum.unwrap_or(0).saturating_mul(10).saturating_add(u32::from(digit)))
    })
}

/// The seconds that `contact` is asked or granted for: its own parameter, else the Expires header,
/// else none. A parameter that is no number says 0.
pub fn of(contact: &Asked<'_>, header: Option<u32>) -> u32 {
    match contact.expires {
        Some(text) if !scan::trim(text).is_empty() => seconds(text).unwrap_or(0),
        _ => header.unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::{after, of, seconds};
    use crate::decide::{Asked, tests::NOW};

    fn granted(param: Option<&str>, header: Option<u32>) -> u32 {
        of(&Asked { uri: b"sip:a@b", expires: param.map(str::as_bytes) }, header)
    }

    #[test]
    fn p08_p09_p10_p11_the_parameter_comes_before_the_header() {
        assert_eq!(granted(None, None), 0);
        assert_eq!(granted(None, Some(300)), 300);
        assert_eq!(granted(Some("100"), Some(300)), 100);
        assert_eq!(granted(Some("garbage"), Some(300)), 0);
        assert_eq!(granted(Some("0"), Some(300)), 0);
        assert_eq!(granted(Some(""), Some(300)), 300);
    }

    #[test]
    fn p12_a_long_time_is_clamped_and_not_negative() {
        assert_eq!(seconds(b"4294967295"), Some(u32::MAX));
        assert_eq!(seconds(b"99999999999999999999999"), Some(u32::MAX));
        assert_eq!(after(NOW, 4_294_967_295), i64::from(i32::MAX));
        assert_eq!(after(NOW, 600), NOW + 600);
        // After 2038 no module that keeps 32 bits works any more; ours go on.
        assert_eq!(after(3_000_000_000, 600), 3_000_000_600);
        assert_eq!(after(i64::MAX, 600), i64::MAX);
    }

    #[test]
    fn leading_digits_count() {
        assert_eq!(seconds(b" 60;x"), Some(60));
        assert_eq!(seconds(b"0060"), Some(60));
        for text in ["", "-5", "x", "+5"] {
            assert_eq!(seconds(text.as_bytes()), None, "{text}");
        }
    }
}
