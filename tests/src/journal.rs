//! The log of one host, kept in memory up to a limit.

use crate::wait::until;
use parking_lot::Mutex;
use rustix::io::ioctl_fionread;
use std::{
    io::{BufRead, BufReader, Read},
    os::fd::{AsFd, OwnedFd},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Most bytes that are kept of one host's log.
const LIMIT: usize = 4 << 20;

/// Bytes that are kept beyond it of what went wrong: of a long run that is what is looked for.
const MORE: usize = 1 << 20;

/// How long one waits at the most for what is written to be read.
const LAG: Duration = Duration::from_millis(500);

/// Lines that a host wrote; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Journal(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    text: String,
    /// Pipes that are not at their end yet.
    open: Vec<Arc<Pipe>>,
}

/// A pipe that is read.
#[derive(Debug)]
struct Pipe {
    end: OwnedFd,
    /// Bytes that were taken out of it and are not in the text yet.
    taken: AtomicUsize,
}

impl Pipe {
    /// Whether all that was written so far is in the text.
    fn is_read(&self) -> bool {
        ioctl_fionread(&self.end).unwrap() == 0 && self.taken.load(Ordering::Acquire) == 0
    }
}

/// Counts what is taken out of a pipe.
struct Counted<R> {
    from: R,
    pipe: Arc<Pipe>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = self.from.read(into)?;
        self.pipe.taken.fetch_add(count, Ordering::AcqRel);
        Ok(count)
    }
}

impl Journal {
    /// Reads `from` to its end in a thread of its own; what exceeds the limit is read and dropped,
    /// and of what went wrong a little more is kept.
    pub fn follow(&self, from: impl Read + AsFd + Send + 'static) {
        let journal = Arc::clone(&self.0);
        let end = from.as_fd().try_clone_to_owned().unwrap();
        let pipe = Arc::new(Pipe { end, taken: AtomicUsize::new(0) });
        journal.lock().open.push(Arc::clone(&pipe));
        let reader = move || {
            let mut from = BufReader::new(Counted { from, pipe: Arc::clone(&pipe) });
            let mut line = Vec::new();
            while matches!(from.read_until(b'\n', &mut line), Ok(1..)) {
                let mut kept = journal.lock();
                let read = String::from_utf8_lossy(&line);
                let bad = ["WARNING:", "ERROR:", "CRITICAL:", "BUG:", "ALERT:"]
                    .iter()
                    .any(|level| read.contains(level));
                let limit = if bad { LIMIT + MORE } else { LIMIT };
                if kept.text.len() < limit {
                    kept.text.push_str(&read);
                }
                pipe.taken.fetch_sub(line.len(), Ordering::AcqRel);
                line.clear();
            }
            journal.lock().open.retain(|other| !Arc::ptr_eq(other, &pipe));
        };
        thread::Builder::new().name("journal".to_owned()).spawn(reader).unwrap();
    }

    /// Waits until what was written by now is read, which another thread does: a host that has answered
    /// has written what it had to say before.
    fn catch_up(&self) {
        let limit = Instant::now() + LAG;
        let mut times = 0;
        // Twice: what is out of the pipe may not be counted yet.
        while times < 2 && Instant::now() < limit {
            let is_read = self.0.lock().open.iter().all(|pipe| pipe.is_read());
            times = if is_read { times + 1 } else { 0 };
            thread::sleep(Duration::from_micros(500));
        }
    }

    /// All lines so far.
    pub fn text(&self) -> String {
        self.catch_up();
        self.0.lock().text.clone()
    }

    /// Lines so far that contain `what`.
    pub fn count(&self, what: &str) -> usize {
        self.catch_up();
        self.0.lock().text.lines().filter(|line| line.contains(what)).count()
    }

    /// Waits until some line contains `what`.
    ///
    /// # Panics
    ///
    /// When `limit` is over.
    pub fn wait(&self, what: &str, limit: Duration) {
        until(&format!("a log line with {what:?}"), limit, || (self.count(what) > 0).then_some(()));
    }

    /// Waits until everybody who writes to it has ended, so that it is whole.
    pub fn wait_for_end(&self, limit: Duration) {
        until("the end of a log", limit, || self.0.lock().open.is_empty().then_some(()));
    }

    /// The last `lines` lines.
    pub fn tail(&self, lines: usize) -> String {
        let text = self.text();
        let from = text.lines().count().saturating_sub(lines);
        text.lines().skip(from).collect::<Vec<_>>().join("\n")
    }
}
