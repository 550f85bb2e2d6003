//! The HSS has assigned this server to a user that is not registered here after all: the answer came
//! too late, or nothing could be made of it. Both must say the same of the user.

use crate::{hss, own::Own as _, settings::Settings, sharing, waiting, waiting::Waiting};
use bstr::ByteSlice;
use kamailio::{refused::shown, scscf::client::Registration, timer};
use scscf_core::{
    assignment::{Cause, Kind},
    register::Plan,
};

/// Tells the HSS that the registration that it has just agreed to does not stand: the client was told
/// so. Nothing is told of a user that is registered all the same, or is about to be; and of one that
/// was to be served without being registered only that its profile is too much (TS 29.228 6.1.2).
pub(crate) fn tell(settings: &Settings, waiting: &Waiting, plan: &Plan<'_>, cause: Cause) {
    let stands = match waiting.is_save {
        true => !plan.registers() || is_registered(settings, waiting, plan),
        false => cause != Cause::TooMuchData || is_known(settings, waiting, plan),
    };
    if stands {
        return;
    }
    let who = shown(&plan.identity).as_bstr();
    if waiting::others(&plan.identity) {
        kamailio::info!("{who}: another registration waits for the hss, which settles it");
        return;
    }
    kamailio::notice!("{who}: the hss has assigned it, and it is not registered");
    hss::tell(settings, Kind::of_removal(cause, false), &plan.identity, &plan.private);
}

/// Whether the user has contacts, whatever became of this registration.
fn is_registered(settings: &Settings, waiting: &Waiting, plan: &Plan<'_>) -> bool {
    let now = timer::now();
    let home = sharing::home(settings, waiting.domain, plan);
    let look = settings.usrloc.look(waiting.domain, &home);
    look.own(&home).is_some_and(|record| {
        record.state() == Registration::Registered
            && record.contacts().any(|contact| contact.is_valid(now))
    })
}

/// Whether there is a record of the user, with the profile that it had before.
fn is_known(settings: &Settings, waiting: &Waiting, plan: &Plan<'_>) -> bool {
    settings.usrloc.look(waiting.domain, &plan.identity).own(&plan.identity).is_some()
}
