//! Notes that any process leaves for one process to work on.

use crate::{
    error::{Error, Result},
    shm::{Shm, ShmSafe, try_boxed_slice},
    sync::Mutex,
};
use allocator_api2::{
    boxed::Box,
    vec::{self, Vec},
};
use core::{
    fmt, mem,
    sync::atomic::{AtomicU32, AtomicUsize, Ordering},
};
use shm_table::TryGrow;
use std::{
    io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write},
    sync::OnceLock,
};

/// A note: bytes that mean the same in every process.
type Note = Box<[u8], Shm>;

/// A note that waits, with the key that it was left under.
struct Waiting {
    key: u64,
    note: Note,
}

/// What became of a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// It waits, and so many with it.
    Waits(u32),
    /// The queue was full; it waits in the place of an older one, which it stands for as well.
    Joined,
}

/// A queue in shared memory, first in, first out. It lies in a [`Shared`](crate::shared::Shared).
pub struct Queue {
    notes: Mutex<Vec<Waiting, Shm>>,
    /// Notes that nobody has finished, also those that the reader holds.
    open: AtomicU32,
    limit: u32,
}

// SAFETY: the lock and its list work between processes, the rest are plain numbers.
unsafe impl ShmSafe for Queue {}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("open", &self.open).finish_non_exhaustive()
    }
}

/// Why a note was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// As many are waiting as may.
    #[error("the queue is full: {0} notes are waiting")]
    Full(u32),
    /// No memory, or no bell.
    #[error(transparent)]
    Core(#[from] Error),
}

impl Queue {
    /// An empty queue for at most `limit` notes.
    pub const fn new(limit: u32) -> Self {
        Self { notes: Mutex::new(Vec::new_in(Shm)), open: AtomicU32::new(0), limit }
    }

    /// Leaves `note` and rings `bell`; says how many are waiting with it.
    ///
    /// # Errors
    ///
    /// [`PushError`]; the note is not taken then.
    pub fn push(&self, note: &[u8], bell: &Bell) -> Result<u32, PushError> {
        self.push_under(0, note, bell)
    }

    /// As [`Queue::push`], under a key.
    fn push_under(&self, key: u64, note: &[u8], bell: &Bell) -> Result<u32, PushError> {
        // Counted before it can be seen, so that the reader never takes back what is not counted.
        let before = self.open.fetch_add(1, Ordering::Relaxed);
        if before >= self.limit {
            self.finished();
            return Err(PushError::Full(before));
        }
        match self.put(key, note) {
            Ok(first) => {
                if first {
                    bell.ring();
                }
                Ok(before.saturating_add(1))
            }
            Err(refused) => {
                self.finished();
                Err(refused.into())
            }
        }
    }

    /// Adds a note; true if there was none.
    fn put(&self, key: u64, note: &[u8]) -> Result<bool> {
        let note = try_boxed_slice(note)?;
        let mut notes = self.notes.lock();
        let first = notes.is_empty();
        notes.try_push(Waiting { key, note }).map_err(|_| Error::OutOfShm)?;
        Ok(first)
    }

    /// Puts one note in the place of an older one with the same key, behind all others: the oldest
    /// one of which `join` makes a note for both. Whether there was one.
    fn join(
        &self,
        key: u64,
        mut join: impl FnMut(&[u8]) -> Option<std::vec::Vec<u8>>,
    ) -> Result<bool> {
        let mut notes = self.notes.lock();
        let mut same = notes.iter().enumerate().filter(|(_, older)| older.key == key);
        let both = same.find_map(|(place, older)| Some((place, join(&older.note)?)));
        let Some((place, both)) = both else { return Ok(false) };
        let both = try_boxed_slice(&both)?;
        if let Some(after) = notes.get_mut(place..) {
            after.rotate_left(1);
        }
        if let Some(last) = notes.last_mut() {
            last.note = both;
        }
        Ok(true)
    }

    /// One note less.
    fn finished(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    /// Works on all notes that are there, in their order. A panic of `work` loses those behind.
    pub fn drain(&self, mut work: impl FnMut(&[u8])) {
        for note in self.take() {
            work(&note);
        }
    }

    /// Takes all notes that are there.
    pub fn take(&self) -> Batch<'_> {
        let notes = mem::replace(&mut *self.notes.lock(), Vec::new_in(Shm));
        Batch { queue: self, notes: notes.into_iter() }
    }

    /// How many notes are waiting.
    pub fn len(&self) -> u32 {
        self.open.load(Ordering::Relaxed)
    }

    /// Whether no note is waiting.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Notes that the reader has taken, in their order; those that it has not begun with are lost with
/// this.
pub struct Batch<'q> {
    queue: &'q Queue,
    notes: vec::IntoIter<Waiting, Shm>,
}

impl fmt::Debug for Batch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("left", &self.notes.len()).finish_non_exhaustive()
    }
}

impl Batch<'_> {
    /// The notes that have not been begun with.
    pub fn waiting(&self) -> impl Iterator<Item = &[u8]> {
        self.notes.as_slice().iter().map(|waiting| &*waiting.note)
    }
}

impl Iterator for Batch<'_> {
    type Item = Note;

    fn next(&mut self) -> Option<Note> {
        let waiting = self.notes.next()?;
        self.queue.finished();
        Some(waiting.note)
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        for _lost in &mut self.notes {
            self.queue.finished();
        }
    }
}

/// Queues of several processes, one for each.
pub struct Queues {
    queues: Vec<Queue, Shm>,
    claimed: AtomicUsize,
    limit: u32,
}

// SAFETY: queues, which lie in shared memory, and plain numbers.
unsafe impl ShmSafe for Queues {}

impl fmt::Debug for Queues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queues").field("count", &self.queues.len()).finish_non_exhaustive()
    }
}

impl Queues {
    /// Empty queues for `count` processes, one at least, and about `limit` notes in all: processes
    /// that leave one at the same moment may go beyond it.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`]
    pub fn new(count: usize, limit: u32) -> Result<Self> {
        let mut queues = Vec::new_in(Shm);
        for _ in 0..count.max(1) {
            queues.try_push(Queue::new(u32::MAX)).map_err(|_| Error::OutOfShm)?;
        }
        Ok(Self { queues, claimed: AtomicUsize::new(0), limit })
    }

    /// The queue of the calling process. To be asked once in each.
    pub fn claim(&self) -> usize {
        self.claimed.fetch_add(1, Ordering::Relaxed) % self.queues.len().max(1)
    }

    /// The queue with this number, as [`Queues::claim`] gave it.
    pub fn get(&self, number: usize) -> Option<&Queue> {
        self.queues.get(number)
    }

    /// Leaves `note` for the process that `key` chooses, always the same one. When as many are waiting
    /// as may, it joins an older one that was left under the same key: `join` is shown such notes, the
    /// oldest first, and makes a note that stands for both, or nothing if both are needed.
    ///
    /// # Errors
    ///
    /// [`PushError`]; the note is not taken then.
    pub fn push(
        &self,
        key: u64,
        note: &[u8],
        bells: &Bells,
        join: impl FnMut(&[u8]) -> Option<std::vec::Vec<u8>>,
    ) -> Result<Pushed, PushError> {
        let waiting = self.len();
        let number = key.checked_rem(self.queues.len().try_into().unwrap_or(1)).unwrap_or(0);
        let number = usize::try_from(number).unwrap_or(0);
        let missing = || PushError::Core(Error::OutOfShm);
        let queue = self.queues.get(number).ok_or_else(missing)?;
        if waiting >= self.limit {
            let joined = queue.join(key, join)?;
            return if joined { Ok(Pushed::Joined) } else { Err(PushError::Full(waiting)) };
        }
        queue.push_under(key, note, bells.get(number).ok_or_else(missing)?)?;
        Ok(Pushed::Waits(waiting.saturating_add(1)))
    }

    /// How many notes are waiting.
    pub fn len(&self) -> u32 {
        self.queues.iter().fold(0, |sum, queue| sum.saturating_add(queue.len()))
    }

    /// Whether no note is waiting.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The bells of [`Queues`]. Made before the fork.
#[derive(Debug)]
pub struct Bells(OnceLock<std::vec::Vec<Bell>>);

impl Bells {
    /// Bells that cannot ring yet.
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Makes `count` of them, one at least. For `mod_init`.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn set_up(&self, count: usize) -> io::Result<()> {
        let mut bells = std::vec::Vec::new();
        for _ in 0..count.max(1) {
            let bell = Bell::new();
            bell.set_up()?;
            bells.push(bell);
        }
        // A second call changes nothing.
        let _first = self.0.set(bells);
        Ok(())
    }

    /// The bell of the queue with this number.
    pub fn get(&self, number: usize) -> Option<&Bell> {
        self.0.get()?.get(number)
    }
}

impl Default for Bells {
    fn default() -> Self {
        Self::new()
    }
}

/// Wakes the process that works on a queue. Made before the fork; every process has both ends.
#[derive(Debug)]
pub struct Bell(OnceLock<(PipeReader, PipeWriter)>);

impl Bell {
    /// A bell that cannot ring yet.
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Makes it ring. For `mod_init`.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn set_up(&self) -> io::Result<()> {
        let pipe = io::pipe()?;
        // A second call changes nothing.
        let _first = self.0.set(pipe);
        Ok(())
    }

    /// Wakes the reader, now or when it waits next.
    ///
    /// Rung once for each time that a queue stops being empty, so that the pipe is never full.
    pub fn ring(&self) {
        if let Some((_, mut writer)) = self.0.get().map(|(reader, writer)| (reader, writer)) {
            // If the system refuses, the reader looks again at the next ring.
            let _rung = writer.write(&[1]);
        }
    }

    /// Waits for the next ring; true if there was one.
    pub fn wait(&self) -> bool {
        let Some((reader, _)) = self.0.get() else { return false };
        let mut rings = [0; 64];
        let mut reader: &PipeReader = reader;
        match reader.read(&mut rings) {
            Ok(count) => count > 0,
            Err(error) => error.kind() == ErrorKind::Interrupted,
        }
    }
}

impl Default for Bell {
    fn default() -> Self {
        Self::new()
    }
}
