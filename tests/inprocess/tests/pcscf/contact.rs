//! The record.

use super::store::{ALICE, now, with_domain};
use inprocess::host;
use kamailio::{
    Error,
    pcscf::{Changes, Contact, NewContact},
};

fn ids_now(contact: &Contact) -> Vec<Vec<u8>> {
    contact.public_ids().map(<[u8]>::to_vec).collect()
}

fn routes_now(contact: &Contact) -> Vec<Vec<u8>> {
    let count = contact.service_routes();
    (0..=count).filter_map(|at| contact.service_route(at).map(<[u8]>::to_vec)).collect()
}

pub(super) fn one_block() {
    with_domain(|domain| {
        domain.with(|records, _| {
            let before = host::used();
            let contact = records.try_contact(&ALICE, now()).unwrap();
            // The struct of C, two words of ours, the contact URI, and what a block costs.
            let size = u64::try_from(296 + 8 + ALICE.aor.len()).unwrap();
            assert!(host::used() - before < size + 128, "{} bytes", host::used() - before);
            assert_eq!(contact.aor(), ALICE.aor);
            assert_eq!((contact.contact_user(), contact.rinstance()), (&b"alice"[..], &b"abc"[..]));
            assert_eq!((contact.contact_host(), contact.contact_port()), (ALICE.via_host, 5070));
            assert_eq!((contact.received_host(), contact.received_port()), (ALICE.via_host, 5070));
            assert_eq!((contact.via_host(), contact.via_port()), (ALICE.via_host, 5070));
            assert_eq!((contact.received_proto(), contact.via_proto()), (1, 1));
            assert_eq!((contact.state(), contact.expires()), (4, 2_000));
            assert_eq!((ids_now(&contact).len(), routes_now(&contact).len()), (0, 0));
            assert_eq!((contact.rx_session_id(), contact.path()), (&b""[..], &b""[..]));
            assert!(contact.security().is_none() && contact.security_temp().is_none());
            assert_eq!(contact.security_kinds(), (0, 0));
            records.discard(contact, now());
            assert_eq!(host::used(), before);
        });
    });
}

pub(super) fn texts() {
    with_domain(|domain| {
        domain.with(|records, _| {
            let before = host::used();
            let other = NewContact {
                received_host: b"198.51.100.9",
                via_host: b"198.51.100.9",
                path: b"<sip:edge.example.com;lr>",
                ..ALICE
            };
            let contact = records.try_contact(&other, now()).unwrap();
            assert_eq!(contact.contact_host(), ALICE.contact_host);
            assert_eq!(
                (contact.received_host(), contact.via_host()),
                (other.via_host, other.via_host)
            );
            assert_eq!(contact.path(), other.path);
            // Both hosts are one text.
            assert_eq!(contact.received_host().as_ptr(), contact.via_host().as_ptr());
            let inside = contact.aor().as_ptr_range();
            assert!(inside.contains(&contact.contact_host().as_ptr()));
            assert!(inside.contains(&contact.rinstance().as_ptr()));
            let long = [b'x'; kamailio::pcscf::TEXT_MAX + 1];
            for wrong in [NewContact { aor: &long, ..ALICE }, NewContact { path: &long, ..ALICE }] {
                assert_eq!(records.try_contact(&wrong, now()).unwrap_err(), Error::OutOfShm);
            }
            records.discard(contact, now());
            assert_eq!(host::used(), before);
        });
    });
}

pub(super) fn ids_of<'i>(all: &'i [&'i [u8]]) -> Changes<'i> {
    Changes { ids: Some(all), ..Changes::default() }
}

pub(super) fn ids() {
    with_domain(|domain| {
        domain.with(|records, _| {
            let mut contact = records.try_contact(&ALICE, now()).unwrap();
            let all: [&[u8]; 3] = [b"sip:alice@ims.test", b"tel:+49301", b""];
            records.change(&mut contact, &ids_of(&all), now()).unwrap();
            assert_eq!(ids_now(&contact), all);
            // None given changes nothing.
            records.change(&mut contact, &ids_of(&[]), now()).unwrap();
            assert_eq!(ids_now(&contact), all);
            records.change(&mut contact, &ids_of(&[b"sip:a@b"]), now()).unwrap();
            assert_eq!(ids_now(&contact), [b"sip:a@b"]);
            records.bury(contact, now());
        });
    });
}

pub(super) fn routes() {
    with_domain(|domain| {
        domain.with(|records, _| {
            let one: [&[u8]; 1] = [b"<sip:orig@scscf.ims.test;lr>"];
            let two: [&[u8]; 2] = [b"<sip:a;lr>", b"<sip:b;lr>"];
            let set = |routes| Changes { routes: Some(routes), ..Changes::default() };
            let mut contacts = Vec::new();
            for _ in 0..3 {
                let mut contact = records.try_contact(&ALICE, now()).unwrap();
                records.change(&mut contact, &set(&one), now()).unwrap();
                contacts.push(contact);
            }
            let place = |contact: &Contact| contact.service_route(0).unwrap().as_ptr();
            assert_eq!(place(&contacts[0]), place(&contacts[1]));
            records.change(&mut contacts[0], &set(&two), now()).unwrap();
            assert_eq!(routes_now(&contacts[0]), two);
            assert_eq!(routes_now(&contacts[1]), one);
            // Fewer than before: whoever reads the old number with the new array stays inside.
            records.change(&mut contacts[0], &set(&one), now()).unwrap();
            assert_eq!(routes_now(&contacts[0]), one);
            for contact in contacts {
                records.bury(contact, now());
            }
        });
    });
}

pub(super) fn lack() {
    with_domain(|domain| {
        domain.with(|records, _| {
            let before = host::used();
            let mut contact = records.try_contact(&ALICE, now()).unwrap();
            let kept: [&[u8]; 1] = [b"sip:alice@ims.test"];
            records.change(&mut contact, &ids_of(&kept), now()).unwrap();
            let mut others = Vec::new();
            while let Ok(other) = records.try_contact(&ALICE, now()) {
                others.push(other);
            }
            assert!(others.len() > 1_000, "{} contacts", others.len());
            let big = vec![b'x'; 60_000];
            let many: [&[u8]; 2] = [&big, b"y"];
            let changes =
                Changes { ids: Some(&kept), routes: Some(&many), rx_session_id: Some(b"session") };
            assert_eq!(records.change(&mut contact, &changes, now()), Err(Error::OutOfShm));
            assert_eq!(ids_now(&contact), kept);
            assert_eq!((contact.service_routes(), contact.rx_session_id()), (0, &b""[..]));
            for other in others {
                records.discard(other, now());
            }
            records.discard(contact, now());
            assert_eq!(host::used(), before);
        });
    });
}
