//! What the parameters come to, settled once before the host forks.

use crate::{
    domains, hss, params,
    tunable::{self, Number},
};
use bstr::ByteSlice;
use core::ffi::CStr;
use kamailio::{
    Error,
    avp::{AvpSpec, NotAnAvp},
    cdp::{Cdp, Constant},
    error::Report,
    param::{Int, Text},
    scscf::client::Usrloc,
    sl::Sl,
    tm::Tm,
};
use scscf_core::{
    expires::Lifetimes,
    lookup,
    matching::Mode,
    methods::is_token,
    register::{self, Policy, path},
    reply,
};
use std::sync::OnceLock;

/// The settings of this server.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) usrloc: &'static Usrloc,
    pub(crate) matching: Mode,
    /// Seconds for which the same `CSeq` is a retransmission, by the parameter of the store.
    pub(crate) cseq_delay: i64,
    pub(crate) tm: Tm,
    pub(crate) sl: Sl,
    pub(crate) cdp: Cdp,
    pub(crate) scscf_name: &'static [u8],
    /// The value of the header.
    pub(crate) service_route: Vec<u8>,
    pub(crate) realm: &'static [u8],
    pub(crate) peer: Option<&'static [u8]>,
    pub(crate) tells_call_id: bool,
    /// What stands in every request to the HSS.
    pub(crate) constants: Vec<Constant>,
    /// The parameter of a Contact that says where it was received from.
    pub(crate) received_param: &'static [u8],
    pub(crate) received_avp: Option<AvpSpec>,
    pub(crate) aor_avp: Option<AvpSpec>,
    pub(crate) return_code: AvpSpec,
    pub(crate) path: path::Settings,
    /// The flag of a message and the header that it stands for.
    pub(crate) socket_header: Option<(u8, &'static [u8])>,
    pub(crate) buffer_percent: u32,
    pub(crate) policy: Policy,
    pub(crate) error_code: u16,
    pub(crate) precise: bool,
    pub(crate) refuses_brief: bool,
    pub(crate) filters_methods: bool,
    pub(crate) lists_request_only: bool,
    pub(crate) tells_expiry: bool,
    pub(crate) tells_admin: bool,
    pub(crate) lookup_order: lookup::Order,
}

/// Why the server cannot start with these parameters.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error(transparent)]
    Core(#[from] Error),
    #[error("modparam {0} {1}")]
    Avp(&'static str, NotAnAvp),
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

/// The AVP that the script finds in the route that goes on.
const RETURN_CODE: &[u8] = b"$avp(s:saa_return_code)";

/// Reads and checks the parameters, and binds to the modules that they call for.
pub(crate) fn read() -> Result<Settings, SettingsError> {
    let usrloc = Usrloc::bind()?;
    domains::register(usrloc)?;
    let avp = |name, text: Option<&[u8]>| {
        text.map(AvpSpec::parse).transpose().map_err(|bad| SettingsError::Avp(name, bad))
    };
    avp("reg_callid_avp", params::REG_CALLID_AVP.non_empty())?;
    let return_code = AvpSpec::parse(RETURN_CODE);
    bounds();
    let in_brackets = |byte: &u8| !byte.is_ascii_control() && !b"<> ".contains(byte);
    let scscf_name = text("scscf_name", &params::SCSCF_NAME, params::NAME, in_brackets);
    let graphic = u8::is_ascii_graphic;
    let realm = text("cxdx_dest_realm", &params::CXDX_DEST_REALM, params::REALM, graphic);
    let token = |byte: &u8| is_token(*byte);
    let received_param = text("received_param", &params::RECEIVED_PARAM, params::RECEIVED, token);
    Ok(Settings {
        usrloc,
        matching: Mode::of(usrloc.matching_mode()).unwrap_or_default(),
        cseq_delay: usrloc.cseq_delay().map_or(register::CSEQ_DELAY, i64::from),
        tm: Tm::bind()?,
        sl: Sl::bind()?,
        cdp: Cdp::bind()?,
        scscf_name,
        service_route: reply::service_route(scscf_name),
        realm,
        peer: params::CXDX_FORCED_PEER.non_empty(),
        tells_call_id: params::SEND_VS_CALLID_AVP.get() != 0,
        constants: hss::constants(realm, scscf_name)?,
        received_param,
        received_avp: avp("received_avp", params::RECEIVED_AVP.non_empty())?,
        aor_avp: avp("aor_avp", params::AOR_AVP.non_empty())?,
        return_code: return_code.map_err(|bad| SettingsError::Avp("saa_return_code", bad))?,
        path: path::Settings {
            enabled: params::USE_PATH.get() != 0,
            mode: path_mode(),
            use_received: params::PATH_USE_RECEIVED.get() != 0,
        },
        socket_header: socket_header(),
        buffer_percent: within(
            "expires_buffer_percent",
            &params::EXPIRES_BUFFER_PERCENT,
            90,
            "0 to 90",
        )?,
        policy: Policy {
            stores_profile: params::STORE_PROFILE_DEREG.get() != 0,
            always_asks: params::USER_DATA_ALWAYS.get() != 0,
        },
        error_code: error_code(),
        precise: params::PRECISE_ERRORS.get() != 0,
        refuses_brief: params::REFUSE_BRIEF.get() != 0,
        filters_methods: params::METHOD_FILTERING.get() != 0,
        lists_request_only: params::SKIP_MULTIPLE_BINDINGS_ON_REG_RESP.get() != 0,
        tells_expiry: params::SAR_ON_EXPIRY.get() != 0,
        tells_admin: params::SAR_ON_ADMIN_DEREG.get() != 0,
        lookup_order: lookup_order()?,
    })
}

impl Settings {
    /// What holds for a REGISTER now.
    pub(crate) fn register(&self, any_realm: bool) -> register::Settings {
        let count = tunable::count;
        register::Settings {
            lifetimes: Lifetimes {
                normal: tunable::bounds(
                    Number::DefaultExpires,
                    Number::MinExpires,
                    Number::MaxExpires,
                ),
                emergency: tunable::bounds(
                    Number::EmDefaultExpires,
                    Number::EmMinExpires,
                    Number::EmMaxExpires,
                ),
                range: count(Number::DefaultExpiresRange).min(100),
            },
            default_q: tunable::number(Number::DefaultQ).clamp(-1, 1000),
            path: self.path,
            refuses_brief: self.refuses_brief,
            precise: self.precise,
            any_realm,
        }
    }

    /// How a refusal is put now.
    pub(crate) fn refusals(&self) -> reply::Settings {
        reply::Settings {
            precise: self.precise,
            error_code: self.error_code,
            retry_after: tunable::count(Number::RetryAfter),
        }
    }
}

/// A text that stands in header fields or AVPs of our own, without what does not fit there. The module
/// of C starts with any, and tells it as it is.
fn text(
    name: &'static str,
    param: &Text,
    default: &'static CStr,
    fits: impl Fn(&u8) -> bool,
) -> &'static [u8] {
    let value = param.get();
    if !value.is_empty() && value.iter().all(&fits) {
        return value;
    }
    let left: Vec<u8> = value.iter().copied().filter(fits).collect();
    // As long as the server lives, as what the host read.
    let kept = if left.is_empty() { default.to_bytes() } else { left.leak() };
    kamailio::warn!(
        "modparam {name} is {:?}, and cannot stand in a message so: {:?} counts",
        value.as_bstr(),
        kept.as_bstr()
    );
    kept
}

/// Says which of the numbers that [`crate::tunable`] holds lie out of their bounds; it cuts them.
fn bounds() {
    let counts: [(&'static str, &Int); 8] = [
        ("default_expires", &params::DEFAULT_EXPIRES),
        ("min_expires", &params::MIN_EXPIRES),
        ("max_expires", &params::MAX_EXPIRES),
        ("em_default_expires", &params::EM_DEFAULT_EXPIRES),
        ("em_min_expires", &params::EM_MIN_EXPIRES),
        ("em_max_expires", &params::EM_MAX_EXPIRES),
        ("max_contacts", &params::MAX_CONTACTS),
        ("retry_after", &params::RETRY_AFTER),
    ];
    for (name, param) in counts {
        param.within(name, 0..=u32::MAX);
    }
    params::DEFAULT_EXPIRES_RANGE.within("default_expires_range", 0..=100);
}

/// In C what is neither 0 nor 2 is as good as 1.
fn path_mode() -> path::Mode {
    let value = params::PATH_MODE.get();
    path::Mode::of(value).unwrap_or_else(|| {
        kamailio::warn!("modparam path_mode is {value}, must be 0, 1 or 2: 1 counts");
        path::Mode::IfSupported
    })
}

fn lookup_order() -> Result<lookup::Order, SettingsError> {
    match params::LOOKUP_ORDER.get() {
        0 => Ok(lookup::Order::Bound),
        1 => Ok(lookup::Order::NewestFirst),
        2 => Ok(lookup::Order::Quality),
        value => {
            let (name, allowed) = ("lookup_order", "0, 1 or 2");
            Err(SettingsError::Range { name, value, allowed })
        }
    }
}

/// What is replied for 500; C says what cannot be said, or nothing.
fn error_code() -> u16 {
    const DEFAULT: u16 = 500;
    let value = params::ERROR_REPLY_CODE.get();
    let code = u16::try_from(value).ok().filter(|code| (200..700).contains(code));
    code.unwrap_or_else(|| {
        kamailio::warn!(
            "modparam error_reply_code is {value}, must be 200 to 699: {DEFAULT} counts"
        );
        DEFAULT
    })
}

/// A parameter from 0 to `most`.
fn within(
    name: &'static str,
    param: &Int,
    most: u32,
    allowed: &'static str,
) -> Result<u32, SettingsError> {
    let value = param.get();
    let number = u32::try_from(value).ok().filter(|number| *number <= most);
    number.ok_or(SettingsError::Range { name, value, allowed })
}

/// Both parameters, or neither.
fn socket_header() -> Option<(u8, &'static [u8])> {
    let flag = u8::try_from(params::SOCK_FLAG.get()).ok().filter(|flag| *flag < 32);
    let name = params::SOCK_HDR_NAME.non_empty();
    if flag.is_some() != name.is_some() {
        kamailio::warn!("modparam sock_flag and sock_hdr_name must both be set: neither counts");
    }
    flag.zip(name)
}
