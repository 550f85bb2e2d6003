//! The process that writes in bulk and tries again what failed.

use super::{Mode, STORAGE, StartError, mode, writes};
use crate::{params, rows::Writer};
use core::{
    num::NonZeroU32,
    sync::atomic::{AtomicI64, Ordering},
};
use kamailio::{db::storage::Rows, module::Rank, process, timer};

/// When the last bulk was written, by this process.
static LAST_BULK: AtomicI64 = AtomicI64::new(0);

/// To be called in each process when it starts.
pub(crate) fn child(rank: Rank) -> Result<(), StartError> {
    if rank == Rank::MAIN && writes() {
        // Rows that changed before the fork are written by the new process.
        STORAGE.close();
        let name = c"IMS S-CSCF USRLOC DB";
        process::fork_timer(Rank::TIMER, name, NonZeroU32::MIN, second)?;
    }
    Ok(())
}

/// Runs once a second.
fn second() {
    if mode() != Mode::WriteBack || is_time(bulk_interval()) {
        Writer.write_due();
    }
}

/// Seconds between two bulks.
fn bulk_interval() -> i32 {
    match params::DB_FLUSH_INTERVAL.get() {
        seconds @ 1.. => seconds,
        _ => params::TIMER_INTERVAL.get(),
    }
}

/// Whether `interval` seconds have passed since the last bulk, which is now then.
fn is_time(interval: i32) -> bool {
    let (now, last) = (timer::now(), LAST_BULK.load(Ordering::Relaxed));
    let over = now >= last.saturating_add(interval.max(1).into()) || now < last;
    if over {
        LAST_BULK.store(now, Ordering::Relaxed);
    }
    over
}
