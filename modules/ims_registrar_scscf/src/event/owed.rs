//! Events that found the queue full, and nothing in it that could tell them as well: who watches is
//! told the state later. Few, mostly none.

use super::queue;
use allocator_api2::{boxed::Box, vec::Vec};
use kamailio::{
    Error,
    shared::Shared,
    shm::{Shm, try_boxed_slice},
    sync::Mutex,
};
use scscf_core::event::Note;
use shm_table::TryGrow;

/// The most events that are kept. One more is lost.
const MOST: usize = 4096;

/// So many events in a row that are still refused end a look: the queue is full.
const REFUSED: usize = 64;

kamailio::shm_struct! {
    struct Entry {
        /// The process that tells it.
        key: u64,
        note: Box<[u8], Shm>,
    }
}

static ENTRIES: Shared<Mutex<Vec<Entry, Shm>>> = Shared::empty();

/// For `mod_init`.
pub(super) fn set_up() -> Result<(), Error> {
    ENTRIES.set(Mutex::new(Vec::new_in(Shm)))
}

/// For `mod_destroy`.
pub(super) fn tear_down() {
    drop(ENTRIES.take());
}

/// Keeps `note` for the process `key`, if there is room.
pub(super) fn keep(key: u64, note: &Note<'_>) -> bool {
    let Some(entries) = ENTRIES.get() else { return false };
    let mut entries = entries.lock();
    for entry in entries.iter_mut().filter(|entry| entry.key == key) {
        let Some(older) = Note::decode(&entry.note) else { continue };
        // A document says all that is registered: of two events one is enough, if it says what ended.
        let one = note.with_older(&older, queue::MOST).or_else(|| {
            let same = (note.domain, note.identity, &note.only)
                == (older.domain, older.identity, &older.only);
            match (older.cause.ends(), note.cause.ends()) {
                (true, true) => None,
                _ if !same => None,
                (true, false) => Some(entry.note.to_vec()),
                (false, _) => Some(note.encode()),
            }
        });
        if let Some(one) = one {
            let kept = try_boxed_slice(&one).map(|one| entry.note = one);
            return kept.is_ok();
        }
    }
    let Ok(note) = try_boxed_slice(&note.encode()) else { return false };
    entries.len() < MOST && entries.try_push(Entry { key, note }).is_ok()
}

/// Once a second: what there is room for now goes into the queues.
pub(super) fn look() {
    let Some(entries) = ENTRIES.get() else { return };
    let mut entries = entries.lock();
    let mut refused = 0;
    entries.retain(|entry| {
        let goes = refused < REFUSED && queue::offer(entry.key, &entry.note);
        refused += usize::from(!goes);
        !goes
    });
}
