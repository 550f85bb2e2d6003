//! Laws for any bytes.

use crate::{request, settings};
use proptest::prelude::*;
use scscf_core::{
    aor::{self, Aor, Rules},
    assignment::{AvpRef, Group, Ppr, Rtr, Saa},
    expires,
    lookup::{self, Asked, Candidate, Order, Ue},
    matching::Mode,
    register::{self, Bound, Lifetime, Plan, Request, set},
    reply::{Accepted, ContactList, Settings, Shown, refused},
    user_data,
};

const NOW: i64 = 1_700_000_000;

/// Bytes that meet the marks of SIP more often than chance would have it.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..8),
        proptest::sample::select(vec![
            "sip:",
            "tel:+",
            "sips:",
            "<",
            ">",
            "\"",
            "\\",
            ";",
            ",",
            "=",
            "*",
            "@",
            "bob",
            "a.b",
            ":5060",
            "%41",
            "expires",
            "q",
            "0.5",
            "0",
            "60",
            " ",
            "\r\n ",
            "lr",
            "received",
            "methods",
            "INVITE",
            "Digest ",
            "username=\"b@c\"",
            "path",
            "phone-context=",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn lists() -> impl Strategy<Value = Vec<Vec<u8>>> {
    proptest::collection::vec(bytes(), 0..4)
}

fn slices(list: &[Vec<u8>]) -> Vec<&[u8]> {
    list.iter().map(Vec::as_slice).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn a_register_of_any_bytes_is_a_plan_or_a_refusal(
        to in bytes(), contacts in lists(), paths in lists(), credentials in lists(), expires in bytes(),
        received in bytes(), agent in bytes(), random in any::<u32>(),
    ) {
        let request = Request {
            to: &to,
            call_id: b"c1",
            cseq: b"1",
            expires: Some(&expires),
            contacts: slices(&contacts),
            paths: slices(&paths),
            supported: vec![b"path"],
            authorization: slices(&credentials),
            allow: slices(&credentials),
            user_agent: Some(&agent),
            received: Some(&received),
            random,
        };
        match register::read(&request, &settings()) {
            Ok(plan) => {
                let bytes = plan.pack();
                prop_assert_eq!(Plan::unpack(&bytes), Some(plan.clone()));
                prop_assert!(plan.contacts().iter().all(|contact| contact.lifetime != Lifetime::Seconds(0)));
                answered(&plan)?;
            }
            Err(refusal) => {
                let reply = refused(&refusal, &Settings { precise: true, ..Settings::default() });
                prop_assert!((200..700).contains(&reply.code));
                prop_assert!(one_line_each(&reply.headers));
            }
        }
    }

    #[test]
    fn bytes_that_are_no_plan_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Some(plan) = Plan::unpack(&bytes) {
            _ = plan.pack();
        }
    }

    #[test]
    fn an_identity_has_one_form(uri in bytes()) {
        if let Ok(aor) = Aor::exact(&uri) {
            let text = aor.text().to_vec();
            prop_assert_eq!(Aor::exact(&text).map(|again| again.text().to_vec()).ok(), Some(text.clone()));
            prop_assert!(aor::same(&uri, &text));
            prop_assert_eq!(set::key(&uri), set::key(&text));
        }
        _ = Aor::loose(&uri, &Rules { case_sensitive: false, realm_prefix: b"a." });
    }

    #[test]
    fn a_bound_contact_is_found_by_itself(uri in bytes(), call_id in bytes(), cseq in any::<u32>()) {
        let body = [b"<", &uri[..], b">"].concat();
        let Ok(plan) = register::read(&request(vec![&body]), &settings()) else { return Ok(()) };
        if let [contact] = plan.contacts() {
            let bound = Bound { uri: &contact.uri, call_id: &call_id, path: b"", cseq, modified: NOW, valid: true };
            prop_assert_eq!(plan.find(&bound, Mode::Uri), Some(0));
            _ = plan.order(&bound, Mode::UriAndPath, NOW, 20);
        }
    }

    #[test]
    fn groups_of_any_bytes_lie_in_them(data in proptest::collection::vec(any::<u8>(), 0..400)) {
        let avps: Vec<AvpRef<'_>> = Group::new(&data).collect();
        let total: usize = avps.iter().map(|avp| avp.data.len().saturating_add(8)).sum();
        prop_assert!(total <= data.len());
        let all = || avps.iter().copied();
        _ = (Saa::read(all()).judge(true), Rtr::read(all()).to_string(), Ppr::read(all()));
    }

    #[test]
    fn user_data_of_any_bytes_is_read_or_refused(mut text in document(), at in any::<usize>(), byte in any::<u8>()) {
        let schemas = user_data::Schemas::default();
        prop_assert!(user_data::read(&text, &schemas).is_ok());
        let at = at.checked_rem(text.len()).unwrap_or(0);
        if let Some(place) = text.get_mut(at) {
            *place = byte;
        }
        match user_data::read(&text, &schemas) {
            Ok(read) => prop_assert!(read.identities().all(|identity| !identity.uri.is_empty())),
            Err(why) => prop_assert!(why.to_string().len() < 600),
        }
    }

    #[test]
    fn a_request_goes_to_valid_contacts_each_once(
        candidates in proptest::collection::vec((any::<bool>(), any::<bool>(), 0..4_u32, -1..1001_i32), 0..20),
        most in 0..20_usize,
    ) {
        let candidates: Vec<Candidate> = candidates
            .into_iter()
            .map(|(valid, is_3gpp, methods, q)| Candidate { valid, is_3gpp, methods, q, modified: i64::from(q) })
            .collect();
        for order in [Order::Bound, Order::NewestFirst, Order::Quality] {
            let asked = Asked { ue: Ue::Of3gpp, method: Some(1), order, most };
            let chosen = lookup::choose(&candidates, &asked).unwrap_or_default();
            prop_assert!(chosen.len() <= most.clamp(1, lookup::MOST));
            let fits = |place: &usize| candidates.get(*place).is_some_and(|one| one.valid && one.is_3gpp && one.methods & 1 == 1);
            prop_assert!(chosen.iter().all(fits));
            let mut once = chosen.clone();
            once.sort_unstable();
            once.dedup();
            prop_assert_eq!(once.len(), chosen.len());
        }
    }

    #[test]
    fn chance_never_adds(seconds in any::<u32>(), range in 0..200_u32, random in any::<u32>()) {
        prop_assert!(expires::spread(seconds, range, random) <= seconds);
    }
}

/// The answer to a plan has one line for each header, whatever the texts of the client are.
fn answered(plan: &Plan<'_>) -> Result<(), TestCaseError> {
    let mut contacts = ContactList::new(NOW, 10);
    for contact in plan.contacts() {
        let Lifetime::Seconds(seconds) = contact.lifetime else {
            contacts.removed(&contact.uri);
            continue;
        };
        let expires = expires::after(NOW, seconds);
        let shown = Shown { uri: &contact.uri, q: contact.q, expires, received: &contact.received };
        contacts.bound(&shown, b"received", contact.params.iter());
    }
    let path = plan.echoes_path.then_some(&*plan.path);
    let reply = Accepted { contacts, path, service_route: b"<sip:x;lr>" }.reply([&*plan.identity]);
    prop_assert!(one_line_each(&reply.headers));
    Ok(())
}

fn one_line_each(headers: &[u8]) -> bool {
    let text = headers.strip_suffix(b"\r\n").unwrap_or(headers);
    let lines = text.split(|byte| *byte == b'\n');
    let good = |line: &[u8]| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        line.first().is_some_and(u8::is_ascii_uppercase) && !line.iter().any(u8::is_ascii_control)
    };
    headers.is_empty() || lines.into_iter().all(good)
}

/// User data of some identities and criteria.
fn document() -> impl Strategy<Value = Vec<u8>> {
    let identity = "(sip:[a-z]{1,8}@[a-z]{1,8}|tel:\\+[0-9]{1,9})";
    let criterion = (-9..9_i32, 0..3_i32, "[A-Z]{1,8}").prop_map(|(priority, group, method)| {
        format!(
            "<InitialFilterCriteria><Priority>{priority}</Priority><TriggerPoint><ConditionTypeCNF>1</ConditionTypeCNF>\
             <SPT><Group>{group}</Group><Method>{method}</Method></SPT></TriggerPoint><ApplicationServer>\
             <ServerName>sip:as</ServerName></ApplicationServer></InitialFilterCriteria>"
        )
    });
    let identities = proptest::collection::vec(identity, 1..4);
    (identities, proptest::collection::vec(criterion, 0..4)).prop_map(|(identities, criteria)| {
        let identity = |uri: &String| format!("<PublicIdentity><Identity>{uri}</Identity></PublicIdentity>");
        let identities: String = identities.iter().map(identity).collect();
        let criteria = criteria.concat();
        format!(
            "<IMSSubscription><PrivateID>b@i</PrivateID><ServiceProfile>{identities}{criteria}</ServiceProfile></IMSSubscription>"
        )
        .into_bytes()
    })
}
