use super::{Change, Plan, Reply, Skipped, Step, judge, plan};
use crate::decide::tests::{NOW, alice, place};
use crate::decide::{Asked, Bound, Contacts, Judgement, NoContact, Place};
use crate::{State, States};

const ALICE: &str = "sip:alice@127.0.0.1:22100";
const IDS: [&[u8]; 2] = [b"SIP:alice@ims.test", b"tel:+4930123456"];
const EVES: [&[u8]; 1] = [b"sip:eve@ims.test"];

fn asked<'m>(uri: &'m str, expires: Option<&'m str>) -> Asked<'m> {
    Asked { uri: uri.as_bytes(), expires: expires.map(str::as_bytes) }
}

fn reply<'m>(contacts: &'m [Asked<'m>], place: Place<'m>) -> Reply<'m> {
    Reply {
        contacts: Contacts::List(contacts),
        expires: None,
        removes_all: false,
        place,
        ids: &IDS,
        trust_alias: false,
        trust_bottom_via: false,
        now: NOW,
    }
}

fn steps<'m>(reply: &Reply<'m>) -> Vec<Result<Step<'m>, Skipped>> {
    match plan(reply) {
        Ok(Plan::Contacts(steps)) => steps,
        other => panic!("{other:?}"),
    }
}

/// The change that a Contact with this parameter and this header asks for.
fn change(param: Option<&str>, header: Option<&str>) -> Change {
    let contacts = [asked(ALICE, param)];
    let reply = Reply { expires: header.map(str::as_bytes), ..own(&contacts) };
    steps(&reply).remove(0).unwrap().change
}

/// A reply to a REGISTER that came from where Alice registered.
fn own<'m>(contacts: &'m [Asked<'m>]) -> Reply<'m> {
    reply(contacts, place("127.0.0.1", 22100))
}

/// A To that is no address.
fn nobody() -> Option<&'static [u8]> {
    None
}

/// What becomes of `record`, were it found for the only contact of the reply.
fn judged(record: &Bound<'_>, reply: &Reply<'_>) -> Judgement {
    judge(record, steps(reply).first().unwrap().as_ref().unwrap(), reply, 0, nobody)
}

#[test]
fn p03_p07_to_p12_expiry_updates_or_removes() {
    let until = |seconds| Change::Update { expires: NOW + seconds };
    for (param, header, expected) in [
        (Some("600"), None, until(600)),
        (Some("0"), None, Change::Remove),
        (None, None, Change::Remove),
        (None, Some("300"), until(300)),
        (Some("100"), Some("300"), until(100)),
        (Some("garbage"), None, Change::Remove),
        (Some("4294967295"), None, Change::Update { expires: i64::from(i32::MAX) }),
    ] {
        assert_eq!(change(param, header), expected, "{param:?} {header:?}");
    }
}

#[test]
fn p03_the_pending_contact_of_this_source_is_looked_for() {
    let contacts = [asked("sip:alice@[2001:db8::1];transport=TCP", Some("600"))];
    let step = steps(&reply(&contacts, place("2001:db8::1", 22100))).remove(0).unwrap();
    assert_eq!(step.query.via.to_string(), "tcp:[2001:db8::1]:5060");
    assert_eq!(step.query.received.to_string(), "udp:[2001:db8::1]:22100");
    assert!(step.query.states.admits(State::PENDING));
    assert!(!step.query.states.admits(State::DEREG_PENDING));
    assert!(!step.query.states.admits(State::NONE));
}

#[test]
fn a_removal_finds_its_contact_in_any_state() {
    let contacts = [asked(ALICE, Some("0"))];
    assert_eq!(steps(&own(&contacts)).remove(0).unwrap().query.states, States::ANY);
}

#[test]
fn p13_p14_without_a_contact_it_is_refused() {
    for (contacts, reason) in
        [(Contacts::Missing, NoContact::Missing), (Contacts::Star, NoContact::Star)]
    {
        let reply = Reply { contacts, ..own(&[]) };
        assert_eq!(plan(&reply).unwrap_err(), reason);
    }
}

#[test]
fn contact_star_of_the_request_removes_all_of_this_source() {
    let reply = Reply { contacts: Contacts::Missing, removes_all: true, ..own(&[]) };
    let Ok(Plan::RemoveAll(step)) = plan(&reply) else { panic!("it removes all") };
    assert_eq!(judge(&alice(), &step, &reply, 0, nobody), Judgement::Delete);
    let elsewhere = Bound { received: place("127.0.0.2", 1), ..alice() };
    assert_eq!(
        judge(&elsewhere, &step, &reply, 0, nobody),
        Judgement::Delete,
        "it has its identity"
    );
    let others = Bound { ids: &EVES, ..elsewhere };
    assert!(matches!(judge(&others, &step, &reply, 0, nobody), Judgement::Skip(_)));
    let star = Reply { contacts: Contacts::Star, ..reply };
    assert_eq!(plan(&star).unwrap_err(), NoContact::Star, "case P14 also here");
}

#[test]
fn p15_each_contact_of_the_answer_is_one_step() {
    let contacts = [asked("sip:bob@192.0.2.7", Some("100")), asked(ALICE, Some("600"))];
    let reply = own(&contacts);
    let steps = steps(&reply);
    assert_eq!(steps.len(), 2);
    // Were Alice's record found for the other contact, it would not take the other's expiry.
    let Judgement::Skip(reason) = judge(&alice(), steps[0].as_ref().unwrap(), &reply, 0, nobody)
    else {
        panic!("it is skipped");
    };
    assert_eq!(
        reason,
        format!(
            "contact \"{ALICE}\" is not \"sip:bob@192.0.2.7\", and the answer names it separately"
        )
    );
    let second = judge(&alice(), steps[1].as_ref().unwrap(), &reply, 0, nobody);
    assert_eq!(second, Judgement::Update { expires: NOW + 600 });
}

#[test]
fn u34_u35_the_same_contact_may_be_spelled_otherwise() {
    let six = Bound { aor: b"sip:alice@[2001:db8::1]:5060", ..alice() };
    let contacts =
        [asked("sip:bob@192.0.2.7", Some("0")), asked("sip:alice@[2001:DB8:0::1]", None)];
    let reply = Reply { expires: Some(b"600"), ..own(&contacts) };
    let second = steps(&reply).remove(1).unwrap();
    assert_eq!(judge(&six, &second, &reply, 0, nobody), Judgement::Update { expires: NOW + 600 });
}

#[test]
fn p23_contacts_without_a_host_are_passed_over() {
    let contacts = [asked("tel:+1", None), asked("urn:service:sos", None), asked("<foo>", None)];
    for (step, reason) in steps(&own(&contacts)).into_iter().zip([
        "contact \"tel:+1\" has no host",
        "contact \"urn:service:sos\" has no host",
        "contact \"<foo>\" is no sip, sips, tel or urn uri",
    ]) {
        assert_eq!(step.unwrap_err().to_string(), reason);
    }
}

#[test]
fn p24_p25_a_malformed_alias_matches_nothing() {
    for value in ["~~", "~5~", "127.0.0.1~99999999999~1"] {
        let uri = format!("{ALICE};alias={value}");
        let contacts = [asked(&uri, Some("600"))];
        assert!(matches!(steps(&own(&contacts)).remove(0), Err(Skipped::Alias(..))), "{value}");
    }
}

#[test]
fn p24_a_parameter_that_is_no_alias_does_not_count() {
    for value in ["", "x", "1.1.1.1", "1.1.1.1~", "1.1.1.1~5"] {
        let uri = format!("{ALICE};alias={value}");
        let contacts = [asked(&uri, Some("600"))];
        for trust_alias in [false, true] {
            let step = steps(&Reply { trust_alias, ..own(&contacts) }).remove(0).unwrap();
            assert_eq!(step.query.received.to_string(), "udp:127.0.0.1:22100", "{value}");
            assert!(step.distrusted.is_some(), "{value}");
        }
    }
}

#[test]
fn s1_an_alias_of_somebody_else_is_not_believed() {
    let contacts = [asked("sip:eve@127.0.0.1:22100;alias=127.0.0.1~22100~1", Some("0"))];
    let eves = Reply { ids: &EVES, ..reply(&contacts, place("127.0.0.1", 22666)) };
    let step = steps(&eves).remove(0).unwrap();
    assert_eq!(step.query.received.port, 22666);
    assert_eq!(
        step.distrusted.as_ref().unwrap().to_string(),
        "alias udp:127.0.0.1:22100 is not where the register came from, udp:127.0.0.1:22666; \
         taken is udp:127.0.0.1:22666"
    );
    assert_eq!(
        judge(&alice(), &step, &eves, 0, nobody),
        Judgement::Skip(
            "contact \"sip:alice@127.0.0.1:22100\" was registered from udp:127.0.0.1:22100; the \
             register came from udp:127.0.0.1:22666 and has none of its identities"
                .to_owned()
        )
    );
}

#[test]
fn an_alias_of_the_same_place_or_a_trusted_one_is_taken() {
    let contacts = [asked("sip:alice@10.0.0.5;alias=127.0.0.1~22100~1", Some("60"))];
    let step = steps(&own(&contacts)).remove(0).unwrap();
    assert!(step.distrusted.is_none());
    let proxied = reply(&contacts, place("192.0.2.1", 5060));
    let trusted = Reply { trust_alias: true, ids: &EVES, ..proxied };
    let step = steps(&trusted).remove(0).unwrap();
    assert_eq!(step.query.received.to_string(), "udp:127.0.0.1:22100");
    assert_eq!(
        judge(&alice(), &step, &trusted, 0, nobody),
        Judgement::Update { expires: NOW + 60 }
    );
    let bottom = Reply { trust_bottom_via: true, ..trusted };
    assert_eq!(steps(&bottom).remove(0).unwrap().query.received.to_string(), "udp:192.0.2.1:5060");
}

#[test]
fn a_phone_behind_a_new_address_is_known_by_its_identity() {
    let contacts = [asked(ALICE, Some("600"))];
    let rebound = reply(&contacts, place("192.0.2.55", 4000));
    assert_eq!(judged(&alice(), &rebound), Judgement::Update { expires: NOW + 600 });
    assert!(matches!(judged(&alice(), &Reply { ids: &EVES, ..rebound }), Judgement::Skip(_)));
    let nobodys = Bound { ids: &[], ..alice() };
    assert!(matches!(judged(&nobodys, &rebound), Judgement::Skip(_)));
}

#[test]
fn the_to_is_an_identity_where_the_answer_names_none() {
    let contacts = [asked(ALICE, Some("600"))];
    let rebound = Reply { ids: &[], ..reply(&contacts, place("192.0.2.55", 4000)) };
    let step = steps(&rebound).remove(0).unwrap();
    let judged = |to: &'static str| judge(&alice(), &step, &rebound, 0, || Some(to.as_bytes()));
    assert_eq!(judged("SIP:ALICE@ims.test"), Judgement::Update { expires: NOW + 600 });
    assert!(matches!(judged("sip:eve@ims.test"), Judgement::Skip(_)));
    // Where the address decides it is not read.
    let own = own(&contacts);
    let step = steps(&own).remove(0).unwrap();
    judge(&alice(), &step, &own, 0, || panic!("the To was asked for"));
}

#[test]
fn ip1_a_protected_port_is_the_phones_own() {
    let contacts = [asked(ALICE, Some("600"))];
    let eves = Reply { ids: &EVES, ..reply(&contacts, place("127.0.0.1", 22120)) };
    let ipsec = Bound { port_uc: Some(22120), ..alice() };
    assert_eq!(judged(&ipsec, &eves), Judgement::Update { expires: NOW + 600 });
}

#[test]
fn a_pending_contact_may_be_confirmed_from_the_port_of_its_uri() {
    let contacts = [asked(ALICE, Some("600"))];
    let state = State::PENDING;
    let pending = Bound { received: place("127.0.0.1", 40001), state, ids: &[], ..alice() };
    assert_eq!(judged(&pending, &own(&contacts)), Judgement::Update { expires: NOW + 600 });
    let owned = Bound { ids: &EVES, ..pending };
    assert!(matches!(judged(&owned, &own(&contacts)), Judgement::Skip(_)));
}

#[test]
fn no10_with_a_delay_a_removed_contact_waits() {
    let contacts = [asked(ALICE, Some("0"))];
    let reply = own(&contacts);
    let step = steps(&reply).remove(0).unwrap();
    assert_eq!(
        judge(&alice(), &step, &reply, 4, nobody),
        Judgement::Delay { expires: NOW + 4, state: State::UNREGISTERED }
    );
}
