//! `pcscf_save`: the registrar answered a REGISTER.

use super::{Bound, Contacts, Judgement, Mode, NoContact, Place, Query, expires, transport};
use crate::alias::{self, BadAlias};
use crate::uri::{BadUri, Uri};
use crate::{Parts, State, States, identity};
use bstr::BString;
use sip_text::scan;

/// The answer to a REGISTER, and what is known of the request.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'m> {
    /// All contacts of the answer.
    pub contacts: Contacts<'m>,
    /// Body of its Expires header.
    pub expires: Option<&'m [u8]>,
    /// Whether it is a 2xx to a request with `Contact: *` and `Expires: 0`.
    pub removes_all: bool,
    /// Where the request came from, from [`super::place::effective`].
    pub place: Place<'m>,
    /// Whose registration it is: all P-Associated-URIs of the answer.
    pub ids: &'m [&'m [u8]],
    /// Parameter `trust_alias`: an alias in a Contact is believed.
    pub trust_alias: bool,
    /// Parameter `trust_bottom_via`: the bottom Via said the place, an alias says nothing.
    pub trust_bottom_via: bool,
    /// Now.
    pub now: i64,
}

/// What the answer asks for.
#[derive(Debug)]
pub enum Plan<'m> {
    /// All contacts of this source go: find and judge them until none is found, or one is skipped.
    RemoveAll(Step<'m>),
    /// One step for each contact, in their order; or why a contact is passed over.
    Contacts(Vec<Result<Step<'m>, Skipped>>),
}

/// What one contact of the answer asks for.
#[derive(Clone, Debug)]
pub struct Step<'m> {
    /// How to look for the record; nothing is to be done when there is none.
    pub query: Query<'m>,
    /// What is to become of it.
    pub change: Change,
    /// An alias that was not believed, for the log.
    pub distrusted: Option<Distrusted>,
}

/// What a contact of the answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is registered until then.
    Update {
        /// When it expires.
        expires: i64,
    },
    /// It is registered no more.
    Remove,
}

/// An alias of another address than that of the REGISTER.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("alias {alias} is not where the register came from, {place}; taken is {place}")]
pub struct Distrusted {
    /// What the alias says.
    pub alias: String,
    /// What is true.
    pub place: String,
}

/// Why a contact is passed over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Skipped {
    /// No URI.
    #[error("contact {0}")]
    Uri(#[from] BadUri),
    /// A `tel` or `urn`.
    #[error("contact {0:?} has no host")]
    NoHost(BString),
    /// The address or the port of its alias is none.
    #[error("contact {0:?}: {1}")]
    Alias(BString, BadAlias),
}

/// What is to be done for an answer.
///
/// # Errors
///
/// It has no contact.
pub fn plan<'m>(reply: &Reply<'m>) -> Result<Plan<'m>, NoContact> {
    if reply.removes_all && matches!(reply.contacts, Contacts::Missing) {
        let query = Query {
            aor: b"",
            parts: None,
            via: reply.place,
            received: reply.place,
            mode: Mode::Source,
            // All but those that a delayed removal left: they are not found again.
            states: States(!State::UNREGISTERED.0),
        };
        return Ok(Plan::RemoveAll(Step { query, change: Change::Remove, distrusted: None }));
    }
    let header = reply.expires.and_then(expires::seconds);
    let contacts = reply.contacts.list()?;
    let steps = contacts.iter().map(|contact| {
        let seconds = expires::of(contact, header);
        step(reply, contact.uri, seconds)
    });
    Ok(Plan::Contacts(steps.collect()))
}

fn step<'m>(reply: &Reply<'m>, text: &'m [u8], seconds: u32) -> Result<Step<'m>, Skipped> {
    let uri = Uri::parse(text)?;
    if !uri.has_host() {
        return Err(Skipped::NoHost(scan::shown(text)));
    }
    let (received, distrusted) =
        received(reply, &uri).map_err(|bad| Skipped::Alias(scan::shown(text), bad))?;
    let (change, states) = match seconds {
        // Whatever state it is in, its owner may end it.
        0 => (Change::Remove, States::ANY),
        _ => (
            Change::Update { expires: expires::after(reply.now, i64::from(seconds)) },
            States(States::PENDING_OR_REGISTERED.0 | State::UNREGISTERED.0),
        ),
    };
    let via = Place { host: uri.host, port: uri.port_or_default(), proto: transport(&uri) };
    let parts = Some(Parts::of(&uri));
    let query = Query { aor: text, parts, via, received, mode: Mode::Source, states };
    Ok(Step { query, change, distrusted })
}

/// Where the record of a contact was received from.
fn received<'m>(
    reply: &Reply<'m>,
    uri: &Uri<'m>,
) -> Result<(Place<'m>, Option<Distrusted>), BadAlias> {
    let place = reply.place;
    let alias = if reply.trust_bottom_via { None } else { alias::of_uri(uri) };
    let alias = match alias.transpose() {
        // Somebody else's parameter of that name says nothing, and makes no contact another one.
        Err(BadAlias::Parts(alias)) => {
            let distrusted = Distrusted { alias: alias.to_string(), place: place.to_string() };
            return Ok((place, Some(distrusted)));
        }
        alias => alias?,
    };
    Ok(match alias {
        Some(alias) if reply.trust_alias => (alias, None),
        // The phone writes what it likes into its Contact: its own address it may name.
        Some(alias) if !(alias.same_host(&place) && alias.port == place.port) => {
            let distrusted = Distrusted { alias: alias.to_string(), place: place.to_string() };
            (place, Some(distrusted))
        }
        _ => (place, None),
    })
}

/// Decides about the record that was found for `step`. Nobody touches the contact of somebody else:
/// it must have been registered from where this REGISTER came from, or belong to one of its
/// identities. `to` reads the URI of the To of the REGISTER, which is one of them; it is asked only
/// if nothing else decides.
pub fn judge<'m>(
    record: &Bound<'_>,
    step: &Step<'_>,
    reply: &Reply<'_>,
    delay: i64,
    to: impl FnOnce() -> Option<&'m [u8]>,
) -> Judgement {
    if let Err(other) = is_own(record, step, reply, to) {
        return Judgement::Skip(other.to_string());
    }
    if let Some(named) = names_other(record, step, reply) {
        return Judgement::Skip(named.to_string());
    }
    match step.change {
        Change::Update { expires } => Judgement::Update { expires },
        Change::Remove => Judgement::remove(record, reply.now, delay),
    }
}

/// A record of somebody else.
#[derive(Debug, thiserror::Error)]
#[error(
    "contact {aor:?} was registered from {received}; the register came from {place} and has none of its identities"
)]
struct NotOwn {
    aor: BString,
    received: String,
    place: String,
}

fn is_own<'m>(
    record: &Bound<'_>,
    step: &Step<'_>,
    reply: &Reply<'_>,
    to: impl FnOnce() -> Option<&'m [u8]>,
) -> Result<(), NotOwn> {
    let place = &step.query.received;
    let has = |other: &[u8]| record.ids.iter().any(|id| identity::same(id, other));
    let identity = || reply.ids.iter().any(|other| has(other));
    let own_to = || !record.ids.is_empty() && to().is_some_and(has);
    // Who registered from a port of the moment and comes again from the port of its Contact: as
    // long as the record belongs to no identity, its address decides.
    let port = || Uri::parse(record.aor).is_ok_and(|uri| uri.port_or_default() == place.port);
    let unowned = || record.ids.is_empty() && record.received.same_host(place) && port();
    if record.is_from(place) || identity() || own_to() || unowned() {
        return Ok(());
    }
    Err(NotOwn {
        aor: scan::shown(record.aor),
        received: record.received.to_string(),
        place: place.to_string(),
    })
}

/// A record that another contact of the answer names.
#[derive(Debug, thiserror::Error)]
#[error("contact {found:?} is not {asked:?}, and the answer names it separately")]
struct NamesOther {
    found: BString,
    asked: BString,
}

/// Two contacts of one phone are told apart by their URIs, although one source finds both.
fn names_other(record: &Bound<'_>, step: &Step<'_>, reply: &Reply<'_>) -> Option<NamesOther> {
    let Ok(contacts @ [_, _, ..]) = reply.contacts.list() else { return None };
    let found = Uri::parse(record.aor).ok()?;
    let is_found = |text: &[u8]| Uri::parse(text).is_ok_and(|uri| same_contact(&uri, &found));
    if is_found(step.query.aor) || !contacts.iter().any(|contact| is_found(contact.uri)) {
        return None;
    }
    let (found, asked) = (scan::shown(record.aor), scan::shown(step.query.aor));
    Some(NamesOther { found, asked })
}

/// Whether two Contact URIs name the same binding: of the REGISTER and of its answer.
pub fn is_same(one: &[u8], other: &[u8]) -> bool {
    one == other
        || matches!((Uri::parse(one), Uri::parse(other)), (Ok(one), Ok(other)) if same_contact(&one, &other))
}

/// Scheme, user, host, port and instance: what makes two Contact URIs the same binding.
pub(super) fn same_contact(one: &Uri<'_>, other: &Uri<'_>) -> bool {
    one.scheme == other.scheme
        && one.user == other.user
        && one.host() == other.host()
        && one.port_or_default() == other.port_or_default()
        && one.param(b"rinstance") == other.param(b"rinstance")
}

#[cfg(test)]
mod tests;
