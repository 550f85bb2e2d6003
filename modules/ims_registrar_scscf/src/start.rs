//! From the start of the server to its stop.

use crate::{
    event, expiry, network, recent,
    settings::{self, SettingsError},
    tunable, user_data, waiting,
};
use kamailio::{Error, error::Report, module::Rank};
use scscf_core::user_data::BadSchema;

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error(transparent)]
    Core(#[from] Error),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Event(#[from] event::StartError),
    #[error(transparent)]
    Schema(#[from] BadSchema),
}

impl Report for StartError {}

/// Runs once, before the server forks.
pub(crate) fn init() -> Result<(), StartError> {
    let settings = settings::read()?;
    tunable::declare()?;
    user_data::set_up()?;
    waiting::set_up()?;
    recent::set_up()?;
    if settings.tells_expiry {
        settings.usrloc.watch_all(expiry::by_itself)?;
    }
    event::set_up(&settings)?;
    settings::set(settings);
    Ok(())
}

/// Runs in every process.
pub(crate) fn child(rank: Rank) -> Result<(), StartError> {
    event::child(rank)?;
    // After the mod_init of `cdp`, and before any process of it runs: they all look at one list.
    if rank == Rank::INIT
        && let Some(settings) = settings::get()
    {
        settings.cdp.on_request(network::asked)?;
    }
    Ok(())
}

/// Runs once, when all other processes have ended; also after an `init` that failed.
pub(crate) fn destroy() {
    event::tear_down();
    waiting::tear_down();
    recent::tear_down();
}
