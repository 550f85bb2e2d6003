//! How long a subscription lasts.

/// The bounds of subscriptions, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Of a SUBSCRIBE that says nothing.
    pub default: u32,
    /// At least.
    pub min: u32,
    /// At most; 0: no bound.
    pub max: u32,
    /// A subscription is shortened at random by up to so many percent, 0 to 100, so that those of
    /// one moment do not end in one moment.
    pub range: u32,
}

impl Bounds {
    /// The seconds that a SUBSCRIBE gets that asks for `asked`; 0 only if it asks for 0. `random` is
    /// any number.
    pub fn granted(&self, asked: Option<u32>, random: u32) -> u32 {
        let asked = asked.unwrap_or(self.default);
        if asked == 0 {
            return 0;
        }
        let least = asked.max(self.min);
        let bounded = if self.max == 0 { least } else { least.min(self.max) };
        let width = u64::from(bounded) * u64::from(self.range.min(100)) / 100;
        // 0 to `width`, each equally likely but for the remainder of the division.
        let cut = u64::from(random) % width.saturating_add(1);
        let cut = u32::try_from(cut).unwrap_or(0);
        // The store counts seconds in an `int`.
        bounded.saturating_sub(cut).clamp(1, i32::MAX.cast_unsigned())
    }
}

#[cfg(test)]
mod tests {
    use super::Bounds;

    const BOUNDS: Bounds = Bounds { default: 3600, min: 10, max: 1_000_000, range: 0 };

    #[test]
    fn r62_what_is_granted_lies_within_the_bounds() {
        assert_eq!(BOUNDS.granted(None, 7), 3600);
        assert_eq!(BOUNDS.granted(Some(1), 7), 10);
        assert_eq!(BOUNDS.granted(Some(u32::MAX), 7), 1_000_000);
        assert_eq!(BOUNDS.granted(Some(0), 7), 0);
        let unbounded = Bounds { max: 0, ..BOUNDS };
        assert_eq!(unbounded.granted(Some(u32::MAX), 7), i32::MAX.cast_unsigned());
        let half = Bounds { range: 50, ..BOUNDS };
        for random in [0, 1, 499, 500, 501, 77_777, u32::MAX] {
            let granted = half.granted(Some(1000), random);
            assert!((500..=1000).contains(&granted), "{granted}");
        }
        assert_eq!(half.granted(Some(1000), 500), 500);
        assert!(Bounds { range: 100, ..BOUNDS }.granted(Some(1000), 1000) >= 1);
        assert_eq!(Bounds { default: 0, ..BOUNDS }.granted(None, 0), 0);
    }
}
