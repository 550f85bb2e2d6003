//! Who may say that he is somebody.

use crate::{
    lookup::{self, Wanted},
    reading::Origin,
    refused::{Refused, shown},
    settings::Settings,
    store::{find, peer, place_of},
};
use bstr::ByteSlice;
use kamailio::{msg::Msg, pcscf::client::Domain, script::Verdict};
use pcscf_core::{
    decide::{Mode, Place, Query, lookup as rules},
    identity,
};

/// `pcscf_assert_identity(domain, identity)`
pub(crate) fn identity(
    settings: &Settings,
    msg: &Msg<'_>,
    domain: Domain,
    given: &[u8],
) -> Result<Verdict, Refused> {
    let id = identity::argument(given);
    // A contact that only asked for registration asserts nothing, also if it still has identities.
    let wanted = Wanted { states: lookup::registered(settings), routes: &[] };
    let found = lookup::sender(settings, msg, domain, wanted, |contact| {
        rules::asserts(contact.public_ids(), id)
    });
    if matches!(found, Ok(true)) {
        return Ok(Verdict::TRUE);
    }
    // Only now: the variables name the sender all the same.
    if id.is_empty() {
        return Err(Refused::new(msg, "the identity to assert is empty"));
    }
    // Another contact of the same source may have it.
    let origin = Origin::of(settings, msg);
    let place = origin.place().map_err(|why| Refused::new(msg, why))?;
    if elsewhere(settings, domain, &place, id) {
        return Ok(Verdict::TRUE);
    }
    let id = shown(id).as_bstr();
    Err(match found {
        Err(why) => why.about(format_args!("{id} not asserted")),
        Ok(_) => Refused::new(msg, format_args!("{id} is none of the identities of {place}")),
    })
}

/// Whether a registered contact of this source has the identity `id`. The store of C looks through all
/// contacts without a lock, while others free them; so there the contact is searched for as any other.
fn elsewhere(settings: &Settings, domain: Domain, place: &Place<'_>, id: &[u8]) -> bool {
    if settings.usrloc.is_ours() {
        return settings.usrloc.asserts(domain, peer(place), id);
    }
    let states = lookup::registered(settings);
    let query =
        Query { aor: b"", parts: None, via: *place, received: *place, mode: Mode::Source, states };
    let guard = settings.usrloc.lock(domain, peer(place));
    let found = find(&guard, &query);
    found.is_some_and(|contact| {
        let same_source = place_of(&contact).is_from(place);
        same_source && rules::asserts(contact.public_ids(), id)
    })
}

/// `pcscf_assert_called_identity(domain)`: says in the reply whom the request was for.
pub(crate) fn called(settings: &Settings, msg: &Msg<'_>) -> Result<Verdict, Refused> {
    msg.parse().map_err(|why| Refused::new(msg, why))?;
    let transaction = settings.tm.current();
    let request = transaction.as_ref().and_then(|transaction| transaction.request());
    let request = request.ok_or_else(|| Refused::new(msg, "no transaction, so no request"))?;
    let body = request.header(b"P-Called-Party-ID");
    let body = body.ok_or_else(|| Refused::new(msg, "the request has no p-called-party-id"))?;
    let id = identity::called_party(body).map_err(|why| Refused::new(msg, why))?;
    let header = identity::asserted_header(id);
    let header = header.map_err(|_| Refused::new(msg, kamailio::Error::OutOfPkg).failure())?;
    msg.append_header(&header).map_err(|why| Refused::new(msg, why).failure())?;
    Ok(Verdict::TRUE)
}
