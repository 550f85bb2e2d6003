//! Profiles that are written, cut, bent and read again.

use super::*;
use crate::profile::{
    ApplicationServer, DefaultHandling, FilterCriteria, ProfilePart, PublicIdentity, ServicePoint,
    ServiceProfile, Subscription, Trigger, TriggerPoint,
};
use bstr::BString;
use proptest::{collection::vec, option, prelude::*};

/// The number that a host might have for a header.
fn number(name: &[u8]) -> i16 {
    if name == b"Contact" { 7 } else { 0 }
}

fn text() -> impl Strategy<Value = BString> {
    vec(any::<u8>(), 0..20).prop_map(BString::from)
}

fn trigger() -> impl Strategy<Value = Trigger> {
    prop_oneof![
        text().prop_map(Trigger::RequestUri),
        text().prop_map(Trigger::Method),
        (text(), text()).prop_map(|(name, content)| Trigger::Header { name, content }),
        any::<u8>().prop_map(Trigger::SessionCase),
        (text(), text()).prop_map(|(line, content)| Trigger::SessionDescription { line, content }),
    ]
}

fn point() -> impl Strategy<Value = ServicePoint> {
    (any::<bool>(), any::<i32>(), trigger(), 0..8_u8).prop_map(
        |(negated, group, what, registration)| ServicePoint { negated, group, what, registration },
    )
}

fn condition() -> impl Strategy<Value = TriggerPoint> {
    (any::<bool>(), vec(point(), 1..5)).prop_map(|(cnf, mut points)| {
        points.sort_by_key(|point| point.group);
        TriggerPoint { cnf, points }
    })
}

fn server() -> impl Strategy<Value = ApplicationServer> {
    let handling = prop_oneof![
        Just(DefaultHandling::Unsaid),
        Just(DefaultHandling::Continued),
        Just(DefaultHandling::Terminated),
    ];
    (text(), handling, text(), any::<bool>(), any::<bool>()).prop_map(
        |(name, handling, info, include_request, include_response)| ApplicationServer {
            name,
            handling,
            info,
            include_request,
            include_response,
        },
    )
}

fn criteria() -> impl Strategy<Value = FilterCriteria> {
    let part = prop_oneof![Just(ProfilePart::Registered), Just(ProfilePart::Unregistered)];
    (any::<i32>(), option::of(condition()), server(), option::of(part)).prop_map(
        |(priority, trigger, server, part)| FilterCriteria { priority, trigger, server, part },
    )
}

fn identity() -> impl Strategy<Value = PublicIdentity> {
    (any::<bool>(), text(), text()).prop_map(|(barred, uri, wildcard)| PublicIdentity {
        barred,
        uri,
        wildcard,
    })
}

fn profile() -> impl Strategy<Value = ServiceProfile> {
    let media = option::of(0..i32::MAX);
    (vec(identity(), 0..4), vec(criteria(), 0..4), media, vec(any::<i32>(), 0..4)).prop_map(
        |(identities, mut criteria, media_profile, shared_sets)| {
            criteria.sort_by_key(|criteria| criteria.priority);
            ServiceProfile { identities, criteria, media_profile, shared_sets }
        },
    )
}

fn subscription() -> impl Strategy<Value = Subscription> {
    let name = vec(any::<u8>(), 1..30).prop_map(BString::from);
    (name, vec(profile(), 0..3))
        .prop_map(|(private_identity, profiles)| Subscription { private_identity, profiles })
}

/// As the C module keeps it.
fn plain(subscription: &Subscription) -> Subscription {
    let mut plain = subscription.clone();
    for profile in &mut plain.profiles {
        for identity in &mut profile.identities {
            identity.wildcard = BString::default();
        }
        for criteria in &mut profile.criteria {
            criteria.server.include_request = false;
            criteria.server.include_response = false;
        }
    }
    plain
}

proptest! {
    #[test]
    fn what_c_has_no_place_for_follows_what_c_writes(subscription in subscription()) {
        let bytes = encode(&subscription, number).unwrap();
        let without = plain(&subscription);
        let of_c = encode(&without, number).unwrap();
        prop_assert!(bytes.starts_with(&of_c));
        prop_assert_eq!(bytes == of_c, subscription == without);
    }

    #[test]
    fn a_profile_comes_back_as_it_was(subscription in subscription()) {
        let bytes = encode(&subscription, number).unwrap();
        prop_assert_eq!(decode(&bytes), Ok(subscription));
    }

    #[test]
    fn u_20_a_profile_that_was_cut_off_is_refused(
        subscription in subscription(),
        cut in any::<prop::sample::Index>(),
    ) {
        let bytes = encode(&subscription, number).unwrap();
        let cut = cut.index(bytes.len());
        // What is whole without its end is what the C module would have written.
        let plain = encode(&plain(&subscription), number).unwrap().len();
        prop_assert!(cut == plain || decode(&bytes[..cut]).is_err());
        let longer = [&bytes[..], b"x"].concat();
        prop_assert_eq!(decode(&longer), Err(BadBlob::Rest(1)));
    }

    #[test]
    fn whatever_is_read_can_be_written_and_read_again(bytes in vec(any::<u8>(), 0..200)) {
        if let Ok(read) = decode(&bytes) {
            let again = encode(&read, number).unwrap();
            prop_assert_eq!(decode(&again), Ok(read));
        }
    }

    #[test]
    fn a_bent_profile_is_read_or_refused(
        subscription in subscription(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = encode(&subscription, number).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(read) = decode(&bytes) {
            prop_assert!(encode(&read, number).is_ok());
        }
    }
}

/// What the C module of 5.6 wrote for a user with one criterion, byte for byte.
const FROM_C: &[u8] = b"\x0c\0alice@ims.te\x01\0\x01\0\x01\x0d\0sip:alice@ims\
    \x01\0\x05\0\0\0\x02\x01\x02\0\
    \xb2\x00\0\0\0\x06\0INVITE\
    \x03\x01\0\0\0\x05\0\x07\0Contact\x00\0\
    \x08\0sip:as@h\xff\0\0\
    \xff\xff\xff\xff\x02\0\x01\0\0\0\xfe\xff\xff\xff";

#[test]
fn u_23_what_c_wrote_is_read() {
    let read = decode(FROM_C).unwrap();
    assert_eq!(read.private_identity, "alice@ims.te");
    let [profile] = &read.profiles[..] else { panic!("{read:?}") };
    assert_eq!(profile.identities[0].uri, "sip:alice@ims");
    assert!(profile.identities[0].barred);
    assert_eq!((profile.media_profile, &profile.shared_sets[..]), (None, &[1, -2][..]));
    let [criteria] = &profile.criteria[..] else { panic!("{profile:?}") };
    assert_eq!((criteria.priority, criteria.part), (5, Some(ProfilePart::Unregistered)));
    assert_eq!(criteria.server.handling, DefaultHandling::Unsaid);
    let points = &criteria.trigger.as_ref().unwrap().points;
    let method = ServicePoint {
        negated: true,
        group: 0,
        what: Trigger::Method("INVITE".into()),
        registration: 3,
    };
    let what = Trigger::Header { name: "Contact".into(), content: BString::default() };
    let header = ServicePoint { negated: false, group: 1, what, registration: 0 };
    assert_eq!(points, &[method, header]);
}

#[test]
fn u_23_what_is_written_is_what_c_would_have_written() {
    let read = decode(FROM_C).unwrap();
    // The same but for the number of the header.
    let mut other = encode(&read, |_| 5).unwrap();
    assert_eq!(other, FROM_C);
    other = encode(&read, number).unwrap();
    assert_eq!(other.len(), FROM_C.len());
}

#[test]
fn a_text_that_is_too_long_is_refused() {
    let mut subscription =
        Subscription { private_identity: vec![b'x'; 65535].into(), profiles: Vec::new() };
    assert!(encode(&subscription, number).is_ok());
    subscription.private_identity.push(b'x');
    let why = encode(&subscription, number).unwrap_err();
    assert_eq!(
        why.to_string(),
        "the profile has 65536 bytes of a private identity, must have at most 65535"
    );
}

#[test]
fn a_condition_without_parts_is_met_always_or_never() {
    let with = |cnf| {
        let trigger = Some(TriggerPoint { cnf, points: Vec::new() });
        let criteria = vec![FilterCriteria { trigger, ..FilterCriteria::default() }];
        let profiles = vec![ServiceProfile { criteria, ..ServiceProfile::default() }];
        let bytes = encode(&Subscription { private_identity: "a".into(), profiles }, number);
        decode(&bytes.unwrap()).unwrap().profiles.remove(0).criteria
    };
    assert_eq!(with(true), [FilterCriteria::default()]);
    assert_eq!(with(false), []);
}

#[test]
fn a_part_of_a_kind_that_nobody_knows_is_never_met() {
    let bytes =
        b"\x01\0a\x01\0\0\0\x01\0\0\0\0\0\0\0\x01\0\xff\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\0\0";
    let read = decode(bytes).unwrap();
    let points = &read.profiles[0].criteria[0].trigger.as_ref().unwrap().points;
    assert_eq!(points[0].what, Trigger::SessionCase(NEVER));
}

#[test]
fn u_20_bytes_that_are_no_profile_are_refused_with_the_reason() {
    let told = |bytes| decode(bytes).unwrap_err().to_string();
    assert_eq!(told(b""), "the profile ends at byte 0, within the private identity");
    assert_eq!(told(b"\0\0\0\0"), "the profile has no private identity");
    assert_eq!(told(b"\x01\0a\0\0??"), "2 bytes follow the profile, must be none");
    assert_eq!(
        told(b"\x01\0a\0\0more\x01\0\x03\0\0\0\0"),
        "a kind of entry at byte 15 is 3, must be 1 or 2"
    );
    let part = b"\x01\0a\x01\0\0\0\x01\0\0\0\0\0\x09";
    assert_eq!(told(part), "the part of the profile at byte 13 is 9, must be 0, 1 or 2");
}
