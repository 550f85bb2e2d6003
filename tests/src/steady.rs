//! Memory that is the same after many rounds.

use crate::{
    host::Host,
    rpc::number,
    setup::Setup,
    suite::soak,
    wait::{PATIENCE, until},
};
use std::time::{Duration, Instant};

/// What may differ between two looks at a host at rest, for each kind of memory, in bytes. One
/// lost string per round would be more.
const NOISE: u64 = 16 * 1024;

/// Room for the transactions of a few seconds, which are kept for half a second each.
pub fn short(mut setup: Setup) -> Setup {
    setup.shared = 128;
    setup.param("tm", "wt_timer", 500)
}

/// Bytes in use: shared ones, and those of all processes for themselves.
fn used(host: &Host) -> (u64, u64) {
    let processes = host.rpc(&["pkg.stats"]).unwrap();
    let own = processes.split('}').filter(|text| text.contains("used:"));
    (host.shared_memory(), own.map(|text| number(text, "used:")).sum())
}

/// Bytes in use once all transactions are gone, and what is freed late is freed: looks that agree
/// for as long as the latter takes.
pub fn at_rest(host: &Host) -> (u64, u64) {
    let mut last = (0, 0);
    let mut same = 0;
    until("memory at rest", PATIENCE * 4, || {
        std::thread::sleep(Duration::from_millis(1500));
        let now = used(host);
        same = if std::mem::replace(&mut last, now) == now { same + 1 } else { 0 };
        (same >= 4).then_some(now)
    })
}

/// Plays some rounds so that caches and workers have what they need, then `rounds` (ten times as
/// many in a long run), and compares.
///
/// # Panics
///
/// When more memory is in use after them.
pub fn flat(host: &Host, rounds: u32, mut round: impl FnMut(u32)) {
    for number in 0..100 {
        round(number);
    }
    let before = at_rest(host);
    let rounds = if soak() { rounds * 10 } else { rounds };
    let start = Instant::now();
    for number in 0..rounds {
        round(number);
    }
    let took = start.elapsed();
    let after = at_rest(host);
    tell(&format!(
        "{rounds} rounds in {took:.0?}: shared memory {} -> {} bytes, private memory {} -> {} bytes",
        before.0, after.0, before.1, after.1
    ));
    assert!(after.0 < before.0 + NOISE, "shared memory {} -> {}", before.0, after.0);
    assert!(after.1 < before.1 + NOISE, "private memory {} -> {}", before.1, after.1);
}

/// Tells a figure of a long run; a short one is too short for figures.
#[expect(clippy::print_stderr, reason = "the figures are what a long run is made for")]
pub fn tell(figure: &str) {
    if soak() {
        eprintln!("{figure}");
    }
}
