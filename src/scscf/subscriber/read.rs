//! Reads a subscription out of structs of C: ours, or those that a module of C built.

use super::BadSubscription;
use crate::scscf::criteria::{self, slice};
use core::ptr::NonNull;
use kamailio_sys::scscf as sys;
use scscf_core::{
    Subscription,
    profile::{PublicIdentity, ServiceProfile},
};

type Read<T> = Result<T, BadSubscription>;

/// # Safety
///
/// The struct and what it points to are what the API says, and stay for `'a`.
pub(super) unsafe fn profiles<'a>(
    c: &sys::ims_subscription,
) -> Read<&'a [sys::ims_service_profile]> {
    // SAFETY: by the contract of this function.
    unsafe { slice("service_profiles", c.service_profiles, c.service_profiles_cnt) }
}

/// # Safety
///
/// See [`profiles`].
pub(super) unsafe fn identities<'a>(
    c: &sys::ims_service_profile,
) -> Read<&'a [sys::ims_public_identity]> {
    // SAFETY: by the contract of this function.
    unsafe { slice("public_identities", c.public_identities, c.public_identities_cnt) }
}

/// What the structs say.
///
/// # Safety
///
/// See [`profiles`].
pub(in crate::scscf) unsafe fn value(c: &sys::ims_subscription) -> Read<Subscription> {
    // SAFETY: by the contract of this function.
    let private_identity = unsafe { criteria::text("private_identity", c.private_identity) }?;
    // SAFETY: as above.
    let all = unsafe { profiles(c) }?;
    // SAFETY: as above.
    let profiles: Read<_> = all.iter().map(|profile| unsafe { service_profile(profile) }).collect();
    Ok(Subscription { private_identity: private_identity.into(), profiles: profiles? })
}

/// # Safety
///
/// See [`profiles`].
unsafe fn service_profile(c: &sys::ims_service_profile) -> Read<ServiceProfile> {
    // SAFETY: by the contract of this function.
    let all = unsafe { identities(c) }?;
    let identity = |one: &sys::ims_public_identity| {
        Ok(PublicIdentity {
            barred: one.barring != 0,
            // SAFETY: as above.
            uri: unsafe { criteria::text("public_identity", one.public_identity) }?.into(),
            // SAFETY: as above.
            wildcard: unsafe { criteria::text("wildcarded_psi", one.wildcarded_psi) }?.into(),
        })
    };
    let media = NonNull::new(c.cn_service_auth);
    // SAFETY: as above.
    let sets = unsafe { slice("shared_ifc_set", c.shared_ifc_set, c.shared_ifc_set_cnt) }?;
    Ok(ServiceProfile {
        identities: all.iter().map(identity).collect::<Read<_>>()?,
        // SAFETY: as above.
        criteria: unsafe { criteria::read(c.filter_criteria, c.filter_criteria_cnt) }?,
        // SAFETY: as above.
        media_profile: media.map(|media| unsafe { media.read() }.subscribed_media_profile_id),
        shared_sets: sets.to_vec(),
    })
}

/// Whether the structs, which are ours, say what `value` says.
///
/// # Safety
///
/// See [`profiles`].
pub(super) unsafe fn same(c: &sys::ims_subscription, value: &Subscription) -> bool {
    // SAFETY: by the contract of this function.
    if !unsafe { criteria::is_text(c.private_identity, &value.private_identity) } {
        return false;
    }
    // SAFETY: as above.
    let Ok(all) = (unsafe { profiles(c) }) else { return false };
    // SAFETY: as above.
    let same = |(profile, value)| unsafe { same_profile(profile, value) };
    all.len() == value.profiles.len() && all.iter().zip(&value.profiles).all(same)
}

/// # Safety
///
/// See [`profiles`].
unsafe fn same_profile(c: &sys::ims_service_profile, value: &ServiceProfile) -> bool {
    // SAFETY: by the contract of this function.
    let Ok(all) = (unsafe { identities(c) }) else { return false };
    let same = |(c, value): (&sys::ims_public_identity, &PublicIdentity)| {
        (c.barring != 0) == value.barred
            // SAFETY: as above.
            && unsafe { criteria::is_text(c.public_identity, &value.uri) }
            // SAFETY: as above.
            && unsafe { criteria::is_text(c.wildcarded_psi, &value.wildcard) }
    };
    if all.len() != value.identities.len() || !all.iter().zip(&value.identities).all(same) {
        return false;
    }
    // SAFETY: as above.
    let media = NonNull::new(c.cn_service_auth)
        .map(|media| unsafe { media.read() }.subscribed_media_profile_id);
    // SAFETY: as above.
    let Ok(sets) = (unsafe { slice("shared_ifc_set", c.shared_ifc_set, c.shared_ifc_set_cnt) })
    else {
        return false;
    };
    media == value.media_profile
        && sets == value.shared_sets
        // SAFETY: as above.
        && unsafe { criteria::same(c.filter_criteria, c.filter_criteria_cnt, &value.criteria) }
}
