//! SUBSCRIBE: from the message to the line and to the replies.

use crate::{
    lines::{self, LineError},
    notify::Outgoing,
    params,
    parties::StandIns,
    settings::{self, Settings},
    stats,
};
use bstr::{BStr, BString};
use core::fmt;
use kamailio::{
    error::Report,
    log::Level,
    msg::{Contact, Expires, Method, Msg, NameAddr, Uri},
    script::Verdict,
};
use sca_core::{
    Event, aor, expires,
    subscribe::{self, Accepted, Refusal, Request},
};

/// A SUBSCRIBE that was refused, as the log tells it. The reply is sent already.
#[derive(Debug)]
pub(crate) struct Refused {
    text: String,
    level: Level,
}

impl Refused {
    fn new(msg: &Msg<'_>, Failure { why, detail }: &Failure) -> Self {
        let from = msg.from().map(|from| from.uri).unwrap_or_default();
        let call_id = msg.call_id().unwrap_or_default();
        let text = format!(
            "SUBSCRIBE of {} with Call-ID {} refused with {}: {why}{}{}",
            BStr::new(from),
            BStr::new(call_id),
            why.status(),
            if detail.is_some() { ": " } else { "" },
            detail.as_deref().unwrap_or_default()
        );
        let level = match why {
            Refusal::Method(_) | Refusal::Storage | Refusal::Reply => Level::Error,
            // What a phone sends wrong is no error of ours.
            _ => Level::Notice,
        };
        Self { text, level }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Report for Refused {
    fn level(&self) -> Level {
        self.level
    }

    fn verdict(&self) -> Verdict {
        Verdict::FALSE
    }
}

/// Takes the SUBSCRIBE, replies to it, and sends the NOTIFYs.
pub(crate) fn handle(msg: &Msg<'_>, stand_ins: &StandIns) -> Result<Verdict, Refused> {
    let Some(settings) = settings::get() else { return Ok(Verdict::FALSE) };
    let failure = match accept(msg, stand_ins, settings) {
        Ok((accepted, event, outgoing)) => match reply(msg, settings, event, &accepted) {
            Ok(()) => return Ok(Verdict::from(outgoing.send())),
            Err(error) => {
                // The subscription stands, and its NOTIFYs are due: the phone may have heard us.
                outgoing.send();
                Failure { why: Refusal::Reply, detail: Some(error.to_string()) }
            }
        },
        Err(failure) => failure,
    };
    refuse(msg, settings, &failure.why);
    Err(Refused::new(msg, &failure))
}

struct Failure {
    why: Refusal,
    detail: Option<String>,
}

impl From<Refusal> for Failure {
    fn from(why: Refusal) -> Self {
        Self { why, detail: None }
    }
}

impl From<LineError> for Failure {
    fn from(error: LineError) -> Self {
        Self { why: Refusal::Storage, detail: Some(error.to_string()) }
    }
}

fn bad(header: &'static str) -> Refusal {
    Refusal::BadHeader(header)
}

/// Reads the request in the order of the checks that the replies promise, and carries it out.
fn accept(
    msg: &Msg<'_>,
    stand_ins: &StandIns,
    settings: &Settings,
) -> Result<(Accepted, Event, Outgoing), Failure> {
    msg.parse().map_err(|_| Refusal::Headers)?;
    if msg.method() != Method::Subscribe {
        return Err(Refusal::Method(BString::from(msg.method_name().unwrap_or_default())).into());
    }
    let event = msg.event().filter(|event| !event.is_empty()).ok_or(Refusal::MissingEvent)?;
    let event = Event::parse(event).ok_or_else(|| Refusal::BadEvent(BString::from(event)))?;
    let Contact::One(contact) = msg.contact() else { return Err(bad("Contact").into()) };
    if !Uri::is_valid(contact) {
        return Err(bad("Contact").into());
    }
    // A phone that subscribes to its own line names it three times: once is enough to be read.
    let is_uri = |uri: &[u8], known: &[&[u8]]| known.contains(&uri) || Uri::is_valid(uri);
    let from = address(stand_ins.from(), || msg.from().ok());
    let from = from.filter(|from| is_uri(from.uri, &[])).ok_or(bad("From"))?;
    let from_tag = from.tag.ok_or(bad("tag of From"))?;
    let to = address(stand_ins.to(), || msg.to().ok());
    let to = to.filter(|to| is_uri(to.uri, &[from.uri])).ok_or(bad("To"))?;
    // The one that the script put in its place, where it did: it may know the line by another name.
    let target = msg.current_uri();
    let target = target.as_deref().filter(|uri| is_uri(uri, &[to.uri, from.uri]));
    let target = target.ok_or(bad("Request-URI"))?;
    let call_id = msg.call_id().map_err(|_| bad("Call-ID"))?;
    msg.cseq().map_err(|_| bad("CSeq"))?;
    let record_route = msg.record_route().map_err(|_| bad("Record-Route"))?;
    let asked = match msg.expires() {
        Expires::Absent => None,
        Expires::Seconds(seconds) => Some(seconds),
        Expires::Malformed => return Err(bad("Expires").into()),
    };
    let (default, max) = match event {
        Event::CallInfo => (3600, params::CALL_INFO_MAX_EXPIRES.get()),
        Event::LineSeize => (15, params::LINE_SEIZE_MAX_EXPIRES.get()),
    };
    let index = match event {
        Event::CallInfo => 0,
        Event::LineSeize => subscribe::seize_index(msg.header(b"Call-Info"))?,
    };
    let new_tag;
    let to_tag = match to.tag {
        Some(tag) => tag,
        None => {
            new_tag = settings.sl.reply_to_tag(msg).map_err(|error| Failure {
                why: Refusal::Reply,
                detail: Some(error.to_string()),
            })?;
            &new_tag
        }
    };
    let in_dialog = to.tag.is_some();
    let request = Request {
        event,
        contact,
        call_id,
        from_tag,
        to_tag,
        in_dialog,
        record_route: &record_route,
        // As the C module: it is checked to be a number and then left out.
        cseq: 0,
        expires: expires::granted(asked, default, max),
        index,
    };
    let ctx = lines::context();
    let changed = lines::with(aor::of_subscribe(target, to.uri, in_dialog), |line, _| {
        subscribe::subscribe(line, &ctx, &request)
    });
    if event == Event::LineSeize {
        match &changed {
            Ok((Ok(Accepted { seized: Some(_), .. }), _)) => stats::SEIZES_GRANTED.increment(),
            Ok((Ok(_), _)) => {}
            Ok((Err(_), _)) | Err(_) => stats::SEIZES_REFUSED.increment(),
        }
    }
    let (accepted, outgoing) = changed?;
    Ok((accepted?, event, outgoing))
}

/// The address of a header, or what stands in for it.
fn address<'m>(
    stand_in: Option<&'m [u8]>,
    header: impl FnOnce() -> Option<NameAddr<'m>>,
) -> Option<NameAddr<'m>> {
    match stand_in {
        Some(text) => NameAddr::parse(text),
        None => header(),
    }
}

fn reply(
    msg: &Msg<'_>,
    settings: &Settings,
    event: Event,
    accepted: &Accepted,
) -> Result<(), Box<dyn core::error::Error>> {
    let contact = match settings.server_address {
        [] => msg.request_uri().unwrap_or_default(),
        address => address,
    };
    let expires = accepted.expires.to_string();
    let headers: [&[u8]; 7] = [
        b"Event: ",
        event.name().as_bytes(),
        b"\r\nContact: ",
        contact,
        b"\r\nAllow-Events: call-info, line-seize\r\nExpires: ",
        expires.as_bytes(),
        b"\r\n",
    ];
    msg.add_reply_header(&headers.concat())?;
    settings.sl.reply(msg, accepted.status, accepted.reason)?;
    Ok(())
}

fn refuse(msg: &Msg<'_>, settings: &Settings, why: &Refusal) {
    if let Some(seconds) = why.retry_after() {
        let header = format!("Retry-After: {seconds}\r\n");
        if let Err(error) = msg.add_reply_header(header.as_bytes()) {
            kamailio::error!("reply {} goes without Retry-After: {error}", why.status());
        }
    }
    if let Err(error) = settings.sl.reply(msg, why.status(), why.reason()) {
        kamailio::error!(
            "reply {} to Call-ID {} not sent: {error}",
            why.status(),
            BStr::new(msg.call_id().unwrap_or_default())
        );
    }
}
