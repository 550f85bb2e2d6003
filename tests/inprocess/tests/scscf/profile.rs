//! Subscribers and their filter criteria.

use super::{
    records::{NOW, bytes},
    store::with_engine,
};
use bstr::BString;
use inprocess::host;
use kamailio::{location::REST, scscf::Subscriber, scscf::header_type};
use kamailio_sys::scscf as sys;
use proptest::{collection::vec, option, prelude::*, test_runner::TestRunner};
use scscf_core::{Subscription, profile::*};

const ALL: u32 = u32::MAX;

fn point(group: i32, what: Trigger) -> ServicePoint {
    ServicePoint { negated: group == 2, group, what, registration: 5 }
}

/// Criteria with every kind of condition.
pub(super) fn criteria(name: &str) -> FilterCriteria {
    FilterCriteria {
        priority: -3,
        trigger: Some(TriggerPoint {
            cnf: true,
            points: vec![
                point(0, Trigger::RequestUri("sip:.*@ims".into())),
                point(0, Trigger::Method("INVITE".into())),
                point(1, Trigger::Header { name: "Contact".into(), content: "\\+g".into() }),
                point(2, Trigger::Header { name: "X-Own".into(), content: "".into() }),
                point(2, Trigger::SessionCase(3)),
                point(2, Trigger::SessionDescription { line: "m".into(), content: "video".into() }),
            ],
        }),
        server: ApplicationServer {
            name: name.into(),
            handling: DefaultHandling::Terminated,
            info: "<x/>".into(),
            include_request: true,
            include_response: false,
        },
        part: Some(ProfilePart::Unregistered),
    }
}

pub(super) fn user(number: u32, criteria: Vec<FilterCriteria>) -> Subscription {
    let identity =
        |uri: String, barred| PublicIdentity { barred, uri: uri.into(), ..Default::default() };
    Subscription {
        private_identity: format!("user{number}@ims.example").into(),
        profiles: vec![ServiceProfile {
            identities: vec![
                identity(format!("sip:user{number}@ims.example"), false),
                identity(format!("tel:+49{number:08}"), true),
            ],
            criteria,
            media_profile: Some(4),
            shared_sets: vec![7, 8],
        }],
    }
}

fn c_of(subscriber: &Subscriber) -> &sys::ims_subscription {
    let text = format!("{:?}", subscriber.handle());
    let hex = text.split_once("0x").unwrap().1.trim_end_matches(')');
    let address = usize::from_str_radix(hex, 16).unwrap();
    // SAFETY: the handle is the address of the struct, and the record lives.
    unsafe { &*core::ptr::with_exposed_provenance(address) }
}

pub(super) fn round_trip() {
    with_engine(|engine, _| {
        engine.with(|records, _| {
            let before = host::used();
            let mut value = user(1, vec![criteria("sip:as1"), criteria("sip:as2")]);
            value.profiles[0].identities[1].wildcard = "sip:.*!x!@ims".into();
            value.profiles.push(ServiceProfile::default());
            let subscriber = records.try_subscriber(&value, true, NOW).unwrap();
            assert_eq!(subscriber.to_value(), value);
            assert!(subscriber.is(&value) && subscriber.wildcarded());
            assert_eq!((subscriber.ref_count(), subscriber.profile_count()), (0, 2));
            let identities: Vec<_> = subscriber.identities().collect();
            assert_eq!(identities[0], (&b"sip:user1@ims.example"[..], false, &b""[..]));
            assert_eq!(identities[1], (&b"tel:+4900000001"[..], true, &b"sip:.*!x!@ims"[..]));

            let c = c_of(&subscriber);
            assert_eq!((c.service_profiles_cnt, c.wpsi, c.sl), (2, 1, 0));
            // SAFETY: the array of the struct.
            let profile = unsafe { *c.service_profiles };
            assert_eq!((profile.filter_criteria_cnt, profile.public_identities_cnt), (2, 2));
            // SAFETY: as above.
            assert_eq!(unsafe { *profile.cn_service_auth }.subscribed_media_profile_id, 4);
            // SAFETY: as above.
            let one = unsafe { *profile.filter_criteria };
            // SAFETY: as above.
            assert_eq!((one.priority, unsafe { *one.profile_part_indicator }), (-3, 1));
            let server = one.application_server;
            assert_eq!((bytes(server.server_name), server.default_handling), (&b"sip:as1"[..], 1));
            assert_eq!((server.include_register_request, server.include_register_response), (1, 0));
            // SAFETY: as above.
            let trigger = unsafe { *one.trigger_point };
            assert_eq!((trigger.condition_type_cnf, trigger.spt_cnt), (1, 6));
            // SAFETY: as above.
            let points = unsafe { core::slice::from_raw_parts(trigger.spt, 6) };
            let kinds: Vec<_> =
                points.iter().map(|p| (p.type_, p.group, p.condition_negated)).collect();
            assert_eq!(kinds, [(1, 0, 0), (2, 0, 0), (3, 1, 0), (3, 2, 1), (4, 2, 1), (5, 2, 1)]);
            // SAFETY: the kind says which one it is.
            let known = unsafe { points[2].__bindgen_anon_1.sip_header };
            assert!(known.type_ > 0, "the parser knows Contact");
            // SAFETY: as above.
            let unknown = unsafe { points[3].__bindgen_anon_1.sip_header };
            assert_eq!((unknown.type_, bytes(unknown.header)), (0, &b"X-Own"[..]));
            assert!(unknown.content.s.is_null(), "nothing to look for has no address");

            let mut other = value.clone();
            other.profiles[0].criteria[1].trigger.as_mut().unwrap().points[4].negated = false;
            assert!(!subscriber.is(&other));
            let mut other = value.clone();
            other.profiles[0].identities[0].barred = true;
            assert!(!subscriber.is(&other));
            records.bury_subscriber(subscriber, NOW);
            records.clear(NOW + REST, ALL);
            assert_eq!((records.resting(), host::used(), records.interned()), (0, before, 0));
        });
    });
}

pub(super) fn shared() {
    with_engine(|engine, _| {
        engine.with(|records, _| {
            let before = host::used();
            let one =
                records.try_subscriber(&user(1, vec![criteria("sip:as")]), false, NOW).unwrap();
            let first = host::used();
            let other =
                records.try_subscriber(&user(2, vec![criteria("sip:as")]), false, NOW).unwrap();
            assert!(host::used() - first < 450, "{}", host::used() - first);
            let third =
                records.try_subscriber(&user(3, vec![criteria("sip:as3")]), false, NOW).unwrap();
            let without = records.try_subscriber(&user(4, Vec::new()), false, NOW).unwrap();
            assert_eq!(records.interned(), 2);
            let array = |s: &Subscriber| {
                // SAFETY: the array of the struct.
                unsafe { *c_of(s).service_profiles }.filter_criteria
            };
            assert_eq!(array(&one), array(&other));
            assert_ne!(array(&one), array(&third));
            assert!(array(&without).is_null());
            records.bury_subscriber(one, NOW);
            records.bury_subscriber(third, NOW);
            assert_eq!(records.interned(), 1);
            records.clear(NOW + REST, ALL);
            assert_eq!(other.to_value(), user(2, vec![criteria("sip:as")]));
            records.bury_subscriber(other, NOW);
            records.bury_subscriber(without, NOW);
            records.clear(NOW + 2 * REST, ALL);
            assert_eq!((records.resting(), host::used(), records.interned()), (0, before, 0));
        });
    });
}

pub(super) fn discarded() {
    with_engine(|engine, _| {
        engine.with(|records, _| {
            let stays =
                records.try_subscriber(&user(1, vec![criteria("sip:as")]), false, NOW).unwrap();
            let before = host::used();
            for name in ["sip:as", "sip:as2"] {
                let other = user(2, vec![criteria(name)]);
                let other = records.try_subscriber(&other, false, NOW).unwrap();
                records.discard_subscriber(other);
                let left = (records.resting(), host::used(), records.interned());
                assert_eq!(left, (0, before, 1), "{name}");
            }
            assert!(stays.is(&user(1, vec![criteria("sip:as")])));
            records.discard_subscriber(stays);
            assert_eq!(records.interned(), 0);
        });
    });
}

pub(super) fn empty_conditions() {
    with_engine(|engine, _| {
        engine.with(|records, _| {
            for cnf in [true, false] {
                let mut one = criteria("sip:as");
                one.trigger = Some(TriggerPoint { cnf, points: Vec::new() });
                let subscriber = records.try_subscriber(&user(1, vec![one]), false, NOW).unwrap();
                // SAFETY: the array of the struct.
                let profile = unsafe { *c_of(&subscriber).service_profiles };
                // SAFETY: as above.
                let trigger = unsafe { *profile.filter_criteria }.trigger_point;
                if cnf {
                    // What has no condition is always met.
                    assert!(trigger.is_null());
                } else {
                    // SAFETY: as above.
                    assert_eq!(unsafe { (*trigger).spt_cnt }, 1);
                }
                records.bury_subscriber(subscriber, NOW);
            }
        });
    });
}

fn text() -> impl Strategy<Value = BString> {
    vec(any::<u8>(), 0..20).prop_map(Into::into)
}

fn trigger() -> impl Strategy<Value = Trigger> {
    prop_oneof![
        text().prop_map(Trigger::RequestUri),
        text().prop_map(Trigger::Method),
        (text(), text()).prop_map(|(name, content)| Trigger::Header { name, content }),
        (0..4_u8).prop_map(Trigger::SessionCase),
        (text(), text()).prop_map(|(line, content)| Trigger::SessionDescription { line, content }),
    ]
}

fn condition() -> impl Strategy<Value = TriggerPoint> {
    let point = (any::<bool>(), any::<i32>(), trigger(), 0..8_u8);
    let point = point.prop_map(|(negated, group, what, registration)| ServicePoint {
        negated,
        group,
        what,
        registration,
    });
    (any::<bool>(), vec(point, 1..5)).prop_map(|(cnf, points)| TriggerPoint { cnf, points })
}

fn filter() -> impl Strategy<Value = FilterCriteria> {
    let part = prop_oneof![Just(ProfilePart::Registered), Just(ProfilePart::Unregistered)];
    let handling = prop_oneof![
        Just(DefaultHandling::Unsaid),
        Just(DefaultHandling::Continued),
        Just(DefaultHandling::Terminated)
    ];
    let server = (text(), handling, text(), any::<bool>(), any::<bool>());
    let server = server.prop_map(|(name, handling, info, include_request, include_response)| {
        ApplicationServer { name, handling, info, include_request, include_response }
    });
    let all = (any::<i32>(), option::of(condition()), server, option::of(part));
    all.prop_map(|(priority, trigger, server, part)| FilterCriteria {
        priority,
        trigger,
        server,
        part,
    })
}

fn profile() -> impl Strategy<Value = ServiceProfile> {
    let identity = (any::<bool>(), text(), text())
        .prop_map(|(barred, uri, wildcard)| PublicIdentity { barred, uri, wildcard });
    let all = (
        vec(identity, 0..4),
        vec(filter(), 0..3),
        option::of(any::<i32>()),
        vec(any::<i32>(), 0..3),
    );
    all.prop_map(|(identities, criteria, media_profile, shared_sets)| ServiceProfile {
        identities,
        criteria,
        media_profile,
        shared_sets,
    })
}

fn subscription() -> impl Strategy<Value = Subscription> {
    (text(), vec(profile(), 0..3))
        .prop_map(|(private_identity, profiles)| Subscription { private_identity, profiles })
}

pub(super) fn arbitrary_ones() {
    with_engine(|engine, _| {
        let before = host::used();
        let mut runner = TestRunner::new(crate::without_file(300));
        let result = runner.run(&(subscription(), subscription()), |(one, other)| {
            engine
                .with(|records, _| {
                    let subscriber = records.try_subscriber(&one, false, NOW).unwrap();
                    prop_assert_eq!(&subscriber.to_value(), &one);
                    prop_assert!(subscriber.is(&one));
                    prop_assert_eq!(subscriber.is(&other), one == other);
                    records.bury_subscriber(subscriber, NOW);
                    Ok(())
                })
                .unwrap()
        });
        result.unwrap();
        engine.with(|records, _| records.clear(NOW + REST, ALL));
        assert_eq!(host::used(), before);
    });
}

pub(super) fn headers() {
    let types =
        [&b"Contact"[..], b"contact", b"m", b"From", b"P-Asserted-Identity"].map(header_type);
    assert!(types.iter().all(|kind| *kind > 0), "{types:?}");
    assert_eq!((types[0], types[0]), (types[1], types[2]));
    for odd in [&b""[..], b"X-Own", b"a b", b":", b"Contact:", &[b'x'; 1000], b"\xff\0"] {
        assert!(header_type(odd) >= 0, "{odd:?}");
    }
}
