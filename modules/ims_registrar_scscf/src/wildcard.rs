//! The wildcarded identity that a request is about, as far as it is known here: the HSS finds the user
//! by it (Wildcarded-Public-Identity, TS 29.229 6.3.35).

use crate::settings::Settings;
use kamailio::{
    msg::{Msg, NameAddr},
    scscf::client::{Domain, Identity},
};
use scscf_core::{
    register::set,
    wildcard::{Wildcard, is_wildcard},
};

/// The one that stands for `identity`, whose record this is; empty: none.
pub(crate) fn of_record(record: &Identity<'_>, identity: &[u8]) -> Vec<u8> {
    if is_wildcard(record.public()) {
        return record.public().to_vec();
    }
    let stands = |uri: &&[u8]| {
        is_wildcard(uri) && Wildcard::parse(uri).is_ok_and(|wildcard| wildcard.is_match(identity))
    };
    let Some(found) = record.identities().map(|(uri, _)| uri).find(stands) else {
        return Vec::new();
    };
    // Who is in the profile by name needs no wildcard.
    let named = record.identities().any(|(uri, _)| *set::key(uri) == *identity);
    if named { Vec::new() } else { found.to_vec() }
}

/// The one that stands for `identity`, which `msg` is from or for: as the server before this one says
/// (P-Profile-Key, RFC 5002), or as the profile that is stored does; empty: none.
pub(crate) fn of_request(
    settings: &Settings,
    msg: &Msg<'_>,
    domain: Domain,
    identity: &[u8],
) -> Vec<u8> {
    let said = msg.header(b"P-Profile-Key").and_then(NameAddr::parse).map(|address| address.uri);
    if let Some(said) = said.filter(|uri| is_wildcard(uri)) {
        return said.to_vec();
    }
    let look = settings.usrloc.look(domain, identity);
    look.identity().map(|record| of_record(&record, identity)).unwrap_or_default()
}
