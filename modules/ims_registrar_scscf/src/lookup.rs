//! `lookup` and its like: who is registered, and where a request goes.

use crate::{settings::Settings, tunable, tunable::Number};
use bstr::ByteSlice;
use kamailio::{
    msg::{Branch, ChangeError, Msg},
    refused::{Refused, shown},
    script::Verdict,
    scscf::client::{Contact, Domain, Identity, Registration},
    timer,
};
use scscf_core::{
    aor::{Aor, BadAor, Rules},
    lookup::{self, Asked, Candidate, MOST, Nowhere, Ue},
    methods,
};
use sip_text::scan::{self, Pieces};

/// The request cannot be sent to what was found.
const UNUSABLE: i32 = -3;

/// The key of the identity that `uri` means.
fn key<'u>(msg: &Msg<'_>, uri: &'u [u8]) -> Result<Aor<'u>, Refused> {
    Aor::exact(uri).map_err(|bad| Refused::new(msg, bad))
}

/// `lookup`: the request goes to the contacts of the identity in its Request-URI.
pub(crate) fn contacts(
    settings: &Settings,
    msg: &Msg<'_>,
    domain: Domain,
    ue: Ue,
) -> Result<Verdict, Refused> {
    let uri = msg.current_uri().unwrap_or_default();
    let identity = key(msg, &uri)?;
    let look = settings.usrloc.look(domain, identity.text());
    let nobody =
        || Refused::debug(msg, format_args!("{:?} is not registered", shown(&uri).as_bstr()));
    let record = look.identity().ok_or_else(nobody)?;
    let now = timer::now();
    let more = tunable::number(Number::AppendBranches) != 0;
    let asked = Asked {
        ue,
        method: method(settings, msg),
        order: settings.lookup_order,
        most: if more { MOST } else { 1 },
    };
    let found = match asked.order {
        lookup::Order::Bound => in_their_order(msg, &record, &asked, now),
        lookup::Order::NewestFirst | lookup::Order::Quality => sorted(msg, &record, &asked, now),
    };
    found?.map_err(|why| {
        let uri = shown(&uri).as_bstr();
        Refused::debug(msg, format_args!("{uri:?}: {why}")).with_code(why.code())
    })?;
    Ok(Verdict::TRUE)
}

/// Sends the request to the contacts in the order of the list.
fn in_their_order(
    msg: &Msg<'_>,
    record: &Identity<'_>,
    asked: &Asked,
    now: i64,
) -> Result<Result<(), Nowhere>, Refused> {
    let (mut found, mut why) = (0, Nowhere::NoContact);
    for contact in record.contacts() {
        match asked.takes_contact(&candidate(&contact, now)) {
            Err(Nowhere::NoContact) => {}
            Err(method) => why = method,
            Ok(()) if found >= asked.most => break,
            Ok(()) => {
                reach(msg, &contact, found == 0)?;
                found += 1;
            }
        }
    }
    Ok(if found == 0 { Err(why) } else { Ok(()) })
}

/// Sends it to them in another order.
fn sorted(
    msg: &Msg<'_>,
    record: &Identity<'_>,
    asked: &Asked,
    now: i64,
) -> Result<Result<(), Nowhere>, Refused> {
    let linked: Vec<Contact<'_>> = record.contacts().collect();
    let candidates: Vec<Candidate> = linked.iter().map(|found| candidate(found, now)).collect();
    let chosen = match lookup::choose(&candidates, asked) {
        Ok(chosen) => chosen,
        Err(why) => return Ok(Err(why)),
    };
    let chosen = chosen.into_iter().filter_map(|place| linked.get(place));
    for (place, contact) in chosen.enumerate() {
        reach(msg, contact, place == 0)?;
    }
    Ok(Ok(()))
}

/// Sends the request to `contact`, or a branch of it.
fn reach(msg: &Msg<'_>, contact: &Contact<'_>, is_first: bool) -> Result<(), Refused> {
    if is_first {
        return go_to(msg, contact).map_err(|why| unusable(msg, contact, &why));
    }
    // The others can be reached nevertheless.
    if let Err(why) = add(msg, contact) {
        kamailio::notice!("{}", unusable(msg, contact, &why));
    }
    Ok(())
}

fn unusable(msg: &Msg<'_>, contact: &Contact<'_>, why: &Unusable) -> Refused {
    let uri = shown(contact.uri()).as_bstr();
    Refused::new(msg, format_args!("contact {uri:?} cannot be reached: {why}")).with_code(UNUSABLE)
}

/// Why a contact cannot be reached.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("its path {0:?} is no list of routes")]
    Path(bstr::BString),
    #[error(transparent)]
    Change(#[from] ChangeError),
}

fn candidate(contact: &Contact<'_>, now: i64) -> Candidate {
    Candidate {
        valid: contact.is_valid(now),
        is_3gpp: contact.is_3gpp(),
        methods: contact.methods(),
        q: contact.q(),
        modified: contact.last_modified(),
    }
}

/// The bit of the method, if contacts must take it.
fn method(settings: &Settings, msg: &Msg<'_>) -> Option<u32> {
    msg.method_name().filter(|_| settings.filters_methods).map(methods::bit)
}

/// The first route of a path, without its angle brackets.
fn first_route(path: &[u8]) -> Result<&[u8], Unusable> {
    let bad = || Unusable::Path(shown(path).into());
    let first = Pieces::new(path, b',').next().and_then(Result::ok).ok_or_else(bad)?;
    let (_, rest) = scan::cut(first, b'<').ok_or_else(bad)?;
    let (uri, _) = scan::cut(rest, b'>').ok_or_else(bad)?;
    Some(uri).filter(|uri| scan::is_uri_or_quotes(uri)).ok_or_else(bad)
}

/// Sends the request to `contact`.
fn go_to(msg: &Msg<'_>, contact: &Contact<'_>) -> Result<(), Unusable> {
    let path = contact.path();
    let next = match path {
        [] => contact.received(),
        path => first_route(path)?,
    };
    msg.set_request_uri(contact.uri())?;
    msg.reset_destination()?;
    // Without one it is not to take that of a contact that was found before.
    msg.set_path(path)?;
    if !next.is_empty() {
        msg.set_destination(next)?;
    }
    msg.set_preference(contact.q());
    msg.add_branch_flags(contact.branch_flags());
    if let Some(socket) = contact.socket() {
        msg.force_socket(socket)?;
    }
    Ok(())
}

/// Sends it to `contact` as well.
fn add(msg: &Msg<'_>, contact: &Contact<'_>) -> Result<(), Unusable> {
    let path = contact.path();
    let destination = match path {
        [] => contact.received(),
        path => first_route(path)?,
    };
    msg.append_branch(&Branch {
        uri: contact.uri(),
        destination,
        path,
        q: contact.q(),
        flags: contact.branch_flags(),
        socket: contact.socket(),
    })?;
    Ok(())
}

/// `lookup_path_to_contact`: the request goes along the path of the contact `uri`.
pub(crate) fn path_to(settings: &Settings, msg: &Msg<'_>, uri: &[u8]) -> Result<Verdict, Refused> {
    // The request is within another call than the REGISTER.
    let found = settings.usrloc.find_contact(uri, b"", b"");
    let found = found.filter(|contact| contact.is_valid(timer::now()));
    let shown_uri = || shown(uri).as_bstr();
    let none = || Refused::debug(msg, format_args!("no contact {:?}", shown_uri()));
    let contact = found.ok_or_else(none)?;
    let path = contact.path();
    if path.is_empty() {
        return Err(Refused::debug(msg, format_args!("contact {:?} has no path", shown_uri())));
    }
    let done = first_route(path).and_then(|first| {
        msg.set_path(path)?;
        msg.set_destination(first)?;
        Ok(Verdict::TRUE)
    });
    done.map_err(|why| unusable(msg, &contact, &why).with_code(-1))
}

/// `impu_registered`: whether the identity in To is registered.
pub(crate) fn is_registered(
    settings: &Settings,
    msg: &Msg<'_>,
    domain: Domain,
) -> Result<Verdict, Refused> {
    let to = msg.to().map_err(|bad| Refused::new(msg, bad))?;
    let identity = key(msg, to.uri)?;
    let look = settings.usrloc.look(domain, identity.text());
    let registered =
        look.identity().is_some_and(|record| record.state() == Registration::Registered);
    Ok(registered.into())
}

/// `term_impu_registered`: whether the identity in the Request-URI is known here.
pub(crate) fn is_known(
    settings: &Settings,
    msg: &Msg<'_>,
    domain: Domain,
) -> Result<Verdict, Refused> {
    let uri = msg.current_uri().unwrap_or_default();
    let identity = key(msg, &uri)?;
    let look = settings.usrloc.look(domain, identity.text());
    Ok(look.identity().is_some().into())
}

/// `term_impu_has_contact`: whether the identity in the Request-URI has a contact that takes the
/// request.
pub(crate) fn has_contact(
    settings: &Settings,
    msg: &Msg<'_>,
    domain: Domain,
) -> Result<Verdict, Refused> {
    let uri = msg.current_uri().unwrap_or_default();
    let now = timer::now();
    let method = method(settings, msg);
    let found = with_named(settings, domain, &uri, |record| {
        record.contacts().any(|contact| {
            let takes = method.is_none_or(|bit| contact.methods() & bit != 0);
            contact.is_valid(now) && takes
        })
    });
    let found = found.map_err(|bad| Refused::new(msg, bad).with_code(UNUSABLE))?;
    Ok(found.unwrap_or(false).into())
}

/// Shows `work` the record of the identity that the script names as `uri`; nothing if there is none.
pub(crate) fn with_named<R>(
    settings: &Settings,
    domain: Domain,
    uri: &[u8],
    mut work: impl FnMut(&Identity<'_>) -> R,
) -> Result<Option<R>, BadAor> {
    let (first, second) = named(settings, uri)?;
    for key in [Some(first), second].into_iter().flatten() {
        let look = settings.usrloc.look(domain, &key);
        if let Some(record) = look.identity() {
            return Ok(Some(work(&record)));
        }
    }
    Ok(None)
}

/// The keys of the identity that the script names as `uri`, unless an AVP names another.
pub(crate) fn named(settings: &Settings, uri: &[u8]) -> Result<(Vec<u8>, Option<Vec<u8>>), BadAor> {
    let prefix = tunable::realm_prefix();
    let rules = Rules {
        case_sensitive: tunable::number(Number::CaseSensitive) != 0,
        realm_prefix: &prefix,
    };
    let other = settings.aor_avp.and_then(kamailio::avp::AvpSpec::text);
    let aor = Aor::loose(other.as_deref().unwrap_or(uri), &rules)?;
    Ok((aor.text().to_vec(), aor.lower().map(<[u8]>::to_vec)))
}
