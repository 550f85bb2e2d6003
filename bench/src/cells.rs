//! What the cells of all reports look like.

use crate::figures::Ratio;

/// Whether a value, with the two digits that are printed, keeps to its bar.
pub(crate) fn verdict(value: Option<f64>, bar: f64) -> String {
    verdict_within(value.map(|value| Ratio { value, spread: None }), bar)
}

/// As [`verdict`], of a value that lies somewhere in its spread: a bar in there is neither met nor
/// missed for sure.
pub(crate) fn verdict_within(ratio: Option<Ratio>, bar: f64) -> String {
    let Some(Ratio { value, spread }) = ratio else { return String::new() };
    let keeps = |value: f64| value < bar + 0.005;
    let word = match (keeps(value), spread) {
        (true, _) => "met",
        (false, Some((least, _))) if keeps(least) => "within the spread",
        (false, _) => "missed",
    };
    format!("at most {bar:.2}: {word}")
}

/// A ratio, and where it lies if that is known.
pub(crate) fn within(Ratio { value, spread }: Ratio) -> String {
    let spread = spread.map(|(least, most)| format!(" ({least:.2}-{most:.2})"));
    format!("{value:.2}{}", spread.unwrap_or_default())
}

/// A number with commas between thousands.
pub(crate) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_met_as_far_as_the_printed_digits_tell() {
        let words = [1.004, 1.006].map(|value| verdict(Some(value), 1.0));
        assert_eq!(words, ["at most 1.00: met", "at most 1.00: missed"]);
        assert_eq!(verdict(None, 1.0), "");
        let ratio = |spread| Ratio { value: 1.02, spread: Some(spread) };
        let word = |spread| verdict_within(Some(ratio(spread)), 1.0);
        assert_eq!(word((0.97, 1.05)), "at most 1.00: within the spread");
        assert_eq!(word((1.01, 1.05)), "at most 1.00: missed");
        assert_eq!(within(ratio((0.97, 1.05))), "1.02 (0.97-1.05)");
        assert_eq!(within(Ratio { value: 1.0, spread: None }), "1.00");
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([7, 999, 1_000, 100_000].map(thousands), ["7", "999", "1,000", "100,000"]);
    }
}
