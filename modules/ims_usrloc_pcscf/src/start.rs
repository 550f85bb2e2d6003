//! From the start of the server to its stop.

use crate::{db, debug_file, domains, expiry, params, stats, store::Locations};
use core::num::NonZeroU32;
use kamailio::{
    Error, error::Report, location::Unwritable, module::Rank, param::Int, pcscf::server, private,
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
    private::prepare(rank);
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
    let interval = params::TIMER_INTERVAL.within("timer_interval", 1..=u32::MAX);
    Ok(Settings {
        bits: bits(),
        grace: params::EXPIRES_GRACE.within("expires_grace", 0..=u32::MAX).into(),
        by_user: params::MATCH_CONTACT_HOST_PORT.get() == 0,
        interval: NonZeroU32::new(interval).unwrap_or(NonZeroU32::MIN),
        refresh: not_negative("db_refresh", &params::DB_REFRESH)?.into(),
    })
}

/// `hash_size`, as a configuration of C may have it: any number.
fn bits() -> u8 {
    const DEFAULT: u8 = 9;
    /// More groups would be of no use to a list of a million.
    const MAX: u8 = 24;
    match params::HASH_SIZE.get() {
        ..=1 => DEFAULT,
        size => u8::try_from(size).ok().filter(|bits| *bits <= MAX).unwrap_or_else(|| {
            kamailio::warn!(
                "modparam hash_size is {size}, must be at most {MAX}: {DEFAULT} counts"
            );
            DEFAULT
        }),
    }
}

fn not_negative(name: &'static str, param: &Int) -> Result<u32, StartError> {
    let value = param.get();
    let allowed = "0 or more seconds";
    u32::try_from(value).map_err(|_| StartError::Range { name, value, allowed })
}
