//! Laws that hold whatever happens to a line, and for whatever bytes a record is made of.

#[cfg(test)]
mod play;
#[cfg(test)]
mod records;

#[cfg(test)]
mod operations {
    use super::play::play;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

        #[test]
        fn no_order_of_messages_breaks_a_law(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            play(&bytes);
        }
    }

    #[test]
    fn the_player_reaches_every_kind_of_appearance() {
        let mut seen = std::collections::BTreeSet::new();
        // A fixed sequence that is as good as random: the high bytes of a linear congruence.
        let mut number = 1_u32;
        for _ in 0..60 {
            let bytes: Vec<u8> = std::iter::repeat_with(|| {
                number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                number.to_be_bytes()[0]
            })
            .take(600)
            .collect();
            seen.extend(play(&bytes));
        }
        for state in ["seized", "progressing", "active", "held", "held-private"] {
            assert!(seen.contains(state), "{state} is not among {seen:?}");
        }
        for done in ["retrieved", "forbidden", "refused", "expired", "restored", "busy"] {
            assert!(seen.contains(done), "{done} is not among {seen:?}");
        }
    }
}
