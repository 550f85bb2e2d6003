//! The search for a contact.

use crate::{
    db,
    domains::{self, Domain},
    start, touched,
};
use bstr::BStr;
use kamailio::{
    pcscf::{Contact, Handle, Info},
    timer,
};
use pcscf_core::{Host, Id, Search, State, States, row::Key, search::By};

/// The contact that `wanted` describes: a registered one before any other, then the newest; with
/// `newest` the newest of all.
pub(crate) fn find(domain: &Domain, wanted: &Info<'_>, newest: bool) -> Option<Handle> {
    let found = search(domain, wanted, newest)?;
    touched::remember(domain, found.id);
    Some(found.handle)
}

/// The same for a client that changes nothing of it.
pub(crate) fn look_up(domain: &Domain, wanted: &Info<'_>) -> Option<Handle> {
    search(domain, wanted, false).map(|found| found.handle)
}

fn search(domain: &Domain, wanted: &Info<'_>, newest: bool) -> Option<Found> {
    let by_user = start::settings().by_user;
    let by = By::of_flag(wanted.flag());
    let search = match wanted.parts() {
        Some(parts) => Search::of(by, Some(parts), by_user),
        None => match Search::new(by, wanted.aor(), by_user) {
            Ok(search) => search,
            Err(error) => {
                kamailio::debug!("no contact is searched for {}: {error}", BStr::new(wanted.aor()));
                return None;
            }
        },
    };
    let routes = wanted.searched_routes();
    let routes: Vec<&[u8]> = routes.iter().map(Vec::as_slice).collect();
    let received_host = Host::of(wanted.received_host());
    let search = Search {
        via_host: Host::of_either(wanted.via_host(), wanted.received_host(), received_host),
        via_port: wanted.via_port(),
        received_host,
        received_port: wanted.received_port(),
        routes: &routes,
        states: States(wanted.state()),
        via_text: wanted.via_host(),
        received_text: wanted.received_host(),
        ..search
    };
    let shared = db::mode() == db::Mode::DbOnly;
    let found = look(domain, &search, newest, |contact| shared && is_stale(contact, wanted));
    if shared {
        let kept = found.as_ref().filter(|found| wanted.is_known() && found.stale.is_none());
        touched::keep(domain, kept.map(|found| found.id));
    }
    let again = |search: &Search<'_>| look(domain, search, newest, |_| false);
    match found {
        Some(Found { stale: Some(key), .. }) => {
            domain.released(|| db::refresh(domain, &key));
            again(&search)
        }
        None if shared && search.states.admits(State::REGISTERED) => {
            let row = match wanted.aor() {
                b"" => {
                    let host = wanted.received_host();
                    db::Wanted::Received { host, port: wanted.received_port() }
                }
                aor => db::Wanted::Aor(aor),
            };
            let loaded = domain.released(|| db::fetch(domain, &row));
            let found = if loaded > 0 { again(&search) } else { None };
            // It may have moved since another server stored it: by what it says of itself.
            let relaxed = Search { by: By::Contact, ..search };
            found.or_else(|| if by == By::Source { again(&relaxed) } else { None })
        }
        other => other,
    }
}

struct Found {
    id: Id,
    handle: Handle,
    /// The row of a contact that should be compared with it first.
    stale: Option<Key>,
}

fn look(
    domain: &Domain,
    search: &Search<'_>,
    newest: bool,
    is_stale: impl Fn(&Contact) -> bool,
) -> Option<Found> {
    let found = domain.with(|_, state| {
        let id = match newest {
            false => state.directory.find(search)?,
            true => state.directory.find_newest(search)?,
        };
        let contact = state.directory.get(id)?;
        let stale = is_stale(contact).then(|| row_key(contact));
        Some(Found { id, handle: contact.handle(), stale })
    });
    found.flatten()
}

/// Whether another server may know better.
fn is_stale(contact: &Contact, wanted: &Info<'_>) -> bool {
    // Who replaces what is remembered replaces all but a session that others may hold.
    if wanted.is_known() && contact.flags() & domains::RX == 0 {
        return false;
    }
    let age = second(timer::now()).wrapping_sub(contact.checked());
    contact.flags() & domains::STORED != 0 && i64::from(age) >= start::settings().refresh
}

/// A second as records keep it.
pub(crate) fn second(now: i64) -> u32 {
    u32::try_from(now & i64::from(u32::MAX)).unwrap_or(0)
}

/// The key of the row of `contact`, copied.
pub(crate) fn row_key(contact: &Contact) -> Key {
    Key {
        aor: contact.aor().to_vec(),
        received: contact.received_host().to_vec(),
        received_port: contact.received_port(),
    }
}
