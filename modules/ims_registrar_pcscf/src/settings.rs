//! What the parameters come to, settled once before the host forks.

use crate::{domains, params};
use bstr::BStr;
use kamailio::{
    Error, avp::AvpSpec, error::Report, ipsec::Ipsec, param::Int, pcscf::client::Usrloc, pua::Pua,
    tm::Tm,
};
use std::sync::OnceLock;

/// The settings of this server.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) usrloc: &'static Usrloc,
    pub(crate) tm: Tm,
    pub(crate) ipsec: Option<Ipsec>,
    /// Bound if anything is to be sent.
    pub(crate) pua: Option<Pua>,
    pub(crate) pcscf_uri: &'static [u8],
    pub(crate) pending_expires: u32,
    pub(crate) received_avp: Option<AvpSpec>,
    pub(crate) fallback2ip: i32,
    pub(crate) publishes: bool,
    pub(crate) subscribes: bool,
    pub(crate) subscription_expires: u32,
    pub(crate) checks_port: bool,
    pub(crate) checks_transport: bool,
    pub(crate) ignores_state: bool,
    pub(crate) icscf: Option<&'static [u8]>,
    /// 0: never warn.
    pub(crate) queue_threshold: u32,
    pub(crate) queue_limit: u32,
    /// 0: none.
    pub(crate) resubscribe_rate: u32,
    pub(crate) delete_delay: i64,
    pub(crate) trusts_bottom_via: bool,
    pub(crate) trusts_alias: bool,
    pub(crate) any_dialog: bool,
    pub(crate) pending_on_deregister: bool,
}

/// Why the server cannot start with these parameters.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error(transparent)]
    Core(#[from] Error),
    #[error("modparam {name} is {value}, must be {allowed}")]
    Range { name: &'static str, value: i32, allowed: &'static str },
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

/// Reads and checks the parameters, and binds to the modules that they call for.
pub(crate) fn read() -> Result<Settings, SettingsError> {
    let usrloc = Usrloc::bind()?;
    domains::register(usrloc)?;
    let subscribes = params::SUBSCRIBE_TO_REGINFO.get() == 1;
    let publishes = params::PUBLISH_REGINFO.get() != 0;
    let pua = if publishes || subscribes { pua(subscribes)? } else { None };
    let publishes = publishes && pua.is_some();
    let ipsec = Ipsec::bind();
    let without_ipsec = params::RXPORT_CHECK_WITHOUT_IPSEC.get() != 0;
    Ok(Settings {
        usrloc,
        tm: Tm::bind()?,
        pua,
        pcscf_uri: pcscf_uri(publishes || subscribes),
        pending_expires: seconds("pending_reg_expires", &params::PENDING_REG_EXPIRES, 30),
        received_avp: received_avp(),
        fallback2ip: params::IS_REGISTERED_FALLBACK2IP.get(),
        publishes,
        subscribes,
        subscription_expires: seconds("subscription_expires", &params::SUBSCRIPTION_EXPIRES, 3600),
        checks_port: params::IGNORE_CONTACT_RXPORT_CHECK.get() == 0
            && (ipsec.is_some() || without_ipsec),
        ipsec,
        checks_transport: params::IGNORE_CONTACT_RXPROTO_CHECK.get() == 0,
        ignores_state: params::IGNORE_REG_STATE.get() != 0,
        icscf: params::FORCE_ICSCF_URI.non_empty(),
        queue_threshold: u32::try_from(params::REGINFO_QUEUE_SIZE_THRESHOLD.get()).unwrap_or(0),
        queue_limit: positive("reginfo_queue_limit", &params::REGINFO_QUEUE_LIMIT)?,
        resubscribe_rate: not_negative("resubscribe_rate", &params::RESUBSCRIBE_RATE)?,
        delete_delay: i64::from(params::DELETE_DELAY.get().max(0)),
        trusts_bottom_via: params::TRUST_BOTTOM_VIA.get() != 0,
        trusts_alias: params::TRUST_ALIAS.get() != 0,
        any_dialog: params::NOTIFY_ANY_DIALOG.get() != 0,
        pending_on_deregister: params::PENDING_ON_DEREGISTER.get() != 0,
    })
}

/// What is sent goes through `pua`. The module of C needs it for subscriptions alone, and starts
/// without it where it is to publish.
fn pua(subscribes: bool) -> Result<Option<Pua>, SettingsError> {
    match Pua::bind() {
        Ok(pua) => Ok(Some(pua)),
        Err(missing) if subscribes => Err(missing.into()),
        Err(missing) => {
            kamailio::warn!("modparam publish_reginfo is set, but {missing}: nothing is published");
            Ok(None)
        }
    }
}

/// The AVP; with what is none the module of C starts, and finds no address in it.
fn received_avp() -> Option<AvpSpec> {
    let name = params::RECEIVED_AVP.non_empty()?;
    AvpSpec::parse(name)
        .inspect_err(|why| kamailio::warn!("modparam received_avp {why}: none counts"))
        .ok()
}

/// The URI stands in header fields of our own, if anything is sent.
fn pcscf_uri(sends: bool) -> &'static [u8] {
    let uri = params::PCSCF_URI.get();
    if !sends || !uri.is_empty() && !uri.iter().any(u8::is_ascii_control) {
        return uri;
    }
    let default = params::DEFAULT_URI.to_bytes();
    kamailio::warn!(
        "modparam pcscf_uri is {:?}, must be a uri without line ends: {} counts",
        BStr::new(uri),
        BStr::new(default)
    );
    default
}

/// A number of seconds, or `instead`: a server with the module of C starts with any number.
fn seconds(name: &'static str, param: &Int, instead: u32) -> u32 {
    let value = param.get();
    u32::try_from(value).unwrap_or_else(|_| {
        kamailio::warn!("modparam {name} is {value}, must be 0 or more seconds: {instead} counts");
        instead
    })
}

fn not_negative(name: &'static str, param: &Int) -> Result<u32, SettingsError> {
    let value = param.get();
    u32::try_from(value).map_err(|_| SettingsError::Range { name, value, allowed: "0 or more" })
}

fn positive(name: &'static str, param: &Int) -> Result<u32, SettingsError> {
    let value = param.get();
    let number = u32::try_from(value).ok().filter(|number| *number > 0);
    number.ok_or(SettingsError::Range { name, value, allowed: "1 or more" })
}
