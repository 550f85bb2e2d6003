//! The functions for the script.

use crate::{
    asserted, lookup, notify, pending,
    refused::{Refused, reply_only, request_only},
    routes, save,
    settings::{self, Settings},
    unregister,
};
use kamailio::{
    msg::Msg,
    pcscf::client::Domain,
    script::{Format, Verdict},
};

/// The settings, which `mod_init` has set before any route runs.
fn settings(msg: &Msg<'_>) -> Result<&'static Settings, Refused> {
    settings::get().ok_or_else(|| Refused::new(msg, "the module is not initialised").failure())
}

/// `pcscf_save(domain)`
pub(crate) fn save(msg: &Msg<'_>, domain: Domain) -> Result<Verdict, Refused> {
    reply_only(msg)?;
    save::save(settings(msg)?, msg, domain)
}

/// `pcscf_save_pending(domain)`
pub(crate) fn save_pending(msg: &Msg<'_>, domain: Domain) -> Result<Verdict, Refused> {
    request_only(msg)?;
    pending::save(settings(msg)?, msg, domain)
}

/// `pcscf_follows_service_routes(domain)`
pub(crate) fn follows_service_routes(msg: &Msg<'_>, domain: Domain) -> Result<Verdict, Refused> {
    request_only(msg)?;
    routes::follows(settings(msg)?, msg, domain)
}

/// `pcscf_force_service_routes(domain)`
pub(crate) fn force_service_routes(msg: &Msg<'_>, domain: Domain) -> Result<Verdict, Refused> {
    request_only(msg)?;
    routes::force(settings(msg)?, msg, domain)
}

/// `pcscf_is_registered(domain)`
pub(crate) fn is_registered(msg: &Msg<'_>, domain: Domain) -> Result<Verdict, Refused> {
    let settings = settings(msg)?;
    let wanted = lookup::Wanted { states: lookup::registered(settings), routes: &[] };
    lookup::sender(settings, msg, domain, wanted, |_| Verdict::TRUE)
}

/// `pcscf_assert_identity(domain, identity)`
pub(crate) fn assert_identity(
    msg: &Msg<'_>,
    domain: Domain,
    Format(identity): Format,
) -> Result<Verdict, Refused> {
    request_only(msg)?;
    asserted::identity(settings(msg)?, msg, domain, &identity)
}

/// `pcscf_assert_called_identity(domain)`
pub(crate) fn assert_called_identity(msg: &Msg<'_>, _: Domain) -> Result<Verdict, Refused> {
    reply_only(msg)?;
    asserted::called(settings(msg)?, msg)
}

/// `reginfo_handle_notify(domain)`
pub(crate) fn handle_notify(msg: &Msg<'_>, domain: Domain) -> Result<Verdict, Refused> {
    request_only(msg)?;
    notify::handle(settings(msg)?, msg, domain)
}

/// `pcscf_unregister(domain, aor, received_host, received_port)`
pub(crate) fn unregister(
    msg: &Msg<'_>,
    domain: Domain,
    Format(aor): Format,
    Format(host): Format,
    Format(port): Format,
) -> Result<Verdict, Refused> {
    unregister::contact(settings(msg)?, msg, domain, [&aor, &host, &port])
}
