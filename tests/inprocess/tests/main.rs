//! The runtime on the real memory, locks and parser, once for each memory manager of the host.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod locks;
mod memory;
mod parser;
mod pcscf;
mod queue;
mod scscf;
mod shared;
mod table;

use inprocess::host;
use libtest_mimic::{Arguments, Failed, Trial};
use std::{env, process::ExitCode};

/// A test: its name and what it does.
type Case = (&'static str, fn());

/// So many random cases; a failing one is printed and not kept, for want of a test of its own.
fn without_file(cases: u32) -> proptest::test_runner::Config {
    proptest::test_runner::Config { cases, failure_persistence: None, ..Default::default() }
}

/// Names the manager of one run; without it, this program runs itself once for each.
const MANAGER: &str = "INPROCESS_MANAGER";

fn main() -> ExitCode {
    let Ok(manager) = env::var(MANAGER) else { return each_manager() };
    let known = host::MANAGERS.into_iter().find(|known| known.to_str() == Ok(&manager));
    // SAFETY: first thing in a process of one thread.
    unsafe { host::start(known.expect("a manager of the host")) };
    let cases = [
        memory::CASES,
        locks::CASES,
        table::CASES,
        shared::CASES,
        parser::CASES,
        pcscf::CASES,
        queue::CASES,
        scscf::CASES,
    ]
    .concat();
    let trials = cases.into_iter().map(|(name, run)| {
        Trial::test(format!("{manager}::{name}"), move || {
            run();
            Ok::<(), Failed>(())
        })
    });
    let mut arguments = Arguments::from_args();
    // On one thread: the host has no other, and a fork takes only one along.
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn each_manager() -> ExitCode {
    let mut all = ExitCode::SUCCESS;
    for manager in host::MANAGERS {
        let mut again = std::process::Command::new(env::current_exe().unwrap());
        again.args(env::args_os().skip(1)).env(MANAGER, manager.to_str().unwrap());
        let status = again.status().unwrap();
        if !status.success() {
            all = ExitCode::FAILURE;
        }
    }
    all
}
