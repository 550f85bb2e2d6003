//! `publish_reg`: a proxy tells that contacts are registered no more.

use super::{
    allowed::check,
    facts::{self, Set},
    hooks::{Happened, Kind, happened},
    rules,
};
use crate::{hss, remove, settings};
use bstr::BString;
use core::fmt;
use kamailio::{
    msg::{Expires, Method, Msg},
    refused::{self, Refused},
    script::Verdict,
    scscf::client::{Contact, Domain, Identity},
};
use reginfo::Limits;
use scscf_core::{
    assignment::{self, Cause},
    event::ends,
    matching::Meant,
    register::Bound,
};

/// `publish_reg(domain)`
pub(crate) fn publish_reg(msg: &Msg<'_>, domain: Domain) -> Result<Verdict, Refused> {
    let (Some(settings), Some(rules)) = (settings::get(), rules::get()) else {
        return Ok(Verdict::FALSE);
    };
    check(msg, Method::Publish)?;
    let document = reginfo::parse(msg.body(), reginfo::Kind::Publish, &Limits::default())
        .map_err(|bad| Refused::new(msg, bad))?;
    for skipped in &document.skipped {
        kamailio::notice!("{}: {skipped}", refused::identity(msg));
    }
    let known = |aor: &str| {
        let stored = Set::of(settings.usrloc, domain, &facts::key(aor.as_bytes())).is_some();
        if !stored {
            kamailio::notice!("{}: {aor:?} is not stored", refused::identity(msg));
        }
        stored
    };
    let ends = ends(&document, known).map_err(|why| Refused::new(msg, why))?;
    let mut told: Vec<(Vec<u8>, Vec<BString>)> = Vec::new();
    for end in &ends {
        let identity = facts::key(end.aor.as_bytes());
        match told.iter_mut().find(|(known, _)| *known == identity) {
            Some((_, contacts)) => contacts.push(end.uri.into()),
            None => told.push((identity, vec![end.uri.into()])),
        }
    }
    for (identity, contacts) in &told {
        let meant: Vec<Meant<'_>> = {
            let look = settings.usrloc.look(domain, identity);
            let known: Vec<_> = look.identity().iter().flat_map(Identity::contacts).collect();
            let known = || known.iter().map(Contact::uri);
            contacts.iter().map(|uri| Meant::of(uri, known())).collect()
        };
        let takes = |bound: &Bound<'_>| meant.iter().any(|meant| meant.is(bound.uri));
        let removed = remove::contacts(settings, domain, identity, takes);
        if removed.contacts.is_empty() {
            continue;
        }
        happened(&Happened {
            kind: Kind::Unregistered,
            domain,
            identity,
            identities: &removed.identities,
            contacts: &removed.contacts,
            watched: removed.watched,
        });
        // The store says nothing of an end that it was asked for.
        if settings.tells_expiry && removed.left == 0 {
            let stores = settings.policy.stores_profile;
            let kind = assignment::Kind::of_removal(Cause::Timeout, stores);
            hss::tell(settings, kind, identity, &removed.private);
        }
    }
    let expires = match msg.expires() {
        Expires::Seconds(seconds) => seconds,
        Expires::Absent | Expires::Malformed => rules.bounds.default,
    }
    .to_string();
    let headers: [&[u8]; 5] =
        [b"Expires: ", expires.as_bytes(), b"\r\nContact: <", settings.scscf_name, b">\r\n"];
    let failed =
        |error: &dyn fmt::Display| Refused::new(msg, format!("200 not sent: {error}")).failure();
    msg.add_reply_header(&headers.concat()).map_err(|error| failed(&error))?;
    settings.sl.reply(msg, 200, "Publish to REG saved").map_err(|error| failed(&error))?;
    Ok(Verdict::TRUE)
}
