//! What clients of the C API may get wrong.

use super::{
    api::{ALICE, PHONE, none, register},
    client::{Client, text},
    store::{engine, with_store},
};
use core::ptr;
use inprocess::host;
use kamailio_sys as core_sys;

pub(super) fn nonsense() {
    with_store(|api| {
        let client = Client::new(api);
        let (record, contact) = register(&client);
        // Also no name is a name, as with the module of C.
        let mut nameless = ptr::null_mut();
        // SAFETY: as C calls it.
        assert_eq!(unsafe { api.register_udomain.unwrap()(c"".as_ptr(), &raw mut nameless) }, 0);
        assert!(!nameless.is_null());
        let before = host::used();
        let mut negative = core_sys::str_ { s: text(b"x").s, len: -5 };
        let mut nowhere = core_sys::str_ { s: ptr::null_mut(), len: 5 };
        let mut out = ptr::null_mut();
        let mut place = ptr::null_mut();
        for bad in [none(), &raw mut negative, &raw mut nowhere] {
            // SAFETY: as C calls it, with what it may get wrong.
            assert_eq!(unsafe { api.get_impurecord.unwrap()(client.domain, bad, &raw mut out) }, 1);
            let get = api.get_ucontact.unwrap();
            // SAFETY: as above.
            assert_eq!(unsafe { get(bad, none(), none(), 0, &raw mut place) }, -1);
            // SAFETY: as above.
            unsafe { api.lock_contact_slot.unwrap()(bad) };
            // SAFETY: as above.
            unsafe { api.unlock_contact_slot.unwrap()(bad) };
            // SAFETY: as above.
            assert_eq!(unsafe { api.delete_impurecord.unwrap()(client.domain, bad, none()) }, -1);
            let insert = api.insert_ucontact.unwrap();
            // SAFETY: as above.
            assert_eq!(unsafe { insert(record, bad, none(), &raw mut place) }, -1);
        }
        let mut domain = ptr::null_mut();
        let mut number = 0;
        let mut uri = text(PHONE);
        // SAFETY: as above, for all below.
        assert_eq!(unsafe { api.register_udomain.unwrap()(ptr::null(), &raw mut domain) }, -1);
        // SAFETY: as above.
        assert_eq!(unsafe { api.get_udomain.unwrap()(c"other".as_ptr(), &raw mut domain) }, -1);
        assert!(domain.is_null());
        // SAFETY: as above.
        unsafe { api.lock_udomain.unwrap()(ptr::dangling_mut(), none()) };
        assert!(!engine().is_locked_here());
        // SAFETY: as above.
        unsafe { api.unlock_udomain.unwrap()(client.domain, none()) };
        // SAFETY: as above.
        unsafe { api.lock_subscription.unwrap()(ptr::null_mut()) };
        assert!(engine().is_locked_here());
        // SAFETY: as above.
        unsafe { api.unlock_subscription.unwrap()(ptr::null_mut()) };
        client.unref(ptr::null_mut());
        // SAFETY: as above.
        unsafe { api.release_ucontact.unwrap()(ptr::null_mut()) };
        // SAFETY: as above.
        assert_eq!(unsafe { api.update_ucontact.unwrap()(record, contact, ptr::null_mut()) }, -1);
        // SAFETY: as above.
        assert_eq!(unsafe { api.expire_ucontact.unwrap()(ptr::null_mut(), contact) }, -1);
        // SAFETY: as above.
        assert_eq!(unsafe { api.get_all_ucontacts.unwrap()(ptr::null_mut(), -1, 0, 0, 1) }, -1);
        // SAFETY: as above.
        assert_eq!(
            // SAFETY: as C calls it.
            unsafe {
                api.add_subscriber.unwrap()(ptr::null_mut(), ptr::null_mut(), ptr::null_mut(), 0)
            },
            0
        );
        // SAFETY: as above.
        assert_eq!(
            // SAFETY: as C calls it.
            unsafe { api.add_subscriber.unwrap()(record, ptr::null_mut(), ptr::null_mut(), 0) },
            -1
        );
        let update = api.update_subscriber.unwrap();
        // SAFETY: as above.
        assert_eq!(
            // SAFETY: as C calls it.
            unsafe {
                update(record, ptr::null_mut(), &raw mut number, ptr::null_mut(), ptr::null_mut())
            },
            0
        );
        let mut watcher = ptr::null_mut();
        // SAFETY: as above.
        assert_eq!(
            // SAFETY: as C calls it.
            unsafe {
                api.get_subscriber.unwrap()(
                    ptr::null_mut(),
                    &raw mut uri,
                    &raw mut uri,
                    1,
                    &raw mut watcher,
                )
            },
            1
        );
        let presentity = api.get_presentity_from_subscriber_dialog.unwrap();
        // SAFETY: as above.
        assert!(unsafe { presentity(none(), none(), none()) }.s.is_null());
        let identities = api.get_impus_from_subscription_as_string.unwrap();
        let mut list = ptr::null_mut();
        // SAFETY: as above.
        assert_eq!(
            // SAFETY: as C calls it.
            unsafe {
                identities(client.domain, ptr::null_mut(), 0, &raw mut list, &raw mut number, 0)
            },
            1
        );
        assert_eq!(number, 0);
        assert!(!engine().is_locked_here());
        assert_eq!(host::used(), before);
        assert_eq!(client.delete(ALICE), 0);
    });
}
