//! From the start of the server to its stop.

use crate::{
    callbacks, db, lines, names,
    settings::{self, Settings, SettingsError},
    stats, timers,
};
use core::num::NonZeroU32;
use kamailio::{Error, error::Report, log::Level, module::Rank, private, process, timer};

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error(transparent)]
    Core(#[from] Error),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Db(#[from] db::StartError),
}

impl Report for StartError {
    fn level(&self) -> Level {
        Level::Error
    }
}

/// Runs once, before the server forks.
pub(crate) fn init() -> Result<(), StartError> {
    let settings = settings::read()?;
    lines::set_up(settings.shard_bits)?;
    names::set_up()?;
    stats::set_up()?;
    settings.sl.on_reply_ready(callbacks::reply_ready)?;
    timer::every(settings.purge_interval, timers::purge)?;
    let settings = if settings.stores { open_database(settings)? } else { settings };
    settings::set(settings);
    db::restore();
    Ok(())
}

fn open_database(settings: Settings) -> Result<Settings, StartError> {
    process::announce_timers(1)?;
    let keeps_states = db::open()?;
    Ok(Settings { keeps_states, ..settings })
}

/// Runs in every process.
pub(crate) fn child(rank: Rank) -> Result<(), StartError> {
    private::prepare(rank);
    let stores = settings::get().is_some_and(|settings| settings.stores);
    if rank == Rank::MAIN && stores {
        process::fork_timer(Rank::TIMER, c"SCA DB SYNC PROCESS", NonZeroU32::MIN, timers::second)?;
    }
    Ok(())
}

/// Runs once, when all other processes have ended; also after an `init` that failed.
pub(crate) fn destroy() {
    if settings::get().is_some_and(|settings| settings.stores) {
        db::flush();
    }
    lines::tear_down();
    names::tear_down();
    stats::tear_down();
}
