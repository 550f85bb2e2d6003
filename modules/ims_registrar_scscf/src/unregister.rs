//! `unregister`, `regscscf.dereg_impu`: an operator ends a registration.

use crate::{
    event::{self, Gone, Happened, Kind},
    hss, lookup,
    own::Own as _,
    remove,
    settings::Settings,
};
use bstr::ByteSlice;
use kamailio::{
    msg::Msg,
    refused::{Refused, shown},
    script::Verdict,
    scscf::client::Domain,
};
use scscf_core::assignment::{self, Cause};

/// `unregister`: the record of the identity `uri` goes, and its contacts end.
pub(crate) fn identity(
    settings: &Settings,
    msg: &Msg<'_>,
    domain: Domain,
    uri: &[u8],
) -> Result<Verdict, Refused> {
    let keys = lookup::named(settings, uri).map_err(|bad| Refused::new(msg, bad))?;
    let (first, second) = keys;
    for key in [Some(first), second].into_iter().flatten() {
        if end(settings, domain, &key, Kind::Unregistered, true) {
            break;
        }
    }
    // Who is not there is not registered: that is what was asked for.
    Ok(Verdict::TRUE)
}

/// Ends the registration of an identity, which is told as `kind`; whether there was one. `forgets`:
/// its record goes at once.
pub(crate) fn end(
    settings: &Settings,
    domain: Domain,
    key: &[u8],
    kind: Kind,
    forgets: bool,
) -> bool {
    let removed = remove::contacts(settings, domain, key, |_| true);
    if !removed.is_known() {
        return false;
    }
    let who = shown(key).as_bstr();
    kamailio::info!("{who}: {} contacts are ended by the operator", removed.contacts.len());
    if forgets {
        event::gone(&Gone { domain, identity: key, contacts: &removed.contacts });
    }
    event::happened(&Happened {
        kind,
        domain,
        identity: key,
        identities: &removed.identities,
        contacts: &removed.contacts,
        watched: removed.watched,
    });
    if forgets {
        let guard = settings.usrloc.lock(domain, key);
        let deleted = guard.own(key).map(|record| guard.delete(record));
        if let Some(Err(error)) = deleted {
            kamailio::error!("{who} cannot be removed: {error}");
        }
    }
    if settings.tells_admin && !removed.contacts.is_empty() {
        let kind = assignment::Kind::of_removal(Cause::Administrative, false);
        hss::tell(settings, kind, key, &removed.private);
    }
    true
}
