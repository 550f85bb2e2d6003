//! Writing what the journals name.

use super::{
    Mode,
    access::{self, Access},
    breaker,
    contacts::{Contacts, Job, Which},
    lookup, mode, own,
    statement::{Named, RowError},
    stats, turn, writes,
};
use crate::domains;
use bstr::BStr;
use kamailio::{db::DbError, timer};
use std::{
    thread,
    time::{Duration, Instant},
};

/// Rows of one transaction.
pub(super) const BATCH: usize = 500;

/// How often a contact that changes all the time is written again before others get their turn.
const ROUNDS: usize = 4;

/// The longest pause before a row that the database refuses is tried again, in seconds.
const LONGEST_PAUSE: u32 = 300;

/// How long a process waits for others that write, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_micros(200);

/// How long a stop may take, in seconds: the core ends the process after 60.
const STOP_LIMIT: i64 = 50;

/// Writes what this process changed, in the modes that write at once. To be called when the
/// process has unlocked the domain.
pub(crate) fn flush<C: Contacts + ?Sized>(contacts: &C) {
    if own::is_empty() || !matches!(mode(), Mode::WriteThrough | Mode::DbOnly) {
        return;
    }
    // While the database is down, the rows wait for the process that tries again.
    if breaker::is_open() {
        own::clear();
        return;
    }
    let limit = Instant::now() + PATIENCE;
    loop {
        let turn = turn::take();
        if turn.is_some() {
            write_all(contacts, Which::Own);
        }
        drop(turn);
        if !contacts.awaits() || breaker::is_open() || Instant::now() > limit {
            own::clear();
            return;
        }
        thread::sleep(LOOK);
    }
}

/// Writes all that is not written, before the server ends, and closes the connection.
pub(crate) fn stop() {
    if writes() {
        let until = timer::now().saturating_add(STOP_LIMIT);
        domains::each(|domain| write_until(domain, until));
    }
    access::close();
    breaker::tear_down();
    turn::tear_down();
}

fn write_until<C: Contacts + ?Sized>(contacts: &C, until: i64) {
    // The last try: nobody waits for it.
    breaker::reset();
    loop {
        let jobs = contacts.take(Which::All, BATCH);
        let count = jobs.len();
        let late = timer::now() > until;
        if count == 0 {
            return;
        }
        if late || write_jobs(contacts, jobs) == 0 {
            kamailio::error!(
                "{count} or more contacts of {} are not stored, as {}",
                BStr::new(contacts.table()),
                if late { "the stop takes too long" } else { "the database does not take them" }
            );
            return;
        }
    }
}

/// Writes `which` rows until there are no more, or the database is down.
pub(super) fn write_all<C: Contacts + ?Sized>(contacts: &C, which: Which) {
    loop {
        let jobs = contacts.take(which, BATCH);
        let full = jobs.len() == BATCH;
        if !jobs.is_empty() {
            write_jobs(contacts, jobs);
        }
        if !full || breaker::is_open() {
            return;
        }
    }
}

/// Writes `jobs`, and again what changed meanwhile. Says how many rows were written.
fn write_jobs<C: Contacts + ?Sized>(contacts: &C, mut jobs: Vec<Job>) -> usize {
    let Some(access) = lookup::open(contacts) else {
        put_off(contacts, &jobs);
        return 0;
    };
    let mut written = 0;
    for _ in 0..ROUNDS {
        let (done, again) = round(contacts, &access, jobs);
        written += done;
        jobs = again;
        if jobs.is_empty() {
            return written;
        }
    }
    // They change faster than they are written: others first.
    jobs.iter().for_each(|job| contacts.failed(job, timer::now()));
    written
}

/// The database is down: all later.
fn put_off<C: Contacts + ?Sized>(contacts: &C, jobs: &[Job]) {
    let retry_at = breaker::retry_at();
    jobs.iter().for_each(|job| {
        stats::WRITE_ERRORS.increment();
        contacts.failed(job, retry_at);
    });
}

/// Writes `jobs` once. Says how many were written, and gives what changed meanwhile.
fn round<C: Contacts + ?Sized>(
    contacts: &C,
    access: &Access<'_>,
    jobs: Vec<Job>,
) -> (usize, Vec<Job>) {
    if jobs.len() > 1 && together(access, &jobs).is_ok() {
        return (jobs.len(), jobs.iter().filter_map(|job| written(contacts, job)).collect());
    }
    let (mut count, mut again) = (0, Vec::new());
    let mut jobs = jobs.into_iter();
    while let Some(job) = jobs.next() {
        match access.write(&job) {
            Ok(()) => {
                count += 1;
                again.extend(written(contacts, &job));
            }
            Err(RowError::Unfit(why)) => {
                stats::WRITE_ERRORS.increment();
                let table = BStr::new(access.table);
                kamailio::error!("{} is not stored in table {table}: {why}", Named(&job.key));
                again.extend(contacts.written(&job));
            }
            Err(RowError::Db(error)) => match access.answers() {
                Ok(()) => refused(contacts, access, &job, &error),
                Err(down) => {
                    breaker::trip(&down);
                    put_off(contacts, &[job]);
                    put_off(contacts, jobs.as_slice());
                    break;
                }
            },
        }
    }
    (count, again)
}

/// Several rows in one transaction, so that the database stores them at once.
fn together(access: &Access<'_>, jobs: &[Job]) -> Result<(), DbError> {
    let transaction = access.connection.transaction()?;
    for job in jobs {
        match access.write(job) {
            Ok(()) => {}
            Err(RowError::Db(error)) => return Err(error),
            // Nothing of it was tried, and nothing would come of trying it alone.
            Err(RowError::Unfit(_)) => return Err(DbError::RolledBack),
        }
    }
    transaction.commit()
}

fn written<C: Contacts + ?Sized>(contacts: &C, job: &Job) -> Option<Job> {
    stats::ROWS_WRITTEN.increment();
    breaker::reset();
    contacts.written(job)
}

/// The database answers, and does not take this row.
fn refused<C: Contacts + ?Sized>(contacts: &C, access: &Access<'_>, job: &Job, error: &DbError) {
    stats::WRITE_ERRORS.increment();
    let pause = 1_u32.checked_shl(job.attempts).unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE);
    kamailio::error!(
        "{} is not stored in table {}, tried again in {pause} s: {error}",
        Named(&job.key),
        BStr::new(access.table)
    );
    contacts.failed(job, timer::now().saturating_add(pause.into()));
}
