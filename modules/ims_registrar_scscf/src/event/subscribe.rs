//! `subscribe_to_reg`: from the message to the store, to the reply and to the first NOTIFY.

use super::{
    allowed::{check, presentity},
    ends, facts,
    hooks::{self, numbered},
    rules::{self, Rules},
    trouble,
};
use crate::settings::{self, Settings};
use bstr::BStr;
use core::fmt;
use kamailio::{
    msg::{Bindings, Contact, Expires, Method, Msg},
    refused::Refused,
    script::Verdict,
    scscf::client::{self, Domain, NewWatcher, WatcherChange},
    timer,
};
use scscf_core::event::{self, Cause, Dialog, Note, Only, Plan, Watcher, first_numbers, plan};

/// A SUBSCRIBE, read.
struct Asked<'m> {
    presentity: Vec<u8>,
    watcher: &'m [u8],
    contact: &'m [u8],
    call_id: &'m [u8],
    remote_tag: &'m [u8],
    local_tag: Vec<u8>,
    routes: Vec<u8>,
    socket: &'static [u8],
    cseq: u32,
    /// Seconds that are granted; 0: it ends.
    granted: u32,
}

impl Asked<'_> {
    fn dialog(&self) -> Dialog<'_> {
        Dialog { call_id: self.call_id, local_tag: &self.local_tag, remote_tag: self.remote_tag }
    }
}

/// What a SUBSCRIBE came to.
enum Done {
    /// A subscription begins or goes on.
    Saved,
    /// This one ended.
    Ended(Box<Watcher>),
}

/// `subscribe_to_reg(domain)`
pub(crate) fn subscribe_to_reg(msg: &Msg<'_>, domain: Domain) -> Result<Verdict, Refused> {
    let (Some(settings), Some(rules)) = (settings::get(), rules::get()) else {
        return Ok(Verdict::FALSE);
    };
    check(msg, Method::Subscribe)?;
    let asked = read(settings, rules, msg)?;
    let (done, private) =
        store(settings, rules, domain, &asked).map_err(|why| Refused::new(msg, why))?;
    trouble::forget(&asked.dialog());
    if asked.granted > 0 {
        let due = timer::now().saturating_add(asked.granted.into());
        ends::note(settings.usrloc, domain, &asked.presentity, due);
    }
    let reason = match done {
        Done::Saved => "Subscription to REG saved",
        Done::Ended(_) => "Subscription to REG dropped",
    };
    let replied = reply(settings, msg, &asked, reason);
    let (cause, only) = match done {
        Done::Saved => (Cause::Subscribed, Only::Dialog(asked.dialog())),
        Done::Ended(watcher) if rules.last_notify => {
            (Cause::Unsubscribed, Only::Gone(vec![*watcher]))
        }
        Done::Ended(_) => return replied,
    };
    let note = Note {
        cause,
        domain: domain.name(),
        identity: &asked.presentity,
        identities: vec![&asked.presentity],
        contacts: Vec::new(),
        only,
    };
    // Also when the reply failed: the subscription stands.
    if !hooks::push(&private, &note) {
        return Err(Refused::new(msg, "the first NOTIFY is not sent").with_code(-2));
    }
    replied
}

fn read<'m>(settings: &Settings, rules: &Rules, msg: &'m Msg<'_>) -> Result<Asked<'m>, Refused> {
    let bad = |what: &dyn fmt::Display| Refused::new(msg, what);
    let presentity = presentity(msg, Method::Subscribe)?;
    let from = msg.from().map_err(|what| bad(&what))?;
    let to = msg.to().map_err(|what| bad(&what))?;
    let contact = match msg.contact() {
        Contact::One(uri) => Some(uri),
        // There must be but one (RFC 3261 8.1.1.8). C takes one of several, too.
        Contact::Many => msg.bindings().find_map(first),
        _ => None,
    };
    let contact = contact
        .ok_or_else(|| bad(&format!("contact is {:?}, must be an address", msg.contact())))?;
    let asked = match msg.expires() {
        // What cannot be read counts as if it were not there (RFC 3261 20.19).
        Expires::Absent | Expires::Malformed => None,
        Expires::Seconds(seconds) => Some(seconds),
    };
    let local_tag = match to.tag {
        Some(tag) => tag.to_vec(),
        None => settings.sl.reply_to_tag(msg).map_err(|what| bad(&what).failure())?,
    };
    Ok(Asked {
        presentity,
        watcher: from.uri,
        contact,
        call_id: msg.call_id().map_err(|what| bad(&what))?,
        remote_tag: from.tag.ok_or_else(|| bad(&"no tag in from"))?,
        local_tag,
        routes: msg.record_route().map_err(|what| bad(&what))?,
        socket: msg.receiving_socket().map_or(&[], |socket| socket.text()),
        cseq: msg.cseq().map_err(|what| bad(&what))?.number,
        granted: rules.bounds.granted(asked, getrandom::u32().unwrap_or(0)),
    })
}

/// The first address of a Contact header.
fn first(bindings: Bindings<'_>) -> Option<&[u8]> {
    match bindings {
        Bindings::List(list) => list.first().map(|binding| binding.uri),
        Bindings::Star | Bindings::Malformed => None,
    }
}

/// Carries it out under one lock; gives the private identity, too.
fn store(
    settings: &Settings,
    rules: &Rules,
    domain: Domain,
    asked: &Asked<'_>,
) -> Result<(Done, Vec<u8>), String> {
    let guard = settings.usrloc.lock(domain, &asked.presentity);
    let missing = || format!("{:?} is not stored", BStr::new(&asked.presentity));
    let record = guard.identity().ok_or_else(missing)?;
    let private = facts::private(&record).to_vec();
    let mut all: Vec<_> = record.watchers().filter(client::Watcher::is_reg).collect();
    let known =
        all.iter().map(|raw| event::Known { contact: raw.contact(), dialog: facts::dialog(raw) });
    let plan = plan(known, asked.contact, &asked.dialog(), asked.granted == 0);
    let expires = timer::now().saturating_add(asked.granted.into());
    let mut numbers = first_numbers(asked.cseq, rules.first_version);
    let refused = |error: kamailio::Error| {
        format!("watcher of {:?} not stored: {error}", BStr::new(&asked.presentity))
    };
    let old = match plan {
        Plan::Add => None,
        Plan::Refresh(at) | Plan::Move(at) | Plan::Replace(at) | Plan::End(at) => {
            (at < all.len()).then(|| all.swap_remove(at))
        }
        Plan::Unknown => {
            return Err(format!(
                "nobody at {:?} watches {:?}, expires is 0",
                BStr::new(asked.contact),
                BStr::new(&asked.presentity)
            ));
        }
    };
    match (plan, old) {
        (Plan::Refresh(_), Some(raw)) => {
            let change = WatcherChange { expires: Some(expires), ..WatcherChange::default() };
            guard.change_watcher(&record, &raw, &change).map_err(refused)?;
            return Ok((Done::Saved, private));
        }
        (Plan::End(_), Some(raw)) => {
            let last = numbered(&facts::watcher(&raw));
            guard.drop_watcher(raw);
            return Ok((Done::Ended(Box::new(last)), private));
        }
        (Plan::Move(_), Some(raw)) => {
            numbers = (raw.cseq(), raw.version());
            trouble::forget(&facts::dialog(&raw));
            guard.drop_watcher(raw);
        }
        (Plan::Replace(_), Some(raw)) => {
            kamailio::info!("a new dialog replaces {}", facts::watcher(&raw).shown());
            trouble::forget(&facts::dialog(&raw));
            guard.drop_watcher(raw);
        }
        _ => {}
    }
    let new = NewWatcher {
        presentity: &asked.presentity,
        uri: asked.watcher,
        contact: asked.contact,
        call_id: asked.call_id,
        from_tag: asked.remote_tag,
        to_tag: &asked.local_tag,
        record_route: &asked.routes,
        socket: asked.socket,
        expires,
        cseq: numbers.0,
        version: numbers.1,
    };
    guard.add_watcher(&record, &new).map_err(refused)?;
    Ok((Done::Saved, private))
}

fn reply(
    settings: &Settings,
    msg: &Msg<'_>,
    asked: &Asked<'_>,
    reason: &str,
) -> Result<Verdict, Refused> {
    let expires = asked.granted.to_string();
    // Up to 5.8 the server named itself.
    let contact = if kamailio::HOST_VERSION < 6_000_000 {
        settings.scscf_name
    } else {
        asked.presentity.as_slice()
    };
    let headers: [&[u8]; 5] =
        [b"Expires: ", expires.as_bytes(), b"\r\nContact: <", contact, b">\r\n"];
    let failed =
        |error: &dyn fmt::Display| Refused::new(msg, format!("200 not sent: {error}")).failure();
    msg.add_reply_header(&headers.concat()).map_err(|error| failed(&error))?;
    settings.sl.reply(msg, 200, reason).map_err(|error| failed(&error))?;
    Ok(Verdict::TRUE)
}
