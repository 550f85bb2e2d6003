//! The process that writes in bulk, tries again what failed, and audits.

use super::{Mode, STORAGE, StartError, audit, mode, writes};
use crate::{domains, params, rows::Writer};
use core::{
    num::NonZeroU32,
    sync::atomic::{AtomicI64, Ordering},
};
use kamailio::{db::storage::Rows, module::Rank, process, timer};

/// When the last bulk was written, by this process.
static LAST_BULK: AtomicI64 = AtomicI64::new(0);

/// When the last audit was made, by this process.
static LAST_AUDIT: AtomicI64 = AtomicI64::new(0);

/// To be called in each process when it starts.
pub(crate) fn child(rank: Rank) -> Result<(), StartError> {
    if rank == Rank::MAIN && writes() {
        // Rows that changed before the fork are written by the new process.
        STORAGE.close();
        let name = c"IMS USRLOC DB";
        process::fork_timer(Rank::TIMER, name, NonZeroU32::MIN, second)?;
    }
    Ok(())
}

/// Runs once a second.
fn second() {
    let bulk = mode() == Mode::WriteBack;
    if !bulk || is_time(&LAST_BULK, bulk_interval()) {
        domains::each(|domain| Writer(domain).write_due());
    }
    if is_time(&LAST_AUDIT, params::AUDIT_EXPIRED_PCONTACTS_INTERVAL.get()) {
        audit::run();
    }
}

/// Seconds between two bulks.
fn bulk_interval() -> i32 {
    match params::DB_FLUSH_INTERVAL.get() {
        seconds @ 1.. => seconds,
        _ => params::TIMER_INTERVAL.get(),
    }
}

/// Whether `interval` seconds have passed since the time in `last`, which is now then. The first
/// interval begins with the process.
fn is_time(last: &AtomicI64, interval: i32) -> bool {
    let (now, since) = (timer::now(), last.load(Ordering::Relaxed));
    let over = since == 0 || now >= since.saturating_add(interval.max(1).into()) || now < since;
    if over {
        last.store(now, Ordering::Relaxed);
    }
    over && since != 0
}
