//! Whatever a REGISTER, its answer, a request and a NOTIFY say: they are planned or refused, and
//! nobody who comes from elsewhere and is somebody else changes the contact that was found.
#![no_main]

use pcscf_core::State;
use pcscf_core::decide::{
    Asked, Bound, Contacts, Judgement, MAX_CONTACTS, Place, Via, lookup, notify, pending, place,
    save, subscribe, unregister,
};

const NOW: i64 = 1_700_000_000;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.split(|byte| *byte == 0);
    let mut part = || parts.next().unwrap_or_default();
    let (uri, expires, header, host, avp) = (part(), part(), part(), part(), part());
    let others: Vec<Asked<'_>> = parts.map(|uri| Asked { uri, expires: Some(uri) }).collect();
    let mut contacts = vec![Asked { uri, expires: Some(expires) }];
    contacts.extend(others);

    let packet = Place { host: b"192.0.2.66", port: 6666, proto: 1 };
    let via = Via { host, port: 5060, proto: 1, received: Some(avp), rport: Some(header) };
    let _ = place::effective(packet, Some(&via), None);
    let _ = place::effective(packet, None, Some(avp));
    let record = Bound {
        aor: b"sip:alice@192.0.2.1:5060",
        received: Place { host: b"192.0.2.1", port: 5060, proto: 1 },
        port_uc: Some(5062),
        state: State::REGISTERED,
        expires: NOW + 600,
        ids: &[b"sip:alice@ims.test"],
    };

    let request = pending::Request {
        contacts: Contacts::List(&contacts),
        expires: Some(header),
        via,
        place: packet,
        now: NOW,
        pending_expires: 30,
        pending_on_deregister: false,
    };
    if let Ok(pending::Plan::Pending(pending)) = pending::plan(&request) {
        assert!(pending.query.aor.len() <= pcscf_core::decide::MAX_URI);
        assert_eq!(pending::found(&record, &pending, NOW, true), pending::Found::Other);
    }

    let reply = save::Reply {
        contacts: Contacts::List(&contacts),
        expires: Some(header),
        removes_all: false,
        place: packet,
        ids: &[b"sip:eve@ims.test"],
        trust_alias: false,
        trust_bottom_via: false,
        now: NOW,
    };
    if let Ok(save::Plan::Contacts(steps)) = save::plan(&reply) {
        assert_eq!(steps.len(), contacts.len().min(MAX_CONTACTS));
        for step in steps.iter().flatten() {
            let judgement = save::judge(&record, step, &reply, 5, || None);
            assert!(matches!(judgement, Judgement::Skip(_)), "{judgement:?}");
        }
    }
    let _ = subscribe::target(&reply.contacts, Some(header), reply.ids);

    let uris: Vec<&[u8]> = contacts.iter().map(|contact| contact.uri).collect();
    for fallback2ip in 0..3 {
        let states = lookup::states(true);
        let request = lookup::Request {
            contacts: &uris,
            reply: fallback2ip == 2,
            via,
            place: packet,
            fallback2ip,
            states,
        };
        let searches = lookup::searches(&request).map_or(0, Iterator::count);
        assert!(searches <= uris.len() * 6);
        let rules = lookup::Rules { port: false, proto: false, states };
        assert!(lookup::check(&record, &packet, &rules).is_err());
    }
    let _ = unregister::searches(uri, host, header);

    let told = notify::Told { aor: host, uri, terminated: true, expires: 0 };
    let _ = notify::search(&told);
    let judgement = notify::judge(&record, &told, NOW, 0);
    let own = host.eq_ignore_ascii_case(b"sip:alice@ims.test");
    assert_eq!(judgement == Judgement::Delete, own);
});
