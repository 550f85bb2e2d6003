//! How long a subscription is granted.

/// The seconds granted to a SUBSCRIBE that asks for `asked`; 0 ends the subscription.
///
/// Without an Expires header it is `default`, that of the package (RFC 6665 4.2.1.1). `max` is
/// the parameter of the package; a negative one sets no limit.
pub fn granted(asked: Option<u32>, default: u32, max: i32) -> u32 {
    asked.unwrap_or(default).min(u32::try_from(max).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::granted;

    #[test]
    fn case_3_more_than_the_maximum_is_cut() {
        assert_eq!(granted(Some(5000), 3600, 1800), 1800);
        assert_eq!(granted(Some(1799), 3600, 1800), 1799);
        assert_eq!(granted(Some(5000), 3600, -1), 5000);
        assert_eq!(granted(Some(15), 15, 0), 0);
    }

    #[test]
    fn case_6_without_expires_the_package_decides() {
        assert_eq!(granted(None, 3600, 3600), 3600);
        assert_eq!(granted(None, 3600, 60), 60);
    }
}
