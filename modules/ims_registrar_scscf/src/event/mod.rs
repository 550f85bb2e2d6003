//! The event package `reg`: who watches registrations is told what becomes of them.
//!
//! Whoever changes a registration leaves a note ([`happened`], [`gone`]). One process reads all
//! notes about one set of identities, in their order: it looks at the store, gives each NOTIFY its
//! numbers and sends it. So the watchers of a registration hear of its changes in the order in which
//! these happened, and nobody who serves a phone waits for that.

mod allowed;
mod counters;
mod ends;
mod facts;
mod hooks;
mod owed;
mod publish;
mod queue;
mod rules;
mod send;
mod subscribe;
mod tell;
mod trouble;

pub(crate) use allowed::{can_publish_reg, can_subscribe_to_reg};
pub(crate) use counters::{COALESCED, DROPPED, FAILED, SENT, WATCHERS_DROPPED};
pub(crate) use hooks::{Gone, Happened, Kind, end_silently, gone, happened};
pub(crate) use publish::publish_reg;
pub(crate) use queue::notifies_in_q;
pub(crate) use rules::BadRules;
pub(crate) use subscribe::subscribe_to_reg;

use crate::settings::Settings;
use core::num::NonZeroU32;
use kamailio::{Error, error::Report, module::Rank, process, timer};

/// Why the event package cannot be served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error(transparent)]
    Core(#[from] Error),
    #[error(transparent)]
    Rules(#[from] BadRules),
}

impl Report for StartError {}

/// Seconds between looks at the watchers that asked for peace.
const LOOK: NonZeroU32 = NonZeroU32::MIN;

/// Makes the queues and asks the store for what happens by itself. For the end of `mod_init`.
pub(crate) fn set_up(settings: &Settings) -> Result<(), StartError> {
    let rules = rules::read()?;
    queue::set_up(&rules)?;
    trouble::set_up()?;
    owed::set_up()?;
    settings.usrloc.watch_all(hooks::by_itself)?;
    timer::every(LOOK, trouble::look)?;
    timer::every(LOOK, owed::look)?;
    if !settings.usrloc.is_ours() {
        ends::set_up()?;
        timer::every(LOOK, ends::look)?;
    }
    process::announce(rules.processes)?;
    process::announce_spare()?;
    rules::set(rules);
    Ok(())
}

/// Runs in every process.
pub(crate) fn child(rank: Rank) -> Result<(), Error> {
    // The location store, which is loaded before, has read its rows by now, if this is the process that
    // does. The others that these two fork have not come to that yet.
    if rank != Rank::INIT && rank != Rank::MAIN {
        ends::serves();
    }
    let Some(rules) = rules::get().filter(|_| rank == Rank::MAIN) else { return Ok(()) };
    for _ in 0..rules.processes {
        // As a timer, so that other modules open what they need in that process.
        process::fork(Rank::TIMER, c"notification_worker", queue::work)?;
    }
    Ok(())
}

/// Frees what waits. For `mod_destroy`, also after an `init` that failed.
pub(crate) fn tear_down() {
    queue::tear_down();
    trouble::tear_down();
    owed::tear_down();
    ends::tear_down();
}
