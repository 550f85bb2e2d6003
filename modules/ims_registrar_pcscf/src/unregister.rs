//! `pcscf_unregister`: the script ends a registration.

use crate::{
    refused::Refused,
    settings::Settings,
    store::{find, peer},
};
use kamailio::{
    msg::Msg,
    pcscf::client::{Domain, Info},
    script::Verdict,
};
use pcscf_core::{State, decide::unregister};

/// `pcscf_unregister(domain, aor, received_host, received_port)`
pub(crate) fn contact(
    settings: &Settings,
    msg: &Msg<'_>,
    domain: Domain,
    [aor, host, port]: [&[u8]; 3],
) -> Result<Verdict, Refused> {
    let queries = unregister::searches(aor, host, port);
    let queries = queries.map_err(|why| Refused::new(msg, why))?;
    for query in &queries {
        let guard = settings.usrloc.lock(domain, peer(&query.via));
        let Some(contact) = find(&guard, query) else { continue };
        // Whoever watches the contact hears of it; it goes when the registrar agrees, or in time.
        let change = Info::state(State::DEREG_PENDING.0);
        let updated = guard.update(&contact, change);
        updated.map_err(|why| Refused::new(msg, why).failure())?;
        return Ok(Verdict::TRUE);
    }
    let [query, _] = &queries;
    Err(Refused::new(msg, format_args!("no contact registered from {}", query.received)))
}
