//! What time brings: ends of subscriptions, stale appearances, writes to the database.

use crate::{db, lines, names, settings};
use bstr::BStr;
use core::sync::atomic::{AtomicU32, Ordering};
use sca_core::{record, timers};

/// Ends what is over. Runs every `purge_expired_interval`.
pub(crate) fn purge() {
    kamailio::info!("SCA: purging expired subscriptions");
    let ctx = lines::context();
    let is_due = |bytes: &[u8]| record::due(bytes).is_some_and(|due| due <= ctx.now);
    lines::select(is_due, |aor| match lines::with(aor, |line, _| timers::run(line, &ctx)) {
        Ok((_, outgoing)) => {
            outgoing.send();
        }
        Err(error) => kamailio::error!("line {}: {error}", BStr::new(aor)),
    });
    names::purge();
}

/// Seconds since the last write of each kind, in the process that writes.
static SUBSCRIPTIONS_AGE: AtomicU32 = AtomicU32::new(0);
static STATES_AGE: AtomicU32 = AtomicU32::new(0);

/// Writes what is due. Runs every second in a process of its own.
pub(crate) fn second() {
    let Some(settings) = settings::get() else { return };
    if is_time(&SUBSCRIPTIONS_AGE, settings.subscriptions_interval.get()) {
        db::write_subscriptions(false);
    }
    if settings.keeps_states && is_time(&STATES_AGE, settings.states_interval.get()) {
        db::write_states();
    }
}

fn is_time(age: &AtomicU32, interval: u32) -> bool {
    let seconds = age.load(Ordering::Relaxed).saturating_add(1);
    let due = seconds >= interval;
    age.store(if due { 0 } else { seconds }, Ordering::Relaxed);
    due
}
