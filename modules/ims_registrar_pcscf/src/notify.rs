//! `reginfo_handle_notify`: the registrar tells the state of a registration.

use crate::{
    events::{self, Event},
    late::Order,
    refused::{Refused, identity, shown},
    settings::Settings,
    store::{find, judged, of_identity, peer, place_of},
};
use bstr::ByteSlice;
use kamailio::{
    msg::Msg,
    pcscf::client::{Contact, Domain, Guard, Info, OF_IDENTITY_MAX, Peer},
    pua::Dialog,
    script::Verdict,
    timer,
};
use pcscf_core::{
    State,
    decide::{
        Judgement, Query,
        notify::{self, Numbers, Registrations, Told},
    },
};
use reginfo::{Extent, Kind, Limits};
use std::borrow::Cow;

/// `reginfo_handle_notify(domain)`
pub(crate) fn handle(
    settings: &'static Settings,
    msg: &Msg<'_>,
    domain: Domain,
) -> Result<Verdict, Refused> {
    if !settings.subscribes {
        return Err(Refused::new(msg, "subscribe_to_reginfo is not 1, so nothing was asked for"));
    }
    msg.parse().map_err(|why| Refused::new(msg, why))?;
    let asked = of_our_dialog(settings, msg, domain)?;
    let body = body(msg);
    if body.is_empty() {
        return Ok(Verdict::TRUE);
    }
    let document = reginfo::parse(body, Kind::Notify, &Limits::default());
    let document = document.map_err(|why| Refused::new(msg, why))?;
    let order = asked.as_ref().zip(numbers(msg, &document));
    let order = order.map(|(asked, numbers)| Order::new(&asked.dialog, numbers));
    if let Some(order) = order
        && let Some(last) = order.take()
    {
        kamailio::notice!(
            "{}: not followed, it was overtaken: {order} after {last}",
            identity(msg)
        );
        return Ok(Verdict::TRUE);
    }
    for skipped in &document.skipped {
        kamailio::notice!("{}: passed over: {skipped}", identity(msg));
    }
    let full = document.extent != Some(Extent::Partial);
    let mut registrations = Registrations { full, ..Registrations::default() };
    let mut read = 0;
    for registration in &document.registrations {
        let ended = registration.state == Some(reginfo::State::Terminated);
        registrations.add(registration.aor.as_bytes(), ended);
        for contact in &registration.contacts {
            for uri in &contact.uris {
                let told = Told {
                    aor: registration.aor.as_bytes(),
                    uri: uri.as_bytes(),
                    terminated: contact.state == reginfo::State::Terminated,
                    expires: contact.expires,
                };
                match notify::search(&told) {
                    Ok(query) => {
                        read += 1;
                        if told.terminated && !ended && goes_on(registration, uri) {
                            continue;
                        }
                        follow(settings, msg, domain, order, &told, &query);
                    }
                    Err(why) => kamailio::notice!("{}: passed over: {why}", identity(msg)),
                }
            }
        }
    }
    for id in registrations.unsubscribe(asked.as_ref().map(|asked| &*asked.presentity)) {
        unsubscribe(msg, id);
    }
    end(settings, msg, domain, order, &registrations);
    Ok(Verdict::other(notify::code(registrations.ended.len(), read)))
}

/// As much of the body as `Content-Length` says and the message has.
fn body<'m>(msg: &'m Msg<'_>) -> &'m [u8] {
    let body = msg.body();
    let length = msg.header(b"Content-Length").and_then(|text| text.to_str().ok()?.parse().ok());
    body.get(..length.unwrap_or(body.len())).unwrap_or(body)
}

/// By what the NOTIFYs of a subscription come in an order; nothing if it does not say that.
fn numbers(msg: &Msg<'_>, document: &reginfo::Document) -> Option<Numbers> {
    Some(Numbers { version: document.version?, cseq: msg.cseq().ok()?.number })
}

/// A subscription of ours.
struct Asked<'m> {
    /// Who was asked about, as it was written then.
    presentity: Cow<'m, [u8]>,
    /// Its dialog, as the NOTIFY names it.
    dialog: Dialog<'m>,
}

/// Anybody can send NOTIFY: only who was asked is believed. Says what he was asked, unless anybody is
/// believed.
fn of_our_dialog<'m>(
    settings: &Settings,
    msg: &'m Msg<'_>,
    domain: Domain,
) -> Result<Option<Asked<'m>>, Refused> {
    if settings.any_dialog {
        return Ok(None);
    }
    let refused = |why: &str| Refused::new(msg, format_args!("not in a dialog of ours: {why}"));
    let from = msg.from().map_err(|why| Refused::new(msg, why))?;
    let to = msg.to().map_err(|why| Refused::new(msg, why))?;
    let dialog = Dialog {
        presentity: from.uri,
        watcher: to.uri,
        call_id: msg.call_id().map_err(|why| Refused::new(msg, why))?,
        local_tag: to.tag.ok_or_else(|| refused("no tag in to"))?,
        remote_tag: from.tag.ok_or_else(|| refused("no tag in from"))?,
    };
    let pua = settings.pua.as_ref();
    let known = |presentity: &[u8]| {
        let dialog = Dialog { presentity, ..dialog };
        pua.is_some_and(|pua| pua.has_dialog(&dialog))
    };
    if known(from.uri) {
        return Ok(Some(Asked { presentity: Cow::Borrowed(from.uri), dialog }));
    }
    // A registrar may have a form of its own of the identity that it was asked about, and only the
    // tags and the Call-ID name a dialog (RFC 3261 12); `pua` looks for the text that it sent.
    let others = other_spellings(settings, msg, domain, from.uri);
    match others.into_iter().find(|presentity| known(presentity)) {
        Some(presentity) => Ok(Some(Asked { presentity: Cow::Owned(presentity), dialog })),
        None => Err(refused("no subscription with this call-id and these tags")),
    }
}

/// The most identities that are looked for in place of one.
const SPELLINGS: usize = 16;

/// The identity `id` as the contacts that have it spell it, which is what is subscribed to, and what
/// else they have. The store of C cannot be asked for them.
fn other_spellings(settings: &Settings, msg: &Msg<'_>, domain: Domain, id: &[u8]) -> Vec<Vec<u8>> {
    let guard = settings.usrloc.lock(domain, Peer::default());
    let mut spellings: Vec<Vec<u8>> = Vec::new();
    for contact in of_identity(&guard, msg, id) {
        for other in contact.public_ids() {
            let known = other == id || spellings.iter().any(|spelling| spelling == other);
            if !known && spellings.len() < SPELLINGS {
                spellings.push(other.to_vec());
            }
        }
    }
    spellings
}

/// Asks no more for a registration that has ended.
fn unsubscribe(msg: &Msg<'_>, presentity: &[u8]) {
    if let Err(why) = events::push(&Event::Subscribe { presentity, routes: &[], expires: 0 }) {
        let id = shown(presentity).as_bstr();
        kamailio::error!("{}: still subscribed to {id}: {why}", identity(msg));
    }
}

/// Whether the registration has a contact with this URI that is active: a registrar that tells contacts
/// apart by their Call-IDs or Paths as well ends one of a phone that has started again, and keeps the
/// other. Here they are one.
fn goes_on(registration: &reginfo::Registration, uri: &String) -> bool {
    let active = |contact: &reginfo::Contact| contact.state == reginfo::State::Active;
    registration.contacts.iter().any(|contact| active(contact) && contact.uris.contains(uri))
}

/// Ends the contacts of the registrations that have ended, also those that are not named. The store
/// of C cannot be asked for them: there they end in their time.
fn end(
    settings: &Settings,
    msg: &Msg<'_>,
    domain: Domain,
    order: Option<Order>,
    registrations: &Registrations<'_>,
) {
    for id in &registrations.ended {
        // The store shows some at a time, registered ones first.
        for _ in 0..ROUNDS {
            let guard = settings.usrloc.lock(domain, Peer::default());
            if order.is_some_and(|order| order.is_overtaken()) {
                return;
            }
            if !end_some(&guard, settings, msg, id, registrations) {
                break;
            }
        }
    }
}

/// How often the contacts of an identity are asked for at the most.
const ROUNDS: usize = 64;

/// Ends some of the contacts with the identity `id`; whether there may be more.
fn end_some(
    guard: &Guard<'_>,
    settings: &Settings,
    msg: &Msg<'_>,
    id: &[u8],
    registrations: &Registrations<'_>,
) -> bool {
    let (now, delay) = (timer::now(), settings.delete_delay);
    let contacts = of_identity(guard, msg, id);
    let (all, mut ended) = (contacts.len() < OF_IDENTITY_MAX, false);
    for contact in contacts {
        if registrations.end(contact.public_ids(), contact.default_id()) {
            let judgement = notify::end(&place_of(&contact), now, delay);
            ended |= !matches!(judgement, Judgement::Skip(_));
            apply(guard, msg, contact, &judgement);
        }
    }
    ended && !all
}

/// Does to the record what is told of it.
fn follow(
    settings: &Settings,
    msg: &Msg<'_>,
    domain: Domain,
    order: Option<Order>,
    told: &Told<'_>,
    query: &Query<'_>,
) {
    let guard = settings.usrloc.lock(domain, peer(&query.via));
    // Another worker may have got the next one, and have been faster.
    if order.is_some_and(|order| order.is_overtaken()) {
        return;
    }
    let found = find(&guard, query).map(|found| own(&guard, msg, found, told, query));
    let Some(contact) = found else {
        let uri = shown(told.uri).as_bstr();
        if !told.terminated {
            kamailio::notice!("{}: no contact {uri} here", identity(msg));
        }
        return;
    };
    let delay = settings.delete_delay;
    let judge = |contact: &Contact<'_>| {
        judged(contact, |record| notify::judge(record, told, timer::now(), delay))
    };
    let judgement = judge(&contact);
    apply(&guard, msg, contact, &judgement);
    if told.terminated {
        for contact in of_identity(&guard, msg, told.aor) {
            if notify::ends_too(&place_of(&contact), told, query) {
                let judgement = judge(&contact);
                apply(&guard, msg, contact, &judgement);
            }
        }
    }
}

/// The contact that is told of: not `found` if that is of somebody else, who registered the same
/// address. The store of C cannot be asked for others.
fn own<'g>(
    guard: &'g Guard<'_>,
    msg: &Msg<'_>,
    found: Contact<'g>,
    told: &Told<'_>,
    query: &Query<'_>,
) -> Contact<'g> {
    if judged(&found, |record| notify::is_of(record, told)) {
        return found;
    }
    let mut theirs = of_identity(guard, msg, told.aor);
    let records: Vec<_> = theirs.iter().map(place_of).collect();
    match notify::among(&records, told, query) {
        Some(at) => theirs.swap_remove(at),
        None => found,
    }
}

fn apply(guard: &Guard<'_>, msg: &Msg<'_>, contact: Contact<'_>, judgement: &Judgement) {
    let failed = |why| kamailio::error!("{}: contact not changed: {why}", identity(msg));
    match judgement {
        Judgement::Delete => guard.delete(contact).unwrap_or_else(failed),
        Judgement::Update { expires } => {
            let change = Info { expires: *expires, ..Info::state(State::REGISTERED.0) };
            guard.update(&contact, change).unwrap_or_else(failed);
            contact.set_expires(*expires);
        }
        Judgement::Delay { expires, state } => {
            let change = Info { expires: *expires, ..Info::state(state.0) };
            guard.update(&contact, change).unwrap_or_else(failed);
            contact.set_expires(*expires);
        }
        Judgement::Skip(why) => kamailio::notice!("{}: left alone: {why}", identity(msg)),
    }
}
