use super::{
    Avp, AvpRef, Cause, Charging, Failure, Group, Kind, Ppr, Rtr, Saa, Sar, VENDOR,
    avp::{MOST, number},
    rtr::{Outcome, Reason, Target},
    saa::UNANSWERED,
};
use crate::{event::Cause as Told, refusal::Refusal};

fn of_3gpp<'a>(code: u32, data: &'a [u8]) -> AvpRef<'a> {
    AvpRef { code, vendor: VENDOR, data }
}

fn base(code: u32, data: &[u8]) -> AvpRef<'_> {
    AvpRef { code, vendor: 0, data }
}

#[test]
fn r_01_r_33_r_52_a_question_has_its_avps_in_order() {
    let mut sar = Sar {
        call_id: b"c1",
        realm: b"example.org",
        identity: b"sip:bob@example.org",
        wildcard: b"",
        server_name: b"sip:scscf.example.org:6060",
        private: b"bob@ims",
        kind: Kind::Registration,
        available: false,
    };
    let shape = |sar: &Sar<'_>| {
        sar.avps().iter().map(|avp| (avp.code, avp.vendor, avp.flags)).collect::<Vec<_>>()
    };
    let full = [
        (494, 50, 0x80),
        (283, 0, 0x40),
        (260, 0, 0x40),
        (277, 0, 0x40),
        (601, 10_415, 0xc0),
        (602, 10_415, 0xc0),
        (1, 0, 0x40),
        (614, 10_415, 0xc0),
        (624, 10_415, 0xc0),
    ];
    assert_eq!(shape(&sar), full);
    let avps = sar.avps();
    let value = |code| avps.iter().find(|avp| avp.code == code).unwrap().data.clone();
    assert_eq!(
        (&*value(614), &*value(624), &*value(277)),
        (&[0, 0, 0, 1][..], &[0; 4][..], &[0, 0, 0, 1][..])
    );
    let group = value(260);
    let inner: Vec<_> = Group::new(&group).map(|avp| (avp.code, avp.number())).collect();
    assert_eq!(inner, [(266, Some(10_415)), (258, Some(16_777_216))]);
    sar = Sar { call_id: b"", private: b"", kind: Kind::UnregisteredUser, available: true, ..sar };
    let codes: Vec<u32> = sar.avps().iter().map(|avp| avp.code).collect();
    assert_eq!(codes, [283, 260, 277, 601, 602, 614, 624]);
    sar.wildcard = b"sip:chat!.*!@x";
    assert_eq!(sar.avps().iter().filter(|avp| avp.code == 634).count(), 1);
}

#[test]
fn groups_are_read_as_far_as_their_lengths_fit() {
    let group = Avp::group(260, &[Avp::base(1, &b"abcde"[..]), Avp::of_3gpp(601, &b"x"[..])]);
    assert_eq!(group.data.len() % 4, 0);
    let read: Vec<_> = Group::new(&group.data).collect();
    assert_eq!(read, [base(1, b"abcde"), of_3gpp(601, b"x")]);
    for cut in 0..group.data.len() {
        let part: Vec<_> = Group::new(group.data.get(..cut).unwrap()).collect();
        assert!(part.len() <= 2);
    }
    // A length that is less than a header ends it, and does not hang.
    assert_eq!(Group::new(&[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]).count(), 0);
    assert_eq!(Group::new(&[0, 0, 0, 1, 0x80, 0, 0, 8]).count(), 0);
    let many = [0, 0, 0, 1, 0, 0, 0, 8].repeat(MOST + 5);
    assert_eq!(Group::new(&many).count(), MOST);
}

#[test]
fn r_35_r_36_r_37_what_an_answer_means() {
    let of = |result: Option<u32>, experimental: Option<u32>, data: Option<&'static [u8]>| {
        let result = result.map(number);
        let group = experimental.map(|code| Avp::group(297, &[Avp::base(298, number(code))]));
        let avps = [
            result.as_deref().map(|data| base(268, data)),
            group.as_ref().map(|group| base(297, &group.data)),
            data.map(|data| of_3gpp(606, data)),
        ];
        Saa::read(avps.into_iter().flatten()).judge(true)
    };
    assert_eq!(of(Some(2001), None, Some(b"<x/>")), Ok(()));
    assert_eq!(of(Some(2001), None, None), Err(Failure::NO_PROFILE));
    assert_eq!(of(Some(2001), None, Some(b"")), Err(Failure::NO_PROFILE));
    assert!(Failure::NO_PROFILE.continues_save());
    for (result, experimental, refusal) in [
        (Some(5012), None, Refusal::Assignment),
        (None, None, Refusal::Assignment),
        (Some(2002), None, Refusal::Assignment),
        (None, Some(2001), Refusal::Assignment),
        (None, Some(5001), Refusal::UnknownUser),
        (None, Some(5004), Refusal::NotAllowed),
        (Some(5003), None, Refusal::NotAllowed),
        (Some(5005), None, Refusal::Assignment),
        (Some(3002), None, Refusal::NoHss),
        (Some(3004), None, Refusal::BusyHss),
    ] {
        let failure = of(result, experimental, Some(b"<x/>")).unwrap_err();
        assert_eq!(
            (failure.refusal.clone(), failure.return_code),
            (refusal, -2),
            "{result:?} {experimental:?}"
        );
        assert!(!failure.continues_save());
    }
    assert_eq!((UNANSWERED.refusal, UNANSWERED.return_code), (Refusal::NoHss, -2));
    let short = Saa::read([base(268, &[7]), base(297, &[0; 4])]);
    assert_eq!((short.result, short.experimental), (None, None));
}

#[test]
fn r_45_charging_addresses_are_read_by_their_codes() {
    let names = [(621, "aaa://ccf1"), (622, "ccf2"), (619, "ecf1"), (620, "ecf2")];
    let members: Vec<_> =
        names.iter().map(|(code, name)| Avp::of_3gpp(*code, name.as_bytes())).collect();
    let group = Avp::group(618, &members);
    let saa = Saa::read([of_3gpp(618, &group.data)]);
    let expected = Charging { ccf1: b"aaa://ccf1", ccf2: b"ccf2", ecf1: b"ecf1", ecf2: b"ecf2" };
    assert_eq!(saa.charging, Some(expected));
    assert_eq!(Saa::read([of_3gpp(618, b"")]).charging, Some(Charging::default()));
    assert_eq!(Saa::read([]).charging, None);
    let ppr = Ppr::read([base(1, b"bob@ims "), of_3gpp(606, b"<x/>"), of_3gpp(618, &group.data)]);
    assert_eq!(
        (ppr.private, ppr.user_data, ppr.charging),
        (Some(&b"bob@ims"[..]), Some(&b"<x/>"[..]), Some(expected))
    );
}

#[test]
fn r_65_r_66_whose_registrations_the_network_ends() {
    let reason = Avp::group(615, &[Avp::of_3gpp(616, number(1)), Avp::of_3gpp(617, &b"moved"[..])]);
    let associated =
        Avp::group(632, &[Avp::base(1, &b"bob2@ims"[..]), Avp::base(1, &b"bob@ims"[..])]);
    let avps = [
        base(1, b"bob@ims"),
        of_3gpp(601, b"sip:bob@example.org"),
        of_3gpp(601, b" tel:+1001 "),
        of_3gpp(601, b""),
        of_3gpp(632, &associated.data),
        of_3gpp(615, &reason.data),
    ];
    let rtr = Rtr::read(avps);
    let identities = [&b"sip:bob@example.org"[..], b"tel:+1001"];
    assert_eq!(rtr.target(), Target::Public(&identities));
    assert_eq!((rtr.reason, rtr.info), (Reason::NewServerAssigned, &b"moved"[..]));
    assert_eq!(rtr.privates(), [&b"bob2@ims"[..], b"bob@ims"]);
    assert!(rtr.to_string().contains("2 identities from \"sip:bob@example.org\""), "{rtr}");
    assert_eq!(Rtr::read([base(1, b"bob@ims")]).target(), Target::Private);
    assert_eq!(Rtr::read([]).target(), Target::Nobody);
    for (number, reason, event) in [
        (0_u32, Reason::PermanentTermination, Some(Told::Rejected)),
        (1, Reason::NewServerAssigned, None),
        (2, Reason::ServerChange, Some(Told::Deactivated)),
        (3, Reason::RemoveServer, Some(Told::Deactivated)),
        (9, Reason::Unknown, Some(Told::Rejected)),
    ] {
        let group = Avp::group(615, &[Avp::of_3gpp(616, super::avp::number(number))]);
        let read = Rtr::read([of_3gpp(615, &group.data)]).reason;
        assert_eq!((read, read.cause()), (reason, event));
    }
}

#[test]
fn r_66_every_request_of_the_hss_is_answered() {
    let codes = |outcome: Outcome| outcome.avps().iter().map(|avp| avp.code).collect::<Vec<_>>();
    assert_eq!(codes(Outcome::Done), [260, 277, 268]);
    assert_eq!(codes(Outcome::Unknown), [260, 277, 297]);
    assert_eq!(codes(Outcome::TooMuch), [260, 277, 297]);
    let nobody = Outcome::of(&Target::Nobody, 0);
    assert_eq!(nobody.avps().last().map(|avp| avp.data.to_vec()), Some(number(5005)));
    assert_eq!(Outcome::of(&Target::Private, 0), Outcome::Unknown);
    assert_eq!(Outcome::of(&Target::Public(&[b"x"]), 1), Outcome::Done);
}

#[test]
fn the_hss_is_told_why_a_registration_ends() {
    let of = |cause, stores| Kind::of_removal(cause, stores).number();
    assert_eq!((of(Cause::User, false), of(Cause::User, true)), (5, 7));
    assert_eq!((of(Cause::Timeout, false), of(Cause::Timeout, true)), (4, 6));
    let others = [
        Cause::Administrative,
        Cause::AuthenticationFailure,
        Cause::AuthenticationTimeout,
        Cause::TooMuchData,
    ];
    assert_eq!(others.map(|cause| of(cause, true)), [8, 9, 10, 11]);
    assert_eq!(Kind::NoAssignment.number(), 0);
}
