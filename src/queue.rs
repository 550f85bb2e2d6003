//! Notes that any process leaves for one process to work on.

use crate::{
    error::{Error, Result},
    shm::{Shm, ShmSafe, try_boxed_slice},
    sync::Mutex,
};
use allocator_api2::{boxed::Box, vec::Vec};
use core::{
    fmt, mem,
    sync::atomic::{AtomicU32, Ordering},
};
use shm_table::TryGrow;
use std::{
    io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write},
    sync::OnceLock,
};

/// A note: bytes that mean the same in every process.
type Note = Box<[u8], Shm>;

/// A queue in shared memory, first in, first out. It lies in a [`Shared`](crate::shared::Shared).
pub struct Queue {
    notes: Mutex<Vec<Note, Shm>>,
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
        // Counted before it can be seen, so that the reader never takes back what is not counted.
        let before = self.open.fetch_add(1, Ordering::Relaxed);
        if before >= self.limit {
            self.finished();
            return Err(PushError::Full(before));
        }
        match self.put(note) {
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
    fn put(&self, note: &[u8]) -> Result<bool> {
        let note = try_boxed_slice(note)?;
        let mut notes = self.notes.lock();
        let first = notes.is_empty();
        notes.try_push(note).map_err(|_| Error::OutOfShm)?;
        Ok(first)
    }

    /// One note less.
    fn finished(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    /// Works on all notes that are there, in their order. A panic of `work` loses those behind.
    pub fn drain(&self, mut work: impl FnMut(&[u8])) {
        let notes = mem::replace(&mut *self.notes.lock(), Vec::new_in(Shm));
        let mut taken = Taken { queue: self, left: notes.len() };
        for note in notes {
            taken.one();
            work(&note);
        }
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

/// Notes that the reader has taken and not begun with.
struct Taken<'q> {
    queue: &'q Queue,
    left: usize,
}

impl Taken<'_> {
    /// Begins with one of them.
    fn one(&mut self) {
        self.left = self.left.saturating_sub(1);
        self.queue.finished();
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        for _ in 0..self.left {
            self.queue.finished();
        }
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
