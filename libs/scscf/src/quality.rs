//! Preference of a contact: thousandths of 1, as the location store keeps it.

use sip_text::scan;

/// No preference is said.
pub const UNSAID: i32 = -1;

/// The highest preference.
pub const MOST: i32 = 1000;

/// The thousandths that the text of a `q` parameter writes; what comes after three digits of the
/// fraction does not count. `None` when it is no number of 0 to 1 without a sign.
pub fn read(text: &[u8]) -> Option<i32> {
    let (whole, fraction) = match scan::cut(text, b'.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    if whole.is_empty() && fraction.is_none() || fraction.is_some_and(<[u8]>::is_empty) {
        return None;
    }
    let ones =
        if whole.is_empty() { 0 } else { scan::number(whole).filter(|whole| *whole <= 1)? };
    let digits = fraction.unwrap_or(b"").iter();
    let mut thousandths = i32::try_from(ones).ok()?.checked_mul(MOST)?;
    for (place, byte) in digits.enumerate() {
        let worth = [100, 10, 1].get(place).copied().unwrap_or(0);
        let digit = i32::from(scan::digit(*byte)?);
        if ones == 1 && digit != 0 {
            return None;
        }
        thousandths = thousandths.checked_add(digit.checked_mul(worth)?)?;
    }
    Some(thousandths)
}

/// Adds `;q=` and the shortest text of `q`; nothing when it is [`UNSAID`].
pub fn write(q: i32, out: &mut Vec<u8>) {
    if q != UNSAID {
        out.extend_from_slice(b";q=");
        out.extend_from_slice(text(q).as_bytes());
    }
}

/// The shortest text of `q`; empty when it is [`UNSAID`].
pub fn text(q: i32) -> String {
    if q == UNSAID {
        return String::new();
    }
    match q.clamp(0, MOST) {
        0 => "0".to_owned(),
        MOST => "1".to_owned(),
        q => format!("0.{q:03}").trim_end_matches('0').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{read, write};

    #[test]
    fn r_13_a_preference_is_a_number_of_0_to_1() {
        for (text, q) in [
            ("0.5", 500),
            (".5", 500),
            ("1", 1000),
            ("1.0", 1000),
            ("0", 0),
            ("0.12", 120),
            ("0.1239", 123),
            ("00.25", 250),
        ] {
            assert_eq!(read(text.as_bytes()), Some(q), "{text}");
        }
        for text in ["", ".", "abc", "1.1", "2", "-0.5", "0.5x", "0,5", "1.", "0.5.1"] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn r_13_a_preference_is_written_short() {
        let text = |q| {
            let mut out = Vec::new();
            write(q, &mut out);
            String::from_utf8(out).unwrap()
        };
        for (q, expected) in [
            (-1, ""),
            (0, ";q=0"),
            (500, ";q=0.5"),
            (123, ";q=0.123"),
            (50, ";q=0.05"),
            (1000, ";q=1"),
            (2000, ";q=1"),
        ] {
            assert_eq!(text(q), expected);
        }
    }
}
