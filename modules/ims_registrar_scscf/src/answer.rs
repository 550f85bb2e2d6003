//! The replies to a REGISTER.

use crate::{settings::Settings, stats};
use bstr::ByteSlice;
use kamailio::{
    msg::Msg,
    refused::shown,
    script::Verdict,
    scscf::client::{Contact, Identity},
};
use scscf_core::{
    refusal::Refusal,
    reply::{self, Accepted, ContactList, Reply, Shown},
};

/// The list of the contacts of `identity` that are registered and that `shows` takes.
pub(crate) fn list(
    settings: &Settings,
    identity: &Identity<'_>,
    now: i64,
    shows: impl Fn(&Contact<'_>) -> bool,
) -> ContactList {
    let mut list = ContactList::new(now, settings.buffer_percent);
    for contact in identity.contacts().filter(|contact| contact.is_valid(now) && shows(contact)) {
        let shown = Shown {
            uri: contact.uri(),
            q: contact.q(),
            expires: contact.expires(),
            received: contact.received(),
        };
        list.bound(&shown, settings.received_param, contact.params());
    }
    list
}

/// The 200. `associated` are the identities that are not barred; one that is no URI is not told.
pub(crate) fn accepted<'i>(
    settings: &Settings,
    contacts: ContactList,
    path: Option<&[u8]>,
    associated: impl IntoIterator<Item = &'i [u8]>,
) -> Reply {
    let service_route = &settings.service_route;
    let associated = associated.into_iter().filter(|identity| {
        let is_uri = reply::is_uri(identity);
        if !is_uri {
            kamailio::error!(
                "{:?} of the user data is no uri, and is not told in P-Associated-URI",
                shown(identity).as_bstr()
            );
        }
        is_uri
    });
    Accepted { contacts, path, service_route }.reply(associated)
}

/// Replies to a request that did not wait; what the script gets.
pub(crate) fn give(settings: &Settings, msg: &Msg<'_>, reply: &Reply) -> Verdict {
    /// The reply could not be sent.
    const FAILED: Verdict = Verdict::other(-2);
    let headers = if reply.headers.is_empty() {
        Ok(())
    } else {
        msg.add_reply_header(&reply.headers).map_err(|error| error.to_string())
    };
    let sent = headers.and_then(|()| {
        let sent = settings.sl.reply(msg, reply.code, reply.reason);
        sent.map_err(|error| error.to_string())
    });
    match sent {
        Ok(()) => Verdict::DROP,
        Err(why) => {
            kamailio::error!(
                "{}: reply {} failed: {why}",
                kamailio::refused::identity(msg),
                reply.code
            );
            FAILED
        }
    }
}

/// Refuses a request that did not wait, and counts it.
pub(crate) fn refuse(settings: &Settings, msg: &Msg<'_>, refusal: &Refusal) -> Verdict {
    stats::REJECTED.increment();
    let reply = reply::refused(refusal, &settings.refusals());
    kamailio::notice!(
        "{}: refused with {}: {refusal}",
        kamailio::refused::identity(msg),
        reply.code
    );
    give(settings, msg, &reply)
}
