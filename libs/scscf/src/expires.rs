//! How long a contact stays: what was asked for, within the bounds of the parameters.

use sip_text::{moment, scan};

/// Bounds of one kind of contact, in seconds. Of `min` and `max` 0 says that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// When nothing is asked for; no bound holds for it.
    pub default: u32,
    /// What is shorter is raised to this.
    pub min: u32,
    /// What is longer is cut to this.
    pub max: u32,
}

impl Bounds {
    /// Whether there are lifetimes within them.
    pub const fn are_sane(&self) -> bool {
        self.max == 0 || self.min <= self.max
    }
}

/// All that is set about lifetimes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// Contacts of every day (`default_expires`, `min_expires`, `max_expires`).
    pub normal: Bounds,
    /// Contacts for emergencies, `sos` (`em_default_expires`, `em_min_expires`, `em_max_expires`).
    pub emergency: Bounds,
    /// `default_expires_range`, 0 to 100: how much of a lifetime chance may take away.
    pub range: u32,
}

impl Lifetimes {
    /// What Kamailio has without parameters: before 5.8.4, and since. There is no bound where the
    /// older ones cut everything to nothing.
    pub const fn of_host(newer: bool) -> Self {
        let (max, em_default) = if newer { (600_000, 1800) } else { (0, 3600) };
        Self {
            normal: Bounds { default: 3600, min: 60, max },
            emergency: Bounds { default: em_default, min: 0, max: 3600 },
            range: 0,
        }
    }

    fn bounds(&self, sos: bool) -> &Bounds {
        if sos { &self.emergency } else { &self.normal }
    }

    /// The seconds that a contact gets that is not removed. `random` is any number.
    pub fn grant(&self, asked: Asked, sos: bool, random: u32) -> u32 {
        let bounds = self.bounds(sos);
        let most = if bounds.max == 0 { u32::MAX } else { bounds.max };
        let granted = match asked {
            Asked::Default => bounds.default,
            Asked::Seconds(seconds) => seconds.max(bounds.min).min(most),
        };
        spread(granted, self.range, random)
    }

    /// The shortest that may be asked for, if `asked` is shorter and not the end (RFC 3261 10.3,
    /// 423).
    pub fn too_brief(&self, asked: Asked, sos: bool) -> Option<u32> {
        let min = self.bounds(sos).min;
        matches!(asked, Asked::Seconds(seconds) if (1..min).contains(&seconds)).then_some(min)
    }
}

/// Takes up to `range` percent off by chance, in steps of a hundredth of that. Never adds.
pub fn spread(seconds: u32, range: u32, random: u32) -> u32 {
    let seconds = u64::from(seconds);
    let width = seconds.saturating_mul(u64::from(range.min(100)));
    let off = width.saturating_mul(u64::from(100_u32.saturating_sub(random % 100)));
    let left = if range == 0 { seconds } else { seconds.saturating_sub(off.div_ceil(10_000)) };
    u32::try_from(left).unwrap_or(u32::MAX)
}

/// What is asked for a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Nothing.
    Default,
    /// These seconds; 0: it ends.
    Seconds(u32),
}

/// What is asked for a contact: by its own parameter, else by the Expires header.
///
/// # Errors
///
/// The parameter is no number.
pub fn asked(param: Option<&[u8]>, header: Option<u32>) -> Result<Asked, NoNumber> {
    match param.map(scan::trim) {
        Some(text) if !text.is_empty() => seconds(text).map(Asked::Seconds).ok_or(NoNumber),
        _ => Ok(header.map_or(Asked::Default, Asked::Seconds)),
    }
}

/// A lifetime that is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoNumber;

/// The number that all of `text` writes, at most `u32::MAX`.
pub fn seconds(text: &[u8]) -> Option<u32> {
    let text = scan::trim(text);
    let all_digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let more = |sum: u32, byte: &u8| {
        sum.saturating_mul(10).saturating_add(u32::from(scan::digit(*byte).unwrap_or(0)))
    };
    all_digits.then(|| text.iter().fold(0, more))
}

/// When a contact ends that gets `seconds` now.
pub fn after(now: i64, seconds: u32) -> i64 {
    moment::after(now, i64::from(seconds))
}

/// What a contact is said to have left: `percent` (0 to 90, `expires_buffer_percent`) less than it
/// has, so that clients come in time; all of it when nothing would be left to say.
pub fn told(left: i64, percent: u32) -> i64 {
    let shown = left.saturating_sub(left.saturating_mul(i64::from(percent)) / 100);
    if shown <= 0 { left } else { shown }
}

#[cfg(test)]
mod tests {
    use super::{Asked, Bounds, Lifetimes, NoNumber, after, asked, moment, seconds, spread, told};

    const SET: Lifetimes = Lifetimes::of_host(true);

    fn shown(param: Option<&str>, header: Option<u32>, sos: bool) -> i64 {
        let asked = asked(param.map(str::as_bytes), header).unwrap();
        told(i64::from(SET.grant(asked, sos, 0)), 10)
    }

    #[test]
    fn bounds_leave_something_between_them_or_not() {
        for (min, max, sane) in [(0, 0, true), (60, 0, true), (60, 60, true), (61, 60, false)] {
            assert_eq!(Bounds { default: 1, min, max }.are_sane(), sane, "{min} {max}");
        }
    }

    #[test]
    fn r_05_r_06_r_07_the_contact_comes_before_the_header_and_the_header_before_the_default() {
        assert_eq!(shown(None, None, false), 3240);
        assert_eq!(shown(None, Some(1800), false), 1620);
        assert_eq!(shown(Some("600"), Some(1800), false), 540);
        assert_eq!(shown(Some(""), Some(1800), false), 1620);
        assert_eq!(asked(Some(b"x"), Some(1800)), Err(NoNumber));
    }

    #[test]
    fn r_08_r_09_r_10_lifetimes_keep_their_bounds() {
        assert_eq!(shown(Some("10"), None, false), 54);
        assert_eq!(shown(Some("4294967295"), None, false), 540_000);
        assert_eq!(shown(Some("99999999999999999999"), None, false), 540_000);
        let sos = Lifetimes { emergency: Bounds { default: 1, min: 2, max: 3600 }, ..SET };
        assert_eq!(told(i64::from(sos.grant(Asked::Seconds(7200), true, 0)), 10), 3240);
        assert_eq!(sos.grant(Asked::Default, true, 0), 1, "the default has no bounds");
        assert_eq!(sos.grant(Asked::Seconds(1), true, 0), 2);
        let open = Lifetimes { normal: Bounds { default: 1, min: 0, max: 0 }, ..SET };
        assert_eq!(open.grant(Asked::Seconds(u32::MAX), false, 0), u32::MAX);
        assert_eq!(after(1_700_000_000, u32::MAX), moment::LAST);
    }

    #[test]
    fn r_11_chance_only_shortens() {
        for random in 0..300 {
            let seconds = spread(3600, 50, random);
            assert!((1800..=3600).contains(&seconds), "{random}: {seconds}");
        }
        assert_eq!((spread(3600, 50, 0), spread(3600, 50, 99)), (1800, 3582));
        assert_eq!((spread(3600, 0, 7), spread(0, 100, 7), spread(100, 100, 0)), (3600, 0, 0));
        assert_eq!(spread(u32::MAX, 100, 50), u32::MAX / 2);
    }

    #[test]
    fn r_12_less_is_told_than_is_granted() {
        assert_eq!((told(3600, 0), told(3600, 90), told(1, 90), told(5, 10)), (3600, 360, 1, 5));
    }

    #[test]
    fn a_lifetime_may_be_too_brief() {
        let brief = |seconds| SET.too_brief(Asked::Seconds(seconds), false);
        assert_eq!((brief(0), brief(59), brief(60)), (None, Some(60), None));
        assert_eq!(SET.too_brief(Asked::Default, false), None);
    }

    #[test]
    fn numbers_are_digits() {
        assert_eq!(seconds(b" 0060 "), Some(60));
        for text in ["", "-5", "x", "+5", "60x", "6 0"] {
            assert_eq!(seconds(text.as_bytes()), None, "{text}");
        }
    }
}
