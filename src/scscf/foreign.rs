//! A subscription that a module of C built, struct by struct, and gives to the store.

use super::subscriber::{self, BadSubscription, Subscriber, SubscriberHandle};
use crate::location::block;
use core::ptr::NonNull;
use kamailio_sys::{self as core_sys, scscf as sys};
use scscf_core::Subscription;

/// A subscription that a module of C built.
///
/// The store copies it and does not keep it; it is freed when its count of references comes to
/// nothing.
#[derive(Debug, PartialEq, Eq)]
pub struct Foreign(NonNull<sys::ims_subscription>);

impl Foreign {
    /// # Safety
    ///
    /// `raw` was built as the API says, and stays while this lives.
    pub(super) const unsafe fn new(raw: NonNull<sys::ims_subscription>) -> Self {
        Self(raw)
    }

    fn c(&self) -> &sys::ims_subscription {
        // SAFETY: by the contract of `new`.
        unsafe { self.0.as_ref() }
    }

    /// The private identity.
    ///
    /// # Errors
    ///
    /// [`BadSubscription`]
    pub fn private(&self) -> Result<&[u8], BadSubscription> {
        // SAFETY: by the contract of `new`.
        unsafe { super::criteria::text("private_identity", self.c().private_identity) }
    }

    /// What it says.
    ///
    /// # Errors
    ///
    /// [`BadSubscription`]
    pub fn read(&self) -> Result<Subscription, BadSubscription> {
        // SAFETY: by the contract of `new`.
        unsafe { subscriber::value(self.c()) }
    }

    /// Whether its public identities are wildcarded ones.
    pub fn wildcarded(&self) -> bool {
        self.c().wpsi != 0
    }

    /// The copy that [`Foreign::remember`] named: clients give the same subscription once for each
    /// of its identities.
    pub fn copy(&self) -> Option<SubscriberHandle> {
        if self.c().slot != subscriber::copied() {
            return None;
        }
        SubscriberHandle::new(self.c().next)
    }

    /// Names the copy of it, which gets a reference until this one is freed. Nothing happens if it
    /// has a copy already.
    pub fn remember(&self, copy: &mut Subscriber) {
        if self.copy().is_some() {
            return;
        }
        copy.add_ref();
        let mut raw = self.0;
        // SAFETY: a client gives the struct to the store, to which these fields belong.
        let c = unsafe { raw.as_mut() };
        c.next = copy.handle().raw();
        c.slot = subscriber::copied();
    }

    /// One more reference.
    pub(super) fn add_ref(&self) {
        let mut raw = self.0;
        // SAFETY: as in `remember`; the store is locked.
        let c = unsafe { raw.as_mut() };
        c.ref_count = c.ref_count.saturating_add(1);
    }

    /// One reference less; whether that was the last one.
    pub(super) fn drop_ref(&self) -> bool {
        let mut raw = self.0;
        // SAFETY: as in `remember`; the store is locked.
        let c = unsafe { raw.as_mut() };
        c.ref_count = c.ref_count.saturating_sub(1);
        c.ref_count <= 0
    }

    /// Frees it struct by struct, and gives its copy, whose reference is still to be given back.
    ///
    /// # Safety
    ///
    /// Nobody uses it any more, and each part is a block of its own.
    pub(super) unsafe fn free(self) -> Option<SubscriberHandle> {
        let copy = self.copy();
        let c = *self.c();
        // SAFETY: by the contract of this function.
        let profiles = unsafe {
            super::criteria::slice("service_profiles", c.service_profiles, c.service_profiles_cnt)
        };
        for profile in profiles.unwrap_or_default() {
            // SAFETY: as above.
            unsafe { free_profile(profile) };
        }
        // SAFETY: as above.
        unsafe { free(c.service_profiles) };
        // SAFETY: as above.
        unsafe { free_text(c.private_identity) };
        // SAFETY: the lock is a block of its own, and nobody holds it.
        unsafe { free(c.lock) };
        // SAFETY: as above.
        unsafe { block::free(self.0) };
        copy
    }
}

/// # Safety
///
/// See [`Foreign::free`].
unsafe fn free<T>(block: *mut T) {
    if let Some(block) = NonNull::new(block) {
        // SAFETY: by the contract of this function.
        unsafe { block::free(block) };
    }
}

/// # Safety
///
/// See [`Foreign::free`].
unsafe fn free_text(text: core_sys::str_) {
    // SAFETY: by the contract of this function.
    unsafe { free(text.s) };
}

/// # Safety
///
/// See [`Foreign::free`].
unsafe fn free_profile(c: &sys::ims_service_profile) {
    // SAFETY: by the contract of this function.
    let identities = unsafe {
        super::criteria::slice("public_identities", c.public_identities, c.public_identities_cnt)
    };
    for identity in identities.unwrap_or_default() {
        // SAFETY: as above.
        unsafe { free_text(identity.public_identity) };
        // SAFETY: as above.
        unsafe { free_text(identity.wildcarded_psi) };
    }
    // SAFETY: as above.
    unsafe { free(c.public_identities) };
    // SAFETY: as above.
    let criteria = unsafe {
        super::criteria::slice("filter_criteria", c.filter_criteria, c.filter_criteria_cnt)
    };
    for one in criteria.unwrap_or_default() {
        if let Some(trigger) = NonNull::new(one.trigger_point) {
            // SAFETY: as above.
            unsafe { free_condition(trigger) };
        }
        // SAFETY: as above.
        unsafe { free_text(one.application_server.server_name) };
        // SAFETY: as above.
        unsafe { free_text(one.application_server.service_info) };
        // SAFETY: as above.
        unsafe { free(one.profile_part_indicator) };
    }
    // SAFETY: as above.
    unsafe { free(c.filter_criteria) };
    // SAFETY: as above.
    unsafe { free(c.cn_service_auth) };
    // SAFETY: as above.
    unsafe { free(c.shared_ifc_set) };
}

/// # Safety
///
/// See [`Foreign::free`].
unsafe fn free_condition(trigger: NonNull<sys::ims_trigger_point>) {
    // SAFETY: by the contract of this function.
    let c = unsafe { trigger.read() };
    // SAFETY: as above.
    let points = unsafe { super::criteria::slice("spt", c.spt, c.spt_cnt) };
    for point in points.unwrap_or_default() {
        for text in texts_of(point).into_iter().flatten() {
            // SAFETY: as above.
            unsafe { free_text(text) };
        }
    }
    // SAFETY: as above.
    unsafe { free(c.spt) };
    // SAFETY: as above.
    unsafe { free(trigger.as_ptr()) };
}

/// The texts of a part of a condition.
fn texts_of(point: &sys::ims_spt) -> [Option<core_sys::str_>; 2] {
    let union = point.__bindgen_anon_1;
    match u32::try_from(point.type_).unwrap_or(0) {
        // SAFETY: the kind says which one it is.
        sys::IFC_REQUEST_URI => [Some(unsafe { union.request_uri }), None],
        // SAFETY: as above.
        sys::IFC_METHOD => [Some(unsafe { union.method }), None],
        sys::IFC_SIP_HEADER => {
            // SAFETY: as above.
            let header = unsafe { union.sip_header };
            [Some(header.header), Some(header.content)]
        }
        sys::IFC_SESSION_DESC => {
            // SAFETY: as above.
            let description = unsafe { union.session_desc };
            [Some(description.line), Some(description.content)]
        }
        _ => [None, None],
    }
}
