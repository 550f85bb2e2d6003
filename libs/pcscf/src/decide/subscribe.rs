//! Whether a registration is subscribed to (event `reg`), for whom, and with which headers.

use super::{Contacts, expires};
use crate::{State, identity, route_set, uri::Uri};
use std::collections::TryReserveError;

/// What is subscribed to after an answer was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subscribe<'m> {
    /// The registration of this identity.
    To(&'m [u8]),
    /// Nothing, and that is as it should be.
    No(No),
}

/// Why nothing is subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum No {
    /// `Contact: *`, or no contact has any time left.
    #[error("nobody is registered any more")]
    Deregistered,
    /// A contact has the parameter `sos` (3GPP TS 24.229 5.2.10.1).
    #[error("the registration is one for emergency calls")]
    Emergency,
    /// No P-Associated-URI that can be read.
    #[error("the answer has no p-associated-uri")]
    NoIdentity,
}

/// Nothing could be sent to any identity: the script gets -1, although the contacts are saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("all {0} p-associated-uris are tel uris, needs one that is not to subscribe to")]
pub struct OnlyNumbers(usize);

/// Whom to subscribe to after an answer with these contacts, this body of an Expires header, and
/// these P-Associated-URIs (none if they cannot be read).
///
/// # Errors
///
/// There are identities, and all of them are telephone numbers.
pub fn target<'m>(
    contacts: &Contacts<'_>,
    expires: Option<&[u8]>,
    ids: &[&'m [u8]],
) -> Result<Subscribe<'m>, OnlyNumbers> {
    let contacts = contacts.list().unwrap_or_default();
    let header = expires.and_then(expires::seconds);
    if contacts.iter().all(|contact| expires::of(contact, header) == 0) {
        return Ok(Subscribe::No(No::Deregistered));
    }
    if contacts.iter().any(|contact| is_emergency(contact.uri)) {
        return Ok(Subscribe::No(No::Emergency));
    }
    match identity::first_routable(ids.iter().copied()) {
        Some(id) => Ok(Subscribe::To(id)),
        None if ids.is_empty() => Ok(Subscribe::No(No::NoIdentity)),
        None => Err(OnlyNumbers(ids.len())),
    }
}

/// A contact that is stored.
#[derive(Clone, Copy, Debug)]
pub struct Registered<'m> {
    /// The state of its registration.
    pub state: State,
    /// Until when it is registered, in seconds since 1970; 0: without an end.
    pub expires: i64,
    /// Its URI.
    pub aor: &'m [u8],
}

/// Whom to subscribe to for a contact with the identities `ids` that a server finds in its database:
/// whom it had subscribed to when the contact was registered.
pub fn again<'m>(
    contact: &Registered<'_>,
    ids: impl IntoIterator<Item = &'m [u8]>,
    now: i64,
) -> Option<&'m [u8]> {
    let lives = contact.expires == 0 || contact.expires > now;
    if contact.state != State::REGISTERED || !lives || is_emergency(contact.aor) {
        return None;
    }
    identity::first_routable(ids)
}

fn is_emergency(uri: &[u8]) -> bool {
    Uri::parse(uri).is_ok_and(|uri| uri.param(b"sos").is_some())
}

/// The extra headers of the SUBSCRIBE: who asks (parameter `pcscf_uri`), and the way that the
/// registrar wants requests to go. No routes, no Route header.
///
/// # Errors
///
/// Out of memory.
pub fn headers(pcscf_uri: &[u8], routes: &[impl AsRef<[u8]>]) -> Result<Vec<u8>, TryReserveError> {
    let mut headers = identity::asserted_header(pcscf_uri)?;
    if !routes.is_empty() {
        let route = route_set::route_header(routes)?;
        headers.try_reserve_exact(route.len())?;
        headers.extend_from_slice(&route);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::{No, OnlyNumbers, Registered, Subscribe, again, headers, target};
    use crate::{
        State,
        decide::{Asked, Contacts},
    };
    use bstr::BStr;

    const IDS: [&[u8]; 2] = [b"tel:+4930123456", b"sip:alice@ims.test"];
    const ALICE: Asked<'_> = Asked { uri: b"sip:alice@h", expires: Some(b"600") };
    const LEFT: Asked<'_> = Asked { uri: b"sip:alice@h", expires: Some(b"0") };

    fn of<'m>(contacts: &[Asked<'_>], ids: &[&'m [u8]]) -> Result<Subscribe<'m>, OnlyNumbers> {
        target(&Contacts::List(contacts), None, ids)
    }

    #[test]
    fn su1_the_first_identity_that_is_no_number_is_subscribed_to() {
        assert_eq!(of(&[LEFT, ALICE], &IDS), Ok(Subscribe::To(IDS[1])));
    }

    #[test]
    fn su4_only_numbers_are_an_error() {
        let refused = of(&[ALICE], &IDS[..1]).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "all 1 p-associated-uris are tel uris, needs one that is not to subscribe to"
        );
    }

    #[test]
    fn su5_an_identity_is_a_text_and_no_format() {
        let id = &b"sip:$ua@x"[..];
        assert_eq!(of(&[ALICE], &[id]), Ok(Subscribe::To(id)));
    }

    #[test]
    fn su6_nobody_subscribes_to_a_registration_that_ends() {
        let ended = Ok(Subscribe::No(No::Deregistered));
        assert_eq!(of(&[LEFT, LEFT], &IDS), ended);
        let silent = Asked { expires: None, ..ALICE };
        assert_eq!(of(&[silent], &IDS), ended);
        assert_eq!(target(&Contacts::Missing, None, &IDS), ended);
        let header = target(&Contacts::List(&[silent]), Some(b"600"), &IDS);
        assert_eq!(header, Ok(Subscribe::To(IDS[1])));
    }

    #[test]
    fn p26_nobody_subscribes_to_an_emergency_registration() {
        for uri in ["sip:alice@h;sos", "sip:alice@h;ob;sos=1"] {
            let contact = Asked { uri: uri.as_bytes(), ..ALICE };
            assert_eq!(of(&[ALICE, contact], &IDS), Ok(Subscribe::No(No::Emergency)));
        }
    }

    #[test]
    fn p16_p19_without_identities_nothing_is_subscribed_to() {
        assert_eq!(of(&[ALICE], &[]), Ok(Subscribe::No(No::NoIdentity)));
    }

    #[test]
    fn a_registration_of_before_is_subscribed_to_as_it_was() {
        let stored = Registered { state: State::REGISTERED, expires: 101, aor: b"sip:alice@h" };
        let of = |contact, ids: &[&'static [u8]]| again(&contact, ids.iter().copied(), 100);
        assert_eq!(of(stored, &IDS), Some(IDS[1]));
        assert_eq!(of(Registered { expires: 0, ..stored }, &IDS), Some(IDS[1]));
        assert_eq!(of(stored, &IDS[..1]), None);
        assert_eq!(of(stored, &[]), None);
        assert_eq!(of(Registered { expires: 100, ..stored }, &IDS), None);
        assert_eq!(of(Registered { aor: b"sip:alice@h;sos", ..stored }, &IDS), None);
        for state in [State::PENDING, State::DEREG_PENDING] {
            assert_eq!(of(Registered { state, ..stored }, &IDS), None);
        }
    }

    #[test]
    fn su2_the_headers_are_as_captured() {
        let uri = b"sip:pcscf.ims.test:22060";
        let both = headers(uri, &["sip:orig@127.0.0.1:22070;lr"]).unwrap();
        assert_eq!(
            BStr::new(&both),
            "P-Asserted-Identity: <sip:pcscf.ims.test:22060>\r\n\
             Route: <sip:orig@127.0.0.1:22070;lr>\r\n"
        );
        let none: [&str; 0] = [];
        let alone = headers(uri, &none).unwrap();
        assert_eq!(BStr::new(&alone), "P-Asserted-Identity: <sip:pcscf.ims.test:22060>\r\n");
    }
}
