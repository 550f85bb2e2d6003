//! `pcscf_save_pending`: a REGISTER on its way to the registrar.

use crate::{
    callbacks,
    reading::{Listed, Origin},
    refused::{Refused, identity, shown},
    settings::Settings,
    store::{find, find_known, peer, place_of},
};
use bstr::ByteSlice;
use kamailio::{
    msg::{Msg, join_routes},
    pcscf::client::{Contact, Domain, Guard, Info},
    script::Verdict,
    timer,
};
use pcscf_core::{
    State,
    decide::{
        MAX_URI, Query,
        pending::{self, Found, Pending, Plan, Request},
    },
    sec_agree,
};

/// The database is the only store, and other nodes work on it too.
const SHARED_DATABASE: i32 = 3;

/// `pcscf_save_pending(domain)`
pub(crate) fn save(
    settings: &'static Settings,
    msg: &Msg<'_>,
    domain: Domain,
) -> Result<Verdict, Refused> {
    msg.parse().map_err(|why| Refused::new(msg, why))?;
    let origin = Origin::of(settings, msg);
    let place = origin.place().map_err(|why| Refused::new(msg, why))?;
    let via = origin.via(msg);
    let listed = Listed::first(msg);
    let now = timer::now();
    let plan = pending::plan(&Request {
        contacts: listed.contacts(),
        expires: msg.header(b"Expires"),
        via: via.unwrap_or_default(),
        place,
        now,
        pending_expires: settings.pending_expires,
        pending_on_deregister: settings.pending_on_deregister,
    });
    match plan.map_err(|why| Refused::new(msg, why))? {
        Plan::Nothing(why) => {
            kamailio::info!("{}: nothing is stored: {why}", identity(msg));
            Ok(Verdict::TRUE)
        }
        Plan::Pending(pending) => store(settings, msg, domain, &pending, now),
    }
}

fn store(
    settings: &Settings,
    msg: &Msg<'_>,
    domain: Domain,
    pending: &Pending<'_>,
    now: i64,
) -> Result<Verdict, Refused> {
    let guard = settings.usrloc.lock(domain, peer(&pending.query.via));
    let shared = settings.usrloc.db_mode() == SHARED_DATABASE;
    let query = &pending.query;
    let judged = |contact| {
        let found = pending::found(&place_of(&contact), pending, now, shared);
        (found, contact)
    };
    let mut known = find_known(&guard, query).map(judged);
    // Another server may have ended what stays as it is here: no matter, if it would be the same again.
    if settings.usrloc.is_ours()
        && let Some((found, contact)) = &known
        && (*found != Found::Leave || !would_be_the_same(contact, msg, query))
    {
        known = find(&guard, query).map(judged);
    }
    let Some((found, contact)) = known else {
        insert(settings, &guard, msg, pending);
        return Ok(Verdict::TRUE);
    };
    match found {
        Found::Other if settings.usrloc.is_ours() => {
            insert(settings, &guard, msg, pending);
            Ok(Verdict::TRUE)
        }
        // Another store would find the first of the two for ever, and get one more each time.
        Found::Other => {
            kamailio::notice!("{}: the contact of another phone is in its place", identity(msg));
            Ok(Verdict::TRUE)
        }
        Found::Leave => Ok(Verdict::TRUE),
        Found::Refresh { expires } => {
            asks_again(settings, &guard, msg, &contact);
            contact.set_expires(expires);
            Ok(Verdict::TRUE)
        }
        Found::Again { expires } => {
            asks_again(settings, &guard, msg, &contact);
            again(&guard, msg, &contact, expires);
            Ok(Verdict::TRUE)
        }
        Found::Refuse(held) => Err(Refused::new(msg, held).with_code(-2)),
        Found::PublishAndRefuse(held) => {
            let change = Info::state(State::DEREG_PENDING.0);
            if let Err(why) = guard.update(&contact, change) {
                kamailio::error!("{}: contact not changed: {why}", identity(msg));
            }
            Err(Refused::new(msg, held).with_code(-2))
        }
    }
}

/// Whether a new record for this REGISTER would say of the phone what `known` says.
fn would_be_the_same(known: &Contact<'_>, msg: &Msg<'_>, query: &Query<'_>) -> bool {
    let same_phone = known.aor() == query.aor && known.via() == peer(&query.via);
    let path = || path(msg).is_ok_and(|path| path == known.path());
    same_phone && msg.header(b"Security-Client").is_none() && path()
}

/// Stores a new record. A failure is ours, and the REGISTER goes on all the same: without it the
/// phone could not even be told.
fn insert(settings: &Settings, guard: &Guard<'_>, msg: &Msg<'_>, pending: &Pending<'_>) {
    if let Some(ipsec) = &settings.ipsec {
        ipsec.clean_up();
    }
    let path = path(msg).unwrap_or_else(|unreadable| {
        let unreadable = shown(unreadable).as_bstr();
        kamailio::notice!("{}: path passed over: {unreadable}", identity(msg));
        Vec::new()
    });
    let query = &pending.query;
    let new = guard.insert(Info {
        aor: query.aor,
        parts: query.parts,
        via: peer(&query.via),
        received: peer(&query.received),
        state: State::PENDING.0,
        expires: pending.expires,
        public_ids: &[],
        service_routes: &[],
        path: &path,
    });
    let contact = match new {
        Ok(contact) => contact,
        Err(why) => {
            let aor = query.aor.as_bstr();
            kamailio::error!("{}: contact {aor} not stored: {why}", identity(msg));
            return;
        }
    };
    let kept = guard.watch(&contact, callbacks::changed).and_then(|()| match security(msg) {
        Some(security) => guard.keep_security(&contact, &security),
        None => Ok(()),
    });
    if let Err(why) = kept {
        kamailio::error!("{}: contact {} incomplete: {why}", identity(msg), query.aor.as_bstr());
    }
}

/// The routes of all `Path` headers (RFC 3327), empty if there is none; the first one if one cannot be
/// read, or if they are longer than a contact may be: nobody is authenticated yet.
fn path<'m>(msg: &'m Msg<'_>) -> Result<Vec<u8>, &'m [u8]> {
    let Some(first) = msg.header(b"Path") else { return Ok(Vec::new()) };
    let bodies = || msg.headers(b"Path").map(|header| header.body());
    if bodies().map(<[u8]>::len).fold(0, usize::saturating_add) > MAX_URI {
        return Err(first);
    }
    join_routes(bodies()).ok_or(first)
}

/// A phone that begins anew chooses new associations: with those of its last attempt it would wait
/// for nothing. A store that keeps every old one gets no new one.
fn asks_again(settings: &Settings, guard: &Guard<'_>, msg: &Msg<'_>, contact: &Contact<'_>) {
    if !settings.usrloc.is_ours() {
        return;
    }
    let Some(asked) = security(msg) else { return };
    if !contact.has_asked_for(&asked)
        && let Err(why) = guard.keep_security(contact, &asked)
    {
        kamailio::error!("{}: security not kept: {why}", identity(msg));
    }
}

/// A record that was to go waits for an answer again.
fn again(guard: &Guard<'_>, msg: &Msg<'_>, contact: &Contact<'_>, expires: i64) {
    let change = Info { expires, ..Info::state(State::PENDING.0) };
    if let Err(why) = guard.update(contact, change) {
        kamailio::error!("{}: contact not changed: {why}", identity(msg));
    }
    // Also if the database did not hear of it: the phone is here.
    contact.set_expires(expires);
}

/// What the phone asks for to protect its signalling; nothing, and a line of the log, if that cannot
/// be read.
fn security<'m>(msg: &'m Msg<'_>) -> Option<sec_agree::Security<'m>> {
    let client = agreed(msg, b"Security-Client")?;
    let verify = agreed(msg, b"Security-Verify");
    Some(sec_agree::Security::new(&client, verify.as_ref()))
}

fn agreed<'m>(msg: &'m Msg<'_>, name: &'static [u8]) -> Option<sec_agree::Ipsec<'m>> {
    msg.header(name)?;
    match sec_agree::parse(msg.headers(name).map(|header| header.body())) {
        Ok(ipsec) => Some(ipsec),
        Err(why) => {
            kamailio::notice!("{}: {} passed over: {why}", identity(msg), name.as_bstr());
            None
        }
    }
}
