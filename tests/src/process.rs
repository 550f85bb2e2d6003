//! Child processes that never outlive the test.

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::{
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus},
    thread::sleep,
    time::{Duration, Instant},
};

/// A process with all its children, in a process group of its own.
#[derive(Debug)]
pub struct Group(Child);

impl Group {
    /// Starts `command` in a group of its own.
    pub fn start(mut command: Command) -> Self {
        let child = command.process_group(0).spawn();
        Self(child.unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    /// The first process.
    pub fn child(&mut self) -> &mut Child {
        &mut self.0
    }

    /// Whether the first process has not ended.
    pub fn runs(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }

    /// Asks the first process to end and gives it `grace`; then kills what is left of the group.
    /// Gives the exit status when it went by itself.
    pub fn stop(&mut self, grace: Duration) -> Option<ExitStatus> {
        let status = self.ask_to_end(grace);
        self.kill();
        status
    }

    /// As [`Group::stop`], but asks every process of the group once `reminder` is over: one that was
    /// just starting may have missed that the first one asked it.
    pub fn stop_in_good_order(
        &mut self,
        reminder: Duration,
        grace: Duration,
    ) -> Option<ExitStatus> {
        let status = self.ask_to_end(reminder).or_else(|| {
            let _ = kill_process_group(self.pid(), Signal::TERM);
            self.wait(grace)
        });
        self.kill();
        status
    }

    fn ask_to_end(&mut self, grace: Duration) -> Option<ExitStatus> {
        if self.runs() {
            // A process that just ended needs no signal.
            let _ = kill_process(self.pid(), Signal::TERM);
        }
        self.wait(grace)
    }

    fn wait(&mut self, grace: Duration) -> Option<ExitStatus> {
        let end = Instant::now() + grace;
        let mut status = self.0.try_wait().unwrap();
        while status.is_none() && Instant::now() < end {
            sleep(Duration::from_millis(5));
            status = self.0.try_wait().unwrap();
        }
        status
    }

    /// Kills the whole group at once.
    pub fn kill(&mut self) {
        // An empty group is what is wanted.
        let _ = kill_process_group(self.pid(), Signal::KILL);
        self.0.wait().unwrap();
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.0)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.stop(Duration::from_secs(2));
    }
}

/// `command`, told by TERM when the thread that starts it ends.
pub fn guarded(command: &Command) -> Command {
    wrapped(command, &["--pdeathsig", "TERM"])
}

/// As [`guarded`], and as the user `user` when this is root.
pub fn as_user(user: &str, command: &Command) -> Command {
    if rustix::process::geteuid().is_root() {
        let group = format!("--regid={}", process_id(user, "-g"));
        let user = format!("--reuid={}", process_id(user, "-u"));
        wrapped(command, &[&user, &group, "--clear-groups", "--pdeathsig", "TERM"])
    } else {
        guarded(command)
    }
}

fn process_id(user: &str, which: &str) -> String {
    output(Command::new("id").args([which, user])).trim().to_owned()
}

fn wrapped(command: &Command, options: &[&str]) -> Command {
    let mut whole = Command::new("setpriv");
    whole.args(options).arg("--").arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => whole.env(name, value),
            None => whole.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        whole.current_dir(folder);
    }
    whole
}

/// Runs `command` to its end and gives what it printed.
///
/// # Panics
///
/// When it cannot be started or fails.
pub fn output(command: &mut Command) -> String {
    let done = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}: {}: {text}{errors}", done.status);
    text
}
