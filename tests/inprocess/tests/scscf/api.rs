//! The C API, called as C calls it.

use super::{
    client::{self, Client, text},
    records::bytes,
    store::{LEFT, NOW, Plain, TOUCHED, UNLOCKED, engine, with_store},
};
use core::{
    ffi::{c_int, c_void},
    ptr,
    sync::atomic::{AtomicU32, Ordering},
};
use inprocess::{fork::Child, host};
use kamailio::{location::REST, scscf::server};
use kamailio_sys::{self as core_sys, scscf as sys};

pub(super) const ALICE: &[u8] = b"sip:alice@ims.example";
pub(super) const PHONE: &[u8] = b"sip:alice@192.0.2.7:5060";

pub(super) fn none<T>() -> *mut T {
    ptr::null_mut()
}

fn clear() {
    let now = NOW.fetch_add(REST, Ordering::Relaxed) + REST;
    engine().with(|records, _| records.clear(now, u32::MAX));
}

/// A registered user with one contact, as a registrar of C makes it.
pub(super) fn register(client: &Client<'_>) -> (*mut sys::impurecord, *mut sys::ucontact) {
    let raw = client::subscription(b"alice@ims.example", &[ALICE]);
    client.lock();
    let (code, record) = client.update(ALICE, raw);
    assert_eq!(code, 0);
    client.unref(raw);
    // SAFETY: numbers, strings and addresses, of which zeroes are none.
    let mut info: sys::ucontact_info = unsafe { core::mem::zeroed() };
    let (mut path, mut callid) = (text(b"<sip:pcscf;lr>"), text(b"id@192.0.2.7"));
    (info.path, info.callid) = (&raw mut path, &raw mut callid);
    (info.expires, info.cseq, info.q) = (NOW.load(Ordering::Relaxed) + 600, 3, 500);
    let mut param = core_sys::param_t {
        type_: 0,
        name: text(b"+sip.instance"),
        body: text(b"<urn:x>"),
        len: 0,
        next: ptr::null_mut(),
    };
    info.params = &raw mut param;
    let (mut uri, mut contact) = (text(PHONE), ptr::null_mut());
    let insert = client.api.insert_ucontact.unwrap();
    // SAFETY: as C calls it.
    let code = unsafe { insert(record, &raw mut uri, &raw mut info, &raw mut contact) };
    assert_eq!(code, 0);
    client.unlock();
    (record, contact)
}

fn get(client: &Client<'_>, uri: &'static [u8]) -> (c_int, *mut sys::ucontact) {
    let (mut uri, mut contact) = (text(uri), ptr::null_mut());
    let get = client.api.get_ucontact.unwrap();
    let none = ptr::null_mut();
    // SAFETY: as C calls it.
    let code = unsafe { get(&raw mut uri, none, none, 1, &raw mut contact) };
    (code, contact)
}

pub(super) fn life() {
    with_store(|api| {
        assert_eq!((api.use_domain, api.db_mode, api.nat_flag), (0, 1, 8));
        let client = Client::new(api);
        let before = host::used();
        assert_eq!(client.find(ALICE).0, 1);
        // Without a subscription there is nothing to make an identity of: no error, no result.
        assert_eq!(client.update(ALICE, ptr::null_mut()), (0, ptr::null_mut()));
        let unlocked = UNLOCKED.load(Ordering::Relaxed);
        let left = LEFT.load(Ordering::Relaxed);
        let (record, contact) = register(&client);
        assert_eq!(UNLOCKED.load(Ordering::Relaxed), unlocked + 1, "once, at the end");
        assert_eq!(LEFT.load(Ordering::Relaxed), left + 1);
        assert_eq!(client.find(ALICE), (0, record));
        let (code, found) = get(&client, PHONE);
        assert_eq!((code, found), (0, contact));
        // SAFETY: a contact of the store.
        let c = unsafe { &*contact };
        assert_eq!((c.ref_count, bytes(c.path), c.q), (2, &b"<sip:pcscf;lr>"[..], 500));
        // SAFETY: its parameters.
        assert_eq!(bytes(unsafe { *c.params }.body), b"<urn:x>");
        // SAFETY: as C calls it.
        unsafe { api.release_ucontact.unwrap()(contact) };
        // SAFETY: as above; a look from before the change would not see it.
        let c = unsafe { &*contact };
        assert_eq!(c.ref_count, 1);
        assert_eq!(get(&client, b"sip:other@h").0, 1);
        let touched = TOUCHED.load(Ordering::Relaxed);
        // SAFETY: as C calls it.
        unsafe { api.lock_contact_slot_i.unwrap()(c_int::try_from(c.sl).unwrap()) };
        // SAFETY: as above.
        unsafe { api.unlock_contact_slot_i.unwrap()(c_int::try_from(c.sl).unwrap()) };
        assert_eq!(TOUCHED.load(Ordering::Relaxed), touched + 1);
        for (entry, id, removed) in [(1, 2, 0), (1, 2, 1)] {
            if removed == 0 {
                // SAFETY: as C calls it.
                assert_eq!(
                    // SAFETY: as C calls it.
                    unsafe { api.add_dialog_data_to_contact.unwrap()(contact, entry, id) },
                    0
                );
            }
            let remove = api.remove_dialog_data_from_contact.unwrap();
            // SAFETY: as C calls it.
            assert_eq!(unsafe { remove(contact, entry, id) }, removed);
        }
        // SAFETY: as C calls it.
        assert_eq!(unsafe { api.unlink_contact_from_impu.unwrap()(record, contact, 1, 1) }, 0);
        // SAFETY: as C calls it.
        assert_eq!(unsafe { api.link_contact_to_impu.unwrap()(record, contact, 1) }, 0);
        // SAFETY: as C calls it.
        assert_eq!(unsafe { api.expire_ucontact.unwrap()(record, contact) }, 0);
        // SAFETY: as C calls it.
        assert_eq!(unsafe { api.delete_ucontact.unwrap()(contact) }, 0);
        // SAFETY: as C calls it; it is gone, but its memory rests.
        assert_eq!(unsafe { api.delete_ucontact.unwrap()(contact) }, -1);
        assert_eq!((client.delete(ALICE), client.find(ALICE).0), (0, 1));
        clear();
        assert_eq!(host::used(), before);
    });
}

pub(super) fn subscription() {
    with_store(|api| {
        let client = Client::new(api);
        let before = host::used();
        let set: [&'static [u8]; 3] = [ALICE, b"sip:al@ims.example", b"tel:+491"];
        let raw = client::subscription(b"alice@ims.example", &set);
        for public in set {
            assert_eq!(client.update(public, raw).0, 0);
        }
        let counts = || {
            engine().with(|_, kept| {
                let id = kept.subscribers.at_or_after(0).unwrap();
                (kept.subscribers.len(), kept.subscribers.get(id).unwrap().ref_count())
            })
        };
        assert_eq!(counts(), Some((1, 4)));
        // SAFETY: as C calls it.
        unsafe { api.ref_subscription.unwrap()(raw) };
        client.unref(raw);
        assert_eq!(counts(), Some((1, 4)));
        client.unref(raw);
        assert_eq!(counts(), Some((1, 3)));
        // What a client finds in a record is ours, and is counted there.
        let (_, record) = client.find(ALICE);
        // SAFETY: a record of the store.
        let ours = unsafe { *record }.s;
        // SAFETY: as C calls it.
        unsafe { api.ref_subscription.unwrap()(ours) };
        assert_eq!(client.update(b"sip:new@ims.example", ours).0, 0);
        assert_eq!(counts(), Some((1, 5)));
        for public in set {
            assert_eq!(client.delete(public), 0);
        }
        assert_eq!(client.delete(b"sip:new@ims.example"), 0);
        assert_eq!(counts(), Some((1, 1)));
        client.unref(ours);
        assert_eq!(engine().with(|_, kept| kept.subscribers.len()), Some(0));
        clear();
        assert_eq!(host::used(), before);
    });
}

static CALLED: AtomicU32 = AtomicU32::new(0);

/// Notes which of three was called, as a digit; the lock is free meanwhile.
unsafe extern "C" fn called<const N: u32>(
    record: *mut sys::impurecord,
    _: *mut sys::ucontact,
    _: c_int,
    _: *mut c_void,
) {
    assert!(!record.is_null() && !engine().is_locked_here());
    CALLED.store(CALLED.load(Ordering::Relaxed) * 10 + N, Ordering::Relaxed);
}

pub(super) fn callbacks() {
    with_store(|api| {
        let client = Client::new(api);
        let before = host::used();
        let add = |record, contact, types: u32, function: sys::ul_cb, param| {
            let types = c_int::try_from(types).unwrap();
            // SAFETY: as C calls it.
            unsafe { api.register_ulcb.unwrap()(record, contact, types, function, param) }
        };
        CALLED.store(0, Ordering::Relaxed);
        assert_eq!(add(none(), none(), sys::UL_IMPU_INSERT, Some(called::<1>), none()), 1);
        assert_eq!(add(none(), none(), sys::UL_IMPU_INSERT | 1, Some(called::<1>), none()), -1);
        assert_eq!(add(none(), none(), 0, Some(called::<1>), none()), -1);
        assert_eq!(add(none(), none(), sys::UL_IMPU_INSERT, None, none()), -1);
        assert_eq!(
            add(none(), none(), sys::UL_IMPU_UPDATE, Some(called::<1>), none()),
            core_sys::E_BUG
        );
        let (record, contact) = register(&client);
        assert_eq!(CALLED.load(Ordering::Relaxed), 1);
        let both = sys::UL_IMPU_UPDATE | sys::UL_IMPU_EXPIRE_CONTACT;
        assert_eq!(
            add(record, none(), both | sys::UL_CONTACT_UPDATE, Some(called::<2>), none()),
            -1
        );
        assert_eq!(add(record, none(), both, Some(called::<2>), none()), 1);
        assert_eq!(add(record, none(), both, Some(called::<2>), none()), 1, "once is enough");
        let given = client::shared(7_u64).cast();
        assert_eq!(add(record, none(), sys::UL_IMPU_UPDATE, Some(called::<3>), given), 1);
        assert_eq!(add(none(), contact, sys::UL_CONTACT_UPDATE, Some(called::<4>), none()), 1);
        CALLED.store(0, Ordering::Relaxed);
        client.lock();
        assert_eq!(client.update(ALICE, none()), (0, record));
        assert!(engine().is_locked_here(), "locked again afterwards");
        client.unlock();
        assert_eq!(CALLED.load(Ordering::Relaxed), 32, "newest first");
        // SAFETY: as C calls it.
        assert_eq!(unsafe { api.delete_ucontact.unwrap()(contact) }, 0);
        assert_eq!(client.delete(ALICE), 0);
        // The parameter goes with the record; lists that records share stay.
        clear();
        assert!(host::used() - before < 600, "{}", host::used() - before);
    });
}

pub(super) fn packed() {
    with_store(|api| {
        let client = Client::new(api);
        let raw = client::subscription(b"alice@ims.example", &[ALICE, b"tel:+491"]);
        let (_, record) = client.update(ALICE, raw);
        client.unref(raw);
        let before = host::used();
        let get = api.get_impus_from_subscription_as_string.unwrap();
        for is_shm in [0, 1] {
            let (mut list, mut count) = (ptr::null_mut(), 0);
            // SAFETY: as C calls it.
            let code =
                // SAFETY: as C calls it.
                unsafe { get(client.domain, record, -1, &raw mut list, &raw mut count, is_shm) };
            assert_eq!((code, count), (0, 2));
            // SAFETY: an array of two.
            let texts = unsafe { core::slice::from_raw_parts(list, 2) };
            assert_eq!((bytes(texts[0]), bytes(texts[1])), (ALICE, &b"tel:+491"[..]));
            // SAFETY: one block, which is the client's.
            match is_shm {
                // SAFETY: as C calls it.
                1 => unsafe { core_sys::ks_shm_free(list.cast()) },
                // SAFETY: as above.
                _ => unsafe { core_sys::ks_pkg_free(list.cast()) },
            }
            // SAFETY: as C calls it: nobody is barred.
            let code =
                // SAFETY: as C calls it.
                unsafe { get(client.domain, record, 1, &raw mut list, &raw mut count, is_shm) };
            assert_eq!((code, count, list), (0, 0, ptr::null_mut()));
        }
        assert_eq!(host::used(), before);
        assert_eq!(client.delete(ALICE), 0);
    });
}

pub(super) fn watchers() {
    with_store(|api| {
        let client = Client::new(api);
        let before = host::used();
        let (record, contact) = register(&client);
        let mut texts =
            [&b"sip:bob@h"[..], b"sip:bob@1.2.3.4", ALICE, b"call", b"from", b"to"].map(text);
        let [uri, watcher, presentity, call, from, to] = &mut texts;
        let mut data = sys::subscriber_data_t {
            event: 1,
            // After 2038, as C keeps it in an int.
            expires: i32::from_ne_bytes(3_000_000_000_u32.to_ne_bytes()),
            version: 4,
            callid: &raw mut *call,
            ftag: &raw mut *from,
            ttag: &raw mut *to,
            local_cseq: 5,
            record_route: ptr::null_mut(),
            sockinfo_str: ptr::null_mut(),
            presentity_uri: &raw mut *presentity,
            watcher_uri: &raw mut *uri,
            watcher_contact: &raw mut *watcher,
        };
        let mut out = ptr::null_mut();
        // SAFETY: as C calls it.
        assert_eq!(
            // SAFETY: as C calls it.
            unsafe { api.add_subscriber.unwrap()(record, &raw mut data, &raw mut out, 0) },
            0
        );
        // SAFETY: a watcher of the store.
        let c = unsafe { &*out };
        assert_eq!((c.expires, c.version, c.local_cseq), (3_000_000_000, 4, 5));
        assert_eq!(
            (bytes(c.record_route), bytes(c.watcher_contact)),
            (&b""[..], &b"sip:bob@1.2.3.4"[..])
        );
        let (mut expires, mut cseq) = (9_000, 6);
        // SAFETY: as C calls it.
        let code = unsafe {
            api.update_subscriber.unwrap()(
                record,
                &raw mut out,
                &raw mut expires,
                &raw mut cseq,
                ptr::null_mut(),
            )
        };
        // SAFETY: as above; a look from before the change would not see it.
        let c = unsafe { &*out };
        assert_eq!((code, c.expires, c.local_cseq, c.version), (1, 9_000, 6, 4));
        let mut found = ptr::null_mut();
        let get = api.get_subscriber.unwrap();
        // SAFETY: as C calls it.
        let code =
            // SAFETY: as C calls it.
            unsafe { get(record, &raw mut *presentity, &raw mut *watcher, 1, &raw mut found) };
        assert_eq!((code, found), (0, out));
        // SAFETY: as C calls it.
        assert_eq!(
            // SAFETY: as C calls it.
            unsafe { get(record, &raw mut *watcher, &raw mut *watcher, 1, &raw mut found) },
            1
        );
        let presentity = api.get_presentity_from_subscriber_dialog.unwrap();
        // SAFETY: as C calls it.
        let who = unsafe { presentity(&raw mut *call, &raw mut *to, &raw mut *from) };
        assert_eq!(bytes(who), ALICE);
        // SAFETY: the copy is the client's.
        unsafe { core_sys::ks_shm_free(who.s.cast()) };
        // SAFETY: as C calls it.
        unsafe { api.external_delete_subscriber.unwrap()(out, client.domain, 1) };
        // SAFETY: a record of the store.
        assert!(unsafe { (*record).shead }.is_null());
        // SAFETY: as C calls it.
        assert_eq!(unsafe { api.delete_ucontact.unwrap()(contact) }, 0);
        assert_eq!(client.delete(ALICE), 0);
        clear();
        assert_eq!(host::used(), before);
        server::heal::<Plain>();
    });
}

pub(super) fn storm() {
    with_store(|api| {
        let client = Client::new(api);
        let before = host::used();
        let children = [1, 2, 3].map(|process| {
            let client = &client;
            Child::start(move || {
                // SAFETY: a process of one thread, and nobody else reads it.
                unsafe { core_sys::process_no = process };
                let (mut found, mut gone) = (0, 0);
                for _ in 0..200 {
                    // Another process may take away at any time what this one has in hand.
                    let (_, contact) = register(client);
                    let (code, same) = get(client, PHONE);
                    if code == 0 {
                        found += 1;
                        // SAFETY: a contact of the store, which rests when it goes.
                        assert_eq!(bytes(unsafe { (*same).c }), PHONE);
                        // SAFETY: as C calls it.
                        unsafe { client.api.release_ucontact.unwrap()(same) };
                    }
                    // SAFETY: as C calls it.
                    gone -= unsafe { client.api.delete_ucontact.unwrap()(contact) };
                    gone -= client.delete(ALICE);
                }
                assert!(found > 0 && gone >= 0);
            })
        });
        assert!(children.map(Child::join).iter().all(|ended| *ended));
        let left = engine()
            .with(|_, kept| (kept.identities.len(), kept.contacts.len(), kept.subscribers.len()));
        assert_eq!((left, engine().holder()), (Some((0, 0, 0)), None));
        // The others have left, so two turns later everything is free.
        clear();
        clear();
        assert_eq!(host::used(), before);
    });
}
