//! Lists that lead from one record to others.

use super::{
    records::{NOW, WATCHER, alice, bytes, c_of, c_of_contact, phone},
    store::with_engine,
};
use core::ptr;
use inprocess::host;
use kamailio::{location::REST, scscf::Identity};

const ALL: u32 = u32::MAX;

pub(super) fn links() {
    with_engine(|engine, domain| {
        engine.with(|records, _| {
            let before = host::used();
            let mut identities: Vec<_> = (0..3).map(|_| alice(records, domain)).collect();
            let mut contacts: Vec<_> = (0..4).map(|_| phone(records, domain)).collect();
            for (at, contact) in contacts.iter_mut().enumerate() {
                contact.set_id(u64::try_from(at).unwrap() + 1);
            }
            for identity in &mut identities {
                for contact in &mut contacts {
                    assert_eq!(records.link(identity, contact, NOW), Ok(true));
                    assert_eq!(records.link(identity, contact, NOW), Ok(false));
                }
            }
            let order =
                |identity: &Identity| identity.contacts().map(|c| c.id()).collect::<Vec<_>>();
            assert_eq!(order(&identities[0]), [1, 2, 3, 4]);
            assert_eq!((identities[0].contact_count(), identities[0].contacts_3gpp()), (4, 4));
            assert_eq!((contacts[0].ref_count(), contacts[0].link_count()), (3, 3));
            assert!(contacts[2].identities().eq(identities.iter().map(Identity::handle)));
            // The first one, one in between, and the last one.
            assert!(records.unlink(&mut identities[0], &mut contacts[0], NOW));
            assert!(!records.unlink(&mut identities[0], &mut contacts[0], NOW));
            assert!(records.unlink(&mut identities[1], &mut contacts[1], NOW));
            assert!(records.unlink(&mut identities[2], &mut contacts[3], NOW));
            assert_eq!(order(&identities[0]), [2, 3, 4]);
            assert_eq!(order(&identities[1]), [1, 3, 4]);
            assert_eq!(order(&identities[2]), [1, 2, 3]);
            let tail = c_of(&identities[2]).linked_contacts.tail;
            // SAFETY: a link of the identity.
            assert_eq!(unsafe { &*tail }.next, ptr::null_mut());
            // The place within the record is free again.
            assert_eq!(records.link(&mut identities[0], &mut contacts[0], NOW), Ok(true));
            assert_eq!(order(&identities[0]), [2, 3, 4, 1]);
            assert!(records.move_first(&mut identities[0], &contacts[0]));
            assert_eq!(order(&identities[0]), [1, 2, 3, 4]);
            assert!(records.move_first(&mut identities[0], &contacts[0]));
            assert!(records.move_first(&mut identities[0], &contacts[2]));
            assert_eq!(order(&identities[0]), [3, 1, 2, 4]);
            assert!(!records.move_first(&mut identities[1], &contacts[1]));
            assert!(
                contacts[0]
                    .identities()
                    .eq([&identities[1], &identities[2], &identities[0]].map(Identity::handle))
            );
            for identity in &mut identities {
                for contact in &mut contacts {
                    records.unlink(identity, contact, NOW);
                }
                assert_eq!((identity.contact_count(), identity.contacts().count()), (0, 0));
                assert!(c_of(identity).linked_contacts.tail.is_null());
            }
            assert!(contacts.iter().all(|c| c.ref_count() == 0 && c.identities().count() == 0));
            identities.into_iter().for_each(|identity| records.bury_identity(identity, NOW));
            contacts.into_iter().for_each(|contact| records.bury_contact(contact, NOW));
            records.clear(NOW + REST, ALL);
            assert_eq!((records.resting(), host::used()), (0, before));
        });
    });
}

pub(super) fn count_3gpp() {
    with_engine(|engine, domain| {
        engine.with(|records, _| {
            let mut identities = [alice(records, domain), alice(records, domain)];
            let mut contact = phone(records, domain);
            for identity in &mut identities {
                records.link(identity, &mut contact, NOW).unwrap();
            }
            contact.set_3gpp(false);
            contact.set_3gpp(false);
            assert!(identities.iter().all(|i| (i.contact_count(), i.contacts_3gpp()) == (1, 0)));
            contact.set_3gpp(true);
            assert!(identities.iter().all(|i| i.contacts_3gpp() == 1));
            for identity in &mut identities {
                records.unlink(identity, &mut contact, NOW);
                assert_eq!(identity.contacts_3gpp(), 0);
            }
        });
    });
}

pub(super) fn watchers() {
    with_engine(|engine, domain| {
        engine.with(|records, _| {
            let before = host::used();
            let mut identity = alice(records, domain);
            let mut all: Vec<_> =
                (0..3).map(|_| records.try_watcher(&WATCHER, NOW).unwrap()).collect();
            for (at, watcher) in all.iter_mut().enumerate() {
                watcher.set_id(u64::try_from(at).unwrap() + 1);
                records.watch(&mut identity, watcher);
                records.watch(&mut identity, watcher);
                assert_eq!(watcher.identity(), Some(identity.handle()));
            }
            let order =
                |identity: &Identity| identity.watchers().map(|w| w.id()).collect::<Vec<_>>();
            assert_eq!(order(&identity), [1, 2, 3]);
            let first = c_of(&identity).shead;
            // SAFETY: a watcher of the identity.
            let c = unsafe { &*first };
            assert_eq!(bytes(c.watcher_uri), WATCHER.watcher_uri);
            assert_eq!(bytes(c.presentity_uri), WATCHER.presentity_uri);
            assert_eq!(
                (bytes(c.call_id), bytes(c.from_tag), bytes(c.to_tag)),
                (&b"watch@192.0.2.9"[..], &b"f"[..], &b"t"[..])
            );
            assert_eq!(
                (bytes(c.record_route), bytes(c.sockinfo_str)),
                (WATCHER.record_route, WATCHER.sockinfo)
            );
            assert_eq!((c.event, c.expires, c.version, c.local_cseq), (1, 5_000, 1, 2));
            let second = all.remove(1);
            let on_it = second.handle();
            records.bury_watcher(second, NOW);
            assert_eq!(order(&identity), [1, 3]);
            // Who stands on it still comes to the next one.
            assert_eq!(on_it.id(), 2);
            let last = all.pop().unwrap();
            records.bury_watcher(last, NOW);
            assert_eq!((order(&identity), c_of(&identity).stail), (vec![1], first));
            records.bury_watcher(all.pop().unwrap(), NOW);
            assert!(!identity.has_watchers() && c_of(&identity).stail.is_null());
            records.bury_identity(identity, NOW);
            records.clear(NOW + REST, ALL);
            assert_eq!((records.resting(), host::used()), (0, before));
        });
    });
}

pub(super) fn dialogs() {
    with_engine(|engine, domain| {
        engine.with(|records, _| {
            let before = host::used();
            let mut contact = phone(records, domain);
            for (id, is_new) in [(1, true), (2, true), (3, true), (2, false)] {
                assert_eq!(records.add_dialog(&mut contact, 9, id, NOW), Ok(is_new));
            }
            assert!(contact.dialogs().eq([(9, 1), (9, 2), (9, 3)]));
            assert!(records.remove_dialog(&mut contact, 9, 2, NOW));
            assert!(!records.remove_dialog(&mut contact, 9, 2, NOW));
            assert!(contact.dialogs().eq([(9, 1), (9, 3)]));
            assert!(records.remove_dialog(&mut contact, 9, 3, NOW));
            assert!(records.remove_dialog(&mut contact, 9, 1, NOW));
            assert_eq!(records.add_dialog(&mut contact, 1, 1, NOW), Ok(true));
            assert!(
                c_of_contact(&contact).first_dialog_data == c_of_contact(&contact).last_dialog_data
            );
            // Those that are left go with the contact.
            records.bury_contact(contact, NOW);
            records.clear(NOW + REST, ALL);
            assert_eq!((records.resting(), host::used()), (0, before));
        });
    });
}
