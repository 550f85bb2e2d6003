//! Tests that need a network of their own, because what they look at belongs to a whole network:
//! the security associations and policies of the kernel.

use crate::{process, steady::tell};
use std::{
    env,
    process::{Command, Stdio},
};

/// Set in the process that runs inside.
const INSIDE: &str = "OWN_NETWORK";

/// Runs `test` in a network namespace that has nothing but a loopback interface.
///
/// This program starts itself again inside, for the one trial `name`; there `test` is run.
///
/// # Panics
///
/// When the namespace cannot be made, or the trial fails inside; the text is what it printed.
pub fn isolated(name: &str, test: impl FnOnce()) {
    if env::var_os(INSIDE).is_some() {
        return test();
    }
    let program = env::current_exe().unwrap();
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    command.args(["--net", "sh", "-c", "ip link set lo up && exec \"$0\" --exact \"$1\""]);
    command.arg(program).arg(name);
    let mut command = process::guarded(&command);
    command.env(INSIDE, "1").stdin(Stdio::null());
    let done = command.output().unwrap();
    let text = String::from_utf8_lossy(&done.stdout);
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && text.contains("1 passed"), "inside: {text}{errors}");
    tell(errors.trim());
}

/// How many IPsec policies the kernel keeps here.
pub fn policies() -> usize {
    let text = process::output(Command::new("ip").args(["xfrm", "policy"]));
    // One line of each names its direction.
    text.lines().filter(|line| line.trim_start().starts_with("dir ")).count()
}
