//! De-REGISTERs that were answered a moment ago: their contacts may be gone, and the answers lost.

use crate::settings::Settings;
use core::{
    hash::Hasher as _,
    sync::atomic::{AtomicU64, Ordering},
};
use kamailio::{Result, shared::Shared, shm_struct, timer};
use scscf_core::register::Plan;
use std::hash::DefaultHasher;

/// How many are remembered at the most; a later one may take the place of an earlier one.
const PLACES: usize = 4096;

shm_struct! {
    struct Recent {
        /// By the hash of the request: part of the hash above, seconds since 1970 below.
        places: [AtomicU64; PLACES],
    }
}

static RECENT: Shared<Recent> = Shared::empty();

/// For `mod_init`.
pub(crate) fn set_up() -> Result<()> {
    RECENT.set(Recent { places: [const { AtomicU64::new(0) }; PLACES] })
}

/// For `mod_destroy`.
pub(crate) fn tear_down() {
    drop(RECENT.take());
}

/// Remembers that the contacts of `plan` were removed, and that this was answered.
pub(crate) fn remember(settings: &Settings, plan: &Plan<'_>) {
    let (place, mark) = place(plan);
    if settings.cseq_delay > 0
        && let Some(recent) = RECENT.get()
        && let Some(place) = recent.places.get(place)
    {
        place.store(mark | now(), Ordering::Relaxed);
    }
}

/// Whether this very request was answered within the time of `cseq_delay`.
pub(crate) fn is_known(settings: &Settings, plan: &Plan<'_>) -> bool {
    let (place, mark) = place(plan);
    let Some(recent) = RECENT.get() else { return false };
    let found = recent.places.get(place).map_or(0, |place| place.load(Ordering::Relaxed));
    let age = now().saturating_sub(found & TIME);
    found & !TIME == mark && i64::try_from(age).is_ok_and(|age| age <= settings.cseq_delay)
}

/// The bits of a time.
const TIME: u64 = u32::MAX as u64;

fn now() -> u64 {
    timer::now().unsigned_abs() & TIME
}

/// Where a request stands, and what tells it from others there.
fn place(plan: &Plan<'_>) -> (usize, u64) {
    let mut hasher = DefaultHasher::new();
    for text in [&plan.identity, &plan.call_id] {
        hasher.write(text);
        hasher.write_u8(0);
    }
    for contact in plan.contacts() {
        hasher.write(&contact.uri);
        hasher.write_u8(0);
    }
    hasher.write_u32(plan.cseq);
    let hash = hasher.finish();
    let places = u64::try_from(PLACES).unwrap_or(u64::MAX);
    (usize::try_from((hash & TIME) % places).unwrap_or(PLACES), hash & !TIME)
}
