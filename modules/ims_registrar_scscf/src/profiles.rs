//! `reg_fetch_contacts`, and the pseudo-variables that show what it found.

use crate::{lookup, settings::Settings};
use bstr::{BStr, BString};
use core::convert::Infallible;
use kamailio::{
    msg::Msg,
    pv::Value,
    refused::Refused,
    script::Verdict,
    scscf::client::{Contact, Domain, Identity},
    timer,
};
use std::{cell::RefCell, collections::HashMap};

/// What a profile knows of a contact.
#[derive(Debug)]
struct Copy {
    aor: BString,
    domain: BString,
    addr: BString,
    path: BString,
    received: BString,
    callid: BString,
    user_agent: BString,
    socket: BString,
    impi: BString,
    expires: i64,
    modified: i64,
    q: i32,
    cseq: i32,
    flags: u32,
    cflags: u32,
    methods: u32,
}

impl Copy {
    fn of(identity: &Identity<'_>, domain: Domain, contact: &Contact<'_>) -> Self {
        Self {
            aor: contact.aor().into(),
            domain: domain.name().into(),
            addr: contact.uri().into(),
            path: contact.path().into(),
            received: contact.received().into(),
            callid: contact.call_id().into(),
            user_agent: contact.user_agent().into(),
            socket: contact.socket().map_or_else(BString::default, |socket| socket.text().into()),
            impi: identity.private().into(),
            expires: contact.expires(),
            modified: contact.last_modified(),
            q: contact.q(),
            cseq: contact.cseq(),
            flags: contact.flags(),
            cflags: contact.branch_flags(),
            methods: contact.methods(),
        }
    }
}

thread_local! {
    /// By the names that the script gave them.
    static PROFILES: RefCell<HashMap<BString, Vec<Copy>>> = RefCell::new(HashMap::new());
}

/// `reg_fetch_contacts`
pub(crate) fn fetch(
    settings: &Settings,
    msg: &Msg<'_>,
    domain: Domain,
    uri: &[u8],
    profile: BString,
) -> Result<Verdict, Refused> {
    let now = timer::now();
    let found = lookup::with_named(settings, domain, uri, |record| {
        // What has ended is linked until the store looks, and no way to the user any more.
        let valid = record.contacts().filter(|contact| contact.is_valid(now));
        valid.map(|contact| Copy::of(record, domain, &contact)).collect::<Vec<_>>()
    });
    let found = found.map_err(|bad| Refused::new(msg, bad))?;
    PROFILES.with_borrow_mut(|profiles| match found {
        Some(contacts) => {
            profiles.insert(profile, contacts);
            Ok(Verdict::TRUE)
        }
        None => {
            profiles.remove(&profile);
            Ok(Verdict::FALSE)
        }
    })
}

/// `reg_free_contacts`
pub(crate) fn free(profile: &BStr) -> Verdict {
    PROFILES.with_borrow_mut(|profiles| profiles.remove(profile));
    Verdict::TRUE
}

/// What may stand behind the arrow.
const ATTRIBUTES: [&[u8]; 18] = [
    b"aor",
    b"domain",
    b"aorhash",
    b"addr",
    b"path",
    b"received",
    b"expires",
    b"callid",
    b"q",
    b"cseq",
    b"flags",
    b"cflags",
    b"user_agent",
    b"socket",
    b"modified",
    b"methods",
    b"count",
    b"impi",
];

/// The profile and the attribute in `profile=>attribute`.
fn parts(name: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = name.windows(2).position(|pair| pair == b"=>")?;
    let (profile, rest) = name.split_at_checked(at)?;
    let (profile, attribute) = (profile.trim_ascii(), rest.get(2..)?.trim_ascii());
    Some((profile, attribute)).filter(|_| !profile.is_empty())
}

/// Whether `name` is one that there can be.
pub(crate) fn is_name(name: &[u8]) -> bool {
    parts(name).is_some_and(|(_, attribute)| ATTRIBUTES.contains(&attribute))
}

/// `$(ulc(profile=>attribute)[index])`
pub(crate) fn value(_: &Msg<'_>, name: &[u8], index: i32) -> Result<Value, Infallible> {
    let Some((profile, attribute)) = parts(name) else { return Ok(Value::Null) };
    Ok(PROFILES.with_borrow(|profiles| {
        let Some(contacts) = profiles.get(BStr::new(profile)) else { return Value::Null };
        if attribute == b"count" {
            return Value::Int(i32::try_from(contacts.len()).unwrap_or(i32::MAX));
        }
        let index = usize::try_from(index).unwrap_or(0);
        contacts.get(index).map_or(Value::Null, |contact| show(contact, attribute))
    }))
}

fn show(contact: &Copy, attribute: &[u8]) -> Value {
    let text =
        |text: &BString| if text.is_empty() { Value::Null } else { Value::Text(text.clone()) };
    let number = |number: u32| Value::Int(number.cast_signed());
    let time = |time: i64| Value::Int(i32::try_from(time).unwrap_or(i32::MAX));
    match attribute {
        b"aor" => text(&contact.aor),
        b"domain" => text(&contact.domain),
        b"addr" => text(&contact.addr),
        b"path" => text(&contact.path),
        b"received" => text(&contact.received),
        b"callid" => text(&contact.callid),
        b"user_agent" => text(&contact.user_agent),
        b"socket" => text(&contact.socket),
        b"impi" => text(&contact.impi),
        b"expires" => time(contact.expires),
        b"modified" => time(contact.modified),
        b"q" => Value::Int(contact.q),
        b"cseq" => Value::Int(contact.cseq),
        b"flags" => number(contact.flags),
        b"cflags" => number(contact.cflags),
        b"methods" => number(contact.methods),
        // As the module of C, which never fills it.
        b"aorhash" => Value::Int(0),
        _ => Value::Null,
    }
}
