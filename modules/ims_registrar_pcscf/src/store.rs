//! Between decisions and the location store.

use crate::refused::{identity, shown};
use bstr::ByteSlice as _;
use kamailio::{
    msg::Msg,
    pcscf::client::{Contact, Domain, Guard, Look, Mode, Peer, Search, Usrloc},
};
use pcscf_core::{
    State,
    decide::{self, Bound, Place, Query},
};

/// A place as the store takes it.
pub(crate) fn peer<'t>(place: &Place<'t>) -> Peer<'t> {
    Peer { host: place.host, port: place.port, proto: place.proto }
}

/// The first record that `query` means.
pub(crate) fn find<'g>(guard: &'g Guard<'_>, query: &Query<'_>) -> Option<Contact<'g>> {
    guard.find(&search(query, &[]))
}

/// The same, as the store remembers it: for who replaces it, or looks again.
pub(crate) fn find_known<'g>(guard: &'g Guard<'_>, query: &Query<'_>) -> Option<Contact<'g>> {
    guard.find(&Search { known: true, ..search(query, &[]) })
}

/// The contacts that have the public identity `id`, for who handles `msg`; none, and a line of the log,
/// if they cannot be looked at. The store of C cannot be asked for them.
pub(crate) fn of_identity<'g>(guard: &'g Guard<'_>, msg: &Msg<'_>, id: &[u8]) -> Vec<Contact<'g>> {
    guard.of_identity(id).unwrap_or_else(|why| {
        let id = shown(id).as_bstr();
        kamailio::error!("{}: contacts of {id} not looked at: {why}", identity(msg));
        Vec::new()
    })
}

/// The first record that `query` means, and that has the Service-Routes `routes` unless they are
/// none, for who only reads it: its domain is locked until the look ends.
pub(crate) fn look<'q>(
    usrloc: &'q Usrloc,
    domain: Domain,
    query: &Query<'q>,
    routes: &'q [&'q [u8]],
) -> Option<Look<'q>> {
    usrloc.look(domain, &search(query, routes))
}

fn search<'q>(query: &Query<'q>, routes: &'q [&'q [u8]]) -> Search<'q> {
    Search {
        aor: query.aor,
        parts: query.parts,
        via: peer(&query.via),
        received: peer(&query.received),
        mode: match query.mode {
            decide::Mode::Contact => Mode::Normal,
            decide::Mode::Source => Mode::Received,
        },
        states: query.states.0,
        service_routes: routes,
        known: false,
    }
}

/// Shows `judge` what is read of `contact`.
pub(crate) fn judged<R>(contact: &Contact<'_>, judge: impl FnOnce(&Bound<'_>) -> R) -> R {
    let ids: Vec<&[u8]> = contact.public_ids().collect();
    judge(&Bound { ids: &ids, ..place_of(contact) })
}

/// What is read of `contact` but for its identities.
pub(crate) fn place_of<'c>(contact: &'c Contact<'_>) -> Bound<'c> {
    let received = contact.received();
    Bound {
        aor: contact.aor(),
        received: Place { host: received.host, port: received.port, proto: received.proto },
        port_uc: contact.protected_port(),
        state: State(contact.state()),
        expires: contact.expires(),
        ids: &[],
    }
}
