//! `pcscf_unregister`: the script ends a registration.

use super::{Mode, Place, Query, transport};
use crate::uri::{BadUri, Uri};
use crate::{Host, Parts, States};
use bstr::BString;
use sip_text::scan;

/// Why a contact cannot be looked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The first argument is no URI.
    #[error("aor: {0}")]
    Aor(#[from] BadUri),
    /// The second argument is no address.
    #[error("received host is {0:?}, must be an ip address")]
    Host(BString),
    /// The third argument is no port.
    #[error("received port is {0:?}, must be 0 to 65535")]
    Port(BString),
}

/// How to look for the contact, in the order to try: by what it was received from alone, and, for
/// stores that ask for the host of its Via, with the host of its URI, which a phone behind NAT wrote
/// into both.
///
/// # Errors
///
/// An argument that cannot be read.
pub fn searches<'a>(
    aor: &'a [u8],
    received_host: &'a [u8],
    received_port: &[u8],
) -> Result<[Query<'a>; 2], Refusal> {
    let uri = Uri::parse(aor)?;
    if !Host::of(received_host).is_address() {
        return Err(Refusal::Host(scan::shown(received_host)));
    }
    let port = scan::number(scan::trim(received_port)).and_then(|port| u16::try_from(port).ok());
    let port = port.ok_or_else(|| Refusal::Port(scan::shown(received_port)))?;
    let proto = transport(&uri).max(1);
    let received = Place { host: received_host, port, proto };
    let parts = Some(Parts::of(&uri));
    let by = |via| Query { aor, parts, via, received, mode: Mode::Source, states: States::ANY };
    let contact = Place { host: uri.host, port: uri.port_or_default(), proto };
    Ok([by(received), by(contact)])
}

#[cfg(test)]
mod tests {
    use super::searches;
    use crate::States;

    fn refused(aor: &str, host: &str, port: &str) -> String {
        searches(aor.as_bytes(), host.as_bytes(), port.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn ur1_ur3_a_contact_is_found_by_its_source_and_by_its_own_host() {
        let [source, contact] = searches(b"sip:alice@10.0.0.5", b"127.0.0.1", b"22100").unwrap();
        assert_eq!(source.via.to_string(), "udp:127.0.0.1:22100");
        assert_eq!(contact.via.to_string(), "udp:10.0.0.5:5060");
        for query in [source, contact] {
            assert_eq!(query.received.to_string(), "udp:127.0.0.1:22100");
            assert_eq!((query.aor, query.states), (&b"sip:alice@10.0.0.5"[..], States::ANY));
        }
    }

    #[test]
    fn ur2_bad_arguments_are_named() {
        assert_eq!(
            refused("alice", "127.0.0.1", "1"),
            "aor: \"alice\" is no sip, sips, tel or urn uri"
        );
        assert_eq!(
            refused("sip:a@b", "host", "1"),
            "received host is \"host\", must be an ip address"
        );
        for port in ["abc", "", "-1", "65536"] {
            assert_eq!(
                refused("sip:a@b", "127.0.0.1", port),
                format!("received port is \"{port}\", must be 0 to 65535")
            );
        }
    }
}
