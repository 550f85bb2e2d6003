//! From the start of the server to its stop.

use crate::{db, debug_file, dialogs, engine, expiry, meant, settings, store::Locations};
use core::num::NonZeroU32;
use kamailio::{
    Error,
    error::Report,
    location::Unwritable,
    module::Rank,
    private,
    process::{announce_timers, fork_timer},
    script::{after_script, around_requests},
    scscf::server,
    timer,
};

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error(transparent)]
    Core(#[from] Error),
    #[error(transparent)]
    Db(#[from] db::StartError),
    #[error(transparent)]
    Param(#[from] settings::BadParam),
    #[error(transparent)]
    DebugFile(#[from] Unwritable),
}

impl Report for StartError {}

/// Runs once, before the server forks.
pub(crate) fn init() -> Result<(), StartError> {
    let settings = settings::set_up()?;
    debug_file::FILE.check()?;
    db::init()?;
    engine::set_up()?;
    dialogs::set_up()?;
    after_script(server::heal::<Locations>)?;
    if settings.wildcards {
        around_requests(meant::request)?;
    }
    match (settings.processes, settings.interval) {
        (0, Some(interval)) => timer::every(interval, expiry::tick)?,
        (0, None) => kamailio::warn!(
            "modparam timer_interval is 0: nothing is removed when its time is over, only hidden"
        ),
        (processes, _) => announce_timers(processes)?,
    }
    timer::every(NonZeroU32::MIN, expiry::second)?;
    Ok(())
}

/// Runs in every process.
pub(crate) fn child(rank: Rank) -> Result<(), StartError> {
    private::prepare(rank);
    meant::child(rank);
    if rank == Rank::INIT {
        db::restore()?;
    }
    if rank == Rank::MAIN {
        let settings = settings::get();
        let interval = settings.interval.unwrap_or(NonZeroU32::MIN);
        for _ in 0..settings.processes {
            fork_timer(Rank::TIMER, c"IMS S-CSCF USRLOC Timer", interval, expiry::tick)?;
        }
    }
    Ok(db::child(rank)?)
}

/// Runs once, when all other processes have ended; also after an `init` that failed.
pub(crate) fn destroy() {
    db::stop();
    engine::tear_down();
}
