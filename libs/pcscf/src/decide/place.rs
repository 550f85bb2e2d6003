//! Where a request came from, as far as the script and the parameters trust it.

use super::{Place, Via};
use crate::{Host, uri};
use bstr::BString;
use sip_text::scan;

/// The longest value of the AVP `received_avp`.
const MAX_AVP: usize = 255;

/// Why the place of a request is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPlace {
    /// The AVP is too long.
    #[error("received_avp has {0} bytes, must have at most {MAX_AVP}")]
    Long(usize),
    /// The AVP is no URI.
    #[error("received_avp: {0}")]
    Avp(#[from] uri::BadUri),
    /// The AVP names no address, so that nothing could be found by it.
    #[error("host of received_avp is {0:?}, must be an ip address")]
    Name(BString),
}

/// Where a request came from: what the bottom Via says if `trust_bottom_via` gives it, else the AVP
/// of `received_avp` if it is set, else the packet.
///
/// # Errors
///
/// The AVP is needed, and set to something that is no SIP URI with an address.
pub fn effective<'m>(
    packet: Place<'m>,
    bottom: Option<&Via<'m>>,
    avp: Option<&'m [u8]>,
) -> Result<Place<'m>, NoPlace> {
    match (bottom, avp) {
        (Some(via), _) => Ok(of_via(via, packet.proto)),
        (None, Some(avp)) if !avp.is_empty() => named(avp, packet.proto),
        _ => Ok(packet),
    }
}

fn named(avp: &[u8], proto: u16) -> Result<Place<'_>, NoPlace> {
    if avp.len() > MAX_AVP {
        return Err(NoPlace::Long(avp.len()));
    }
    let uri = uri::Uri::parse(avp)?;
    if !uri.host().is_address() {
        return Err(NoPlace::Name(scan::shown(uri.host)));
    }
    let asked = super::transport(&uri);
    let proto = if asked == 0 { proto } else { asked };
    Ok(Place { host: uri.host, port: or_default(uri.port.unwrap_or(0)), proto })
}

/// `received` and `rport`, each with sent-by in its place when it is not there.
fn of_via<'m>(via: &Via<'m>, proto: u16) -> Place<'m> {
    let received = via.received.filter(|host| Host::of(host).is_address());
    let rport = via.rport.and_then(scan::port);
    let proto = if via.proto == 0 { proto } else { via.proto };
    Place { host: received.unwrap_or(via.host), port: or_default(rport.unwrap_or(via.port)), proto }
}

fn or_default(port: u16) -> u16 {
    if port == 0 { uri::DEFAULT_PORT } else { port }
}

#[cfg(test)]
mod tests {
    use super::effective;
    use crate::decide::{Via, tests::place};

    fn shown(bottom: Option<&Via<'_>>, avp: Option<&str>) -> String {
        match effective(place("192.0.2.1", 4000), bottom, avp.map(str::as_bytes)) {
            Ok(place) => place.to_string(),
            Err(reason) => reason.to_string(),
        }
    }

    #[test]
    fn sp10_the_avp_comes_before_the_packet() {
        assert_eq!(shown(None, None), "udp:192.0.2.1:4000");
        assert_eq!(shown(None, Some("")), "udp:192.0.2.1:4000");
        assert_eq!(shown(None, Some("sip:10.1.1.1:5070")), "udp:10.1.1.1:5070");
        assert_eq!(shown(None, Some("sip:[2001:db8::1];transport=tcp")), "tcp:[2001:db8::1]:5060");
    }

    #[test]
    fn sp11_an_avp_that_is_no_address_is_refused() {
        let long = format!("sip:10.1.1.1:5070;x={}", "y".repeat(240));
        assert_eq!(shown(None, Some(&long)), "received_avp has 260 bytes, must have at most 255");
        assert!(shown(None, Some("10.1.1.1")).starts_with("received_avp: "));
        assert_eq!(
            shown(None, Some("sip:phone.example.com")),
            "host of received_avp is \"phone.example.com\", must be an ip address"
        );
    }

    #[test]
    fn the_bottom_via_says_received_and_rport_or_sent_by() {
        let sent = Via { host: b"10.0.0.5", port: 0, proto: 2, received: None, rport: None };
        assert_eq!(shown(Some(&sent), None), "tcp:10.0.0.5:5060");
        let full = Via { received: Some(b"192.0.2.9"), rport: Some(b"777"), port: 5, ..sent };
        assert_eq!(shown(Some(&full), None), "tcp:192.0.2.9:777");
        assert_eq!(shown(Some(&full), Some("sip:10.1.1.1")), "tcp:192.0.2.9:777");
        let garbage = Via { received: Some(b"x"), rport: Some(b"77777"), port: 5, ..sent };
        assert_eq!(shown(Some(&garbage), None), "tcp:10.0.0.5:5");
    }
}
