//! What valgrind said of a host that ran under it.

use crate::host::Host;
use std::{fs, time::Duration};

/// How long a host under valgrind may take to end by itself.
const GRACE: Duration = Duration::from_secs(60);

/// The fewest processes that a host has: valgrind must have followed all of them.
const PROCESSES: usize = 4;

/// Stops `host`, which has run under valgrind, and fails when one of its processes has made an error in
/// whose account one of `words` stands; no words: any error.
///
/// The account of an error names functions, files and libraries, so the name of a module is a word that
/// stands for its code.
///
/// # Panics
///
/// Also when valgrind has not followed the processes of the host.
pub fn assert_clean(host: &mut Host, words: &[&str]) {
    host.stop_within(GRACE);
    let mut reports = 0;
    for file in fs::read_dir(host.folder()).unwrap().flatten() {
        if !file.file_name().to_string_lossy().starts_with("valgrind") {
            continue;
        }
        reports += 1;
        let text = fs::read_to_string(file.path()).unwrap();
        let bad = errors(&text)
            .into_iter()
            .find(|error| words.is_empty() || words.iter().any(|word| error.contains(word)));
        assert_eq!(bad, None, "{}", file.path().display());
    }
    assert!(reports >= PROCESSES, "valgrind followed {reports} processes");
}

/// The errors that a report tells: blocks with a stack, without the number of the process before each
/// line.
fn errors(report: &str) -> Vec<String> {
    let plain: Vec<_> = report
        .lines()
        .map(|line| line.strip_prefix("==").and_then(|rest| rest.split_once("== ")))
        .map(|split| split.map_or("", |(_, line)| line))
        .collect();
    let blocks = plain.split(|line| line.trim().is_empty());
    let told = blocks.filter(|block| block.iter().any(|line| line.starts_with("   at ")));
    told.map(|block| block.join("\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::errors;

    #[test]
    fn errors_are_blocks_with_a_stack() {
        let report = "==12== Warning: set address range perms: large range\n\
                      ==12== Invalid read of size 8\n\
                      ==12==    at 0x1: read (lib.rs:7)\n\
                      ==12==    by 0x2: main (main.c:9)\n\
                      ==12==  Address 0x3 is not stack'd\n\
                      ==12== \n\
                      ==12== Conditional jump or move depends on uninitialised value(s)\n\
                      ==12==    at 0x4: jump (jump.c:1)\n\
                      ==12== \n\
                      ==12== could not unlink /tmp/x\n";
        let found = errors(report);
        assert_eq!(found.len(), 2);
        assert!(found[0].contains("Invalid read of size 8\n   at 0x1: read"), "{found:?}");
        assert!(found[1].ends_with("   at 0x4: jump (jump.c:1)"), "{found:?}");
        assert!(errors("==12== Warning: nothing\n==12== \n").is_empty());
    }
}
