//! What only our own registrar calls to read a contact.

use super::{
    api::{Client, info},
    store::{Plain, with_store},
};
use core::{
    ffi::{CStr, c_int, c_void},
    mem, ptr,
};
use kamailio::{
    pcscf::server::{Store, end_look, look},
    script::Function,
};
use kamailio_sys::{self as core_sys, pcscf as sys};

type Look = unsafe extern "C" fn(
    *mut sys::udomain,
    *mut sys::pcontact_info,
    *const c_void,
    *mut *mut sys::pcontact,
) -> c_int;
type EndLook = unsafe extern "C" fn(*mut sys::udomain) -> c_int;

/// The function in `row`, as a client of that name finds it.
fn exported(row: &Function, name: &CStr) -> core_sys::cmd_function {
    // SAFETY: a row is the struct of the core.
    let row = unsafe { &*ptr::from_ref(row).cast::<core_sys::cmd_export_t>() };
    // SAFETY: the name of a row is a C string.
    assert_eq!(unsafe { CStr::from_ptr(row.name) }, name);
    row.function
}

fn calls() -> (Look, EndLook) {
    let (begin, end) = (look::<Plain>(), end_look::<Plain>());
    let (begin, end) = (exported(&begin, c"ul_look"), exported(&end, c"ul_end_look"));
    // SAFETY: the function of this name has this type.
    let begin = unsafe { mem::transmute::<core_sys::cmd_function, Look>(begin) };
    // SAFETY: as above.
    let end = unsafe { mem::transmute::<core_sys::cmd_function, EndLook>(end) };
    (begin, end)
}

fn is_locked() -> bool {
    Plain::domains().unwrap().find(b"location").unwrap().is_locked_here()
}

pub(super) fn locks() {
    with_store(|api| {
        let (client, (look, end)) = (Client::new(api), calls());
        let contact = client.insert();
        let (mut wanted, mut found) = (info(), ptr::null_mut());
        let mut look = || {
            // SAFETY: as the registrar calls it, without the parts of the URI.
            let code = unsafe { look(client.domain, &raw mut wanted, ptr::null(), &raw mut found) };
            assert_eq!((code, found), (0, contact));
            assert!(is_locked());
        };
        // SAFETY: as the registrar calls it.
        let end = || assert_eq!(unsafe { end(client.domain) }, 0);
        look();
        end();
        assert!(!is_locked());
        // Within the lock of a client, and within another look.
        client.lock();
        look();
        look();
        end();
        end();
        assert!(is_locked());
        client.unlock();
        assert!(!is_locked());
        // Once too often does no harm.
        end();
        assert!(!is_locked());
    });
}

pub(super) fn nothing() {
    with_store(|api| {
        let (client, (look, end)) = (Client::new(api), calls());
        let (domain, nobody) = (client.domain, ptr::null_mut());
        let (mut wanted, mut found) = (info(), ptr::dangling_mut());
        // SAFETY: as the registrar calls it, without the parts of the URI.
        let code = unsafe { look(domain, &raw mut wanted, ptr::null(), &raw mut found) };
        assert_eq!((code, found), (1, nobody));
        assert!(!is_locked());
        client.insert();
        let mut bad = info();
        bad.aor.len = -7;
        let (wanted, bad, found) = (&raw mut wanted, &raw mut bad, &raw mut found);
        for (domain, wanted, found) in [
            (ptr::null_mut(), wanted, found),
            (domain, ptr::null_mut(), found),
            (domain, bad, found),
            (domain, wanted, ptr::null_mut()),
        ] {
            // SAFETY: null, and texts that are none, are what these calls must bear.
            assert_eq!(unsafe { look(domain, wanted, ptr::null(), found) }, 1);
            assert!(!is_locked());
        }
        // SAFETY: as above.
        assert_eq!(unsafe { end(ptr::null_mut()) }, -1);
    });
}
