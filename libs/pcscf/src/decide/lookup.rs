//! Whose request or reply it is: the search of `pcscf_is_registered`, of the service route
//! functions and of `pcscf_assert_identity`, and the check of what was found.

use super::{Bound, MAX_CONTACTS, Mode, NoContact, Place, Query, Via, transport};
use crate::{Parts, State, States, identity, uri::Uri};
use bstr::BString;
use sip_text::scan;

/// A request or reply that somebody sent.
#[derive(Clone, Copy, Debug)]
pub struct Request<'m> {
    /// URIs of its first Contact header; none when it has no such header.
    pub contacts: &'m [&'m [u8]],
    /// Whether it is a reply. With `trust_bottom_via` it is never taken for one: the Via decides.
    pub reply: bool,
    /// First Via of a request, last Via of a reply (last with `trust_bottom_via`).
    pub via: Via<'m>,
    /// Where it came from, from [`super::place::effective`].
    pub place: Place<'m>,
    /// Parameter `is_registered_fallback2ip`.
    pub fallback2ip: i32,
    /// States that are looked for, from [`states`].
    pub states: States,
}

/// Why there is nothing to search by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No Contact header, and the address alone does not do.
    #[error("{0}, and is_registered_fallback2ip is {1}; must be 1 or 2 to do without")]
    NoContact(NoContact, i32),
    /// None of the contacts is a URI.
    #[error("contact {0:?} is no sip, sips, tel or urn uri")]
    BadContact(BString),
}

/// The states of a registered contact. With `ignore_reg_state` also that of one whose end is not
/// told yet and of one whose answer waits for the policy server; one that only asked for
/// registration never is: nobody knows who it is.
pub fn states(ignore_reg_state: bool) -> States {
    let more = State::PENDING_AAR.0 | State::DEREG_PENDING.0;
    States(if ignore_reg_state { State::REGISTERED.0 | more } else { State::REGISTERED.0 })
}

/// The searches, in their order. Each record that one finds is to be [`check`]ed; the first that
/// passes is the contact of the sender.
///
/// With `is_registered_fallback2ip` 0 they go by the Contact (Via against the Contact of the record)
/// and then by the source, both only if there is a Contact header; with 1 a header is not needed;
/// with 2 the source comes first.
///
/// # Errors
///
/// There is nothing to search by.
pub fn searches<'m>(
    request: &Request<'m>,
) -> Result<impl Iterator<Item = Query<'m>> + use<'m>, Refusal> {
    // The first one finds nearly all: the others are made when they are needed.
    let mut all = Searches::of(request, request.contacts);
    let first = match (all.next(), request.contacts.first()) {
        (Some(first), _) => first,
        (None, Some(bad)) => return Err(Refusal::BadContact(scan::shown(bad))),
        (None, None) => {
            let lenient = matches!(request.fallback2ip, 1 | 2);
            // Without a Contact nothing says which of the records of an address it is.
            all = Searches { any: true, ..Searches::of(request, &[b""]) };
            let none = Refusal::NoContact(NoContact::Missing, request.fallback2ip);
            all.next().filter(|_| lenient).ok_or(none)?
        }
    };
    Ok(core::iter::once(first).chain(all))
}

/// For each place and each mode, what every contact that is a URI is searched by.
struct Searches<'m> {
    contacts: &'m [&'m [u8]],
    /// What is no URI stands for whatever contact it is.
    any: bool,
    vias: [Option<Place<'m>>; 3],
    modes: [Mode; 2],
    received: Place<'m>,
    states: States,
    /// Where it stands in the three.
    at: [usize; 3],
    /// One of the contacts is a URI.
    has_uri: bool,
}

impl<'m> Searches<'m> {
    fn of(request: &Request<'m>, contacts: &'m [&'m [u8]]) -> Self {
        Self {
            contacts: contacts.get(..MAX_CONTACTS).unwrap_or(contacts),
            any: false,
            vias: vias(request),
            modes: match request.fallback2ip {
                2 => [Mode::Source, Mode::Contact],
                _ => [Mode::Contact, Mode::Source],
            },
            received: request.place,
            states: request.states,
            at: [0; 3],
            has_uri: false,
        }
    }
}

impl<'m> Iterator for Searches<'m> {
    type Item = Query<'m>;

    fn next(&mut self) -> Option<Query<'m>> {
        loop {
            let [via, mode, contact] = self.at;
            let (Some(via), Some(mode)) = (*self.vias.get(via)?, self.modes.get(mode)) else {
                self.at = [via + 1, 0, 0];
                continue;
            };
            let Some(aor) = self.contacts.get(contact) else {
                let [via, mode, _] = self.at;
                self.at = [via, mode + 1, 0];
                if self.has_uri { continue } else { return None }
            };
            let [.., contact] = &mut self.at;
            *contact += 1;
            let parts = Parts::parse(aor).ok();
            if parts.is_some() || self.any {
                self.has_uri = true;
                let Self { received, states, .. } = *self;
                return Some(Query { aor, parts, via, received, mode: *mode, states });
            }
        }
    }
}

/// A request says in its Via who sent it; a reply in its Contact, else in the Via at the bottom,
/// else by its address.
fn vias<'m>(request: &Request<'m>) -> [Option<Place<'m>>; 3] {
    let via = request.via.sent_by();
    if !request.reply {
        return [Some(via), None, None];
    }
    let contact = request.contacts.iter().take(MAX_CONTACTS).find_map(|text| {
        let uri = Uri::parse(text).ok()?;
        let asked = transport(&uri);
        let proto = if asked == 0 { request.place.proto } else { asked };
        Some(Place { host: uri.host, port: uri.port_or_default(), proto })
    });
    [contact, Some(via), Some(request.place)]
}

/// What of a record must be as in the message.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The port.
    pub port: bool,
    /// The transport.
    pub proto: bool,
    /// The states that it may be in.
    pub states: States,
}

impl Rules {
    /// The rules by the parameters of the module; `ipsec` says that the module for IPsec is bound.
    pub fn new(parameters: &Parameters, ipsec: bool) -> Self {
        Self {
            port: !parameters.ignore_port && (ipsec || parameters.port_without_ipsec),
            proto: !parameters.ignore_proto,
            states: states(parameters.ignore_state),
        }
    }

    /// Those for a record that was searched for by `mode`: Via and Contact alone, which anybody
    /// behind the same address can write, are believed only where `is_registered_fallback2ip`
    /// says so.
    #[must_use]
    pub fn found_by(self, mode: Mode, fallback2ip: i32) -> Self {
        let believed = mode == Mode::Source || matches!(fallback2ip, 1 | 2);
        Self { port: self.port || !believed, ..self }
    }
}

/// The parameters of the module that loosen the check.
#[derive(Clone, Copy, Debug)]
pub struct Parameters {
    /// `ignore_contact_rxport_check`
    pub ignore_port: bool,
    /// `rxport_check_without_ipsec`
    pub port_without_ipsec: bool,
    /// `ignore_contact_rxproto_check`
    pub ignore_proto: bool,
    /// `ignore_reg_state`
    pub ignore_state: bool,
}

/// Why a record is not that of the sender.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// Another address.
    #[error("came from {came}, contact {aor:?} was registered from {registered}")]
    Host {
        /// Of the record.
        aor: BString,
        /// Where the message came from.
        came: String,
        /// Where the record was registered from.
        registered: String,
    },
    /// Another port.
    #[error(
        "came from port {came}, contact {aor:?} was registered from {registered} and its protected port is {protected}"
    )]
    Port {
        /// Of the record.
        aor: BString,
        /// Of the message.
        came: u16,
        /// Of the record.
        registered: u16,
        /// Of the record; 0 without IPsec.
        protected: u16,
    },
    /// Another transport.
    #[error(
        "came from {came}, contact {aor:?} was registered from {registered}; the transport must be the same"
    )]
    Proto {
        /// Of the record.
        aor: BString,
        /// Where the message came from.
        came: String,
        /// Where the record was registered from.
        registered: String,
    },
    /// Not registered.
    #[error("contact {aor:?} is in state {state}, must be registered", state = .state.name_str())]
    State {
        /// Of the record.
        aor: BString,
        /// Of the record.
        state: State,
    },
}

/// Whether `record` is the one of whoever sent a message from `place`. Its expiry is not looked at:
/// until it is removed it is registered, as `expires_grace` of the location store wants it.
///
/// # Errors
///
/// The first thing that differs, with the compared values.
pub fn check(record: &Bound<'_>, place: &Place<'_>, rules: &Rules) -> Result<(), Mismatch> {
    let aor = || scan::shown(record.aor);
    let (came, registered) = (|| place.to_string(), || record.received.to_string());
    if !record.received.same_host(place) {
        return Err(Mismatch::Host { aor: aor(), came: came(), registered: registered() });
    }
    if rules.port && !record.is_from(place) {
        let (registered, protected) = (record.received.port, record.port_uc.unwrap_or(0));
        return Err(Mismatch::Port { aor: aor(), came: place.port, registered, protected });
    }
    if rules.proto && record.received.proto != place.proto {
        return Err(Mismatch::Proto { aor: aor(), came: came(), registered: registered() });
    }
    if !rules.states.admits(record.state) || record.state == State::NONE {
        return Err(Mismatch::State { aor: aor(), state: record.state });
    }
    Ok(())
}

/// Whether `id`, as the script gave it to `pcscf_assert_identity`, is one of `ids`.
pub fn asserts<'i>(ids: impl IntoIterator<Item = &'i [u8]>, id: &[u8]) -> bool {
    let id = identity::argument(id);
    !id.is_empty() && ids.into_iter().any(|other| identity::same(other, id))
}

#[cfg(test)]
mod tests;
