//! Subscriptions that modules of C build.

use super::{
    client::{self, Client},
    store::{engine, with_store},
};
use inprocess::host;
use kamailio::location::REST;
use scscf_core::profile::Trigger;

pub(super) fn copied() {
    with_store(|api| {
        let client = Client::new(api);
        let before = host::used();
        let raw =
            client::subscription(b"alice@ims.example", &[b"sip:alice@ims.example", b"tel:+491"]);
        let built = host::used() - before;
        let (code, record) = client.update(b"sip:alice@ims.example", raw);
        assert_eq!((code, record.is_null()), (0, false));
        let value = engine().with(|_, kept| {
            let id = kept.subscribers.at_or_after(0).unwrap();
            kept.subscribers.get(id).unwrap().to_value()
        });
        let value = value.unwrap();
        assert_eq!(value.private_identity, "alice@ims.example");
        let profile = &value.profiles[0];
        assert_eq!((profile.media_profile, &profile.shared_sets[..]), (Some(3), &[1, 2, 3][..]));
        assert_eq!(profile.identities[1].uri, "tel:+491");
        let trigger = profile.criteria[0].trigger.as_ref().unwrap();
        let kinds: Vec<_> = trigger.points.iter().map(|point| &point.what).collect();
        assert_eq!(kinds.len(), 7);
        assert!(matches!(kinds[3], Trigger::Header { content, .. } if content.is_empty()));
        // A kind that there is not is a condition that is never met.
        assert_eq!(*kinds[6], Trigger::Method("".into()));
        // The last reference frees every part of it, and ours stays with its identity.
        let with_both = host::used();
        client.unref(raw);
        assert_eq!(with_both - host::used(), built);
        assert_eq!(client.delete(b"sip:alice@ims.example"), 0);
        engine().with(|records, _| records.clear(super::store::now() + REST, u32::MAX));
        let left = engine().with(|_, kept| kept.subscribers.len());
        assert_eq!((left, host::used()), (Some(0), before));
    });
}

pub(super) fn broken() {
    with_store(|api| {
        let client = Client::new(api);
        let before = host::used();
        let raw = client::subscription(b"alice@ims.example", &[b"sip:alice@ims.example"]);
        // SAFETY: the struct was just built, and the server has it only for the call.
        let c = unsafe { &mut *raw };
        let good = *c;
        c.private_identity.len = -1;
        assert_eq!(client.update(b"sip:alice@ims.example", raw).0, -1);
        *c = good;
        // SAFETY: as above.
        let profile = unsafe { &mut *c.service_profiles };
        let good = *profile;
        profile.public_identities = core::ptr::null_mut();
        assert_eq!(client.update(b"sip:alice@ims.example", raw).0, -1);
        *profile = good;
        // SAFETY: as above.
        let criteria = unsafe { &mut *profile.filter_criteria };
        let good = *criteria;
        criteria.application_server.server_name.len = 1 << 30;
        assert_eq!(client.update(b"sip:alice@ims.example", raw).0, -1);
        *criteria = good;
        assert_eq!(client.find(b"sip:alice@ims.example").0, 1);
        assert_eq!(client.update(b"sip:alice@ims.example", raw).0, 0);
        assert_eq!(client.delete(b"sip:alice@ims.example"), 0);
        client.unref(raw);
        engine().with(|records, _| records.clear(super::store::now() + REST, u32::MAX));
        assert_eq!(host::used(), before);
    });
}
