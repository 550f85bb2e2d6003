//! Users who share an identity (TS 23.228 4.3.3.4): its record has the profile of the one who registered
//! last. What another one of them has is found by an identity of his own.

use crate::{bindings::bound, network, own::Own as _, settings::Settings};
use kamailio::{
    scscf::client::{Domain, Identity},
    timer,
};
use scscf_core::register::{Plan, set};
use std::borrow::Cow;

/// Whether `record`, that of the identity of `plan`, has the profile of another user. Also where the
/// HSS does not call the user as its credentials do: that must do no harm.
pub(crate) fn is_of_another(record: &Identity<'_>, plan: &Plan<'_>) -> bool {
    let whose = record.private_of_profile();
    !whose.is_empty() && *whose != *plan.private
}

/// Another identity of the user `private` whose profile has `key`, too.
pub(crate) fn other(
    settings: &Settings,
    domain: Domain,
    key: &[u8],
    private: &[u8],
) -> Option<Vec<u8>> {
    let has = |own: &[u8]| {
        let look = settings.usrloc.look(domain, own);
        let record = look.own(own);
        record.is_some_and(|record| record.identities().any(|(uri, _)| *set::key(uri) == *key))
    };
    let all = network::found_by(settings, private).into_iter();
    let mut own = all.filter(|(of, own)| *of == domain && *own != *key).map(|(_, own)| own);
    own.find(|own| has(own))
}

/// The identity whose record has the profile of the user of `plan`; that which registers if there is no
/// other one.
pub(crate) fn home<'p>(settings: &Settings, domain: Domain, plan: &'p Plan<'_>) -> Cow<'p, [u8]> {
    let is_anothers = {
        let look = settings.usrloc.look(domain, &plan.identity);
        look.own(&plan.identity).is_some_and(|record| is_of_another(&record, plan))
    };
    let other =
        if is_anothers { other(settings, domain, &plan.identity, &plan.private) } else { None };
    other.map_or(Cow::Borrowed(&*plan.identity), Cow::Owned)
}

/// Whether a contact of `plan` is bound to the identity `key`.
pub(crate) fn has_contact(
    settings: &Settings,
    domain: Domain,
    key: &[u8],
    plan: &Plan<'_>,
) -> bool {
    let now = timer::now();
    let look = settings.usrloc.look(domain, key);
    let mut linked = look.own(key).into_iter().flat_map(|record| record.contacts());
    linked.any(|contact| plan.find(&bound(&contact, now), settings.matching).is_some())
}
