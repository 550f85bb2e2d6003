//! How long a subscription is granted.

use crate::uri::number;

/// The seconds granted to a SUBSCRIBE with this Expires body; 0 ends the subscription.
///
/// Without the header it is `default`. What is no number of 32 bits counts as 0. `max` is the
/// parameter of the package; a negative one sets no limit.
pub fn granted(body: Option<&[u8]>, default: u32, max: i32) -> u32 {
    let asked = body.map_or(default, |body| number(body.trim_ascii()).unwrap_or(0));
    asked.min(u32::try_from(max).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::granted;

    #[test]
    fn case_3_more_than_the_maximum_is_cut() {
        assert_eq!(granted(Some(b"5000"), 3600, 1800), 1800);
        assert_eq!(granted(Some(b"1799"), 3600, 1800), 1799);
        assert_eq!(granted(Some(b"5000"), 3600, -1), 5000);
        assert_eq!(granted(Some(b"15"), 15, 0), 0);
    }

    #[test]
    fn case_6_without_expires_the_package_decides() {
        assert_eq!(granted(None, 3600, 3600), 3600);
        assert_eq!(granted(None, 3600, 60), 60);
    }

    #[test]
    fn what_is_no_number_ends_the_subscription() {
        for body in ["0", "", "soon", "-5", "4294967296", "3600;x"] {
            assert_eq!(granted(Some(body.as_bytes()), 3600, 3600), 0, "{body:?}");
        }
        assert_eq!(granted(Some(b" 60\r\n"), 3600, 3600), 60);
    }
}
