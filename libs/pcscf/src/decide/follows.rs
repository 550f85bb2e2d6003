//! `pcscf_follows_service_routes`: whether a request goes the way that the registrar gave its sender.

use crate::route_set::{self, BadRoutes};
use crate::uri::Uri;

/// Why a request follows no service route, whoever sent it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No Route header.
    #[error("no route header")]
    NoRoute,
    /// Its Route headers cannot be read.
    #[error("route: {0}")]
    Bad(#[from] BadRoutes),
    /// Nothing is left behind this server.
    #[error("no route behind this server")]
    OnlyOwn,
}

/// The route that the service route must be equal to: the URIs of all Route headers of a request,
/// without those at the start that name this server. `is_self` is asked with host and port.
///
/// # Errors
///
/// There is none, or it cannot be read.
pub fn wanted<'h>(
    bodies: impl IntoIterator<Item = &'h [u8]>,
    mut is_self: impl FnMut(&[u8], u16) -> bool,
) -> Result<Vec<&'h [u8]>, Refusal> {
    let mut routes = route_set::parse(bodies)?;
    if routes.is_empty() {
        return Err(Refusal::NoRoute);
    }
    let mut own =
        |route: &[u8]| Uri::parse(route).is_ok_and(|uri| is_self(uri.host, uri.port_or_default()));
    let first = routes.iter().position(|route| !own(route)).ok_or(Refusal::OnlyOwn)?;
    routes.drain(..first);
    Ok(routes)
}

#[cfg(test)]
mod tests {
    use super::{Refusal, wanted};
    use crate::route_set::{BadRoutes, same};

    const SERVICE: [&str; 1] = ["sip:orig@127.0.0.1:22070;lr"];

    fn follows(bodies: &[&str], service: &[&str]) -> Result<bool, Refusal> {
        let own = |host: &[u8], port| host == b"127.0.0.1" && port == 22060;
        let routes = wanted(bodies.iter().map(|body| body.as_bytes()), own)?;
        Ok(same(&routes, service))
    }

    #[test]
    fn sr1_to_sr6_own_routes_are_passed_over_and_the_rest_must_be_equal() {
        let own = "<sip:127.0.0.1:22060;lr>";
        let service = "<sip:orig@127.0.0.1:22070;lr>";
        let comma = format!("{own}, {service}");
        for (bodies, expected) in [
            (&[][..], Err(Refusal::NoRoute)),
            (&[own, service], Ok(true)),
            (&[service], Ok(true)),
            (&[comma.as_str()], Ok(true)),
            (&[own, own, service], Ok(true)),
            (&["<sip:ORIG@127.0.0.1:22070;lr>"], Ok(false)),
            (&[own], Err(Refusal::OnlyOwn)),
            (&["<sip:127.0.0.1:9;lr>"], Ok(false)),
            (&[service, own], Ok(false)),
            (&[service, service], Ok(false)),
        ] {
            assert_eq!(follows(bodies, &SERVICE), expected, "{bodies:?}");
        }
    }

    #[test]
    fn sr7_three_headers_are_one_route() {
        let bodies = ["<sip:a@h;lr>", "<sip:b@h;lr>", "<sip:c@h;lr>"];
        let service = ["sip:a@h;lr", "sip:b@h;lr", "sip:c@h;lr"];
        assert_eq!(follows(&bodies, &service), Ok(true));
        assert_eq!(follows(&bodies, &service[..2]), Ok(false));
    }

    #[test]
    fn sr8_any_number_and_length_of_routes_is_only_unequal() {
        for count in [11, 60, 200] {
            assert_eq!(follows(&vec!["<sip:a@h;lr>"; count], &SERVICE), Ok(false));
        }
        let many = follows(&vec!["<sip:a@h;lr>"; 4000], &SERVICE);
        assert_eq!(many, Err(Refusal::Bad(BadRoutes::TooMany)));
        for length in [4_000, 30_000] {
            let long = format!("<sip:a@{}>", "b".repeat(length));
            assert_eq!(follows(&[&long], &SERVICE), Ok(false));
        }
    }

    #[test]
    fn garbage_is_refused() {
        for body in ["garbage", "<>", "<sip:a@b"] {
            assert!(matches!(follows(&[body], &SERVICE), Err(Refusal::Bad(_))), "{body}");
        }
    }
}
