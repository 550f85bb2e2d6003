//! The way that the registrar wants requests of a phone to go.

use crate::{
    lookup::{self, Wanted},
    refused::Refused,
    settings::Settings,
};
use kamailio::{
    msg::{self, Msg},
    pcscf::client::Domain,
    script::Verdict,
};
use pcscf_core::{decide::follows, route_set};

/// `pcscf_follows_service_routes(domain)`
pub(crate) fn follows(
    settings: &Settings,
    msg: &Msg<'_>,
    domain: Domain,
) -> Result<Verdict, Refused> {
    msg.parse().map_err(|why| Refused::new(msg, why))?;
    let bodies = msg.headers(b"Route").map(|header| header.body());
    let routes = follows::wanted(bodies, msg::is_self).map_err(|why| Refused::new(msg, why))?;
    let wanted = Wanted { states: lookup::registered(settings), routes: &routes };
    // The search compares the routes; a store that cannot is not believed.
    let same = lookup::sender(settings, msg, domain, wanted, |contact| {
        let stored: Vec<&[u8]> = contact.service_routes().collect();
        route_set::same(&stored, &routes)
    })?;
    if same { Ok(Verdict::TRUE) } else { Err(Refused::new(msg, "other service routes")) }
}

/// `pcscf_force_service_routes(domain)`
pub(crate) fn force(
    settings: &Settings,
    msg: &Msg<'_>,
    domain: Domain,
) -> Result<Verdict, Refused> {
    let wanted = Wanted { states: lookup::registered(settings), routes: &[] };
    let routes: Vec<Vec<u8>> = lookup::sender(settings, msg, domain, wanted, |contact| {
        contact.service_routes().map(<[u8]>::to_vec).collect()
    })?;
    let header = route_set::route_header(&routes);
    let header = header.map_err(|_| Refused::new(msg, kamailio::Error::OutOfPkg).failure())?;
    let changed = change(msg, &routes, &header);
    changed.map_err(|why| Refused::new(msg, why).failure())?;
    Ok(Verdict::TRUE)
}

fn change(msg: &Msg<'_>, routes: &[Vec<u8>], header: &[u8]) -> Result<(), msg::ChangeError> {
    for route in msg.headers(b"Route") {
        msg.remove_header(&route)?;
    }
    msg.reset_destination()?;
    let Some(first) = routes.first() else { return Ok(()) };
    msg.prepend_header(header)?;
    msg.set_destination(first)
}
