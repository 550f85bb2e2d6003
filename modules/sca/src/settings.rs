//! What the parameters come to, settled once before the host forks.

use crate::params;
use core::num::NonZeroU32;
use kamailio::{
    Error,
    avp::{AvpSpec, NotAnAvp},
    error::Report,
    sl::Sl,
    tm::Tm,
};
use std::sync::OnceLock;

/// The settings of this server.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) tm: Tm,
    pub(crate) sl: Sl,
    /// Empty: none is set.
    pub(crate) server_address: &'static [u8],
    pub(crate) contact_fallback: Option<&'static [u8]>,
    pub(crate) onhold_flag: Option<u8>,
    pub(crate) from_avp: Option<AvpSpec>,
    pub(crate) to_avp: Option<AvpSpec>,
    pub(crate) pai_avp: Option<AvpSpec>,
    pub(crate) shard_bits: u8,
    pub(crate) purge_interval: NonZeroU32,
    pub(crate) subscriptions_interval: NonZeroU32,
    pub(crate) states_interval: NonZeroU32,
    /// There is a database.
    pub(crate) stores: bool,
    /// The database has the table of appearances.
    pub(crate) keeps_states: bool,
    pub(crate) drop_failed: bool,
    pub(crate) obey_retry_after: bool,
}

/// Why the server cannot start with these parameters.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error(transparent)]
    Core(#[from] Error),
    #[error("modparam {name} {source}")]
    Avp { name: &'static str, source: NotAnAvp },
    #[error("modparam {name} is {value}, must be {allowed}")]
    Range { name: &'static str, value: i32, allowed: &'static str },
    #[error("{0} must be set!")]
    Empty(&'static str),
}

impl Report for SettingsError {}

static SETTINGS: OnceLock<Settings> = OnceLock::new();

/// The settings. Every call into the module comes after `mod_init`, which set them.
pub(crate) fn get() -> Option<&'static Settings> {
    SETTINGS.get()
}

/// Makes `settings` those of all processes. To be called in `mod_init`.
pub(crate) fn set(settings: Settings) {
    // A second mod_init does not happen; were there one, the first settings would stay.
    let _first = SETTINGS.set(settings);
}

/// Reads and checks the parameters.
pub(crate) fn read() -> Result<Settings, SettingsError> {
    let stores = match params::DB_MODE.get() {
        0 => false,
        2 => true,
        value => return Err(range("db_mode", value, "0 or 2")),
    };
    for (name, text) in [
        ("db_url", &params::DB_URL),
        ("subs_table", &params::SUBS_TABLE),
        ("state_table", &params::STATE_TABLE),
    ] {
        if stores && text.non_empty().is_none() {
            return Err(SettingsError::Empty(name));
        }
    }
    Ok(Settings {
        tm: Tm::bind()?,
        sl: Sl::bind()?,
        server_address: params::SERVER_ADDRESS.get(),
        contact_fallback: params::CONTACT_FALLBACK.non_empty(),
        onhold_flag: onhold_flag()?,
        from_avp: avp("from_uri_avp", &params::FROM_URI_AVP)?,
        to_avp: avp("to_uri_avp", &params::TO_URI_AVP)?,
        pai_avp: avp("pai_avp", &params::PAI_AVP)?,
        shard_bits: shard_bits(),
        purge_interval: seconds("purge_expired_interval", &params::PURGE_EXPIRED_INTERVAL),
        subscriptions_interval: seconds("db_update_interval", &params::DB_UPDATE_INTERVAL),
        states_interval: seconds("state_update_interval", &params::STATE_UPDATE_INTERVAL),
        stores,
        keeps_states: false,
        drop_failed: params::DROP_FAILED_SUBSCRIBERS.get() != 0,
        obey_retry_after: params::OBEY_RETRY_AFTER.get() != 0,
    })
}

fn range(name: &'static str, value: i32, allowed: &'static str) -> SettingsError {
    SettingsError::Range { name, value, allowed }
}

/// 512 shards unless the parameter says otherwise: the module of C starts with most numbers, and
/// has some other number of slots then.
fn shard_bits() -> u8 {
    const DEFAULT: u8 = 9;
    const MOST: u8 = 20;
    let value = params::HASH_TABLE_SIZE.get();
    if value <= 0 {
        return DEFAULT;
    }
    let bits = u8::try_from(value).ok().filter(|bits| *bits <= MOST);
    bits.unwrap_or_else(|| {
        kamailio::warn!(
            "modparam hash_table_size is {value}, must be at most {MOST}: {DEFAULT} counts"
        );
        DEFAULT
    })
}

fn onhold_flag() -> Result<Option<u8>, SettingsError> {
    let value = params::ONHOLD_BFLAG.get();
    match u8::try_from(value) {
        Ok(bit @ 0..=31) => Ok(Some(bit)),
        _ if value < 0 => Ok(None),
        _ => Err(range("onhold_bflag", value, "31 or less")),
    }
}

/// Seconds of an interval; the module of C starts with any number, and is busy all the time with some.
fn seconds(name: &'static str, param: &kamailio::param::Int) -> NonZeroU32 {
    NonZeroU32::new(param.within(name, 1..=u32::MAX)).unwrap_or(NonZeroU32::MIN)
}

fn avp(
    name: &'static str,
    param: &kamailio::param::Text,
) -> Result<Option<AvpSpec>, SettingsError> {
    let spec = param.non_empty().map(AvpSpec::parse).transpose();
    spec.map_err(|source| SettingsError::Avp { name, source })
}
