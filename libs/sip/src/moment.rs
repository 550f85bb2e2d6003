//! Moments in seconds since 1970, as modules in C keep them.

/// The last second of a signed number of 32 bits.
pub const LAST: i64 = i32::MAX as i64;

/// `seconds` after `now`, clamped to what modules in C can hold. After 2038 no module that keeps 32
/// bits works any more; ours go on.
pub fn after(now: i64, seconds: i64) -> i64 {
    let moment = now.saturating_add(seconds);
    if now < LAST { moment.min(LAST) } else { moment }
}

#[cfg(test)]
mod tests {
    use super::after;

    const NOW: i64 = 1_700_000_000;

    #[test]
    fn p12_a_moment_far_away_is_clamped_and_not_negative() {
        assert_eq!(after(NOW, 4_294_967_295), i64::from(i32::MAX));
        assert_eq!(after(NOW, 600), NOW + 600);
        assert_eq!(after(NOW, -600), NOW - 600);
    }

    #[test]
    fn after_2038_nothing_is_clamped() {
        assert_eq!(after(3_000_000_000, 600), 3_000_000_600);
        assert_eq!(after(i64::MAX, 600), i64::MAX);
    }
}
