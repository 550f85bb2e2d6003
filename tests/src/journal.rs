//! The log of one host, kept in memory up to a limit.

use crate::wait::until;
use parking_lot::Mutex;
use std::{
    io::{BufRead, BufReader, Read},
    sync::Arc,
    thread,
    time::Duration,
};

/// Most bytes that are kept of one host's log.
const LIMIT: usize = 4 << 20;

/// Bytes that are kept beyond it of what went wrong: of a long run that is what is looked for.
const MORE: usize = 1 << 20;

/// Lines that a host wrote; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Journal(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    text: String,
    /// Pipes that are not at their end yet.
    open: usize,
}

impl Journal {
    /// Reads `from` to its end in a thread of its own; what exceeds the limit is read and dropped,
    /// and of what went wrong a little more is kept.
    pub fn follow(&self, from: impl Read + Send + 'static) {
        let journal = Arc::clone(&self.0);
        journal.lock().open += 1;
        let reader = move || {
            let mut from = BufReader::new(from);
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
                line.clear();
            }
            journal.lock().open -= 1;
        };
        thread::Builder::new().name("journal".to_owned()).spawn(reader).unwrap();
    }

    /// All lines so far.
    pub fn text(&self) -> String {
        self.0.lock().text.clone()
    }

    /// Lines so far that contain `what`.
    pub fn count(&self, what: &str) -> usize {
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
        until("the end of a log", limit, || (self.0.lock().open == 0).then_some(()));
    }

    /// The last `lines` lines.
    pub fn tail(&self, lines: usize) -> String {
        let text = self.text();
        let from = text.lines().count().saturating_sub(lines);
        text.lines().skip(from).collect::<Vec<_>>().join("\n")
    }
}
