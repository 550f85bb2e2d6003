//! What ends by itself, told to the HSS.

use crate::{hss, settings};
use kamailio::{
    scscf::client::{Event, Identity, Told},
    timer,
};
use scscf_core::{
    assignment::{Cause, Kind},
    register::set,
};

/// Something has ended in the store.
pub(crate) fn by_itself(told: &Told<'_>) {
    let Some(settings) = settings::get().filter(|settings| settings.tells_expiry) else { return };
    let record = &told.identity;
    let ended = match told.event {
        Event::WatchersOver | Event::Stored => return,
        Event::LastContactGone | Event::UnregisteredExpired => true,
        // The store of C never says that it was the last one.
        Event::Expired if settings.usrloc.is_ours() => false,
        Event::Expired => {
            let now = timer::now();
            !record.contacts().any(|contact| contact.is_valid(now))
        }
    };
    // One identity stands for its whole set.
    if !ended || !stands_for_all(record) || !record.tells_hss() {
        return;
    }
    told.hss_knows();
    let kind = Kind::of_removal(Cause::Timeout, settings.policy.stores_profile);
    hss::tell(settings, kind, record.public(), record.private());
}

/// Whether an identity is the first one of its profile that is not barred, or the first one if all are.
/// The mark of the primary one is no help: no row has it, and it does not move when that one leaves.
fn stands_for_all(record: &Identity<'_>) -> bool {
    let open = record.identities().find(|(_, barred)| !barred);
    let first = open.or_else(|| record.identities().next());
    first.is_some_and(|(uri, _)| *set::key(uri) == *set::key(record.public()))
}
