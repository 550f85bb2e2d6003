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
use pcscf_core::{decide::follows, route_set, scan};

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
    let way = lookup::sender(settings, msg, domain, wanted, |contact| {
        let routes = contact.service_routes();
        let first = routes.clone().next().map(<[u8]>::len);
        route_set::route_header(routes).map(|header| Way { header, first })
    })?;
    let way = way.map_err(|_| Refused::new(msg, kamailio::Error::OutOfPkg).failure())?;
    let changed = change(msg, &way);
    changed.map_err(|why| Refused::new(msg, why).failure())?;
    Ok(Verdict::TRUE)
}

/// The Route header of a contact.
struct Way {
    header: Vec<u8>,
    /// How long its first URI is; nothing if it has none.
    first: Option<usize>,
}

impl Way {
    fn first(&self) -> Option<&[u8]> {
        let (_, uris) = scan::cut(&self.header, b'<')?;
        uris.get(..self.first?)
    }
}

fn change(msg: &Msg<'_>, way: &Way) -> Result<(), msg::ChangeError> {
    for route in msg.headers(b"Route") {
        msg.remove_header(&route)?;
    }
    msg.reset_destination()?;
    let Some(first) = way.first() else { return Ok(()) };
    msg.prepend_header(&way.header)?;
    msg.set_destination(first)
}
