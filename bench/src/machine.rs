//! Where the figures come from: machine and server.

use host_tests::install::install;
use std::{env, fs, process::Command, thread::available_parallelism};

/// One line about the processor, the cores and the kernel.
pub(crate) fn machine() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, name)| name);
    let cores = available_parallelism().map_or(1, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{model}, {cores} cores, Linux {}", kernel.trim())
}

/// The version of the installed server.
pub(crate) fn kamailio() -> String {
    first_line(install().kamailio().arg("-v")).trim_start_matches("version: ").to_owned()
}

/// The version of the installed MariaDB server.
pub(crate) fn mariadb() -> String {
    first_line(Command::new("mariadbd").arg("--version"))
}

/// The command line that leads to the same figures.
pub(crate) fn command() -> String {
    let words: Vec<_> = env::args().skip(1).collect();
    let separator = if words.is_empty() { "" } else { " -- " };
    format!("cargo run --release -p bench{separator}{}", words.join(" "))
}

/// Megabytes of memory that servers may take together: most of what nobody uses.
pub(crate) fn free_megabytes() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kilobytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() / 1_024 / 4 * 3
}

fn first_line(command: &mut Command) -> String {
    let output = command.output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).lines().next().unwrap_or("unknown").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_runs_this_has_memory() {
        assert!(free_megabytes() > 16);
    }

    #[test]
    fn the_machine_names_its_kernel() {
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
        assert!(machine().ends_with(&format!("Linux {}", kernel.trim())));
    }
}
