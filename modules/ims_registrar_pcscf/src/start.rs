//! From the start of the server to its stop.

use crate::{
    callbacks, events, late, restored,
    settings::{self, SettingsError},
};
use core::num::NonZeroU32;
use kamailio::{Error, error::Report, module::Rank, process, timer};

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error(transparent)]
    Core(#[from] Error),
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

impl Report for StartError {}

/// Runs once, before the server forks.
pub(crate) fn init() -> Result<(), StartError> {
    let settings = settings::read()?;
    settings.usrloc.watch_all(callbacks::changed)?;
    // The C module announces it even if it is not forked, and modules that announce too few take it.
    process::announce(1)?;
    if settings.pua.is_some() {
        events::set_up(&settings)?;
        process::announce_spare()?;
    }
    if settings.subscribes && !settings.any_dialog {
        late::set_up()?;
    }
    if settings.subscribes && settings.resubscribe_rate > 0 {
        timer::every(NonZeroU32::MIN, restored::second)?;
    }
    settings::set(settings);
    Ok(())
}

/// Runs in every process.
pub(crate) fn child(rank: Rank) -> Result<(), StartError> {
    let sends = settings::get().is_some_and(|settings| settings.pua.is_some());
    if rank == Rank::MAIN && sends {
        // As a timer, so that `pua` opens its database in that process.
        process::fork(Rank::TIMER, c"RegInfo Event Processor", events::work)?;
    }
    Ok(())
}

/// Runs once, when all other processes have ended; also after an `init` that failed.
pub(crate) fn destroy() {
    events::tear_down();
    late::tear_down();
}
