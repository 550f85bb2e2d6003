//! Who may watch a registration or publish its state (3GPP TS 24.229 5.4.2.1.1).

use super::Trusted;
use super::trusted::is_server;
use crate::aor;
use sip_text::{Uri, identity, route_set, scan};

/// What is known of the user that is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'f> {
    /// The identity that is asked about.
    pub presentity: &'f [u8],
    /// The identities registered with it, and whether each is barred.
    pub identities: &'f [(&'f [u8], bool)],
    /// The Path of each contact; empty ones count for nothing.
    pub paths: &'f [&'f [u8]],
    /// The application servers of its filter criteria.
    pub servers: &'f [&'f [u8]],
}

/// As whom somebody may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The user itself.
    User,
    /// A proxy on the path to the user.
    Proxy,
    /// An application server of the user's profile.
    Server,
    /// An application server that the operator trusts with everybody.
    Trusted,
}

/// The URIs of P-Asserted-Identity headers, with or without names and brackets. What is not closed
/// ends its header.
pub fn asserted<'h>(bodies: impl IntoIterator<Item = &'h [u8]>) -> Vec<&'h [u8]> {
    let pieces = bodies.into_iter().flat_map(|body| scan::Pieces::new(body, b','));
    pieces.map_while(Result::ok).map(uri).filter(|uri| !uri.is_empty()).collect()
}

fn uri(piece: &[u8]) -> &[u8] {
    let start = match piece.first() {
        Some(b'"') => scan::find(piece, b'<').ok().flatten(),
        _ => piece.iter().position(|byte| *byte == b'<'),
    };
    match start.and_then(|start| piece.get(start..)?.get(1..)) {
        Some(inner) => scan::trim(scan::until(inner, b">")),
        None => piece,
    }
}

/// As whom the one that is asserted to be `asserted` may ask; nobody else may.
pub fn standing(asserted: &[u8], facts: &Facts<'_>, trusted: &Trusted) -> Option<Standing> {
    let own = || facts.identities.iter().any(|(id, barred)| !barred && same(id, asserted));
    if same(facts.presentity, asserted) || own() {
        return Some(Standing::User);
    }
    if facts.paths.iter().any(|path| is_on(path, asserted)) {
        return Some(Standing::Proxy);
    }
    if facts.servers.iter().any(|server| is_server(server, asserted)) {
        return Some(Standing::Server);
    }
    trusted.has(asserted).then_some(Standing::Trusted)
}

/// Whether a user with these `identities`, and whether each is barred, has both. Users who share an
/// identity (TS 23.228 4.3.3.4) have a set each, and its record shows the one of them who registered
/// last.
pub fn shares(identities: &[(&[u8], bool)], asserted: &[u8], presentity: &[u8]) -> bool {
    let has = |uri: &[u8]| identities.iter().any(|(id, barred)| !barred && same(id, uri));
    has(asserted) && has(presentity)
}

/// Identities are also taken in another case: no operator gives names to two users that differ in
/// nothing else.
fn same(one: &[u8], other: &[u8]) -> bool {
    identity::same(one, other) || aor::same(one, other)
}

/// Whether a URI of `path` is the server `asserted`. Proxies put a user part of their own before
/// their name (`term@`), which only counts when the asserted URI has one, too; so does the port.
fn is_on(path: &[u8], asserted: &[u8]) -> bool {
    let Ok(asserted) = Uri::parse(asserted) else { return false };
    let uris = route_set::parse([path]).unwrap_or_default();
    !asserted.host().is_empty()
        && uris.iter().filter_map(|uri| Uri::parse(uri).ok()).any(|hop| {
            hop.host() == asserted.host()
                && asserted.port.is_none_or(|port| port == hop.port_or_default())
                && (asserted.user.is_empty() || asserted.user == hop.user)
        })
}

#[cfg(test)]
mod tests {
    use super::{Facts, Standing, asserted, shares, standing};
    use crate::event::Trusted;

    const FACTS: Facts<'_> = Facts {
        presentity: b"sip:bob@ims.test",
        identities: &[
            (b"sip:bob@ims.test", false),
            (b"tel:+1001", false),
            (b"sip:x-bob@ims.test", true),
        ],
        paths: &[b"", b"<sip:term@pcscf.ims.test:4060;lr>,<sip:edge.ims.test;lr>"],
        servers: &[b"sip:as.ims.test:5070;lr"],
    };

    fn asks(uri: &str) -> Option<Standing> {
        standing(uri.as_bytes(), &FACTS, &Trusted::parse(b"sip:smsc@trusted.test").unwrap())
    }

    #[test]
    fn r56_the_user_its_proxies_and_its_servers_may_ask() {
        for (uri, whom) in [
            ("sip:bob@ims.test", Standing::User),
            ("sip:bob@IMS.test", Standing::User),
            ("SIP:Bob@ims.test", Standing::User),
            ("tel:+1001", Standing::User),
            ("tel:+1-00-1", Standing::User),
            ("sip:pcscf.ims.test:4060", Standing::Proxy),
            ("sip:pcscf.ims.test", Standing::Proxy),
            ("sip:term@pcscf.ims.test:4060", Standing::Proxy),
            ("sip:edge.ims.test:5060", Standing::Proxy),
            ("sip:as.ims.test:5070", Standing::Server),
            ("sip:smsc@trusted.test", Standing::Trusted),
        ] {
            assert_eq!(asks(uri), Some(whom), "{uri}");
        }
    }

    #[test]
    fn r56_nobody_else_may_not_even_with_a_similar_name() {
        for uri in [
            "sip:eve@ims.test",
            "sip:bob@ims.test.evil.test",
            "sip:x-bob@ims.test",
            "sip:ims.test",
            "sip:cscf.ims.test:4060",
            "sip:pcscf.ims.test:40",
            "sip:pcscf.ims.test:5060",
            "sip:orig@pcscf.ims.test:4060",
            "sip:as.ims.test:5071",
            "sip:trusted.test",
            "tel:+100",
            "",
            "<sip:bob@ims.test>",
        ] {
            assert_eq!(asks(uri), None, "{uri}");
        }
    }

    #[test]
    fn every_asserted_identity_of_every_header_is_read() {
        let bodies =
            [&b"\"Bob, <x>\" <sip:bob@ims.test>, tel:+1001"[..], b" <tel:+2> ", b"<sip:a@b"];
        assert_eq!(asserted(bodies), [&b"sip:bob@ims.test"[..], b"tel:+1001", b"tel:+2"]);
        assert!(asserted([&b""[..], b"<>", b"\"a"]).is_empty());
    }

    #[test]
    fn who_shares_an_identity_may_ask_for_it_by_another_one_of_his() {
        let own = FACTS.identities;
        assert!(shares(own, b"sip:bob@ims.test", b"tel:+1001"));
        assert!(shares(own, b"sip:bob@IMS.test", b"tel:+1-001"));
        assert!(!shares(own, b"sip:x-bob@ims.test", b"tel:+1001"), "barred");
        assert!(!shares(own, b"sip:bob@ims.test", b"sip:x-bob@ims.test"), "barred");
        assert!(!shares(own, b"sip:bob@ims.test", b"tel:+1002"));
        assert!(!shares(own, b"sip:eve@ims.test", b"tel:+1001"));
    }
}
