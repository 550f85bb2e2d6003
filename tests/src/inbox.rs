//! Messages that a phone got and that the test has not looked at yet.

use crate::{
    message::Message,
    wait::{PATIENCE, until},
};
use parking_lot::{Condvar, Mutex};
use std::{
    collections::HashSet,
    io::{BufRead as _, BufReader, Read},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

/// Arrived messages in order; repeated ones are counted, not kept.
#[derive(Debug, Default)]
pub struct Inbox {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Message>,
    seen: HashSet<String>,
    arrived: usize,
    repeated: usize,
}

impl Inbox {
    /// Files a message, unless it came before.
    pub fn file(&self, mut message: Message) {
        let mut state = self.state.lock();
        if state.seen.insert(message.key()) {
            message.order = state.arrived;
            state.arrived += 1;
            state.waiting.push(message);
            self.changed.notify_all();
        } else {
            state.repeated += 1;
        }
    }

    /// Takes out the first message that `wanted` likes, waiting up to `limit` for it.
    pub fn take(&self, limit: Duration, wanted: impl Fn(&Message) -> bool) -> Option<Message> {
        let end = Instant::now() + limit;
        let mut state = self.state.lock();
        loop {
            if let Some(place) = state.waiting.iter().position(&wanted) {
                return Some(state.waiting.remove(place));
            }
            if self.changed.wait_until(&mut state, end).timed_out() {
                let place = state.waiting.iter().position(&wanted)?;
                return Some(state.waiting.remove(place));
            }
        }
    }

    /// Takes out all messages that `wanted` likes.
    pub fn take_all(&self, wanted: impl Fn(&Message) -> bool) -> Vec<Message> {
        let mut state = self.state.lock();
        let (taken, left) = state.waiting.drain(..).partition(wanted);
        state.waiting = left;
        taken
    }

    /// First lines of what is waiting.
    pub fn waiting(&self) -> Vec<String> {
        self.state.lock().waiting.iter().map(|message| message.start.clone()).collect()
    }

    /// How many messages came again.
    pub fn repeated(&self) -> usize {
        self.state.lock().repeated
    }
}

/// Lines that another program says and that the test has not looked at yet.
#[derive(Clone, Debug, Default)]
pub struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    /// Reads `from` to its end in a thread of its own.
    pub fn follow(from: impl Read + Send + 'static) -> Self {
        let lines = Self::default();
        let kept = lines.clone();
        let reader = move || {
            for line in BufReader::new(from).lines().map_while(Result::ok) {
                kept.0.lock().push(line);
            }
        };
        thread::Builder::new().name("lines".to_owned()).spawn(reader).unwrap();
        lines
    }

    /// Takes out the first line that begins with `start`, waiting for it, and gives its rest.
    pub fn take(&self, start: &str) -> String {
        until(&format!("a line {start}"), PATIENCE, || {
            let mut lines = self.0.lock();
            let place = lines.iter().position(|line| line.starts_with(start))?;
            Some(lines.remove(place).split_off(start.len()))
        })
    }
}
