//! From the start of the server to its stop.

use crate::{db, debug_file, domains, expiry, params, stats, store::Locations};
use core::num::NonZeroU32;
use kamailio::{
    Error, error::Report, location::Unwritable, module::Rank, param::Int, pcscf::server,
    script::after_script, timer,
};
use std::sync::OnceLock;

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error(transparent)]
    Core(#[from] Error),
    #[error(transparent)]
    Db(#[from] db::StartError),
    #[error("modparam {name} is {value}, must be {allowed}")]
    Range { name: &'static str, value: i32, allowed: &'static str },
    #[error(transparent)]
    DebugFile(#[from] Unwritable),
}

impl Report for StartError {}

/// What the parameters come to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// Groups of contacts, as a power of two.
    pub(crate) bits: u8,
    /// Seconds that a contact stays after its end.
    pub(crate) grace: i64,
    /// Searches compare the user.
    pub(crate) by_user: bool,
    /// Seconds between two looks for what has expired.
    pub(crate) interval: NonZeroU32,
    /// Seconds that a contact of mode 3 is believed.
    pub(crate) refresh: i64,
}

static SETTINGS: OnceLock<Settings> = OnceLock::new();

/// The settings; those of the defaults before `mod_init`, which nothing runs before.
pub(crate) fn settings() -> Settings {
    SETTINGS.get().copied().unwrap_or(Settings {
        bits: 9,
        grace: 3600,
        by_user: false,
        interval: NonZeroU32::MIN,
        refresh: 10,
    })
}

/// Runs once, before the server forks.
pub(crate) fn init() -> Result<(), StartError> {
    let settings = read()?;
    // A second mod_init does not happen; were there one, the first settings would stay.
    let _first = SETTINGS.set(settings);
    debug_file::FILE.check()?;
    db::init()?;
    domains::set_up()?;
    after_script(server::heal::<Locations>)?;
    timer::every(settings.interval, expiry::tick)?;
    timer::every(NonZeroU32::MIN, expiry::second)?;
    Ok(())
}

/// Runs in every process.
pub(crate) fn child(rank: Rank) -> Result<(), StartError> {
    if rank == Rank::INIT {
        stats::register_domains();
        db::restore()?;
    }
    Ok(db::child(rank)?)
}

/// Runs once, when all other processes have ended; also after an `init` that failed.
pub(crate) fn destroy() {
    db::stop();
    domains::tear_down();
}

fn read() -> Result<Settings, StartError> {
    /// More groups would be of no use to a list of a million.
    const BITS_MAX: u8 = 24;
    let hash_size = params::HASH_SIZE.get();
    let bits = match hash_size {
        ..=1 => 9,
        _ => u8::try_from(hash_size).ok().filter(|bits| *bits <= BITS_MAX).ok_or(
            StartError::Range { name: "hash_size", value: hash_size, allowed: "24 or less" },
        )?,
    };
    Ok(Settings {
        bits,
        grace: not_negative("expires_grace", &params::EXPIRES_GRACE)?.into(),
        by_user: params::MATCH_CONTACT_HOST_PORT.get() == 0,
        interval: seconds("timer_interval", &params::TIMER_INTERVAL)?,
        refresh: not_negative("db_refresh", &params::DB_REFRESH)?.into(),
    })
}

fn seconds(name: &'static str, param: &Int) -> Result<NonZeroU32, StartError> {
    let value = param.get();
    let allowed = "1 or more seconds";
    let seconds = u32::try_from(value).ok().and_then(NonZeroU32::new);
    seconds.ok_or(StartError::Range { name, value, allowed })
}

fn not_negative(name: &'static str, param: &Int) -> Result<u32, StartError> {
    let value = param.get();
    let allowed = "0 or more seconds";
    u32::try_from(value).map_err(|_| StartError::Range { name, value, allowed })
}
