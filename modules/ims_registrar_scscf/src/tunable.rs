//! Settings that an operator may change while the server runs: the group of the name of this module,
//! and `registrar`, as the module of C calls it, when nobody else has that name.

use crate::params;
use bstr::BString;
use core::{
    cell::Cell,
    sync::atomic::{AtomicBool, Ordering},
};
use kamailio::{
    Result,
    cfg::{Group, Setting},
    param::Int,
};
use scscf_core::expires::Bounds;

/// The numbers, by their places in the groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Number {
    DefaultExpires,
    DefaultExpiresRange,
    MinExpires,
    MaxExpires,
    EmDefaultExpires,
    EmMaxExpires,
    EmMinExpires,
    MaxContacts,
    RetryAfter,
    CaseSensitive,
    DefaultQ,
    AppendBranches,
}

/// Where the only text stands.
const REALM_PREFIX: usize = 12;

const ANY: core::ops::RangeInclusive<i32> = 0..=i32::MAX;

/// What is either 0 or not: in C any number will do.
const SWITCH: core::ops::RangeInclusive<i32> = i32::MIN..=i32::MAX;

static SETTINGS: [Setting; 13] = [
    Setting::of_int(
        c"default_expires",
        &params::DEFAULT_EXPIRES,
        ANY,
        c"seconds of a contact when the REGISTER names none",
    ),
    Setting::of_int(
        c"default_expires_range",
        &params::DEFAULT_EXPIRES_RANGE,
        0..=100,
        c"percent that chance may take off a lifetime",
    ),
    Setting::of_int(c"min_expires", &params::MIN_EXPIRES, ANY, c"fewest seconds, 0: no bound"),
    Setting::of_int(c"max_expires", &params::MAX_EXPIRES, ANY, c"most seconds, 0: no bound"),
    Setting::of_int(
        c"em_default_expires",
        &params::EM_DEFAULT_EXPIRES,
        ANY,
        c"as default_expires, of emergencies",
    ),
    Setting::of_int(
        c"em_max_expires",
        &params::EM_MAX_EXPIRES,
        ANY,
        c"as max_expires, of emergencies",
    ),
    Setting::of_int(
        c"em_min_expires",
        &params::EM_MIN_EXPIRES,
        ANY,
        c"as min_expires, of emergencies",
    ),
    Setting::of_int(c"max_contacts", &params::MAX_CONTACTS, ANY, c"shown as a statistic"),
    Setting::of_int(
        c"retry_after",
        &params::RETRY_AFTER,
        ANY,
        c"seconds that refusals of 500 and above ask to wait",
    ),
    Setting::of_int(
        c"case_sensitive",
        &params::CASE_SENSITIVE,
        SWITCH,
        c"the user of an identity that the script names is taken as it is written",
    ),
    Setting::of_int(
        c"default_q",
        &params::DEFAULT_Q,
        -1..=1000,
        c"preference of a contact that names none",
    ),
    Setting::of_int(
        c"append_branches",
        &params::APPEND_BRANCHES,
        SWITCH,
        c"lookup adds a branch for each further contact",
    ),
    Setting::of_text(
        c"realm_pref",
        &params::REALM_PREFIX,
        c"left out at the start of the host of an identity that the script names",
    ),
];

/// The group of the module.
pub(crate) static OWN: Group = Group::new(c"ims_registrar_scscf", &SETTINGS);
/// The group of that name in the module of C.
static OLD: Group = Group::new(c"registrar", &SETTINGS);
/// Whether the old name was free.
static HAS_OLD: AtomicBool = AtomicBool::new(false);

/// Announces the old name if it is free. For `mod_init`.
pub(crate) fn declare() -> Result<()> {
    let free = OLD.declare_if_free()?;
    HAS_OLD.store(free, Ordering::Relaxed);
    Ok(())
}

/// What the parameter says.
const fn param(number: Number) -> &'static Int {
    match number {
        Number::DefaultExpires => &params::DEFAULT_EXPIRES,
        Number::DefaultExpiresRange => &params::DEFAULT_EXPIRES_RANGE,
        Number::MinExpires => &params::MIN_EXPIRES,
        Number::MaxExpires => &params::MAX_EXPIRES,
        Number::EmDefaultExpires => &params::EM_DEFAULT_EXPIRES,
        Number::EmMaxExpires => &params::EM_MAX_EXPIRES,
        Number::EmMinExpires => &params::EM_MIN_EXPIRES,
        Number::MaxContacts => &params::MAX_CONTACTS,
        Number::RetryAfter => &params::RETRY_AFTER,
        Number::CaseSensitive => &params::CASE_SENSITIVE,
        Number::DefaultQ => &params::DEFAULT_Q,
        Number::AppendBranches => &params::APPEND_BRANCHES,
    }
}

/// The number as it is now: what was changed under the own name counts first, then what was changed
/// under the old one.
pub(crate) fn number(number: Number) -> i32 {
    let start = param(number).get();
    let place = number as usize;
    let own = OWN.int(place).unwrap_or(start);
    if own != start || !HAS_OLD.load(Ordering::Relaxed) {
        return own;
    }
    OLD.int(place).unwrap_or(start)
}

/// A number that counts things or seconds.
pub(crate) fn count(which: Number) -> u32 {
    u32::try_from(number(which)).unwrap_or(0)
}

thread_local! {
    /// The pair of bounds that this process has told of last, so that it does so once.
    static TOLD: Cell<Option<(u32, u32)>> = const { Cell::new(None) };
}

/// Bounds of lifetimes as they are now. Where the shortest is longer than the longest, the longest
/// counts for both, and a line of the log says so.
///
/// The core has a hook that could refuse a change, but does not show the value of a setting with such
/// a hook any more (`cfg.get`).
pub(crate) fn bounds(default: Number, min: Number, max: Number) -> Bounds {
    let now = Bounds { default: count(default), min: count(min), max: count(max) };
    if now.are_sane() {
        return now;
    }
    if TOLD.replace(Some((now.min, now.max))) != Some((now.min, now.max)) {
        kamailio::warn!(
            "the shortest lifetime is {} s ({min:?}), must be at most the longest, {} s ({max:?}): \
             the longest counts",
            now.min,
            now.max
        );
    }
    Bounds { min: now.max, ..now }
}

/// `realm_pref`, as [`number`].
pub(crate) fn realm_prefix() -> BString {
    let start = params::REALM_PREFIX.get();
    let own = OWN.text(REALM_PREFIX).unwrap_or_default();
    if own != start || !HAS_OLD.load(Ordering::Relaxed) {
        return own;
    }
    OLD.text(REALM_PREFIX).unwrap_or_default()
}
