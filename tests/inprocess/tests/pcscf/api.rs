//! The C API, called as C calls it.

use super::store::{NOW, now, with_store};
use core::{
    ffi::{c_int, c_void},
    ptr,
    sync::atomic::{AtomicU32, Ordering},
};
use inprocess::{fork::Child, host};
use kamailio::pcscf::{Ipsec, REST};
use kamailio_sys::{self as core_sys, pcscf as sys};

fn text(text: &'static [u8]) -> core_sys::str_ {
    core_sys::str_ { s: text.as_ptr().cast_mut().cast(), len: c_int::try_from(text.len()).unwrap() }
}

const AOR: &[u8] = b"sip:alice@192.0.2.7:5070";

pub(super) fn info() -> sys::pcontact_info {
    // SAFETY: numbers, strings and addresses, of which zeroes are none.
    let mut info: sys::pcontact_info = unsafe { core::mem::zeroed() };
    (info.aor, info.via_host, info.received_host) =
        (text(AOR), text(b"192.0.2.7"), text(b"192.0.2.7"));
    (info.via_port, info.received_port) = (5070, 5070);
    info.reg_state = 4;
    info
}

pub(super) struct Client<'a> {
    api: &'a sys::usrloc_api,
    pub(super) domain: *mut sys::udomain,
}

impl<'a> Client<'a> {
    pub(super) fn new(api: &'a sys::usrloc_api) -> Self {
        let mut domain = ptr::null_mut();
        // SAFETY: as C calls it, with a place for the result.
        let code = unsafe { api.register_udomain.unwrap()(c"location".as_ptr(), &raw mut domain) };
        assert_eq!(code, 0);
        // SAFETY: the domain that was just named.
        let name = unsafe { &*domain }.name;
        // SAFETY: as above.
        assert_eq!(unsafe { &*name }.len, 8);
        Self { api, domain }
    }

    pub(super) fn lock(&self) {
        let mut host = text(b"192.0.2.7");
        // SAFETY: as C calls it.
        unsafe { self.api.lock_udomain.unwrap()(self.domain, &raw mut host, 5070, 1) };
    }

    pub(super) fn unlock(&self) {
        let mut host = text(b"192.0.2.7");
        // SAFETY: as C calls it.
        unsafe { self.api.unlock_udomain.unwrap()(self.domain, &raw mut host, 5070, 1) };
    }

    pub(super) fn insert(&self) -> *mut sys::pcontact {
        let (mut aor, mut info, mut contact) = (text(AOR), info(), ptr::null_mut());
        let insert = self.api.insert_pcontact.unwrap();
        // SAFETY: as C calls it.
        let code = unsafe { insert(self.domain, &raw mut aor, &raw mut info, &raw mut contact) };
        assert_eq!(code, 0);
        contact
    }

    fn find(&self) -> (c_int, *mut sys::pcontact) {
        let (mut info, mut contact) = (info(), ptr::dangling_mut());
        let get = self.api.get_pcontact.unwrap();
        // SAFETY: as C calls it.
        let code = unsafe { get(self.domain, &raw mut info, &raw mut contact, 0) };
        (code, contact)
    }

    fn update(&self, info: &mut sys::pcontact_info, contact: *mut sys::pcontact) -> c_int {
        // SAFETY: as C calls it.
        unsafe { self.api.update_pcontact.unwrap()(self.domain, info, contact) }
    }

    fn delete(&self, contact: *mut sys::pcontact) -> c_int {
        // SAFETY: as C calls it.
        unsafe { self.api.delete_pcontact.unwrap()(self.domain, contact) }
    }

    fn register(
        &self,
        contact: *mut sys::pcontact,
        types: u32,
        function: sys::ul_cb,
        param: *mut c_void,
    ) -> c_int {
        let types = c_int::try_from(types).unwrap();
        // SAFETY: as C calls it.
        unsafe { self.api.register_ulcb.unwrap()(contact, types, function, param) }
    }

    fn secure(&self, contact: *mut sys::pcontact, security: *mut sys::security) -> c_int {
        let set = self.api.update_temp_security.unwrap();
        // SAFETY: as C calls it, and the store takes the struct over.
        unsafe { set(self.domain, sys::sec_type::SECURITY_IPSEC, security, contact) }
    }
}

pub(super) fn life() {
    with_store(|api| {
        let client = Client::new(api);
        client.lock();
        assert_eq!(client.find(), (1, ptr::null_mut()));
        let contact = client.insert();
        assert_eq!(client.find(), (0, contact));
        let mut change = info();
        let (mut ids, mut routes) = ([text(b"sip:a@b"), text(b"tel:+1")], [text(b"<sip:s;lr>")]);
        (change.public_ids, change.num_public_ids) = (ids.as_mut_ptr(), 2);
        (change.service_routes, change.num_service_routes) = (routes.as_mut_ptr(), 1);
        let mut session = text(b"session");
        change.rx_regsession_id = &raw mut session;
        change.reg_state = 2;
        assert_eq!(client.update(&mut change, contact), 0);
        // SAFETY: the contact is there, and nobody else uses it.
        let c = unsafe { &*contact };
        assert_eq!((c.reg_state, c.num_service_routes), (2, 1));
        // SAFETY: the list that the record has.
        let first = unsafe { &*c.head };
        // SAFETY: as above.
        let last = unsafe { &*c.tail };
        assert_eq!((first.is_default, last.is_default), (1, 0));
        assert!(ptr::eq(first.next, last) && ptr::eq(last.prev, first) && last.next.is_null());
        assert_eq!((first.public_identity.len, c.rx_session_id.len), (7, 7));
        // SAFETY: as C calls it.
        assert_eq!(unsafe { api.get_number_of_contacts.unwrap()() }, 1);
        assert_eq!(client.delete(contact), 0);
        assert_eq!(client.find().0, 1);
        // What C still has in hand is refused, and is still memory.
        assert_eq!((client.delete(contact), client.update(&mut change, contact)), (-1, -1));
        assert_eq!(client.delete(ptr::null_mut()), 0);
        client.unlock();
    });
}

pub(super) fn nonsense() {
    with_store(|api| {
        let client = Client::new(api);
        let (none, mut place): (*mut c_void, _) = (ptr::null_mut(), ptr::null_mut());
        let mut values = info();
        // SAFETY: null is what these calls must bear.
        assert_eq!(unsafe { api.register_udomain.unwrap()(ptr::null(), none.cast()) }, -1);
        // SAFETY: as above.
        assert_eq!(unsafe { api.get_udomain.unwrap()(c"other".as_ptr(), none.cast()) }, -1);
        // SAFETY: as above.
        unsafe { api.lock_udomain.unwrap()(none.cast(), none.cast(), 0, 0) };
        // SAFETY: as above.
        unsafe { api.unlock_udomain.unwrap()(none.cast(), none.cast(), 0, 0) };
        // Not locked by this process.
        client.unlock();
        let get = api.get_pcontact.unwrap();
        // SAFETY: as above.
        assert_eq!(unsafe { get(client.domain, none.cast(), &raw mut place, 0) }, 1);
        // SAFETY: as above.
        assert_eq!(unsafe { get(client.domain, &raw mut values, none.cast(), 0) }, 1);
        // SAFETY: as above.
        assert_eq!(unsafe { get(none.cast(), &raw mut values, &raw mut place, 0) }, 1);
        values.aor.len = -7;
        // SAFETY: as above.
        assert_eq!(unsafe { get(client.domain, &raw mut values, &raw mut place, 0) }, 1);
        assert_eq!(client.update(&mut values, client.insert()), -1);
        let mut values = info();
        values.num_public_ids = -1;
        values.public_ids = ptr::dangling_mut();
        let contact = client.find().1;
        assert_eq!(client.update(&mut values, contact), -1);
        values.num_public_ids = c_int::MAX;
        assert_eq!(client.update(&mut values, contact), -1);
        let insert = api.insert_pcontact.unwrap();
        let mut wrong = text(b"no uri");
        let (domain, mut values) = (client.domain, info());
        // SAFETY: as above.
        let code = unsafe { insert(domain, &raw mut wrong, &raw mut values, &raw mut place) };
        assert_eq!((code, place), (-1, ptr::null_mut()));
        assert_eq!(client.register(contact, 15, None, ptr::null_mut()), -5);
        assert_eq!(client.register(contact, 99, Some(first), ptr::null_mut()), -5);
        assert_eq!(client.register(ptr::null_mut(), 4, Some(first), ptr::null_mut()), -5);
        // A search with lists that were never set.
        let mut random = info();
        random.extra_search_criteria = 1;
        random.num_service_routes = 3;
        random.service_routes = ptr::without_provenance_mut(0x7777_7777_7770);
        // SAFETY: the address is one that the store must not believe.
        assert_eq!(unsafe { get(domain, &raw mut random, &raw mut place, 0) }, 0);
        assert_eq!(client.delete(contact), 0);
    });
}

static ORDER: AtomicU32 = AtomicU32::new(0);

fn note(digit: u32) {
    let so_far = ORDER.load(Ordering::Relaxed);
    ORDER.store(so_far.wrapping_mul(10).wrapping_add(digit), Ordering::Relaxed);
}

unsafe extern "C" fn first(_: *mut sys::pcontact, _: c_int, _: *mut c_void) {
    note(1);
}

unsafe extern "C" fn second(contact: *mut sys::pcontact, _: c_int, param: *mut c_void) {
    // SAFETY: the contact of the callback.
    let port = unsafe { &raw const (*contact).received_port };
    note(if ptr::eq(param.cast(), port) { 2 } else { 9 });
}

unsafe extern "C" fn third(_: *mut sys::pcontact, kind: c_int, _: *mut c_void) {
    note(if kind == 4 { 3 } else { 4 });
}

fn port_of(contact: *mut sys::pcontact) -> *mut c_void {
    // SAFETY: a contact of the store.
    unsafe { (&raw mut (*contact).received_port).cast() }
}

pub(super) fn callbacks() {
    with_store(|api| {
        let client = Client::new(api);
        client.lock();
        let _other = client.insert();
        let contact = client.insert();
        let none = ptr::null_mut();
        let mut elsewhere = 5070_u16;
        let elsewhere = (&raw mut elsewhere).cast();
        for _ in 0..3 {
            assert_eq!(client.register(contact, 2 | 4, Some(first), none), 1);
            assert_eq!(client.register(contact, 4 | 8, Some(second), port_of(contact)), 1);
            assert_eq!(client.register(contact, 2 | 4, Some(third), elsewhere), 1);
        }
        ORDER.store(0, Ordering::Relaxed);
        assert_eq!(client.update(&mut info(), contact), 0);
        assert_eq!(ORDER.swap(0, Ordering::Relaxed), 41);
        assert_eq!(client.delete(contact), 0);
        assert_eq!(ORDER.swap(0, Ordering::Relaxed), 321);
        // The list of one contact is not that of another.
        let other = client.find().1;
        assert_eq!(client.delete(other), 0);
        assert_eq!(ORDER.swap(0, Ordering::Relaxed), 0);
        client.unlock();
    });
}

pub(super) fn unregister() {
    with_store(|api| {
        let client = Client::new(api);
        let contact = client.insert();
        let none = ptr::null_mut();
        let mut other_port = 1_u16;
        client.register(contact, 8 | 4, Some(first), none);
        client.register(contact, 8 | 4, Some(second), port_of(contact));
        client.register(contact, 8 | 4, Some(third), (&raw mut other_port).cast());
        let unregister = api.unreg_pending_contacts_cb.unwrap();
        // SAFETY: as C calls it.
        assert_eq!(unsafe { unregister(client.domain, contact, 8) }, 0);
        // SAFETY: as C calls it; there is none any more.
        assert_eq!(unsafe { unregister(client.domain, contact, 8) }, 0);
        ORDER.store(0, Ordering::Relaxed);
        assert_eq!(client.delete(contact), 0);
        assert_eq!(ORDER.swap(0, Ordering::Relaxed), 31);
    });
}

/// A `security_t` as a client makes it.
fn agreed() -> *mut sys::security {
    let ipsec = Ipsec {
        ports: [1, 2, 3, 4],
        spis: [5, 6, 7, 8],
        ck: b"0123456789abcdef",
        r_alg: b"hmac-md5-96",
        prot: b"esp",
        ..Ipsec::default()
    };
    kamailio::pcscf::Security::try_new(b"ipsec-3gpp", &ipsec).unwrap().into_raw()
}

/// The associations of a `security_t`.
fn ipsec<'a>(security: *mut sys::security) -> &'a mut sys::ipsec {
    // SAFETY: one that this test made.
    let security = unsafe { &*security };
    // SAFETY: of type IPsec, so the union has them.
    let ipsec = unsafe { security.data.ipsec };
    // SAFETY: as above.
    unsafe { &mut *ipsec }
}

fn security_is(contact: *mut sys::pcontact, expected: *mut sys::security) {
    // SAFETY: a contact of the store.
    assert_eq!(unsafe { &*contact }.security_temp, expected);
}

pub(super) fn security() {
    with_store(|api| {
        let client = Client::new(api);
        let contact = client.insert();
        let one = agreed();
        assert_eq!(client.secure(contact, one), 0);
        // What a client of this API does: the same struct once more.
        assert_eq!(client.secure(contact, one), 0);
        security_is(contact, one);
        // Another struct with the same associations inside.
        let two = agreed();
        let spare = *ipsec(two);
        for text in [spare.ck, spare.r_alg, spare.prot] {
            // SAFETY: a block of the struct that nobody uses.
            unsafe { core_sys::ks_shm_free(text.s.cast()) };
        }
        let spare: *mut sys::ipsec = ipsec(two);
        // SAFETY: as above.
        unsafe { core_sys::ks_shm_free(spare.cast()) };
        let shared: *mut sys::ipsec = ipsec(one);
        // SAFETY: a struct of this test.
        unsafe { &mut *two }.data.ipsec = shared;
        assert_eq!(client.secure(contact, two), 0);
        let mut all = info();
        NOW.fetch_add(REST + 1, Ordering::Relaxed);
        client.update(&mut all, contact);
        assert_eq!(ipsec(two).port_uc, 1);
        // The same struct in both places is freed once.
        let set = api.update_security.unwrap();
        // SAFETY: as C calls it.
        assert_eq!(unsafe { set(client.domain, 1, two, contact) }, 0);
        assert_eq!(client.delete(contact), 0);
        assert_eq!(client.secure(contact, ptr::null_mut()), -1);
    });
}

pub(super) fn many() {
    with_store(|api| {
        let client = Client::new(api);
        let mut before = 0;
        for round in 0..10_000 {
            let contact = client.insert();
            client.secure(contact, agreed());
            client.secure(contact, agreed());
            client.register(contact, 12, Some(first), port_of(contact));
            assert_eq!(client.delete(contact), 0);
            NOW.fetch_add(1, Ordering::Relaxed);
            clear(&client);
            if round == 100 {
                before = host::used();
            }
        }
        assert!(host::used() <= before + 4_096, "{before} to {}", host::used());
    });
}

/// Has the store free what has rested.
fn clear(client: &Client<'_>) {
    let domains = <super::store::Plain as kamailio::pcscf::server::Store>::domains().unwrap();
    let domain = domains.find(b"location").unwrap();
    domain.with(|records, _| records.clear(now(), u32::MAX));
    assert!(!client.domain.is_null());
}

pub(super) fn domains() {
    with_store(|api| {
        let client = Client::new(api);
        let other = Child::start(|| {
            let mut domain = ptr::null_mut();
            // SAFETY: as C calls it.
            let code = unsafe { api.register_udomain.unwrap()(c"later".as_ptr(), &raw mut domain) };
            assert_eq!(code, 0);
        });
        assert!(other.join());
        let mut domain = ptr::null_mut();
        // SAFETY: as C calls it.
        let code = unsafe { api.get_udomain.unwrap()(c"later".as_ptr(), &raw mut domain) };
        assert!(code == 0 && !ptr::eq(domain, client.domain));
    });
}
