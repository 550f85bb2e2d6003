//! What the parameters come to.

use crate::params;
use bstr::BStr;
use core::num::NonZeroU32;
use kamailio::param::{Int, Text};
use scscf_core::{
    limits::{Behaviour, Limits},
    matching::Mode,
};
use std::sync::OnceLock;

/// A parameter that is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadParam {
    #[error("modparam {name} is {value}, must be {allowed}")]
    Range { name: &'static str, value: i32, allowed: &'static str },
}

/// What the parameters come to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// Groups as powers of two.
    pub(crate) identity_bits: u8,
    pub(crate) subscriber_bits: u8,
    pub(crate) contact_bits: u8,
    pub(crate) dialog_bits: u8,
    /// Seconds between two looks; none: nobody looks.
    pub(crate) interval: Option<NonZeroU32>,
    /// Processes that look.
    pub(crate) processes: u16,
    pub(crate) matching: Mode,
    /// The contact that was refreshed last goes first.
    pub(crate) newest_first: bool,
    /// The mask of the flag.
    pub(crate) nat_flag: u32,
    pub(crate) delete_delay: i64,
    pub(crate) unreg_validity: i64,
    pub(crate) limits: Limits,
    pub(crate) max_subscribes: u32,
    pub(crate) wildcards: bool,
    /// Identities with this text are not told.
    pub(crate) skipped_realm: Option<&'static [u8]>,
}

static SETTINGS: OnceLock<Settings> = OnceLock::new();

/// The settings; nothing runs before they are read.
pub(crate) fn get() -> Settings {
    SETTINGS.get().copied().unwrap_or(Settings {
        identity_bits: 9,
        subscriber_bits: 9,
        contact_bits: 9,
        dialog_bits: 9,
        interval: None,
        processes: 0,
        matching: Mode::Uri,
        newest_first: false,
        nat_flag: 0,
        delete_delay: 30,
        unreg_validity: 1800,
        limits: Limits::default(),
        max_subscribes: 0,
        wildcards: false,
        skipped_realm: None,
    })
}

/// Reads the parameters. To be called in `mod_init`.
pub(crate) fn set_up() -> Result<Settings, BadParam> {
    let settings = read()?;
    // A second mod_init does not happen; were there one, the first settings would stay.
    let _first = SETTINGS.set(settings);
    Ok(settings)
}

fn read() -> Result<Settings, BadParam> {
    of_no_use("user_data_dtd", &params::USER_DATA_DTD);
    of_no_use("user_data_xsd", &params::USER_DATA_XSD);
    not_negative("cseq_delay", &params::CSEQ_DELAY);
    let interval = u32::try_from(params::TIMER_INTERVAL.get()).ok().and_then(NonZeroU32::new);
    let processes = params::TIMER_PROCS.within("timer_procs", 0..=PROCESSES_MAX);
    // In C anything above 0 has the oldest contact make room where there is no refusal.
    let behaviour = params::MAXCONTACT_BEHAVIOUR.within("maxcontact_behaviour", 0..=2);
    Ok(Settings {
        identity_bits: bits("hash_size", &params::HASH_SIZE),
        subscriber_bits: bits("subs_hash_size", &params::SUBS_HASH_SIZE),
        contact_bits: bits("contacts_hash_size", &params::CONTACTS_HASH_SIZE),
        dialog_bits: bits("sub_dialog_hash_size", &params::SUB_DIALOG_HASH_SIZE),
        interval,
        processes: u16::try_from(processes).unwrap_or_default(),
        matching: Mode::of(params::MATCHING_MODE.get())
            .ok_or_else(|| range("matching_mode", &params::MATCHING_MODE, "0 to 3"))?,
        newest_first: params::DESC_TIME_ORDER.get() != 0,
        nat_flag: nat_flag()?,
        delete_delay: not_negative("contact_delete_delay", &params::CONTACT_DELETE_DELAY).into(),
        unreg_validity: not_negative("unreg_validity", &params::UNREG_VALIDITY).into(),
        limits: Limits {
            contacts: not_negative("maxcontact", &params::MAXCONTACT),
            of_3gpp: not_negative("maxcontact_3gpp", &params::MAXCONTACT_3GPP),
            behaviour: Behaviour::of(behaviour.cast_signed()).unwrap_or_default(),
        },
        max_subscribes: not_negative("max_subscribes", &params::MAX_SUBSCRIBES),
        wildcards: params::SUPPORT_WILDCARDPSI.get() != 0,
        skipped_realm: params::REALM.non_empty().filter(|_| params::SKIP_REALM.get() != 0),
    })
}

/// More processes would only wait for each other.
const PROCESSES_MAX: u32 = 64;

/// Groups as a power of two. The manual of the C module gives their number as an example, which it
/// does not understand; here a number of groups is one. With what is neither C starts with some number
/// or other.
fn bits(name: &str, param: &Int) -> u8 {
    /// More groups would be of no use to a list of a million.
    const MOST: i32 = 24;
    const DEFAULT: u8 = 9;
    let value = param.get();
    let exponent = match value {
        ..=1 => return DEFAULT,
        2..=MOST => u32::try_from(value).ok(),
        _ => u32::try_from(value).ok().filter(|size| size.is_power_of_two()).map(u32::ilog2),
    };
    let bits = exponent.filter(|bits| i64::from(*bits) <= i64::from(MOST));
    bits.and_then(|bits| u8::try_from(bits).ok()).unwrap_or_else(|| {
        kamailio::warn!(
            "modparam {name} is {value}, must be {MOST} or less, or the number of groups, a power of \
             two up to {}: {DEFAULT} counts",
            1 << MOST
        );
        DEFAULT
    })
}

fn nat_flag() -> Result<u32, BadParam> {
    match params::NAT_BFLAG.get() {
        -1 => Ok(0),
        number => u32::try_from(number)
            .ok()
            .and_then(|number| 1_u32.checked_shl(number))
            .ok_or_else(|| range("nat_bflag", &params::NAT_BFLAG, "0 to 31")),
    }
}

fn not_negative(name: &str, param: &Int) -> u32 {
    param.within(name, 0..=u32::MAX)
}

fn range(name: &'static str, param: &Int, allowed: &'static str) -> BadParam {
    BadParam::Range { name, value: param.get(), allowed }
}

/// The module of C accepts these and never opens the files.
fn of_no_use(name: &str, param: &Text) {
    if let Some(path) = param.non_empty() {
        kamailio::notice!(
            "modparam {name} is {:?} and does nothing here: user data is read by \
             ims_registrar_scscf, which has parameters of the same name",
            BStr::new(path)
        );
    }
}
