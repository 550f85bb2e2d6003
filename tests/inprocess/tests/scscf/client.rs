//! A client of the C API, and what it builds.

use core::{
    ffi::{c_char, c_int},
    ptr,
};
use kamailio_sys::{self as core_sys, scscf as sys};

pub(super) fn text(text: &'static [u8]) -> core_sys::str_ {
    core_sys::str_ { s: text.as_ptr().cast_mut().cast(), len: c_int::try_from(text.len()).unwrap() }
}

/// A block of shared memory that holds `value`, as a module of C makes it.
pub(super) fn shared<T>(value: T) -> *mut T {
    let size = core::ffi::c_ulong::try_from(size_of::<T>()).unwrap();
    // SAFETY: any size may be asked for.
    let block: *mut T = unsafe { core_sys::ks_shm_malloc(size) }.cast();
    assert!(!block.is_null());
    // SAFETY: a new block of that size.
    unsafe { block.write(value) };
    block
}

/// As [`shared`], for an array.
fn shared_array<T: Copy>(values: &[T]) -> *mut T {
    let size = core::ffi::c_ulong::try_from(size_of_val(values)).unwrap();
    // SAFETY: any size may be asked for.
    let block: *mut T = unsafe { core_sys::ks_shm_malloc(size) }.cast();
    assert!(!block.is_null());
    // SAFETY: a new block of that size.
    unsafe { ptr::copy_nonoverlapping(values.as_ptr(), block, values.len()) };
    block
}

pub(super) fn shared_text(text: &[u8]) -> core_sys::str_ {
    core_sys::str_ { s: shared_array(text).cast(), len: c_int::try_from(text.len()).unwrap() }
}

const NO_TEXT: core_sys::str_ = core_sys::str_ { s: ptr::null_mut(), len: 0 };

fn spt(kind: c_char, fill: impl FnOnce(&mut sys::_ims_spt__bindgen_ty_1)) -> sys::ims_spt {
    // SAFETY: numbers and addresses, of which zeroes are none.
    let mut spt: sys::ims_spt = unsafe { core::mem::zeroed() };
    spt.type_ = kind;
    fill(&mut spt.__bindgen_anon_1);
    spt
}

/// Conditions of every kind, of one that is none, and of one that C leaves half filled.
fn conditions() -> sys::ims_trigger_point {
    let header =
        |name: &[u8], content| sys::ims_sip_header { header: shared_text(name), content, type_: 9 };
    let points = [
        spt(1, |u| u.request_uri = shared_text(b"sip:.*")),
        spt(2, |u| u.method = shared_text(b"INVITE")),
        spt(3, |u| u.sip_header = header(b"Contact", shared_text(b"x"))),
        spt(3, |u| u.sip_header = header(b"To", NO_TEXT)),
        spt(4, |u| u.session_case = 1),
        spt(5, |u| {
            u.session_desc =
                sys::ims_session_desc { line: shared_text(b"m"), content: shared_text(b"audio") };
        }),
        spt(-1, |_| ()),
    ];
    let spt_cnt = u16::try_from(points.len()).unwrap();
    sys::ims_trigger_point { condition_type_cnf: 0, spt: shared_array(&points), spt_cnt }
}

/// A subscription as a registrar of C builds it out of a document, with one reference.
pub(super) fn subscription(private: &[u8], publics: &[&[u8]]) -> *mut sys::ims_subscription {
    let identity = |uri: &&[u8]| sys::ims_public_identity {
        barring: 0,
        public_identity: shared_text(uri),
        wildcarded_psi: NO_TEXT,
    };
    let identities: Vec<_> = publics.iter().map(identity).collect();
    let server = sys::ims_application_server {
        server_name: shared_text(b"sip:as.example"),
        default_handling: 0,
        service_info: NO_TEXT,
        include_register_request: 0,
        include_register_response: 1,
    };
    let criteria = [
        sys::ims_filter_criteria {
            priority: 1,
            trigger_point: shared(conditions()),
            application_server: sys::ims_application_server {
                server_name: shared_text(b"sip:as.example"),
                service_info: shared_text(b"<i/>"),
                ..server
            },
            profile_part_indicator: shared(0),
        },
        sys::ims_filter_criteria {
            priority: 2,
            trigger_point: ptr::null_mut(),
            application_server: server,
            profile_part_indicator: ptr::null_mut(),
        },
    ];
    let auth = sys::ims_cn_service_auth { subscribed_media_profile_id: 3 };
    let profile = sys::ims_service_profile {
        public_identities: shared_array(&identities),
        public_identities_cnt: u16::try_from(identities.len()).unwrap(),
        filter_criteria: shared_array(&criteria),
        filter_criteria_cnt: 2,
        cn_service_auth: shared(auth),
        shared_ifc_set: shared_array(&[1, 2, 3]),
        shared_ifc_set_cnt: 3,
    };
    // SAFETY: numbers and addresses, of which zeroes are none.
    let mut c: sys::ims_subscription = unsafe { core::mem::zeroed() };
    c.private_identity = shared_text(private);
    c.service_profiles = shared(profile);
    c.service_profiles_cnt = 1;
    (c.ref_count, c.sl) = (1, -1);
    // SAFETY: a lock of zeroes is a free one.
    c.lock = shared(unsafe { core::mem::zeroed() });
    shared(c)
}

/// The API as a module of C uses it.
pub(super) struct Client<'a> {
    pub(super) api: &'a sys::usrloc_api,
    pub(super) domain: *mut sys::udomain,
}

impl<'a> Client<'a> {
    pub(super) fn new(api: &'a sys::usrloc_api) -> Self {
        let mut domain = ptr::null_mut();
        // SAFETY: as C calls it, with a place for the result.
        let code = unsafe { api.register_udomain.unwrap()(c"location".as_ptr(), &raw mut domain) };
        assert_eq!(code, 0);
        Self { api, domain }
    }

    pub(super) fn lock(&self) {
        let mut aor = text(b"sip:alice@ims.example");
        // SAFETY: as C calls it.
        unsafe { self.api.lock_udomain.unwrap()(self.domain, &raw mut aor) };
    }

    pub(super) fn unlock(&self) {
        let mut aor = text(b"sip:alice@ims.example");
        // SAFETY: as C calls it.
        unsafe { self.api.unlock_udomain.unwrap()(self.domain, &raw mut aor) };
    }

    /// `update_impurecord` as a registrar of C calls it for one identity of a set.
    pub(super) fn update(
        &self,
        public: &'static [u8],
        mut subscription: *mut sys::ims_subscription,
    ) -> (c_int, *mut sys::impurecord) {
        let (mut public, mut out) = (text(public), ptr::null_mut());
        let place = if subscription.is_null() { ptr::null_mut() } else { &raw mut subscription };
        let none = ptr::null_mut();
        let update = self.api.update_impurecord.unwrap();
        // SAFETY: as C calls it.
        let code = unsafe {
            update(
                self.domain,
                &raw mut public,
                ptr::null_mut(),
                1,
                -1,
                0,
                1,
                place,
                none,
                none,
                none,
                none,
                &raw mut out,
            )
        };
        (code, out)
    }

    pub(super) fn find(&self, public: &'static [u8]) -> (c_int, *mut sys::impurecord) {
        let (mut public, mut out) = (text(public), ptr::null_mut());
        let get = self.api.get_impurecord.unwrap();
        // SAFETY: as C calls it.
        let code = unsafe { get(self.domain, &raw mut public, &raw mut out) };
        (code, out)
    }

    pub(super) fn delete(&self, public: &'static [u8]) -> c_int {
        let mut public = text(public);
        let delete = self.api.delete_impurecord.unwrap();
        // SAFETY: as C calls it.
        unsafe { delete(self.domain, &raw mut public, ptr::null_mut()) }
    }

    pub(super) fn unref(&self, subscription: *mut sys::ims_subscription) {
        // SAFETY: as C calls it.
        unsafe { self.api.unref_subscription.unwrap()(subscription) };
    }
}
