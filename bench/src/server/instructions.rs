//! Instructions instead of time: the server runs under callgrind, which counts every one of them in
//! every process. Another load of the machine does not change the count, and a turn of each suffices.
//!
//! What the kernel does, and what waiting for memory or for a lock costs, is not in the count.

use super::cpu::processes;
use anyhow::{Result, ensure};
use std::{fs, path::Path, process::Command, time::Duration};

/// What follows the name of a memory manager to have instructions counted with it.
const MARK: &str = "+instructions";
/// The beginning of the names of the files that callgrind writes.
const FILE: &str = "callgrind.out.";
/// How much slower a server is, at least: as many times less is played in a turn.
pub(crate) const SLOWER: usize = 10;
/// Turns of an operation; the second shows that the first was no accident.
pub(crate) const TURNS: usize = 2;

/// The name of the memory manager alone, and whether instructions are counted.
pub(crate) fn split(manager: &str) -> (&str, bool) {
    manager.strip_suffix(MARK).map_or((manager, false), |name| (name, true))
}

/// The name of what was measured, with the unit that was counted.
pub(crate) fn unit(manager: &str, what: &str) -> String {
    if split(manager).1 { what.replace("CPU us", "1,000 instr.") } else { what.to_owned() }
}

/// `command` under callgrind, which leaves its counts in `folder`.
pub(super) fn counted(command: &Command, folder: &Path) -> Command {
    let mut counted = Command::new("valgrind");
    counted.args(["--tool=callgrind", "--trace-children=yes", "--quiet"]);
    counted.arg(format!("--callgrind-out-file={}", folder.join(FILE).display()) + "%p");
    counted.arg(command.get_program()).args(command.get_args());
    counted
}

/// What the processes of `group` have run so far: a nanosecond for each instruction, so that a
/// thousand of them show as a microsecond.
///
/// # Errors
///
/// A process that does not tell, or counts that cannot be read.
pub(super) fn so_far(group: u32, folder: &Path) -> Result<Duration> {
    for process in processes(group)? {
        // Each process writes what it has counted since the last time, and begins anew.
        let dump = Command::new("vgdb").args([&format!("--pid={process}"), "dump"]).output()?;
        let said = String::from_utf8_lossy(&dump.stderr);
        ensure!(dump.status.success(), "callgrind of process {process} does not dump: {said}");
    }
    let mut sum = 0_u64;
    for file in fs::read_dir(folder)?.flatten() {
        if file.file_name().to_string_lossy().starts_with(FILE) {
            let text = fs::read(file.path())?;
            sum = sum.saturating_add(total(&String::from_utf8_lossy(&text)));
        }
    }
    Ok(Duration::from_nanos(sum))
}

/// The sum that a file of callgrind ends with; none of one that is not whole.
fn total(text: &str) -> u64 {
    let line = text.lines().rev().find_map(|line| line.strip_prefix("totals: "));
    line.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_no_part_of_the_name() {
        assert_eq!(split("tlsf"), ("tlsf", false));
        assert_eq!(split("tlsf+instructions"), ("tlsf", true));
        assert_eq!(unit("qm", "a call, CPU us"), "a call, CPU us");
        assert_eq!(unit("qm+instructions", "a call, CPU us"), "a call, 1,000 instr.");
    }

    #[test]
    fn a_file_ends_with_its_sum() {
        assert_eq!(total("events: Ir\nsummary: 0\n\nfn=(1)\n1 5\n\ntotals: 12345\n"), 12345);
        assert_eq!(total("events: Ir\n"), 0);
    }
}
