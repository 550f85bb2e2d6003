//! The queues of events: one for each process that tells watchers.

use super::{
    counters,
    rules::{self, Rules},
    tell,
};
use core::hash::Hasher;
use kamailio::{
    Error,
    queue::{Bells, PushError, Pushed, Queues},
    shared::Shared,
};
use scscf_core::event::{Note, Only};
use std::{
    collections::{HashMap, hash_map::DefaultHasher},
    sync::OnceLock,
};

static QUEUES: Shared<Queues> = Shared::empty();
static BELLS: Bells = Bells::new();

/// The queue of this process.
static MINE: OnceLock<usize> = OnceLock::new();

/// Why an event is told to nobody.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lost {
    #[error("registration event dropped: {0}")]
    Queue(#[from] PushError),
    #[error("registration event dropped: there is no queue")]
    NoQueue,
    #[error("registration event dropped: it is damaged")]
    Damaged,
}

/// Makes the queues. For `mod_init`.
pub(super) fn set_up(rules: &Rules) -> Result<(), Error> {
    QUEUES.set(Queues::new(rules.processes.into(), rules.limit)?)?;
    BELLS
        .set_up(rules.processes.into())
        .map_err(|error| Error::Core { call: "pipe", code: error.raw_os_error().unwrap_or(-1) })
}

/// Frees the queues and what waits in them.
pub(super) fn tear_down() {
    drop(QUEUES.take());
}

/// Bytes of a note that stands for several: enough for hundreds of contacts.
pub(super) const MOST: usize = 64 * 1024;

/// Leaves `note` for the process of the user with the private identity `private`. When the queue is
/// full, a note that waits tells what this one does as well, if there is such a note.
///
/// # Errors
///
/// [`Lost`], which is counted already.
pub(super) fn push(private: &[u8], note: &Note<'_>) -> Result<(), Lost> {
    push_under(key(private), &note.encode(), note)
}

/// As [`push`], for the bytes of a note that waits a second time.
pub(super) fn push_bytes(key: u64, bytes: &[u8]) -> Result<(), Lost> {
    push_under(key, bytes, &Note::decode(bytes).ok_or(Lost::Damaged)?)
}

fn push_under(key: u64, bytes: &[u8], note: &Note<'_>) -> Result<(), Lost> {
    let join = |older: &[u8]| note.with_older(&Note::decode(older)?, MOST);
    let pushed = QUEUES
        .get()
        .ok_or(Lost::NoQueue)
        .and_then(|queues| queues.push(key, bytes, &BELLS, join).map_err(Lost::from));
    let waiting = match pushed {
        Ok(Pushed::Waits(waiting)) => waiting,
        Ok(Pushed::Joined) => {
            counters::COALESCED.increment();
            return Ok(());
        }
        Err(lost) => {
            counters::DROPPED.increment();
            return Err(lost);
        }
    };
    let threshold = rules::get().map_or(0, |rules| rules.threshold);
    if threshold > 0 && waiting > threshold {
        kamailio::warn!(
            "{waiting} registration events wait, notification_list_size_threshold is {threshold}"
        );
    }
    Ok(())
}

/// Leaves the bytes of a note if there is room for it now; a note that makes no sense is gone.
pub(super) fn offer(key: u64, bytes: &[u8]) -> bool {
    let Some((queues, note)) = QUEUES.get().zip(Note::decode(bytes)) else { return true };
    let join = |older: &[u8]| note.with_older(&Note::decode(older)?, MOST);
    queues.push(key, bytes, &BELLS, join).is_ok()
}

/// The number that chooses the process of a user.
pub(super) fn key(private: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(private);
    hasher.finish()
}

/// How many events wait: the statistic.
pub(crate) fn notifies_in_q() -> i64 {
    QUEUES.get().map_or(0, |queues| queues.len().into())
}

/// One round of a process that tells: waits until something happened, and tells it.
pub(super) fn work() {
    let Some(queues) = QUEUES.get() else { return };
    let mine = *MINE.get_or_init(|| queues.claim());
    if !BELLS.get(mine).is_some_and(kamailio::queue::Bell::wait) {
        // Without a bell the queue is looked at now and then.
        std::thread::sleep(core::time::Duration::from_secs(1));
    }
    let Some(queue) = queues.get(mine) else { return };
    let batch = queue.take();
    // What waits again behind is told by the last one of the same: it tells the state of its moment.
    let mut behind: HashMap<Vec<u8>, u32> = HashMap::new();
    for note in batch.waiting() {
        let count = behind.entry(note.to_vec()).or_default();
        *count = count.saturating_add(1);
    }
    for note in batch {
        let again = behind.get_mut(&*note).is_some_and(|count| {
            *count = count.saturating_sub(1);
            *count > 0
        });
        match Note::decode(&note) {
            Some(read) if again && matches!(read.only, Only::Everyone | Only::Identity) => {
                counters::COALESCED.increment();
            }
            Some(read) => tell::tell(&read),
            None => kamailio::error!("a registration event of {} bytes is damaged", note.len()),
        }
    }
}
