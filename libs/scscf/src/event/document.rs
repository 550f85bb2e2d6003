//! The document of a NOTIFY: everything that is registered, and what just happened.

use super::Cause;
use super::note::Contact as Changed;
use crate::matching::same_contact as same;
use reginfo::{Event, Extent, State, Told, Writer};
use std::borrow::Cow;
use std::collections::{HashSet, TryReserveError};

/// A registration as it stands in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registration {
    /// The public identity.
    pub aor: bstr::BString,
    /// Its contacts that are registered, in the order of the store.
    pub contacts: Vec<Bound>,
}

/// A contact that is registered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    /// Its URI.
    pub uri: bstr::BString,
    /// Seconds that it has left; nothing: it stays for good.
    pub left: Option<u64>,
    /// Preference in thousandths; negative: none.
    pub q: i32,
    /// Call-ID of its REGISTER; empty: not known.
    pub call_id: bstr::BString,
    /// `CSeq` of its REGISTER.
    pub cseq: u32,
    /// The parameters of its Contact header.
    pub params: Vec<(bstr::BString, bstr::BString)>,
}

/// What just happened.
#[derive(Clone, Copy, Debug)]
pub struct Change<'c> {
    /// What.
    pub cause: Cause,
    /// The identity that the request named.
    pub identity: &'c [u8],
    /// The contacts that it happened to.
    pub contacts: &'c [Changed<'c>],
}

/// How a document is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Names of the parameters of Contact that are told; empty: all but those that have a place of
    /// their own.
    pub names: Vec<bstr::BString>,
    /// Contacts are `registered` or `expired`, whatever happened: some readers know no more events.
    pub plain: bool,
}

/// What a document says of a contact that never expires: readers want a number.
const FOR_GOOD: u64 = i32::MAX.cast_unsigned() as u64;

/// Whether any of `registrations` has a contact.
pub fn is_active(registrations: &[Registration]) -> bool {
    registrations.iter().any(|registration| !registration.contacts.is_empty())
}

/// The document with the number `version`; one below 0 counts as 0. A contact that ended is told
/// under each registration, unless it is registered again by now.
///
/// # Errors
///
/// Out of memory.
pub fn write(
    version: i32,
    registrations: &[Registration],
    change: &Change<'_>,
    style: &Style,
) -> Result<Vec<u8>, TryReserveError> {
    let version = u32::try_from(version).unwrap_or(0);
    let mut writer = Writer::tabbed(version, Extent::Full)?;
    for registration in registrations {
        registration.write(&mut writer, change, style)?;
    }
    writer.finish()
}

impl Registration {
    fn write(
        &self,
        writer: &mut Writer,
        change: &Change<'_>,
        style: &Style,
    ) -> Result<(), TryReserveError> {
        let state = if self.contacts.is_empty() { State::Terminated } else { State::Active };
        let id = reginfo::id(&self.aor);
        let mut open = writer.registration(&self.aor, id.as_bytes(), Some(state))?;
        let event = match (style.plain, change.cause.ends()) {
            (false, _) => change.cause.event(crate::aor::same(&self.aor, change.identity)),
            (true, false) => Event::Registered,
            (true, true) => Event::Expired,
        };
        let mut ids = Ids { aor: &self.aor, given: HashSet::new() };
        if change.cause.ends() {
            // Nothing but `probation` has this attribute (RFC 3680 5.1).
            let retry_after = Some(u64::from(change.cause.retry_after()))
                .filter(|seconds| *seconds > 0 && !style.plain);
            let gone = change.contacts.iter().filter(|gone| !self.has(gone.uri));
            for contact in gone {
                let id = ids.next(contact.uri, contact.call_id);
                let told = Told {
                    id: id.as_bytes(),
                    state: State::Terminated,
                    event,
                    expires: Some(0),
                    retry_after,
                    ..told(contact.uri, contact.call_id, contact.cseq)
                };
                let (params, q) = (&contact.params, quality(contact.q));
                let params = params.iter().map(|(name, body)| (*name, *body));
                let params: Vec<_> = shown(params, style).collect();
                open.contact(&Told { q: q.as_deref(), ..told }, lent(&params))?;
            }
        }
        for contact in &self.contacts {
            let changed = || change.contacts.iter().any(|one| same(one.uri, &contact.uri));
            let event = if change.cause.ends() || !changed() { Event::Registered } else { event };
            let id = ids.next(&contact.uri, &contact.call_id);
            let told = Told {
                id: id.as_bytes(),
                state: State::Active,
                event,
                expires: Some(contact.left.unwrap_or(FOR_GOOD)),
                ..told(&contact.uri, &contact.call_id, contact.cseq)
            };
            let (params, q) = (&contact.params, quality(contact.q));
            let params = params.iter().map(|(name, body)| (name.as_slice(), body.as_slice()));
            let params: Vec<_> = shown(params, style).collect();
            open.contact(&Told { q: q.as_deref(), ..told }, lent(&params))?;
        }
        Ok(())
    }

    fn has(&self, uri: &[u8]) -> bool {
        self.contacts.iter().any(|contact| same(&contact.uri, uri))
    }
}

/// Names of contacts, each once in a document.
struct Ids<'r> {
    aor: &'r [u8],
    given: HashSet<String>,
}

impl Ids<'_> {
    /// The name of the contact `uri`; two users may share an identity and have the same contact.
    fn next(&mut self, uri: &[u8], call_id: &[u8]) -> String {
        let mut id = reginfo::id(&[self.aor, b" ", uri].concat());
        if !self.given.insert(id.clone()) {
            id = reginfo::id(&[self.aor, b" ", uri, b" ", call_id].concat());
            let mut number = 2_usize;
            while !self.given.insert(id.clone()) {
                id = format!("{id}-{number}");
                number = number.saturating_add(1);
            }
        }
        id
    }
}

/// A contact without what depends on its state.
fn told<'t>(uri: &'t [u8], call_id: &'t [u8], cseq: u32) -> Told<'t> {
    Told {
        id: b"",
        state: State::Active,
        event: Event::Registered,
        expires: None,
        retry_after: None,
        duration_registered: None,
        q: None,
        callid: Some(call_id).filter(|call_id| !call_id.is_empty()),
        cseq: Some(cseq).filter(|_| !call_id.is_empty()),
        uri,
        display_name: None,
    }
}

/// Preference as a document has it.
fn quality(q: i32) -> Option<Vec<u8>> {
    let q = u32::try_from(q).ok()?.min(1000);
    Some(format!("{}.{:03}", q / 1000, q % 1000).into_bytes())
}

/// The parameters that are told. Bodies are quoted, as the parser of the host took the quotes off.
fn shown<'p>(
    params: impl Iterator<Item = (&'p [u8], &'p [u8])>,
    style: &Style,
) -> impl Iterator<Item = (&'p [u8], Cow<'p, [u8]>)> {
    let wanted = move |name: &[u8]| match style.names.as_slice() {
        [] => !name.eq_ignore_ascii_case(b"q") && !name.eq_ignore_ascii_case(b"expires"),
        names => names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name)),
    };
    let quoted = |body: &'p [u8]| match body {
        [] | [b'"', .., b'"'] => Cow::Borrowed(body),
        _ => [b"\"", body, b"\""].concat().into(),
    };
    params.filter(move |(name, _)| wanted(name)).map(move |(name, body)| (name, quoted(body)))
}

fn lent<'p>(params: &'p [(&'p [u8], Cow<'p, [u8]>)]) -> impl Iterator<Item = (&'p [u8], &'p [u8])> {
    params.iter().map(|(name, body)| (*name, body.as_ref()))
}

#[cfg(test)]
mod tests;
