//! From the message to the plan.

use super::{Contact, Lifetime, Plan, Request, Settings, Wants, path};
use crate::{
    aor::{Aor, BadAor},
    contact::{self, BadContact, Listed, Listing},
    credentials, expires,
    expires::Asked,
    methods, quality,
    refusal::Refusal,
};
use sip_text::{scan, uri::Uri};
use std::borrow::Cow;

/// The longest Call-ID, User-Agent and place that a contact was received from, in bytes.
const LONGEST: usize = 255;

/// What is stored when a client does not say what it is.
const NO_USER_AGENT: &[u8] = b"n/a";

/// Makes a plan of a REGISTER.
///
/// # Errors
///
/// Why it is refused.
pub fn read<'m>(request: &Request<'m>, settings: &Settings) -> Result<Plan<'m>, Refusal> {
    let call_id = scan::trim(request.call_id);
    match call_id.len() {
        0 => return Err(Refusal::NoCallId),
        length if length > LONGEST => return Err(Refusal::CallIdLong),
        _ => {}
    }
    let cseq = scan::number(scan::trim(request.cseq)).and_then(|number| u32::try_from(number).ok());
    let cseq = cseq.ok_or(Refusal::CSeq)?;
    let listing = contact::read(request.contacts.iter().copied()).map_err(|bad| match bad {
        BadContact::NotAlone => Refusal::StarNotAlone,
        BadContact::Long(..) => Refusal::ContactLong,
        BadContact::TooMany => Refusal::TooMany,
        _ => Refusal::Contact,
    })?;
    let header = request.expires.and_then(expires::seconds);
    let (identity, private) = identities(request, settings)?;
    let mut plan = Plan {
        identity,
        private,
        call_id: Cow::Borrowed(call_id),
        cseq,
        user_agent: user_agent(request),
        path: Cow::default(),
        echoes_path: false,
        behind_nat: false,
        wants: Wants::Query,
    };
    plan.wants = match listing {
        Listing::Star if header != Some(0) => return Err(Refusal::StarNotZero),
        Listing::Star => Wants::RemoveAll,
        Listing::List(list) if list.is_empty() && header == Some(0) => {
            return Err(Refusal::NothingToRemove);
        }
        Listing::List(list) if list.is_empty() => Wants::Query,
        Listing::List(list) => {
            let reading = Reading { request, settings, header, allowed: None };
            Wants::Contacts(reading.contacts(&list)?)
        }
    };
    if plan.registers() {
        take_path(&mut plan, request, settings)?;
    } else {
        // With `matching_mode` 2 it says which contact ends.
        plan.path = path::taken(&request.paths, &settings.path);
    }
    Ok(plan)
}

/// A text of the message, or made of one.
type Text<'m> = Cow<'m, [u8]>;

/// The public and the private identity.
fn identities<'m>(
    request: &Request<'m>,
    settings: &Settings,
) -> Result<(Text<'m>, Text<'m>), Refusal> {
    whose(request.to, request.authorization.iter().copied(), settings.any_realm)
}

/// The public identity that `to` is, and the private one that one of the bodies of Authorization names;
/// else the public one stands for it. `any_realm`: the realm of the user need not be that of the
/// credentials.
///
/// # Errors
///
/// `to` is no identity, or has no realm.
pub fn whose<'m>(
    to: &'m [u8],
    authorization: impl IntoIterator<Item = &'m [u8]>,
    any_realm: bool,
) -> Result<(Text<'m>, Text<'m>), Refusal> {
    let to = scan::trim(to);
    if to.is_empty() {
        return Err(Refusal::NoTo);
    }
    let aor = Aor::exact(to).map_err(|bad| match bad {
        BadAor::Long(..) | BadAor::LongPart(..) => Refusal::AorLong,
        BadAor::NotUri(_) => Refusal::Aor,
    })?;
    let realm = if any_realm { None } else { Some(aor.realm().ok_or(Refusal::Aor)?) };
    let named = credentials::username(authorization, realm);
    let identity = aor.into_text();
    let private = match (named, &identity) {
        (Some(name), _) => Cow::Borrowed(name),
        (None, Cow::Borrowed(text)) => Cow::Borrowed(without_scheme(text)),
        (None, Cow::Owned(text)) => Cow::Owned(without_scheme(text).to_vec()),
    };
    Ok((identity, private))
}

/// What stands for a private identity: the public one, without the scheme of a SIP URI.
pub(super) fn without_scheme(identity: &[u8]) -> &[u8] {
    let rest = identity.strip_prefix(b"sip:").or_else(|| identity.strip_prefix(b"sips:"));
    rest.unwrap_or(identity)
}

fn user_agent<'m>(request: &Request<'m>) -> Text<'m> {
    let said = request.user_agent.map(|text| scan::unfolded(scan::trim(text)));
    said.filter(|text| (1..LONGEST).contains(&text.len())).unwrap_or(Cow::Borrowed(NO_USER_AGENT))
}

/// Reads the Path, which is stored with every contact that is registered.
fn take_path<'m>(
    plan: &mut Plan<'m>,
    request: &Request<'m>,
    settings: &Settings,
) -> Result<(), Refusal> {
    let found = path::read(&request.paths, &request.supported, &settings.path)?;
    plan.path = found.text;
    plan.echoes_path = found.echoed;
    if let (Some(received), Wants::Contacts(contacts)) = (found.received, &mut plan.wants) {
        plan.behind_nat = true;
        for contact in contacts {
            contact.received = Cow::Borrowed(received);
        }
    }
    Ok(())
}

/// The contacts of one request at work.
struct Reading<'a, 'm> {
    request: &'a Request<'m>,
    settings: &'a Settings,
    header: Option<u32>,
    /// What the Allow headers say, once they were read.
    allowed: Option<u32>,
}

impl<'m> Reading<'_, 'm> {
    fn contacts(mut self, list: &[Listed<'m>]) -> Result<Vec<Contact<'m>>, Refusal> {
        list.iter().map(|listed| self.contact(listed)).collect()
    }

    fn contact(&mut self, listed: &Listed<'m>) -> Result<Contact<'m>, Refusal> {
        let uri = Uri::parse(listed.uri).map_err(|_| Refusal::Contact)?;
        let (mut asked, mut q, mut methods, mut received) = (None, None, None, None);
        for (name, value) in listed.params.iter() {
            let place = match name {
                [b'e' | b'E', ..] if name.eq_ignore_ascii_case(b"expires") => &mut asked,
                [b'q' | b'Q'] => &mut q,
                [b'm' | b'M', ..] if name.eq_ignore_ascii_case(b"methods") => &mut methods,
                [b'r' | b'R', ..] if name.eq_ignore_ascii_case(b"received") => &mut received,
                _ => continue,
            };
            // The first one counts.
            place.get_or_insert(value);
        }
        let q = match q.filter(|text| !text.is_empty()) {
            Some(text) => quality::read(text).ok_or(Refusal::Quality)?,
            None => self.settings.default_q,
        };
        let methods = match methods {
            Some(list) => methods::read(list).ok_or(Refusal::Message)?,
            None => self.allowed(),
        };
        let received = received.filter(|text| !text.is_empty()).or(self.request.received);
        let received = received.unwrap_or(b"");
        if received.len() > LONGEST {
            return Err(Refusal::ContactLong);
        }
        Ok(Contact {
            uri: Cow::Borrowed(listed.uri),
            params: listed.params,
            q,
            lifetime: self.lifetime(asked, uri.param(b"sos").is_some())?,
            methods,
            received: Cow::Borrowed(received),
        })
    }

    fn lifetime(&self, param: Option<&[u8]>, sos: bool) -> Result<Lifetime, Refusal> {
        let Settings { lifetimes, precise, refuses_brief, .. } = self.settings;
        let asked = match expires::asked(param, self.header) {
            Ok(Asked::Seconds(0)) => return Ok(Lifetime::Remove),
            Ok(asked) => asked,
            Err(_) if *precise => return Err(Refusal::Expires),
            // The header asks for the end of what says nothing of its own.
            Err(_) if self.header == Some(0) => return Ok(Lifetime::Remove),
            // As short as can be, but nobody asked for the end.
            Err(_) => Asked::Seconds(1),
        };
        match lifetimes.too_brief(asked, sos) {
            Some(min) if *refuses_brief => Err(Refusal::Brief(min)),
            _ => Ok(Lifetime::Seconds(lifetimes.grant(asked, sos, self.request.random).max(1))),
        }
    }

    fn allowed(&mut self) -> u32 {
        let bodies = self.request.allow.iter().copied();
        *self.allowed.get_or_insert_with(|| methods::allowed(bodies))
    }
}
