//! Any bytes are user data or are refused with a short reason; what is read keeps the rules that
//! its readers rely on.
#![no_main]

use scscf_core::user_data::{Schemas, read};

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    match read(text, &Schemas::default()) {
        Ok(subscription) => {
            assert!(!subscription.private_identity.is_empty());
            assert!(subscription.identities().next().is_some());
            assert!(subscription.identities().all(|identity| !identity.uri.is_empty()));
            for profile in &subscription.profiles {
                assert!(profile.criteria.is_sorted_by_key(|criteria| criteria.priority));
                for trigger in profile.criteria.iter().filter_map(|one| one.trigger.as_ref()) {
                    assert!(!trigger.points.is_empty());
                    assert!(trigger.points.is_sorted_by_key(|point| point.group));
                }
            }
        }
        Err(reason) => assert!(reason.to_string().len() < 1000),
    }
});
