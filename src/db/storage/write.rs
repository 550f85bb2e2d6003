//! Writing what journals name.

use super::{Storage, breaker::retry_at, own};
use crate::{
    db::{Connection, DbError},
    stats::Counter,
    timer,
};
use core::fmt::Display;
use std::{
    thread,
    time::{Duration, Instant},
};

/// Rows of one transaction.
const BATCH: usize = 500;

/// How often a record that changes all the time is written again before others get their turn.
const ROUNDS: usize = 4;

/// The longest pause before a row that the database refuses is tried again, in seconds.
const LONGEST_PAUSE: u32 = 60;

/// How long a process waits for others that write, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_micros(200);

/// A statement that fails after so long has waited for an answer in vain: nobody else should.
pub const IN_VAIN: Duration = Duration::from_secs(1);

/// How long a stop may take, in seconds: the core ends the process after 60.
const STOP_LIMIT: i64 = 50;

/// Why a row is not in its table as it should be.
#[derive(Debug, thiserror::Error)]
pub enum RowError<U> {
    /// The database said no.
    #[error(transparent)]
    Db(#[from] DbError),
    /// It will never be.
    #[error("{0}")]
    Unfit(U),
}

/// Which rows are to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Those that this process changed and has not written yet. A store that cannot tell gives
    /// whatever is ready.
    Own,
    /// All that may be tried at this time, in seconds since 1970.
    Due(i64),
    /// All there are.
    All,
}

/// Records in memory with a journal. A call locks them for a short while; nobody may have locked
/// them before.
pub trait Rows {
    /// A row to be written.
    type Job;
    /// The tables, through the connection of this process.
    type Access<'a>
    where
        Self: 'a;
    /// Why a row can never be written.
    type Unfit: Display;

    /// What is in the database, and how it is reached.
    fn storage(&self) -> &Storage;

    /// Counters of rows that were written, and of tries that failed.
    fn counters(&self) -> (&Counter, &Counter);

    /// Where the rows are, for the log: `table location`.
    fn place(&self) -> String;

    /// Copies up to `limit` records whose rows are to be written, which are then being written by
    /// this process.
    fn take(&self, which: Which, limit: usize) -> Vec<Self::Job>;

    /// The row is now as `job` says. Gives the record again if it changed meanwhile; it is then
    /// still being written by this process.
    fn written(&self, job: &Self::Job) -> Option<Self::Job>;

    /// The row could not be written, and should not be tried before `retry_at`, in seconds since
    /// 1970.
    fn failed(&self, job: &Self::Job, retry_at: i64);

    /// As [`Rows::failed`], when the database did not answer in time: it may do later what it was asked
    /// for, also after the next try.
    fn unanswered(&self, job: &Self::Job, retry_at: i64);

    /// No other process writes any more: what one of them was writing may be taken again, and may be
    /// in the table or not.
    fn forsake(&self);

    /// Whether a row that this process changed is ready to be written, or is being written.
    fn awaits(&self) -> bool;

    /// How often the row was tried in vain.
    fn attempts(job: &Self::Job) -> u32;

    /// How the row is named in the log.
    fn name(&self, job: &Self::Job) -> String;

    /// Opens the tables; nothing, and said so in the log, if that cannot be done now.
    fn access(&self) -> Option<Self::Access<'_>>;

    /// The connection of `access`.
    fn connection<'a>(access: &'a Self::Access<'_>) -> &'a Connection<'a>;

    /// Whether the database answers, asked after something went wrong.
    ///
    /// # Errors
    ///
    /// [`DbError`], if it does not.
    fn answers(access: &Self::Access<'_>) -> Result<(), DbError>;

    /// A transaction begins, or a row that is written alone: what `access` has seen of the tables so
    /// far may be otherwise by now.
    fn begin(_access: &Self::Access<'_>) {}

    /// Makes the table say what `job` says.
    ///
    /// # Errors
    ///
    /// [`RowError`]
    fn write(
        &self,
        access: &Self::Access<'_>,
        job: &Self::Job,
    ) -> Result<(), RowError<Self::Unfit>>;

    /// Writes what this process changed. To be called when the process has unlocked the records.
    /// Waits while another process writes it, for a while.
    fn flush(&self) {
        let storage = self.storage();
        if own::is_empty() {
            return;
        }
        // While the database is down, the rows wait for the process that tries again.
        if storage.is_down() {
            own::clear();
            return;
        }
        let mut since: Option<Instant> = None;
        loop {
            let turn = storage.turn();
            if turn.is_some() {
                // Where each process can write, others write their own: one that waits for another
                // to write for it costs both more than the statement.
                let which = match storage.takes_turns() {
                    true => Which::Due(timer::now()),
                    false => Which::Own,
                };
                let alone = which == Which::Own && own::is_one();
                // What was written alone is not in other hands.
                if self.write_all(which) == 1 && alone {
                    own::clear();
                    return;
                }
            }
            drop(turn);
            let waits = self.awaits() && !storage.is_down();
            if !waits || since.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
                own::clear();
                return;
            }
            thread::sleep(LOOK);
        }
    }

    /// Writes what may be tried now, unless another process does: what remains is for the next
    /// call.
    fn write_due(&self) {
        let storage = self.storage();
        if !storage.is_down()
            && let Some(turn) = storage.turn()
        {
            self.write_all(Which::Due(timer::now()));
            drop(turn);
        }
    }

    /// Writes all that is not written, before the server ends: all other processes have ended, and some
    /// may have been at a row.
    fn write_last(&self) {
        let until = timer::now().saturating_add(STOP_LIMIT);
        self.forsake();
        // The last try: nobody waits for it.
        self.storage().reset();
        loop {
            let jobs = self.take(Which::All, BATCH);
            let count = jobs.len();
            let late = timer::now() > until;
            if count == 0 {
                return;
            }
            if late || write_jobs(self, jobs) == 0 {
                crate::error!(
                    "{count} or more rows of {} are not stored, as {}",
                    self.place(),
                    if late {
                        "the stop takes too long"
                    } else {
                        "the database does not take them"
                    }
                );
                return;
            }
        }
    }

    /// Writes `which` rows until there are no more, or the database is down. Says how often a row
    /// was written.
    fn write_all(&self, which: Which) -> usize {
        let mut written = 0;
        loop {
            let jobs = self.take(which, BATCH);
            let full = jobs.len() == BATCH;
            if !jobs.is_empty() {
                written += write_jobs(self, jobs);
            }
            if !full || self.storage().is_down() {
                return written;
            }
        }
    }
}

/// Writes `jobs`, and again what changed meanwhile. Says how many rows were written.
fn write_jobs<R: Rows + ?Sized>(rows: &R, mut jobs: Vec<R::Job>) -> usize {
    let Some(access) = rows.access() else {
        put_off(rows, &jobs, R::failed);
        return 0;
    };
    let mut written = 0;
    for _ in 0..ROUNDS {
        let (done, again) = round(rows, &access, jobs);
        written += done;
        jobs = again;
        if jobs.is_empty() {
            return written;
        }
    }
    // They change faster than they are written: others first.
    jobs.iter().for_each(|job| rows.failed(job, timer::now()));
    written
}

/// The database is down: all later, each being noted with `note`.
fn put_off<R: Rows + ?Sized>(rows: &R, jobs: &[R::Job], note: fn(&R, &R::Job, i64)) {
    let retry_at = retry_at();
    jobs.iter().for_each(|job| {
        rows.counters().1.increment();
        note(rows, job, retry_at);
    });
}

/// Writes `jobs` once. Says how many were written, and gives what changed meanwhile.
fn round<R: Rows + ?Sized>(
    rows: &R,
    access: &R::Access<'_>,
    jobs: Vec<R::Job>,
) -> (usize, Vec<R::Job>) {
    if jobs.len() > 1 {
        R::begin(access);
        let start = Instant::now();
        match together(rows, access, &jobs) {
            Ok(()) => {
                return (jobs.len(), jobs.iter().filter_map(|job| written(rows, job)).collect());
            }
            Err(error) if start.elapsed() >= IN_VAIN => {
                rows.storage().trip(&error);
                put_off(rows, &jobs, R::unanswered);
                return (0, Vec::new());
            }
            Err(_) => {}
        }
    }
    let (mut count, mut again) = (0, Vec::new());
    let mut jobs = jobs.into_iter();
    while let Some(job) = jobs.next() {
        R::begin(access);
        let start = Instant::now();
        match rows.write(access, &job) {
            Ok(()) => {
                count += 1;
                again.extend(written(rows, &job));
            }
            Err(RowError::Unfit(why)) => {
                rows.counters().1.increment();
                crate::error!("{} is not stored in {}: {why}", rows.name(&job), rows.place());
                again.extend(rows.written(&job));
            }
            Err(RowError::Db(error)) => {
                let answers = match start.elapsed() >= IN_VAIN {
                    true => Err(error),
                    false => R::answers(access).map(|()| error),
                };
                match answers {
                    Ok(error) => refused(rows, &job, &error),
                    Err(down) => {
                        rows.storage().trip(&down);
                        put_off(rows, &[job], R::unanswered);
                        put_off(rows, jobs.as_slice(), R::failed);
                        break;
                    }
                }
            }
        }
    }
    (count, again)
}

/// Several rows in one transaction, so that the database stores them at once.
fn together<R: Rows + ?Sized>(
    rows: &R,
    access: &R::Access<'_>,
    jobs: &[R::Job],
) -> Result<(), DbError> {
    let transaction = R::connection(access).transaction()?;
    for job in jobs {
        match rows.write(access, job) {
            Ok(()) => {}
            Err(RowError::Db(error)) => return Err(error),
            // Nothing of it was tried, and nothing would come of trying it alone.
            Err(RowError::Unfit(_)) => return Err(DbError::RolledBack),
        }
    }
    transaction.commit()
}

fn written<R: Rows + ?Sized>(rows: &R, job: &R::Job) -> Option<R::Job> {
    rows.counters().0.increment();
    rows.storage().reset();
    rows.written(job)
}

/// The database answers, and does not take this row.
fn refused<R: Rows + ?Sized>(rows: &R, job: &R::Job, error: &DbError) {
    rows.counters().1.increment();
    let pause = 1_u32.checked_shl(R::attempts(job)).unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE);
    crate::error!(
        "{} is not stored in {}, tried again in {pause} s: {error}",
        rows.name(job),
        rows.place()
    );
    rows.failed(job, timer::now().saturating_add(pause.into()));
}
