//! Database servers that belong to one test run.

use crate::{process::Group, wait::until};
use std::{
    process::{Command, Stdio},
    sync::mpsc::{Sender, channel},
    thread::{self, JoinHandle},
    time::Duration,
};

/// A server process that lives until dropped, whatever thread started it.
///
/// A child is told to end when the *thread* that started it ends; the threads of a test runner
/// come and go, so the server has one of its own.
#[derive(Debug)]
pub struct Server {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts what `command` gives and waits until `ready` is true.
    pub fn start(
        name: &str,
        command: impl FnOnce() -> Command + Send + 'static,
        mut ready: impl FnMut() -> bool,
    ) -> Self {
        let (stop, stopped) = channel();
        let life = move || {
            let mut command = command();
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut group = Group::start(command);
            // Ends as well when the sender is gone.
            let _ = stopped.recv();
            group.stop(Duration::from_secs(20));
        };
        let thread = thread::Builder::new().name(name.to_owned()).spawn(life).unwrap();
        let server = Self { stop: Some(stop), thread: Some(thread) };
        until(&format!("{name} that answers"), Duration::from_secs(60), || ready().then_some(()));
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has reported it.
            let _ = thread.join();
        }
    }
}
