//! What the location store tells of contacts.

use crate::{
    events::{self, Event},
    refused::shown,
    settings,
};
use bstr::ByteSlice;
use kamailio::pcscf::{Event as What, client::Told};
use pcscf_core::{State, identity};

/// A contact has changed or goes: the end of a registration that this proxy decided on is told to
/// all its identities. The contact is locked, so the rest is left to the process that sends.
pub(crate) fn changed(told: &Told<'_>) {
    let publishes = settings::get().is_some_and(|settings| settings.publishes);
    let contact = &told.contact;
    let ends = State(contact.state()) == State::DEREG_PENDING;
    if told.event != What::Update || !ends || !publishes {
        return;
    }
    for id in contact.public_ids().filter(|id| !identity::is_tel(id)) {
        let pushed = events::push(&Event::Publish { presentity: id, contact: contact.aor() });
        if let Err(why) = pushed {
            let (id, aor) = (shown(id).as_bstr(), shown(contact.aor()).as_bstr());
            kamailio::error!("the end of {aor} is not told for {id}: {why}");
        }
    }
}
