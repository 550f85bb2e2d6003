//! CPU time of a process group, as the scheduler accounts it.

use anyhow::{Context as _, Result};
use std::{fs, path::Path, time::Duration};

/// The processes of a group.
///
/// # Errors
///
/// `/proc` cannot be listed.
pub(crate) fn processes(group: u32) -> Result<Vec<u32>> {
    let entries = fs::read_dir("/proc").context("cannot list /proc")?;
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    Ok(pids.filter(|pid| group_of(*pid) == Some(group)).collect())
}

/// What all threads of all processes of a group have run so far, user and system.
///
/// # Errors
///
/// `/proc` cannot be listed.
pub(crate) fn time(group: u32) -> Result<Duration> {
    let mut sum = Duration::ZERO;
    for pid in processes(group)? {
        // A process or thread that ends meanwhile is left out.
        let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { continue };
        sum += tasks.flatten().filter_map(|task| task_time(&task.path())).sum::<Duration>();
    }
    Ok(sum)
}

fn task_time(task: &Path) -> Option<Duration> {
    let text = fs::read_to_string(task.join("schedstat")).ok()?;
    Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
}

/// The process group of a process that is not a zombie.
fn group_of(pid: u32) -> Option<u32> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in parentheses and may hold anything; the fields after it are fixed.
    let mut fields = text.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?;
    let group = fields.nth(1)?.parse().ok()?;
    (state != "Z").then_some(group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_group_has_us_and_our_time() {
        let pid = std::process::id();
        let group = group_of(pid).unwrap();
        assert!(processes(group).unwrap().contains(&pid));
        let before = time(group).unwrap();
        let work: u64 = (0..20_000_000_u64).fold(1, |sum, n| sum.wrapping_mul(n | 1) ^ n);
        assert_ne!(work, 1);
        assert!(time(group).unwrap() > before);
    }
}
