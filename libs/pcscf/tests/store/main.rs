//! The store: what it finds, when it ends it, what is left to be written, and what it does when
//! memory is short.

#[cfg(test)]
mod growth;
#[cfg(test)]
mod play;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod short;

#[cfg(test)]
mod laws {
    use super::play::play;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

        #[test]
        fn no_order_of_operations_breaks_a_law(bytes in proptest::collection::vec(any::<u8>(), 0..1500)) {
            play(&bytes);
        }
    }

    #[test]
    fn the_player_reaches_what_it_is_for() {
        let mut seen = std::collections::BTreeSet::new();
        // A fixed sequence that is as good as random: the high bytes of a linear congruence.
        let mut number = 1_u32;
        for _ in 0..60 {
            let bytes: Vec<u8> = std::iter::repeat_with(|| {
                number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                number.to_be_bytes()[0]
            })
            .take(1500)
            .collect();
            seen.extend(play(&bytes));
        }
        for done in [
            "inserted",
            "no memory",
            "found",
            "best of several",
            "due",
            "listed",
            "row",
            "device",
            "devices",
            "no memory for a device",
            "identity",
            "no memory for identities",
        ] {
            assert!(seen.contains(done), "{done} is not among {seen:?}");
        }
    }
}
