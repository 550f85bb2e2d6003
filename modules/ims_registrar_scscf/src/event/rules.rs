//! What the parameters say of the event package, settled once before the host forks.

use crate::params;
use bstr::BString;
use core::ffi::c_int;
use kamailio::{error::Report, param::Int};
use scscf_core::event::{BadTrusted, Bounds, Rules as Hearing, Trusted, document::Style};
use std::sync::OnceLock;

/// The settings.
#[derive(Debug)]
pub(super) struct Rules {
    /// Processes that tell watchers, at least one.
    pub(super) processes: u16,
    /// Events that may wait; `u32::MAX`: any number.
    pub(super) limit: u32,
    /// More that wait are logged; 0: never.
    pub(super) threshold: u32,
    pub(super) bounds: Bounds,
    pub(super) hearing: Hearing,
    pub(super) trusted: Trusted,
    /// Number of the first document of a subscription.
    pub(super) first_version: i32,
    /// A watcher that ends its subscription gets a last NOTIFY.
    pub(super) last_notify: bool,
    /// Subscriptions end with the last registration.
    pub(super) ends: bool,
    /// Unanswered NOTIFYs in a row that end a subscription; 0: none do.
    pub(super) unanswered: u32,
    pub(super) style: Style,
}

/// A parameter with a value that is not allowed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadRules {
    #[error("modparam trusted_as: {0}")]
    Trusted(#[from] BadTrusted),
}

impl Report for BadRules {}

static RULES: OnceLock<Rules> = OnceLock::new();

/// The settings, once `mod_init` has read them.
pub(super) fn get() -> Option<&'static Rules> {
    RULES.get()
}

/// Makes `rules` those of all processes.
pub(super) fn set(rules: Rules) {
    // A second mod_init does not happen; were there one, the first settings would stay.
    let _first = RULES.set(rules);
}

/// Reads and checks the parameters.
pub(super) fn read() -> Result<Rules, BadRules> {
    let limit = seconds("max_notification_list_size", &params::MAX_NOTIFICATION_LIST_SIZE);
    let processes = &params::NOTIFICATION_PROCESSES;
    let processes = processes.within("notification_processes", 1..=MOST_PROCESSES);
    let range = &params::SUBSCRIPTION_EXPIRES_RANGE;
    let between = |byte: &u8| *byte == b',' || byte.is_ascii_whitespace();
    let names = params::REGINFO_UNKNOWN_PARAMS.get().split(between);
    let min = seconds("subscription_min_expires", &params::SUBSCRIPTION_MIN_EXPIRES);
    let max = seconds("subscription_max_expires", &params::SUBSCRIPTION_MAX_EXPIRES);
    if max > 0 && min > max {
        kamailio::warn!(
            "modparam subscription_min_expires is {min}, must be at most subscription_max_expires, \
             {max}: the longest counts"
        );
    }
    let threshold =
        seconds("notification_list_size_threshold", &params::NOTIFICATION_LIST_SIZE_THRESHOLD);
    if limit > 0 && threshold >= limit {
        kamailio::warn!(
            "modparam notification_list_size_threshold is {threshold}, and no more than {limit} \
             (max_notification_list_size) wait: a long queue is not logged before it is full"
        );
    }
    Ok(Rules {
        processes: u16::try_from(processes).unwrap_or(1),
        limit: if limit == 0 { u32::MAX } else { limit },
        threshold,
        bounds: Bounds {
            default: seconds("subscription_default_expires", &params::SUBSCRIPTION_DEFAULT_EXPIRES),
            min,
            max,
            range: range.within("subscription_expires_range", 0..=100),
        },
        hearing: Hearing {
            phone_unsubscribes: params::UE_UNSUBSCRIBE_ON_DEREG.get() != 0,
            quiet_registrations: params::QUIET_REGISTRATIONS.get() != 0,
        },
        trusted: Trusted::parse(params::TRUSTED_AS.get())?,
        first_version: seconds("reginfo_first_version", &params::REGINFO_FIRST_VERSION)
            .try_into()
            .unwrap_or(c_int::MAX),
        last_notify: params::FINAL_NOTIFY.get() != 0,
        ends: params::WATCHERS_END_WITH_REGISTRATION.get() != 0,
        unanswered: seconds("notify_timeout_limit", &params::NOTIFY_TIMEOUT_LIMIT),
        style: Style {
            names: names.filter(|name| !name.is_empty()).map(BString::from).collect(),
            plain: params::REGINFO_PLAIN_EVENTS.get() != 0,
        },
    })
}

/// More processes than any server has use for.
const MOST_PROCESSES: u32 = 512;

fn seconds(name: &str, param: &Int) -> u32 {
    param.within(name, 0..=u32::MAX)
}
