//! Whose message it is: the search that most functions begin with.

use crate::{
    reading::{self, Origin},
    refused::Refused,
    settings::Settings,
    store::{self, place_of},
    variables,
};
use kamailio::{
    msg::Msg,
    pcscf::client::{Contact, Domain},
};
use pcscf_core::{
    States,
    decide::lookup::{self, Request, Rules},
};

/// What is looked for besides the sender.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'w> {
    /// The states that the search admits.
    pub(crate) states: States,
    /// Unless empty: the Service-Routes of the contact.
    pub(crate) routes: &'w [&'w [u8]],
}

/// Finds the contact of whoever sent `msg`, shows it to `look`, and remembers it for the
/// pseudo-variables of this message.
pub(crate) fn sender<R>(
    settings: &Settings,
    msg: &Msg<'_>,
    domain: Domain,
    wanted: Wanted<'_>,
    look: impl FnOnce(&Contact<'_>) -> R,
) -> Result<R, Refused> {
    variables::forget(msg);
    msg.parse().map_err(|why| Refused::new(msg, why))?;
    let origin = Origin::of(settings, msg);
    let place = origin.place().map_err(|why| Refused::new(msg, why))?;
    let reply = !msg.is_request() && origin.bottom.is_none();
    let via = match reply {
        true => msg.last_via().map(|found| reading::via(&found)),
        false => origin.via(msg),
    };
    let contacts = reading::contact_uris(msg);
    let queries = lookup::searches(&Request {
        contacts: &contacts,
        reply,
        via: via.unwrap_or_default(),
        place,
        fallback2ip: settings.fallback2ip,
        states: wanted.states,
    });
    let queries = queries.map_err(|why| Refused::new(msg, why))?;
    let rules = rules(settings);
    let mut closest = None;
    for query in queries {
        let Some(found) = store::look(settings.usrloc, domain, &query, wanted.routes) else {
            continue;
        };
        let contact = found.contact();
        let rules = rules.found_by(query.mode, settings.fallback2ip);
        match lookup::check(&place_of(&contact), &place, &rules) {
            Ok(()) => {
                variables::remember(&contact);
                return Ok(look(&contact));
            }
            Err(mismatch) => closest = Some(mismatch),
        }
    }
    Err(match closest {
        Some(mismatch) => Refused::new(msg, mismatch),
        None => Refused::new(msg, format_args!("no contact registered from {place}")),
    })
}

fn rules(settings: &Settings) -> Rules {
    let (port, proto) = (settings.checks_port, settings.checks_transport);
    Rules { port, proto, states: registered(settings) }
}

/// The states of a contact that counts as registered.
pub(crate) fn registered(settings: &Settings) -> States {
    lookup::states(settings.ignores_state)
}
